"""meta: whose answer this is, how fresh, from where, and what is missing."""

from __future__ import annotations

from datetime import datetime

from pydantic import Field

from api.sections.scores import Reasons, Section


class CompletenessOut(Section):
    """Whether everything that the product promises about this creator is stored."""

    complete: bool
    missing: tuple[str, ...] = Field(description="What is still missing; empty when complete.")


class DegradedOut(Section):
    """Something that this answer lacks although it should have it, or that rules stand in for."""

    part: str = Field(description="A model, thumbnails, picture, or source for what fetching left out.")
    reason: str
    affected: int | None = Field(None, description="How many posts it concerns; null for things of the whole profile.")


class Meta(Section):
    """Whose answer this is, how fresh it is, and what it lacks."""

    username: str
    completeness: CompletenessOut
    fetched_at: datetime = Field(description="When the source was read (UTC).")
    analyzed_at: datetime | None = Field(
        description="When the models last ran over it (UTC); null before the first run."
    )
    source: str = Field(description="apify, decodo or import.")
    stale: bool = Field(description="True when every source was down and a stored profile stands in.")
    degraded: tuple[DegradedOut, ...] = Field(
        description="What should be here and is not; empty when nothing is missing."
    )
    reasons: Reasons = Field(default_factory=dict)
