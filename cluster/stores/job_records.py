"""A durable job and its events as the stores give them out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from datetime import datetime
    from uuid import UUID

# analyze: what is stored; repair: fill gaps, free; unlock: fetch where incomplete; refresh: fetch in any case.
Kind = Literal["analyze", "repair", "unlock", "refresh"]


@dataclass(frozen=True, slots=True)
class Job:
    """One job. error is what a failed one ended with, or why a succeeded one found nothing newer upstream."""

    id: UUID
    username: str
    kind: Kind
    status: Literal["queued", "running", "succeeded", "failed"]
    step: str | None
    done: int
    total: int
    attempts: int
    error: dict[str, Any] | None
    run_id: str | None
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    deadline_at: datetime
    profile_id: UUID | None


@dataclass(frozen=True, slots=True)
class JobEvent:
    """One step of a job's progress; elapsed_s counts from the job's first start."""

    seq: int
    step: str
    done: int
    total: int
    elapsed_s: float
    created_at: datetime
