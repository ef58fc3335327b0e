"""The report's part about what the creator shows and writes."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from rich.console import Group
from rich.table import Table
from rich.text import Text

from api.compose.language_names import language_name
from api.report_audience import SharesBlock
from api.report_marks import ABSENT, percent, plain, quiet

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rich.console import RenderableType

    from api.sections import CreatorAnswer
    from api.sections.content import Content, VisualOut
    from api.sections.scores import CountOut, ScoreOut

WORDS_MAX = 8
COLOURS_MAX = 5
_HEX = re.compile(r"#[0-9a-fA-F]{6}")


def content(answer: CreatorAnswer) -> RenderableType:
    """Categories, languages and scenes as bars, colours as swatches, then the words."""
    section = answer.content
    grid = Table.grid(expand=True, padding=(0, 2))
    for _ in range(3):
        grid.add_column(ratio=1)
    grid.add_row(
        SharesBlock("Categories", section.categories),
        SharesBlock("Languages of captions", answer.overview.languages, language_name),
        SharesBlock("Scenes", section.visual.scenes),
    )
    table = Table.grid(padding=(0, 1))
    table.add_column(width=15, no_wrap=True, style="bold")
    table.add_column(ratio=1)
    for label, line in _lines(section):
        if line:
            table.add_row(label, line)
    related = [f"@{one.username}" for one in answer.overview.related_profiles]
    if related:
        more = f" and {len(related) - WORDS_MAX} more" if len(related) > WORDS_MAX else ""
        table.add_row("Related", ", ".join(related[:WORDS_MAX]) + more)
    return Group(grid, Text(), table)


def _lines(section: Content) -> Iterable[tuple[str, Text | str]]:
    visual = section.visual
    yield "Colours", _swatches(visual)
    yield "Pictures show", _counted(visual.labels)
    yield "Faces", _share(visual.faces.share_with_faces, "of the pictures show a face")
    yield "Safety", _safety(visual)
    yield "Near-duplicates", _duplicates(visual)
    yield "Hashtags", _counted(section.hashtags, "#")
    yield "Mentions", _counted(section.mentions, "@")
    yield "Topics", _counted(section.topics.labels) or ", ".join(plain(one.name) for one in section.topics.clusters)
    yield "Keywords", _counted(section.keywords)
    yield "Names", _counted(section.entities)
    rising = [trend for trend in (*section.trends.hashtags, *section.trends.topics) if trend.direction != "steady"]
    yield "Trends", ", ".join(f"{plain(trend.term)} {trend.direction}" for trend in rising[:WORDS_MAX])
    marks = list(dict.fromkeys(plain(mark.text) for mark in section.sponsorship.evidence))
    marked = f": {', '.join(marks[:3])}" if marks else ""
    yield "Sponsorship", _share(section.sponsorship.share, f"of the captions disclose one{marked}")
    kinds = _counted(section.calls_to_action.kinds)
    yield "Calls to action", _share(section.calls_to_action.share, "of the captions" + (f": {kinds}" if kinds else ""))


def _swatches(visual: VisualOut) -> Text:
    line = Text()
    for colour in visual.colours[:COLOURS_MAX]:
        style = colour.hex if _HEX.fullmatch(colour.hex) else ""
        line.append("██ ", style).append(f"{plain(colour.name)} {percent(colour.share)}").append(
            f" {colour.hex}   ", "dim"
        )
    return line if visual.colours else quiet(plain(visual.reason))


def _counted(counts: Iterable[CountOut], sign: str = "") -> str:
    shown = [f"{sign}{plain(one.label)} {one.count}" for one in counts]
    more = f" and {len(shown) - WORDS_MAX} more" if len(shown) > WORDS_MAX else ""
    return " · ".join(shown[:WORDS_MAX]) + more


def _share(score: ScoreOut, words: str) -> Text:
    if score.value is None:
        return quiet(plain(score.reason) or ABSENT)
    return Text.assemble((percent(score.value), "bold"), f" {words}")


def _safety(visual: VisualOut) -> Text:
    if visual.safety.average.value is None:
        return quiet(plain(visual.safety.average.reason))
    flagged = len(visual.safety.flagged_post_ids)
    verdict = f"{flagged} pictures to look at" if flagged else "no picture to worry about"
    return Text.assemble((percent(visual.safety.average.value), "bold"), f" safe on average, {verdict}")


def _duplicates(visual: VisualOut) -> str:
    groups = visual.near_duplicates
    return f"{sum(map(len, groups))} posts in {len(groups)} groups show nearly the same picture" if groups else ""
