"""Row-level security and grants, as the API's login: nobody reads or changes another's rows, on any table."""

from __future__ import annotations

import asyncpg
import pytest

from cluster.stores import access, creators, jobs
from tests.integration.stored import complete_creator, grant

pytestmark = pytest.mark.anyio

# How a row of each table is recognised as alice's; every table of public must stand in exactly one of these.
OWN_ROWS = {
    "users": "supabase_user_id",
    "user_roles": "user_id",
    "user_profile_access": "user_id",
    "search_history": "user_id",
    "ai_analysis_job_requesters": "user_id",
}
ROWS_OF_A_CREATOR = {  # read with unexpired access to the creator
    "profiles",
    "posts",
    "post_profiles",
    "mentions",
    "related_profiles",
    "profile_snapshots",
    "audience_demographics",
}
ROWS_OF_A_JOB = {"ai_analysis_jobs", "ai_analysis_job_logs"}  # read by whoever asked for the job
NOBODYS = {  # the service's alone
    "post_comments",
    "cdn_image_assets",
    "opt_outs",
    "system_configurations",
    "following_migrations",
}
READABLE = set(OWN_ROWS) | ROWS_OF_A_CREATOR | ROWS_OF_A_JOB
OWN_WRITES = {  # what a user may change of their own, and nothing else
    ("users", "full_name", "UPDATE"),
    ("users", "preferences", "UPDATE"),
    ("search_history", "user_id", "INSERT"),
    ("search_history", "username", "INSERT"),
}


@pytest.fixture
async def world(api_db, worker_db, alice, bob):
    """Alice has access to one creator, a job, a search; Bob has the same of another. Every table holds rows of both."""
    for user, username in ((alice, "seen.by.alice"), (bob, "seen.by.bob")):
        profile_id = await complete_creator(worker_db, username)
        await grant(worker_db, user, profile_id)
        async with api_db.as_user(user.claims) as db:
            await access.record_search(db, username)
            job = await jobs.request_refresh(db, username, kind="refresh", deadline_s=60, queue_max=10)
        async with worker_db.as_service() as db:
            await db.execute(
                "insert into audience_demographics (profile_id, analyzed_at) values ($1, now())", profile_id
            )
            await db.execute(
                """
                insert into cdn_image_assets (profile_id, storage_key, content_hash, status)
                values ($1, 'k', repeat('a', 64), 'stored')
                """,
                profile_id,
            )
            await jobs.claim(db, "worker", lease_s=30, limit=1)
            assert await jobs.progress(db, job.id, "worker", step="fetch", done=0, total=1, attempt=1)
            await creators.opt_out(db, f"gone.{username}")
    return alice, bob


async def rows_visible(db, table):
    columns = [
        row["column_name"]
        for row in await db.fetch(
            """
            select column_name from information_schema.column_privileges
            where table_name = $1 and table_schema = 'public' and grantee = 'authenticated' and privilege_type = 'SELECT'
            """,
            table,
        )
    ]
    return await db.fetch(f"select {', '.join(columns)} from public.{table}")


async def all_rows(worker_db, table):
    async with worker_db.as_service() as db:
        return await db.fetch(f"select * from public.{table}")


async def public_tables(url):
    db = await asyncpg.connect(url)
    try:
        rows = await db.fetch(
            "select relname, relrowsecurity from pg_class where relnamespace = 'public'::regnamespace and relkind in ('r', 'p', 'v', 'm', 'f')"
        )
        return {row["relname"]: row["relrowsecurity"] for row in rows}
    finally:
        await db.close()


async def test_every_table_has_a_case_here_and_row_level_security(database_urls):
    tables = await public_tables(database_urls.owner)

    assert set(tables) == READABLE | NOBODYS, "a new table needs a row in the sets above"
    assert all(tables.values()), "row-level security is off somewhere"


@pytest.mark.parametrize("table", sorted(OWN_ROWS))
async def test_a_user_sees_exactly_their_own_rows(world, api_db, worker_db, table):
    owners = {row[OWN_ROWS[table]] for row in await all_rows(worker_db, table)}
    for user in world:
        async with api_db.as_user(user.claims) as db:
            assert {row[OWN_ROWS[table]] for row in await rows_visible(db, table)} == {user.id}

    assert {user.id for user in world} <= owners


