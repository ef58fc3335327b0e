"""Real exports run the same pipeline from the `store` step on."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from cluster.embedded.simulator.apify_items import profile_items
from cluster.embedded.simulator.creators import creator_of

pytestmark = [pytest.mark.anyio, pytest.mark.e2e]


def exported(username, images_at):
    """An item as Apify exports it, with pictures at that address."""
    midnight = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    return profile_items(creator_of(username, midnight), images_at)[0]


async def test_an_imported_creator_is_analysed_and_never_fetched(cluster, alice, unique, tmp_path):
    name = unique()
    file = tmp_path / "export.json"
    file.write_text(json.dumps([exported(name, cluster.simulator_url), {"nonsense": True}]))

    result = cluster.cli("import", str(file), "--json")
    answer = await alice.search(name)

    assert result.returncode == 0, result.stderr
    assert answer.status_code == 200, answer.text
    body = answer.json()
    assert (body["meta"]["source"], body["meta"]["completeness"]["complete"]) == ("import", True)
    assert len(body["posts"]) == 12
    assert name not in await cluster.profile_fetches()


async def test_pictures_that_no_longer_answer_leave_the_reason_and_the_answer_comes(cluster, alice, unique, tmp_path):
    name = unique("expired_")
    file = tmp_path / "export.jsonl"
    file.write_text(json.dumps(exported(name, cluster.simulator_url)) + "\n")

    cluster.cli("import", str(file))
    answer = await alice.search(name)

    assert answer.status_code == 200, answer.text
    body = answer.json()
    assert body["meta"]["completeness"]["complete"] is False
    assert "posts.cdn_thumbnail_url" in body["meta"]["completeness"]["missing"]
    assert all(post["cdn_thumbnail_url"] is None for post in body["posts"])
    assert all(post["reasons"]["cdn_thumbnail_url"] for post in body["posts"])
    assert all(post["sentiment"]["label"] is not None for post in body["posts"])
