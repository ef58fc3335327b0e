"""Users, their roles and their access to creators, as the API's login."""

from __future__ import annotations

from uuid import uuid4

import asyncpg
import pytest

from cluster.errors import Forbidden, Unauthenticated
from cluster.stores import access, creators
from tests.integration.stored import complete_creator, grant

pytestmark = pytest.mark.anyio


async def test_a_first_call_makes_the_user_and_a_second_changes_nothing(api_db, worker_db):
    claims = {"sub": str(uuid4()), "role": "authenticated", "email": "new@local.test"}
    for _ in range(2):
        async with api_db.as_user(claims) as db:
            assert await access.ensure_user(db) == "free"
    async with worker_db.as_service() as db:
        assert await db.fetchval("select count(*) from auth.users") == 1


async def test_the_effective_role_is_the_highest(api_db, worker_db, alice):
    for change, role in (
        ("insert into user_roles (user_id, role) values ($1, 'premium')", "premium"),
        ("insert into user_roles (user_id, role) values ($1, 'admin')", "admin"),
        ("delete from user_roles where user_id = $1 and role = 'admin'", "premium"),
        ("delete from user_roles where user_id = $1", "free"),
    ):
        async with worker_db.as_service() as db:
            await db.execute(change, alice.id)
        async with api_db.as_user(alice.claims) as db:
            assert await access.ensure_user(db) == role


async def test_a_suspended_user_is_turned_away(api_db, worker_db, alice):
    async with worker_db.as_service() as db:
        await db.execute("update users set status = 'suspended'")

    with pytest.raises(Forbidden):
        async with api_db.as_user(alice.claims) as db:
            await access.ensure_user(db)


async def test_a_token_without_a_user_makes_none(api_db):
    with pytest.raises(Unauthenticated):
        async with api_db.as_user({"role": "authenticated"}) as db:
            await access.ensure_user(db)


async def test_where_supabase_keeps_the_users_a_deleted_one_stays_deleted(api_db, database_urls):
    db = await asyncpg.connect(database_urls.owner)
    await db.execute("comment on schema auth is null")
    await db.close()

    with pytest.raises(Unauthenticated):
        async with api_db.as_user({"sub": str(uuid4()), "role": "authenticated"}) as db:
            await access.ensure_user(db)


async def test_access_is_found_only_while_it_lasts(api_db, worker_db, alice, bob):
    profile_id = await complete_creator(worker_db)
    await grant(worker_db, alice, profile_id)
    await grant(worker_db, bob, profile_id, days=-1)

    async with api_db.as_user(alice.claims) as db:
        granted = await access.has_access(db, "some.creator")
        assert (granted.profile_id, granted.username) == (profile_id, "some.creator")
        assert await access.has_access(db, "nobody") is None
        assert (await creators.load_creator(db, "some.creator")).completeness.complete
    async with api_db.as_user(bob.claims) as db:
        assert await access.has_access(db, "some.creator") is None
        assert await creators.load_creator(db, "some.creator") is None


async def test_hostile_claims_are_only_data(api_db, alice):
    async with api_db.as_user(
        {**alice.claims, "email": "'); drop table users; --", "user_metadata": {"role": "admin"}}
    ) as db:
        assert await access.ensure_user(db) == "free"
        assert await db.fetchval("select current_user") == "authenticated"
    async with api_db.as_user({"sub": "not-a-uuid"}) as db:
        with pytest.raises(asyncpg.InvalidTextRepresentationError):
            await access.has_access(db, "some.creator")


async def test_searches_are_remembered_but_not_for_whoever_asked_to_be_left_alone(api_db, worker_db, alice):
    async with worker_db.as_service() as db:
        await creators.opt_out(db, "left.alone")
    async with api_db.as_user(alice.claims) as db:
        for username in ("some.creator", "left.alone"):
            await access.record_search(db, username)
        kept = [row["username"] for row in await db.fetch("select username from search_history")]

    assert kept == ["some.creator"]
