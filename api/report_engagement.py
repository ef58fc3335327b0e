"""The report's part about how people react and when the creator posts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Group
from rich.table import Table
from rich.text import Text

from api.report_audience import BAR, LABEL, PERCENT, SharesBlock
from api.report_marks import ABSENT, BAD, FAIR, GOOD, compact, heat, percent, plain, quiet, sparkline, spread

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import RenderableType

    from api.sections import CreatorAnswer
    from api.sections.engagement import BehaviourOut, OverTimeOut, PerPostOut, SlotOut, TrendOut
    from api.sections.scores import ScoreOut

CELL = 3
LINE = 15
SURGES_MAX = 3
_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_DIRECTIONS = {"rising": ("↗ rising", GOOD), "falling": ("↘ falling", BAD), "flat": ("→ flat", "bold")}


def engagement(answer: CreatorAnswer) -> RenderableType:
    """Reactions over time, the posting rhythm, and what stands out."""
    section = answer.engagement
    left = Table.grid(padding=(0, 1))
    left.add_column(width=LINE, no_wrap=True, style="bold")
    left.add_column()
    left.add_row("Over time", _line(section.over_time))
    left.add_row("", _trend(section.over_time.trend, " % a week", 1))
    left.add_row("Likes a post", _per_post(section.likes))
    left.add_row("Comments a post", _per_post(section.comments))
    left.add_row("Mood over time", _trend(section.sentiment.trend, " points a week", 2))
    hours = tuple(sorted(slot.label for slot in section.behaviour.hours))
    for name, slots, order in (("Hours", section.behaviour.hours, hours), ("Days", section.behaviour.days, _WEEKDAYS)):
        if any(slot.posts for slot in slots):
            left.add_row(name, _heat_line(slots, order))
    left.add_row("Rhythm", _rhythm(section.behaviour))
    grid = Table.grid(padding=(0, 2), expand=True)
    grid.add_column(ratio=1)
    grid.add_column(width=LABEL + BAR + PERCENT)
    grid.add_row(left, SharesBlock("Mood of captions", section.sentiment.distribution))
    return Group(grid, *_standouts(answer))


def _line(over_time: OverTimeOut) -> Text:
    rates = [point.engagement_rate for point in over_time.points]
    known = [rate for rate in rates if rate is not None]
    if not known:
        return quiet("no post shows both likes and comments")
    return Text.assemble(
        sparkline(rates), ("  ", ""), (f"{percent(min(known), 1)} to {percent(max(known), 1)}, oldest first", "dim")
    )


def _trend(trend: TrendOut, unit: str, digits: int) -> Text:
    if trend.direction is None or trend.slope.value is None:
        return quiet(plain(trend.slope.reason or "no direction can be told"))
    word, style = _DIRECTIONS[trend.direction]
    return Text.assemble(
        (word, style), f" {trend.slope.value:+.{digits}f}{unit} ", (f"({spread(trend.slope, digits=digits)})", "dim")
    )


def _per_post(counts: PerPostOut) -> Text:
    if counts.median.value is None:
        return quiet(plain(counts.median.reason))
    middle = f", middle half within {compact(counts.iqr.value)}" if counts.iqr.value is not None else ""
    types = ", ".join(
        f"{one.type} {compact(one.median.value)}" for one in counts.by_type if one.median.value is not None
    )
    return Text.assemble(
        ("median ", ""),
        (compact(counts.median.value), "bold"),
        (middle, "dim"),
        (f"\n{types}" if types else "", "dim"),
    )


def _heat_line(slots: Sequence[SlotOut], order: Sequence[str]) -> Text:
    by_label = {slot.label: slot for slot in slots}
    largest = max(slot.share for slot in slots)
    cells, labels = Text(), ""
    for label in order:
        slot = by_label.get(label)
        cells.append_text(heat(slot.share if slot else 0.0, largest, CELL - 1)).append(" ")
        labels += f"{label[: CELL - 1].rstrip('-'):<{CELL}}"
    return Text.assemble(cells, "\n", (labels.rstrip(), "dim"))


def _rhythm(behaviour: BehaviourOut) -> Text:
    last = behaviour.days_since_last_post.value
    words = [
        _worded(behaviour.gap_hours, "{:.0f} h between posts"),
        "" if last is None else f"last post {last:.0f} days before the fetch" if last >= 1 else "posted within a day",
        *(_best(slots) for slots in (behaviour.hours, behaviour.days)),
        f"clock {behaviour.local_time}" if behaviour.local_time else "",
    ]
    remark = " · ".join(filter(None, words))
    return quiet(remark or plain(behaviour.reason or behaviour.gap_hours.reason) or ABSENT)


def _best(slots: Sequence[SlotOut]) -> str:
    """The block whose posts earn most above the average, where chance does not explain it: the whole interval lies above."""
    told = [
        (slot.lift.value, slot.label)
        for slot in slots
        if slot.lift.value is not None and slot.lift.interval is not None and slot.lift.interval[0] > 1
    ]
    lift, label = max(told, default=(0.0, ""))
    return f"best {label} (×{lift:.2f})" if label else ""


def _worded(score: ScoreOut, form: str) -> str:
    return "" if score.value is None else form.format(score.value)


def _standouts(answer: CreatorAnswer) -> list[RenderableType]:
    dates = {post.id: post.taken_at for post in answer.posts}
    lines = []
    for anomaly in answer.engagement.anomalies.posts[:SURGES_MAX]:
        day = dates.get(anomaly.post_id)
        when = f"{day:%d %b}" if day else "undated"
        side = "above" if anomaly.z > 0 else "below"
        number = "{:.3f}".format if anomaly.measure == "comments_per_like" else compact
        lines.append(
            f"{when}: {number(anomaly.value)} {anomaly.measure.replace('_', ' ')}, "
            f"{abs(anomaly.z):.1f} robust deviations {side} the median of {number(anomaly.median)}"
        )
    lines += [
        f"{change.at:%d %b}: level changed from {compact(change.before)} to {compact(change.after)} a post"
        for change in answer.engagement.over_time.change_points[:SURGES_MAX]
    ]
    if not lines:
        return []
    return [Text("Stands out", "bold"), *(Text.assemble(("• ", FAIR), line) for line in lines)]
