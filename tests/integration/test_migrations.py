"""Migrations: they build exactly the committed schema, once, in order, and never half."""

from __future__ import annotations

import asyncio
import stat
from base64 import b64decode
from pathlib import Path
from urllib.parse import urlsplit
from uuid import uuid4

import asyncpg
import pytest

from cluster.embedded.postgres import EmbeddedPostgres
from cluster.errors import SetupError
from cluster.migrations import migrate, read_migrations, scram_verifier
from cluster.migrations.schema import SCHEMA_FILE, dump_schema
from cluster.stores import access
from tests.fixtures_database import free_port, open_database

pytestmark = pytest.mark.anyio


@pytest.fixture
def home(template_urls):
    """The session's own: logins belong to the server, so other passwords would lock the other tests out."""
    return template_urls.home


def copy_of(folder: Path) -> Path:
    for migration in read_migrations():
        (folder / migration.name).write_text(migration.sql)
    return folder


async def test_migrations_build_exactly_the_committed_schema(template_urls):
    assert dump_schema(template_urls.owner) == SCHEMA_FILE.read_text(), "run python -m cluster.migrations.schema"


async def test_every_migration_is_applied_once_and_a_second_run_does_nothing(empty_database, tmp_path, home):
    first = await migrate(empty_database, home)
    again = await migrate(empty_database, home)

    assert first.applied == tuple(migration.name for migration in read_migrations())
    assert again.applied == ()
    assert (again.api_url, again.worker_url) == (first.api_url, first.worker_url)


async def test_concurrent_runs_wait_for_each_other(empty_database, tmp_path, home):
    runs = await asyncio.gather(*(migrate(empty_database, home) for _ in range(4)))

    assert sorted(len(run.applied) for run in runs) == [0, 0, 0, len(read_migrations())]
    assert len({run.api_url for run in runs}) == 1


async def test_a_changed_applied_file_is_an_error(empty_database, tmp_path, home):
    folder = copy_of(tmp_path)
    await migrate(empty_database, home, folder=folder)
    last = max(folder.glob("*.sql"))
    last.write_text(last.read_text() + "\nselect 1;\n")

    with pytest.raises(SetupError, match=last.name):
        await migrate(empty_database, home, folder=folder)


async def test_a_failing_file_leaves_nothing_behind_and_runs_again_once_mended(empty_database, tmp_path, home):
    folder = copy_of(tmp_path)
    broken = folder / "9000_broken.sql"
    broken.write_text("create table half_done (id int); select 1 / 0;")
    with pytest.raises(SetupError, match="9000_broken"):
        await migrate(empty_database, home, folder=folder)
    broken.write_text("create table half_done (id int);")

    assert (await migrate(empty_database, home, folder=folder)).applied == ("9000_broken.sql",)


async def test_a_database_of_a_newer_version_is_refused(empty_database, tmp_path, home):
    newer = copy_of(tmp_path)
    (newer / "9000_later.sql").write_text("select 1;")
    await migrate(empty_database, home, folder=newer)

    with pytest.raises(SetupError, match="newer version"):
        await migrate(empty_database, home)


async def test_a_number_before_an_applied_one_is_refused(empty_database, tmp_path, home):
    folder = copy_of(tmp_path)
    await migrate(empty_database, home, folder=folder)
    (folder / "0000_late.sql").write_text("select 1;")

    with pytest.raises(SetupError, match="0000_late"):
        await migrate(empty_database, home, folder=folder)


@pytest.mark.parametrize("names", [("1_short.sql",), ("0001_a.sql", "0001_b.sql"), ("0001_Upper.sql",)])
async def test_malformed_names_are_refused(tmp_path, names):
    for name in names:
        (tmp_path / name).write_text("select 1;")

    with pytest.raises(SetupError, match="NNNN_subject"):
        read_migrations(tmp_path)


async def test_generated_passwords_are_kept_in_files_only_the_owner_reads(template_urls):
    for name in ("postgres-owner", "postgres-api", "postgres-worker"):
        assert stat.S_IMODE((template_urls.home / "secrets" / name).stat().st_mode) == 0o600