@pytest.mark.parametrize("table", sorted(ROWS_OF_A_CREATOR | ROWS_OF_A_JOB))
async def test_a_user_sees_the_rows_behind_their_access_and_their_jobs(world, api_db, worker_db, table):
    everything = len(await all_rows(worker_db, table))
    seen = []
    for user in world:
        async with api_db.as_user(user.claims) as db:
            seen.append({str(dict(row)) for row in await rows_visible(db, table)})

    assert seen[0]
    assert len(seen[0]) == len(seen[1])
    assert not seen[0] & seen[1]
    assert len(seen[0] | seen[1]) == everything


@pytest.mark.parametrize("table", sorted(NOBODYS))
async def test_what_is_the_services_is_closed_to_users(world, api_db, table):
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        async with api_db.as_user(world[0].claims) as db:
            await db.fetch(f"select 1 from public.{table}")


@pytest.mark.parametrize("table", sorted(READABLE | NOBODYS))
async def test_without_a_user_there_is_nothing(world, api_db, table):
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        async with api_db.as_anon() as db:
            await db.fetch(f"select 1 from public.{table}")
    async with api_db.as_user({"role": "authenticated"}) as db:
        if table in READABLE:
            assert await rows_visible(db, table) == []


@pytest.mark.parametrize("table", sorted(ROWS_OF_A_CREATOR))
async def test_expired_access_shows_nothing(world, api_db, worker_db, table):
    async with worker_db.as_service() as db:
        await db.execute("update user_profile_access set expires_at = now() - interval '1 second'")
    async with api_db.as_user(world[0].claims) as db:
        assert await rows_visible(db, table) == []


async def test_users_can_write_only_what_is_listed(database_urls):
    db = await asyncpg.connect(database_urls.owner)
    try:
        rows = await db.fetch(
            """
            select table_name, column_name, privilege_type
            from information_schema.column_privileges
            where grantee in ('authenticated', 'anon', 'PUBLIC')
                and table_schema in ('public', 'auth', 'internal')
                and privilege_type in ('INSERT', 'UPDATE', 'REFERENCES')
            """
        )
        deletes = await db.fetch(
            """
            select table_name from information_schema.table_privileges
            where grantee in ('authenticated', 'anon', 'PUBLIC')
                and table_schema in ('public', 'auth', 'internal')
                and privilege_type in ('DELETE', 'TRUNCATE', 'TRIGGER', 'MAINTAIN')
            """
        )
    finally:
        await db.close()

    assert {tuple(row) for row in rows} == OWN_WRITES
    assert {row["table_name"] for row in deletes} == {"search_history"}


@pytest.mark.parametrize(
    "change",
    [
        "update users set role = 'admin'",
        "update users set credits = 1000000",
        "update users set credits_used_this_month = 0",
        "update users set status = 'active'",
        "update users set subscription_tier = 'premium'",
        "update users set supabase_user_id = gen_random_uuid()",
        "insert into user_roles (user_id, role) values (auth.uid(), 'admin')",
        "update user_profile_access set expires_at = now() + interval '10 years'",
        "insert into user_profile_access select auth.uid(), id, now(), now() + interval '1 day' from profiles",
        "update profiles set followers_count = 1",
        "select raw from profiles",
        "select raw from posts",
        "delete from posts",
        "update ai_analysis_jobs set status = 'succeeded'",
        "select internal.join_job('any.name', 'refresh', 60, null)",
        "select internal.opt_out_hash('any.name')",
        "select internal.job_of_key(auth.uid(), 'key', 'any.name')",
        "insert into opt_outs values (sha256('x'))",
        "select * from auth.users",
        "set session authorization following_owner",
        "create table public.mine (id int)",
        "create function public.mine() returns int language sql as 'select 1'",
    ],
)
async def test_a_user_cannot_raise_themselves(world, api_db, change):
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        async with api_db.as_user(world[0].claims) as db:
            await db.execute(change)


