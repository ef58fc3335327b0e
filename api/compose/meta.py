"""Meta: whose answer this is, how fresh it is, and what it lacks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from api.compose.outcomes import NOT_ANALYSED, reasons_of
from api.sections.meta import CompletenessOut, DegradedOut, Meta

if TYPE_CHECKING:
    from collections.abc import Sequence

    from api.compose.outcomes import Gaps
    from cluster.stores.stored import StoredCreator

SOURCE = "source"  # the part of meta.degraded that fetching left out


def meta_of(creator: StoredCreator, gaps: Gaps, degraded: Sequence[str], *, stale: bool) -> Meta:
    """Whose answer this is; degraded are sentences about what fetching left out, gaps what composing found."""
    return Meta(
        username=creator.username,
        completeness=CompletenessOut(
            complete=creator.completeness.complete, missing=tuple(creator.completeness.missing)
        ),
        fetched_at=creator.fetched_at,
        analyzed_at=creator.analyzed_at,
        reasons=reasons_of({"analyzed_at": creator.analyzed_at}, {"analyzed_at": NOT_ANALYSED}),
        source=str(creator.source),
        stale=stale,
        degraded=(*(DegradedOut(part=SOURCE, reason=note) for note in degraded), *gaps.entries()),
    )