async def test_given_urls_set_the_logins_passwords(empty_database, tmp_path, home):
    place = urlsplit(empty_database).netloc.rpartition("@")[2]
    given = {
        name: f"postgresql://following_{name}:p%40ss-{name}@{place}{urlsplit(empty_database).path}"
        for name in ("api", "worker")
    }
    generated = await migrate(empty_database, home)

    migrated = await migrate(empty_database, home, api_url=given["api"], worker_url=given["worker"])

    assert (migrated.api_url, migrated.worker_url) == (given["api"], given["worker"])
    await (await asyncpg.connect(given["api"])).close()
    with pytest.raises(asyncpg.InvalidPasswordError):
        await asyncpg.connect(generated.api_url)
    await migrate(empty_database, home)
    await (await asyncpg.connect(generated.api_url)).close()


async def test_a_login_of_another_name_is_refused(empty_database, tmp_path, home):
    with pytest.raises(SetupError, match="following_api"):
        await migrate(empty_database, home, api_url=empty_database)


async def test_a_database_that_is_away_is_named(tmp_path):
    with pytest.raises(SetupError, match=r"cannot be reached.*127\.0\.0\.1"):
        await migrate("postgresql://nobody:x@127.0.0.1:1/none", tmp_path)


async def test_scram_verifier_matches_the_published_example():
    salt = b64decode("W22ZaJ0SNY7soEsUEjb6gQ==")  # RFC 7677, section 3

    assert scram_verifier("pencil", salt) == (
        "SCRAM-SHA-256$4096:W22ZaJ0SNY7soEsUEjb6gQ==$WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=:"
        "wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU="
    )


# What Supabase prepares, as far as it matters here: an owner who is no superuser, its own auth schema, generous defaults.
SUPABASE = """
create role anon nologin noinherit;
create role authenticated nologin noinherit;
create role service_role nologin noinherit bypassrls;
create role supabase_auth_admin nologin;
create role project login createrole bypassrls password 'secret';
grant anon, authenticated, service_role to project with admin option;
create schema auth authorization supabase_auth_admin;
create table auth.users (id uuid primary key, email text);
alter table auth.users owner to supabase_auth_admin;
create function auth.jwt() returns jsonb language sql stable
    as $$ select nullif(current_setting('request.jwt.claims', true), '')::jsonb $$;
create function auth.uid() returns uuid language sql stable as $$ select (auth.jwt() ->> 'sub')::uuid $$;
create function auth.role() returns text language sql stable as $$ select auth.jwt() ->> 'role' $$;
grant usage on schema auth to project, anon, authenticated, service_role;
grant all on auth.users to project;
grant create on database postgres to project;
alter schema public owner to project;
alter default privileges for role project in schema public grant all on tables to anon, authenticated, service_role;
alter default privileges for role project in schema public grant all on functions to anon, authenticated, service_role;
"""


async def test_supabases_owner_who_is_no_superuser_can_migrate(tmp_path_factory):
    server = EmbeddedPostgres(tmp_path_factory.mktemp("pg"), free_port(), durable=False)
    try:
        db = await asyncpg.connect(await asyncio.to_thread(server.start))
        await db.execute(SUPABASE)
        project = f"postgresql://project:secret@127.0.0.1:{server.port}/postgres"

        migrated = await migrate(project, server.home)

        assert len(migrated.applied) == len(read_migrations())
        open_tables = await db.fetch(
            """
            select distinct table_name from information_schema.table_privileges
            where grantee in ('anon', 'authenticated') and table_schema = 'public' and privilege_type <> 'SELECT'
            """
        )
        assert {row["table_name"] for row in open_tables} == {"search_history"}
        user = uuid4()
        await db.execute("insert into auth.users (id) values ($1)", user)
        await db.close()
        database = await open_database(migrated.api_url)
        async with database.as_user({"sub": str(user), "role": "authenticated"}) as session:
            assert await access.ensure_user(session) == "free"
        await database.close()
    finally:
        await asyncio.to_thread(server.erase)
