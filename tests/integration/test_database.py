"""The door to Postgres: roles, transactions, lost connections, limits."""

from __future__ import annotations

import asyncio

import asyncpg
import pytest

from cluster.database import Database
from cluster.embedded.postgres import EmbeddedPostgres
from cluster.errors import CircuitOpen, SetupError
from cluster.migrations import migrate
from cluster.resilience import DATABASE, CircuitBreaker
from cluster.settings import DatabaseSettings, Settings
from tests.fixtures_database import POOL_MAX, free_port, open_database

pytestmark = pytest.mark.anyio


@pytest.fixture
async def own_server(tmp_path_factory):
    """A server that a test may stop."""
    server = EmbeddedPostgres(tmp_path_factory.mktemp("pg"), free_port(), durable=False)
    migrated = await migrate(await asyncio.to_thread(server.start), server.home)
    yield server, migrated
    await asyncio.to_thread(server.erase)


async def test_a_transaction_runs_as_the_role_with_the_claims_and_leaves_neither_behind(api_db, alice):
    async with api_db.as_user(alice.claims) as db:
        assert tuple(await db.fetchrow("select current_user::text, auth.uid(), auth.role()")) == (
            "authenticated",
            alice.id,
            "authenticated",
        )
    for _ in range(POOL_MAX):
        async with api_db.as_anon() as db:
            assert tuple(await db.fetchrow("select current_user::text, auth.uid()")) == ("anon", None)


async def test_an_error_rolls_back_and_an_end_commits(worker_db):
    insert = "insert into system_configurations (key, value) values ($1, $2)"

    async def fail():
        async with worker_db.as_service() as db:
            await db.execute(insert, "lost", 1)
            raise LookupError

    with pytest.raises(LookupError):
        await fail()
    async with worker_db.as_service() as db:
        await db.execute(insert, "kept", {"a": [1, None, "ü"]})
    async with worker_db.as_service() as db:
        rows = await db.fetch("select key, value from system_configurations where key <> 'opt_out_key'")

    assert [tuple(row) for row in rows] == [("kept", {"a": [1, None, "ü"]})]


async def test_more_callers_than_connections_take_turns(worker_db):
    async def one(number):
        async with worker_db.as_service() as db:
            return await db.fetchval("select $1::int + 0 * length(pg_sleep(0.01)::text)", number)

    assert await asyncio.gather(*(one(number) for number in range(10 * POOL_MAX))) == list(range(10 * POOL_MAX))


async def test_waiting_for_a_connection_ends_in_a_timeout_and_costs_none(database_urls):
    database = await Database.open(
        database_urls.worker, pool_max=1, connect_timeout_s=0.3, statement_timeout_s=5, application_name="tests"
    )
    try:
        async with database.as_service():
            with pytest.raises(TimeoutError):
                async with database.as_service():
                    pass
        async with database.as_service() as db:
            assert await db.fetchval("select 1") == 1
    finally:
        await database.close()


async def test_a_statement_past_its_time_is_cancelled(database_urls):
    database = await Database.open(
        database_urls.worker, pool_max=1, connect_timeout_s=5, statement_timeout_s=0.2, application_name="tests"
    )
    try:
        with pytest.raises(asyncpg.QueryCanceledError):
            async with database.as_service() as db:
                await db.execute("select pg_sleep(5)")
    finally:
        await database.close()


async def test_a_cancelled_caller_gives_its_connection_back(worker_db):
    async def hang():
        async with worker_db.as_service() as db:
            await db.execute("select pg_sleep(30)")

    for _ in range(2 * POOL_MAX):
        task = asyncio.create_task(hang())
        await asyncio.sleep(0.05)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    async with worker_db.as_service() as db:
        assert (
            await db.fetchval(
                "select count(*) from pg_stat_activity where query like '%pg_sleep(30)%' and state = 'active' and pid <> pg_backend_pid()"
            )
            == 0
        )


async def test_callers_survive_a_restart_of_the_server(own_server):
    server, migrated = own_server
    database = await open_database(migrated.worker_url)
    heard = asyncio.Queue()
    try:
        await database.listen("news", heard.put_nowait)
        async with database.as_service() as db:
            await db.fetchval("select 1")
        await asyncio.to_thread(server.stop)
        await asyncio.to_thread(server.start)
        async with database.as_service() as db:
            assert await db.fetchval("select 1") == 1
        for _ in range(100):
            async with database.as_service() as db:
                await db.execute("select pg_notify('news', 'back')")
            await asyncio.sleep(0.1)
            if not heard.empty():
                break
        assert heard.get_nowait() == "back"
    finally:
        await database.close()


async def test_a_database_that_stays_away_opens_the_circuit(own_server):
    server, migrated = own_server
    breaker = CircuitBreaker("database", DATABASE)
    database = await Database.open(
        migrated.api_url, pool_max=2, connect_timeout_s=2, statement_timeout_s=2, application_name="t", breaker=breaker
    )
    try:
        await asyncio.to_thread(server.stop)
        seen = []
        for _ in range(4):
            try:
                async with database.as_anon():
                    pass
            except (OSError, CircuitOpen) as error:
                seen.append(type(error))
        assert seen[-1] is CircuitOpen
        assert CircuitOpen not in seen[:3]
    finally:
        await database.close()


async def test_a_missing_login_url_says_what_to_do(tmp_path):
    settings = Settings.load(tmp_path, runtime=False).model_copy(update={"database": DatabaseSettings(api_url=None)})

    with pytest.raises(SetupError, match="following up"):
        await Database.open_api(settings)
