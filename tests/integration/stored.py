"""Bringing a test's database into a state."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from cluster.stores import creators
from tests.creators import FETCHED_AT, Figures, envelope, outcomes, profile

ANALYZED_AT = FETCHED_AT + timedelta(minutes=1)


async def store(worker_db, fetched=None, *, fetched_at=FETCHED_AT):
    """Store a profile as a fetch would; its id."""
    async with worker_db.as_service() as db:
        return await creators.upsert_profile(db, fetched or profile(), fetched_at=fetched_at)


async def load(worker_db, username="some.creator", **options):
    async with worker_db.as_service() as db:
        return await creators.load_creator(db, username, **options)


async def show_pictures(worker_db, profile_id):
    """As if every picture had been stored."""
    async with worker_db.as_service() as db:
        await db.execute("update profiles set cdn_picture_url = '/media/p.webp' where id = $1", profile_id)
        await db.execute(
            """
            update posts set cdn_thumbnail_url = '/media/' || instagram_post_id
            where id in (select post_id from post_profiles where profile_id = $1)
            """,
            profile_id,
        )


async def analyze(worker_db, profile_id, **slots):
    """As if all models had run."""
    async with worker_db.as_service() as db:
        ids = [
            row["post_id"]
            for row in await db.fetch("select post_id from post_profiles where profile_id = $1", profile_id)
        ]
        await creators.save_post_outcomes(db, {post_id: outcomes(**slots) for post_id in ids}, ANALYZED_AT)
        await creators.save_profile_outcomes(
            db,
            profile_id,
            {"audience_quality": envelope({"authenticity": {"value": 80}})},
            engagement=Figures(),
            analyzed_at=ANALYZED_AT,
        )


async def complete_creator(worker_db, username="some.creator"):
    """A complete stored creator; its id."""
    profile_id = await store(worker_db, profile(username))
    await analyze(worker_db, profile_id)
    await show_pictures(worker_db, profile_id)
    return profile_id


async def grant(worker_db, user, profile_id, *, days=30):
    """Access for a user; negative days make it expired."""
    granted_at = datetime.now(UTC) - timedelta(days=90)
    async with worker_db.as_service() as db:
        await db.execute(
            "insert into user_profile_access (user_id, profile_id, granted_at, expires_at) values ($1, $2, $3, $4)",
            user.id,
            profile_id,
            granted_at,
            datetime.now(UTC) + timedelta(days=days),
        )
