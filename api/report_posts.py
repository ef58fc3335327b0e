"""The report's table of posts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich import box
from rich.table import Table
from rich.text import Text

from api.report_marks import ABSENT, BAD, GOOD, QUIET, compact, percent, plain, quiet

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import RenderableType

    from api.sections.posts import PostOut, SentimentOut

POSTS_MAX = 24
_MOODS = {"positive": ("▲", GOOD), "neutral": ("■", QUIET), "negative": ("▼", BAD)}


def posts(rows: Sequence[PostOut]) -> RenderableType:
    """The newest posts, one line each."""
    if not rows:
        return quiet("No post is stored.")
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), show_edge=False, header_style="bold", expand=True)
    for heading, justify in (
        ("Date", "left"),
        ("Type", "left"),
        ("Likes", "right"),
        ("Comm.", "right"),
        ("ER", "right"),
    ):
        table.add_column(heading, justify=justify, no_wrap=True)  # type: ignore[arg-type]  # literals in a tuple
    table.add_column("Mood", no_wrap=True)
    table.add_column("Category", no_wrap=True, max_width=16)
    table.add_column("Lang", no_wrap=True)
    table.add_column("Thumb", no_wrap=True)
    table.add_column("Caption", no_wrap=True, overflow="ellipsis", ratio=1)
    for post in rows[:POSTS_MAX]:
        table.add_row(
            f"{post.taken_at:%d %b %y}" if post.taken_at else ABSENT,
            post.type,
            compact(post.counts.likes),
            compact(post.counts.comments),
            percent(post.engagement_rate.value, 1),
            _mood(post.sentiment),
            post.category.value or ABSENT,
            post.language.value or ABSENT,
            Text("ok", GOOD) if post.cdn_thumbnail_url else Text("no", BAD),
            quiet(plain(post.caption)),
        )
    return table


def _mood(sentiment: SentimentOut) -> Text:
    if sentiment.label is None or sentiment.value is None:
        return Text(ABSENT, QUIET)
    sign, style = _MOODS[sentiment.label]
    return Text(f"{sign} {sentiment.value:+.2f}", style)
