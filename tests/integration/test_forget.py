"""`following forget`: one command after which a person is gone and stays gone."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
import redis

from cluster.embedded.valkey import EmbeddedValkey
from cluster.errors import OptedOut
from cluster.media import FolderStore, key_of
from cluster.stores import assets, creators
from cluster.thumbnails import Thumbnail
from tests.fixtures_database import free_port
from tests.integration.stored import load, store

pytestmark = pytest.mark.anyio
COMMAND_S_MAX = 60


@pytest.fixture
def valkey(tmp_path):
    server = EmbeddedValkey(tmp_path / "v", free_port())
    yield server.start()
    server.erase()


def forget(database_urls, home, *arguments, **environment):
    """Run the command as a user would, in a process of its own."""
    known = {name: value for name, value in os.environ.items() if not name.startswith(("DATABASE_", "REDIS_", "R2_"))}
    environment = known | {"FOLLOWING_HOME": str(home), "DATABASE_WORKER_URL": database_urls.worker} | environment
    return subprocess.run(
        [sys.executable, "-m", "api.cli", "forget", *arguments],
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=COMMAND_S_MAX,
        check=False,
    )


async def test_a_forgotten_creator_is_gone_with_pictures_and_cached_answers_and_never_stored_again(
    database_urls, worker_db, tmp_path, valkey
):
    profile_id = await store(worker_db)
    media = FolderStore(tmp_path / "media")
    hashes = {"profile": "a" * 64, "post": "b" * 64}
    post_id = (await load(worker_db)).posts[0].id
    for owner, owner_id in (("profile", profile_id), ("post", post_id)):
        key = key_of(hashes[owner])
        await media.put(key, b"picture")
        picture = Thumbnail(key, media.url(key), hashes[owner], 8, 8, 7, b"picture")
        async with worker_db.as_service() as db:
            await assets.save_asset(
                db, owner, owner_id, source_url="https://x.cdninstagram.com/1.jpg", thumbnail=picture
            )
    with redis.Redis.from_url(valkey) as client:
        client.set(f"following:answer:{profile_id}:1", b"{}")
        client.set("following:answer:somebody-else:1", b"{}")
        client.set("following:other:1", b"{}")

    result = forget(database_urls, tmp_path, "@Some.Creator", REDIS_URL=valkey)

    assert (result.returncode, result.stderr) == (0, "")
    assert "12 posts" in result.stdout
    assert "2 pictures" in result.stdout
    assert await load(worker_db) is None
    assert not any([await media.exists(key_of(value)) for value in hashes.values()])
    with redis.Redis.from_url(valkey) as client:
        assert client.keys("following:*") == [b"following:other:1"], "an answer about somebody else may name the person"
    with pytest.raises(OptedOut):
        await store(worker_db)


async def test_an_unknown_person_is_opted_out_all_the_same_and_twice_is_no_error(database_urls, worker_db, tmp_path):
    for _ in range(2):
        result = forget(database_urls, tmp_path, "never.seen", "--yes")
        assert (result.returncode, result.stderr) == (0, "")

    assert "no profile" in result.stdout
    async with worker_db.as_service() as db:
        assert await creators.is_opted_out(db, "never.seen")


async def test_a_cache_that_is_away_is_said_and_stops_nothing(database_urls, worker_db, tmp_path):
    await store(worker_db)
    result = forget(database_urls, tmp_path, "some.creator", REDIS_URL=f"redis://127.0.0.1:{free_port()}/0")

    assert result.returncode == 0
    assert "age out" in result.stderr
    assert await load(worker_db) is None


async def test_what_is_no_username_is_refused(database_urls, tmp_path):
    result = forget(database_urls, tmp_path, "no spaces please")

    assert result.returncode != 0
    assert "Traceback" not in result.stderr
