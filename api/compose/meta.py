"""Meta: whose answer this is, how fresh it is, and what it lacks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from api.compose.outcomes import NOT_ANALYSED, reasons_of
from api.sections.meta import CompletenessOut, Meta

if TYPE_CHECKING:
    from collections.abc import Sequence

    from api.compose.outcomes import Gaps
    from api.sections.meta import DegradedOut
    from cluster.stores.stored import StoredCreator


def meta_of(creator: StoredCreator, gaps: Gaps, degraded: Sequence[DegradedOut], *, stale: bool) -> Meta:
    """Whose answer this is; `degraded` is what the caller knows to be missing, gaps what composing found."""
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
        degraded=(*degraded, *gaps.entries()),
    )