async def test_changes_reach_only_ones_own_rows(world, api_db, worker_db):
    alice, bob = world
    async with api_db.as_user(alice.claims) as db:
        assert (
            await db.execute("update users set full_name = 'Alice', preferences = '{\"theme\": \"dark\"}'")
            == "UPDATE 1"
        )
        assert await db.execute("delete from search_history") == "DELETE 1"
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        async with api_db.as_user(alice.claims) as db:
            await db.execute("insert into search_history (user_id, username) values ($1, 'x')", bob.id)
    async with worker_db.as_service() as db:
        assert await db.fetchval("select full_name from users where supabase_user_id = $1", bob.id) is None
        assert await db.fetchval("select count(*) from search_history") == 1


@pytest.mark.parametrize("role", ["service_role", "following_worker", "following_owner"])
async def test_the_apis_login_cannot_become_anything_stronger(database_urls, role):
    db = await asyncpg.connect(database_urls.api)
    try:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await db.execute(f"set role {role}")
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await db.fetch("select 1 from profiles")
    finally:
        await db.close()


async def test_the_apis_session_cannot_serve(api_db):
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        async with api_db.as_service():
            pass


async def test_logins_are_no_superusers_and_inherit_nothing(database_urls):
    db = await asyncpg.connect(database_urls.owner)
    try:
        roles = await db.fetch(
            """
            select rolname, rolsuper, rolcreaterole, rolcreatedb, rolbypassrls, rolreplication, rolinherit
            from pg_roles where rolname like 'following\\_%' and rolname <> 'following_owner' or rolname in ('anon', 'authenticated')
            """
        )
        inherited = await db.fetch(
            """
            select member::regrole::text from pg_auth_members
            where member in ('following_api'::regrole, 'following_worker'::regrole) and inherit_option
            """
        )
    finally:
        await db.close()
    assert len(roles) == 4
    for name, *powers in roles:
        assert not any(powers), name
    assert inherited == []


async def test_functions_are_closed_to_the_public_and_definers_fix_their_search_path(database_urls):
    db = await asyncpg.connect(database_urls.owner)
    try:
        functions = await db.fetch(
            """
            select
                oid::regprocedure::text as name,
                prosecdef as definer,
                coalesce(array_to_string(proconfig, ',') like '%search_path=%', false) as fixed,
                proacl is null or exists (select from aclexplode(proacl) where grantee = 0) as is_public
            from pg_proc
            where pronamespace in ('public'::regnamespace, 'internal'::regnamespace, 'auth'::regnamespace)
            """
        )
    finally:
        await db.close()
    assert functions
    for row in functions:
        assert not row["is_public"], row["name"]
        assert row["fixed"], row["name"]


async def test_foreign_keys_are_indexed_and_no_index_repeats_another(database_urls):
    db = await asyncpg.connect(database_urls.owner)
    try:
        bare = await db.fetch(
            """
            select conrelid::regclass::text || '.' || conname as name
            from pg_constraint
            where contype = 'f'
                and connamespace in ('public'::regnamespace, 'auth'::regnamespace)
                and not exists (
                    select from pg_index
                    where indrelid = conrelid
                        and indpred is null
                        and (indkey::int2[])[0:cardinality(conkey) - 1] @> conkey
                        and (indkey::int2[])[0:cardinality(conkey) - 1] <@ conkey
                )
            """
        )
        repeated = await db.fetch(
            """
            select shorter.indexrelid::regclass::text as name
            from pg_index as shorter
            join pg_index as longer on longer.indrelid = shorter.indrelid and longer.indexrelid <> shorter.indexrelid
            join pg_class on pg_class.oid = shorter.indrelid
            where pg_class.relnamespace = 'public'::regnamespace
                and not shorter.indisunique
                and shorter.indpred is null and longer.indpred is null
                and shorter.indexprs is null and longer.indexprs is null
                and longer.indkey::text || ' ' like shorter.indkey::text || ' %'
            """
        )
    finally:
        await db.close()
    assert [row["name"] for row in bare] == []
    assert [row["name"] for row in repeated] == []
