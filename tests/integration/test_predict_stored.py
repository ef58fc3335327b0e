from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime

from typer.testing import CliRunner

from api.cli import app
from cluster.stores.creators import upsert_profile
from tests.creators import profile
from tests.fixtures_database import open_database


def test_a_stored_profile_is_predicted_by_its_username(database_urls, tmp_path, monkeypatch):
    async def store():
        database = await open_database(database_urls.worker)
        async with database.as_service() as db:
            await upsert_profile(db, profile("coffee.daily"), fetched_at=datetime.now(UTC))
        await database.close()

    asyncio.run(store())
    monkeypatch.setenv("DATABASE_WORKER_URL", database_urls.worker)
    monkeypatch.setenv("FOLLOWING_HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)

    lines = '{"username": "coffee.daily"}\n"@Coffee.Daily"\n{"username": "no.such.creator"}\n{"username": "../etc"}\n'
    result = CliRunner().invoke(app, ["predict", "fraud_detection"], input=lines)

    stored, same, missing, wrong = map(json.loads, result.stdout.splitlines())
    assert "error" not in stored
    assert stored == same
    assert missing["code"] == "creator_not_found"
    assert wrong["code"] == "invalid_username"
