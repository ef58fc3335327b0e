"""A job as callers see it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

if TYPE_CHECKING:
    from cluster.stores.jobs import Job, JobEvent


class JobOut(BaseModel):
    """One lookup's job: how far it is, and where its end can be followed."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "id": "0198c6c2-7a52-7c0e-9d43-3f0a52d7b9a1",
                "username": "some.creator",
                "status": "running",
                "step": "pictures",
                "done": 7,
                "total": 12,
                "attempts": 1,
                "created_at": "2026-11-23T07:20:04Z",
                "elapsed_s": 1.84,
                "events_url": "/api/v1/search/creator/some.creator/events",
                "answer_url": "/api/v1/search/creator/some.creator",
            }
        }
    )

    id: UUID
    username: str
    status: str = Field(description="queued, running, succeeded or failed")
    step: str | None = Field(None, description="fetch, store, pictures, looks, captions or creator")
    done: int = 0
    total: int = 0
    attempts: int = 0
    created_at: datetime
    started_at: datetime | None = None
    finished_at: datetime | None = None
    elapsed_s: float
    error: dict[str, Any] | None = Field(None, description="code, status and message of a failure")
    events_url: str
    answer_url: str

    @classmethod
    def of(cls, job: Job) -> Self:
        """The public part of a stored job."""
        end = job.finished_at or datetime.now(UTC)
        answer_url = f"/api/v1/search/creator/{job.username}"
        return cls(
            id=job.id,
            username=job.username,
            status=job.status,
            step=job.step,
            done=job.done,
            total=job.total,
            attempts=job.attempts,
            created_at=job.created_at,
            started_at=job.started_at,
            finished_at=job.finished_at,
            elapsed_s=round((end - job.created_at).total_seconds(), 3),
            error=_told(job),
            events_url=f"{answer_url}/events",
            answer_url=answer_url,
        )


def _told(job: Job) -> dict[str, Any] | None:
    """How the job ended, without what is for operators; an attempt that is being repeated has not ended."""
    if job.error is None or job.finished_at is None:
        return None
    return {name: job.error.get(name) for name in ("code", "status", "message")}


class JobEventOut(BaseModel):
    """One step of a job's progress, as the event stream sends it."""

    seq: int
    step: str
    done: int
    total: int
    elapsed_s: float

    @classmethod
    def of(cls, event: JobEvent) -> Self:
        """The public part of a stored event."""
        return cls(seq=event.seq, step=event.step, done=event.done, total=event.total, elapsed_s=event.elapsed_s)
