"""The answer as a report for a terminal: 100 columns, readable without colour, nothing shown that is not known."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any

from rich.console import Console, Group
from rich.padding import Padding
from rich.panel import Panel
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from api.report_audience import audience
from api.report_content import content
from api.report_engagement import engagement
from api.report_marks import (
    ABSENT,
    ACCENT,
    FAIR,
    GOOD,
    bar,
    compact,
    grade,
    percent,
    plain,
    quiet,
    signed_bar,
    spread,
)
from api.report_posts import posts
from api.sections.scores import Explained, ModelOut, Section

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.console import RenderableType

    from api.sections import CreatorAnswer
    from api.sections.scores import ScoreOut

WIDTH = 100
BAR = 20
GAPS_MAX = 14


def render(answer: CreatorAnswer, console: Console | None = None) -> None:
    """Print the report. console defaults to standard output; at most WIDTH columns wide."""
    if console is None:
        console = Console(highlight=False)
        if not console.is_terminal:  # into a file or a pipe: its width is nobody's window
            console = Console(highlight=False, width=WIDTH)
    width = min(WIDTH, console.width)
    for part in (
        _header(answer),
        _key_numbers(answer),
        _titled("Audience", audience(answer)),
        _titled("Engagement", engagement(answer)),
        _titled("Content", content(answer)),
        _titled(f"Posts ({len(answer.posts)})", posts(answer.posts)),
        _titled("Missing, and why", _missing(answer)),
        _footer(answer),
    ):
        console.print(part, width=width)


def _titled(title: str, body: RenderableType) -> Group:
    return Group(Text(), Rule(Text(title, "bold"), align="left", style="bright_black"), Padding(body, (0, 1)))


def _header(answer: CreatorAnswer) -> Panel:
    identity, counts = answer.overview.identity, answer.overview.counts
    name = Text(plain(identity.full_name) or identity.username, "bold")
    if identity.is_verified:
        name.append(" ✓", ACCENT)
    name.append(f"  @{identity.username}", "dim")
    size = Text.assemble((f"{compact(counts.followers)} followers", "bold"), "  ", _badge(answer.overview.tier))
    top = Table.grid(expand=True)
    top.add_column(ratio=1)
    top.add_column(justify="right", no_wrap=True)
    top.add_row(name, size)
    facts = [
        plain(identity.business_category),
        f"{compact(counts.posts)} posts",
        f"follows {compact(counts.following)}",
        *map(plain, identity.links[:2]),
    ]
    bio = plain(identity.biography)
    body: list[RenderableType] = [top, *([Text(bio)] if bio else []), quiet(" · ".join(fact for fact in facts if fact))]
    if identity.is_private:
        body.append(Text("This account is private: only what it shows publicly is known.", FAIR))
    return Panel(Group(*body), border_style=ACCENT)


def _badge(tier: str | None) -> Text:
    return Text(f" {tier} ", f"reverse {ACCENT}") if tier else Text()


def _key_numbers(answer: CreatorAnswer) -> Table:
    overview, behaviour = answer.overview, answer.engagement.behaviour
    rate, mood, growth = (
        overview.engagement_rate,
        answer.engagement.sentiment.average,
        overview.follower_history.growth_percent_per_week,
    )
    table = Table.grid(padding=(0, 2))
    table.add_column(no_wrap=True)
    table.add_column(justify="right", no_wrap=True, style="bold")
    table.add_column(no_wrap=True, width=BAR + 1)
    table.add_column(ratio=1)
    percentile = rate.percentile
    table.add_row(
        "Engagement rate",
        percent(rate.value, 2),
        _grade_bar(percentile),
        quiet(_joined(spread(rate, 100, 2, " %"), rate.reason, _standing(answer))),
    )
    _hundred(table, "Authenticity", answer.audience.authenticity)
    fraud = answer.audience.fraud
    verdict = (fraud.verdict or "").replace("_", " ")
    _hundred(table, "Fraud risk", fraud.risk, high_is_good=False, remark=verdict)
    _hundred(table, "Content quality", overview.content_quality)
    _hundred(table, "Consistency", behaviour.consistency)
    table.add_row(
        "Mood of captions",
        ABSENT if mood.value is None else f"{mood.value:+.2f}",
        Text() if mood.value is None else signed_bar(mood.value, 1.0, BAR),
        quiet(_joined(spread(mood, digits=2), mood.reason)),
    )
    frequency = overview.posting_frequency
    _plain_number(table, "Posts a week", frequency, f"{frequency.value or 0:.1f}", spread(frequency, digits=1))
    _plain_number(
        table, "Follower growth", growth, f"{growth.value or 0:+.1f} %", spread(growth, digits=1, unit=" % a week")
    )
    return table


def _standing(answer: CreatorAnswer) -> str:
    rate = answer.overview.engagement_rate
    percentile = rate.percentile
    if percentile.value is None:
        return f"no rank among peers: {percentile.reason}" if rate.value is not None and percentile.reason else ""
    return f"above {percentile.value:.0f} % of {percentile.n} {answer.overview.tier} creators"


def _grade_bar(score: ScoreOut, *, high_is_good: bool = True) -> Text:
    if score.value is None:
        return Text()
    return bar(score.value / 100, BAR, grade(score.value, high_is_good=high_is_good))


def _hundred(table: Table, label: str, score: ScoreOut, *, high_is_good: bool = True, remark: str = "") -> None:
    number = ABSENT if score.value is None else f"{score.value:.0f}/100"
    remarks = _joined(remark, spread(score), score.reason)
    table.add_row(label, number, _grade_bar(score, high_is_good=high_is_good), quiet(remarks))


def _plain_number(table: Table, label: str, score: ScoreOut, number: str, remark: str) -> None:
    shown = ABSENT if score.value is None else number
    table.add_row(label, shown, Text(), quiet(_joined(remark, score.reason)))


def _joined(*remarks: str | None) -> str:
    return " · ".join(remark for remark in remarks if remark)


def _missing(answer: CreatorAnswer) -> RenderableType:
    """What should be here and is not, then what cannot be told; every line with its reason."""
    lines = [
        (f"{gap.part} ({gap.affected} posts)" if gap.affected else gap.part, gap.reason, FAIR)
        for gap in answer.meta.degraded
    ]
    lines += [(name, "not stored yet", FAIR) for name in answer.meta.completeness.missing]
    told = {reason for _, reason, _ in lines}
    sections = (answer.overview, answer.audience, answer.engagement, answer.content)
    untold: dict[str, list[str]] = {}
    for name, reason in (pair for section in sections for pair in _untold(section, ())):
        if reason not in told and name not in untold.setdefault(reason, []):
            untold[reason].append(name)
    lines += [(_names(names), reason, "dim") for reason, names in islice(untold.items(), GAPS_MAX) if names]
    if not lines:
        return Text("Nothing.", GOOD)
    table = Table.grid(padding=(0, 2))
    table.add_column(ratio=2)
    table.add_column(ratio=3)
    for name, reason, style in lines:
        table.add_row(Text(plain(name), style), Text(plain(reason)))
    return table


def _names(names: list[str]) -> str:
    shown = ", ".join(names[:3])
    return f"{shown} and {len(names) - 3} more" if len(names) > 3 else shown


def _untold(value: Any, path: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    """Names and reasons of the explained values in a section that are null; a name is the end of the path."""
    if isinstance(value, Explained):
        empty = getattr(value, "value", True) is None or not getattr(value, "shares", True)
        if empty and value.reason:
            yield " ".join(path[-2:]), value.reason
    if isinstance(value, Section):
        for field in type(value).model_fields:
            yield from _untold(getattr(value, field), (*path, field.replace("_", " ")))
    elif isinstance(value, tuple):
        for item in value:
            labels = (getattr(item, key, None) for key in ("label", "kind", "type", "name", "term"))
            label = next((str(label) for label in labels if label), "")
            yield from _untold(item, (*path, label))


def _footer(answer: CreatorAnswer) -> Group:
    meta = answer.meta
    analysed = f", analysed {meta.analyzed_at:%Y-%m-%d %H:%M} UTC" if meta.analyzed_at else ""
    stale = " · STALE: every source is down, this is the stored profile" if meta.stale else ""
    models = sorted({f"{model.name} {model.revision}" for model in _models(answer)})
    tiers = sorted({model.tier for model in _models(answer)})
    return Group(
        Text(),
        Rule(style="bright_black"),
        quiet(f"Source: {meta.source}, fetched {meta.fetched_at:%Y-%m-%d %H:%M} UTC{analysed}{stale}"),
        quiet(f"Models ({', '.join(tiers) or ABSENT}): {' · '.join(models) or ABSENT}"),
    )


def _models(value: Any) -> Iterator[ModelOut]:
    if isinstance(value, ModelOut):
        yield value
    elif isinstance(value, Section):
        for field in type(value).model_fields:
            yield from _models(getattr(value, field))
    elif isinstance(value, tuple):
        for item in value:
            yield from _models(item)
