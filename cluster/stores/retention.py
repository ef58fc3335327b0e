"""Personal data does not stay longer than it must."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cluster.database import Connection
    from cluster.settings import RetentionSettings

ROWS_PER_CALL_MAX = 5_000

# Each takes the days to keep and the most rows; the index that finds the rows is named beside its table.
_EXPIRED = {
    "comments": """
        delete from post_comments
        where id in (
            select id from post_comments
            where fetched_at < now() - make_interval(days => $1)
            order by fetched_at
            limit $2
        )
        """,
    "raw_profiles": """
        update profiles
        set raw = null
        where id in (
            select id from profiles
            where raw is not null and fetched_at < now() - make_interval(days => $1)
            order by fetched_at
            limit $2
        )
        """,
    "raw_posts": """
        update posts
        set raw = null
        where id in (
            select id from posts
            where raw is not null and fetched_at < now() - make_interval(days => $1)
            order by fetched_at
            limit $2
        )
        """,
    "searches": """
        delete from search_history
        where id in (
            select id from search_history
            where created_at < now() - make_interval(days => $1)
            order by created_at
            limit $2
        )
        """,
    "jobs": """
        delete from ai_analysis_jobs
        where id in (
            select id from ai_analysis_jobs
            where finished_at < now() - make_interval(days => $1)
            order by finished_at
            limit $2
        )
        """,
}


async def purge_expired(db: Connection, settings: RetentionSettings) -> dict[str, int]:
    """Remove what is past its time, at most ROWS_PER_CALL_MAX rows of each; returns how many. The caller commits.

    A number that reaches the limit asks for another call.
    """
    days = {
        "comments": settings.comments_days,
        "raw_profiles": settings.raw_days,
        "raw_posts": settings.raw_days,
        "searches": settings.search_history_days,
        "jobs": settings.job_logs_days,
    }
    return {
        name: int((await db.execute(query, days[name], ROWS_PER_CALL_MAX)).rpartition(" ")[2])
        for name, query in _EXPIRED.items()
    }
