"""The simulator over real HTTP: what each service answers, and each documented fault."""

from __future__ import annotations

import asyncio
import base64
import io
import json
import os
import signal
import socket
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import httpx
import psutil
import pytest
from PIL import Image

import cluster
from cluster.embedded.simulator.cases import CASES
from cluster.embedded.simulator.server import create_app
from cluster.embedded.simulator.world import World
from tests.local_server import serving

pytestmark = pytest.mark.anyio

PROFILES, COMMENTS, POSTS = (
    "/v2/acts/apify~instagram-profile-scraper",
    "/v2/acts/apify~instagram-comment-scraper",
    "/v2/acts/apify~instagram-scraper",
)
BASIC = {"Authorization": "Basic " + base64.b64encode(b"user:password").decode()}


@pytest.fixture(scope="module")
def simulated():
    world = World(hang_s=0.6, slow_run_s=0.6)
    with serving(create_app(world)) as base_url:
        yield world, base_url


@pytest.fixture
async def client(simulated):
    world, base_url = simulated
    world.faults.clear()
    world.calls.clear()
    world.delay_s = 0.0
    async with httpx.AsyncClient(base_url=base_url, headers={"Authorization": "Bearer any"}, timeout=10) as client:
        yield client


async def start(client, username, actor=PROFILES, **query):
    return await client.post(f"{actor}/runs", json={"usernames": [username]}, params=query)


async def finished(client, username):
    run = (await start(client, username, waitForFinish=5)).json()["data"]
    items = await client.get(f"/v2/datasets/{run['defaultDatasetId']}/items")
    return run, items


async def scrape(client, username):
    body = {"target": "instagram_graphql_profile", "query": username}
    return await client.post("/v2/scrape", json=body, headers=BASIC)


async def test_a_run_is_started_polled_and_read(client):
    run, items = await finished(client, "emma.cooks")
    assert run["status"] == "SUCCEEDED"
    assert (await client.get(f"/v2/actor-runs/{run['id']}")).json()["data"]["status"] == "SUCCEEDED"
    (item,) = items.json()
    assert item["username"] == "emma.cooks"
    assert len(item["latestPosts"]) == 12
    assert items.headers["X-Apify-Pagination-Total"] == "1"


async def test_both_spellings_of_the_actors_path_work_synchronously_too(client):
    for acts in ("acts", "actors"):
        path = f"/v2/{acts}/apify~instagram-profile-scraper/run-sync-get-dataset-items"
        answer = await client.post(path, json={"usernames": ["emma.cooks"]}, params={"fields": "username"})
        assert (answer.status_code, answer.json()) == (201, [{"username": "emma.cooks"}])


async def test_a_run_takes_the_delay_and_can_be_aborted(client, simulated):
    simulated[0].delay_s = 0.3
    run = (await start(client, "emma.cooks")).json()["data"]
    assert run["status"] == "RUNNING"
    assert (await client.get(f"/v2/datasets/{run['id']}/items")).json() == []
    waited = await client.get(f"/v2/actor-runs/{run['id']}", params={"waitForFinish": 5})
    assert waited.json()["data"]["status"] == "SUCCEEDED"
    other = (await start(client, "emma.cooks")).json()["data"]
    aborted = await client.post(f"/v2/actor-runs/{other['id']}/abort")
    assert aborted.json()["data"]["status"] == "ABORTED"


async def test_comments_and_single_posts_come_from_their_own_actors(client):
    _, items = await finished(client, "rich_anna")
    post = items.json()[0]["latestPosts"][0]
    answer = await client.post(
        f"{COMMENTS}/run-sync-get-dataset-items", json={"directUrls": [post["url"]], "resultsLimit": 7}
    )
    assert len(answer.json()) == 7
    assert {row["postUrl"] for row in answer.json()} == {post["url"]}
    assert all(row["ownerUsername"] and row["text"] and row["timestamp"] > post["timestamp"] for row in answer.json())
    assert "latestComments" not in post
    body = {"directUrls": [post["url"]], "resultsType": "posts", "resultsLimit": 1}
    (single,) = (await client.post(f"{POSTS}/run-sync-get-dataset-items", json=body)).json()
    assert single["id"] == post["id"]
    assert single["latestComments"]


async def test_a_post_that_does_not_exist_gives_an_error_item(client):
    url = "https://www.instagram.com/p/CAAAAAAAAAA/"
    (item,) = (await client.post(f"{POSTS}/run-sync-get-dataset-items", json={"directUrls": [url]})).json()
    assert item["error"] == "not_found"


async def test_a_dataset_is_never_longer_than_the_caller_pays_for(client):
    body = {"usernames": ["anna", "bert", "carl"]}
    answer = await client.post(f"{PROFILES}/run-sync-get-dataset-items", json=body, params={"maxItems": 2})
    assert [item["username"] for item in answer.json()] == ["anna", "bert"]


@pytest.mark.parametrize("authorization", ["", "Basic abc"])
async def test_apify_wants_a_token(client, authorization):
    answer = await client.post(f"{PROFILES}/runs", json={}, headers={"Authorization": authorization})
    assert (answer.status_code, answer.json()["error"]["type"]) == (401, "user-or-token-not-found")


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'{"usernames": []}', b'{"usernames": ["no such name!"]}'])
async def test_bad_input_is_refused(client, body):
    answer = await client.post(f"{PROFILES}/runs", content=body)
    assert (answer.status_code, answer.json()["error"]["type"]) == (400, "invalid-input")


async def test_unknown_actors_and_runs_are_not_found(client):
    assert (await client.post("/v2/acts/nobody~nothing/runs", json={})).status_code == 404
    assert (await client.get("/v2/actor-runs/nothing")).status_code == 404


async def test_decodo_tells_the_same_creator_in_graphql_shape(client):
    _, items = await finished(client, "emma.cooks")
    item = items.json()[0]
    user = content_of(await scrape(client, "emma.cooks"))["data"]["user"]
    assert user["edge_followed_by"]["count"] == item["followersCount"]
    assert user["biography"] == item["biography"]
    nodes = [edge["node"] for edge in user["edge_owner_to_timeline_media"]["edges"]]
    assert [node["id"] for node in nodes] == [post["id"] for post in item["latestPosts"]]
    taken = datetime.fromisoformat(item["latestPosts"][0]["timestamp"])
    assert datetime.fromtimestamp(nodes[0]["taken_at_timestamp"], UTC) == taken


async def test_decodos_content_comes_as_an_object_or_as_text(client):
    kinds = {type((await scrape(client, f"person{n}")).json()["results"][0]["content"]) for n in range(12)}
    assert kinds == {dict, str}


async def test_decodos_tasks_answer_204_until_they_are_done(client, simulated):
    simulated[0].delay_s = 0.3
    body = {"target": "instagram_graphql_profile", "query": "emma.cooks"}
    task = (await client.post("/v3/task", json=body, headers=BASIC)).json()["id"]
    assert (await client.get(f"/v3/task/{task}/results", headers=BASIC)).status_code == 204
    await asyncio.sleep(0.4)
    assert (await client.get(f"/v3/task/{task}", headers=BASIC)).json()["status"] == "done"
    assert content_of(await client.get(f"/v3/task/{task}/results", headers=BASIC))["data"]["user"]


async def test_decodo_wants_basic_credentials_and_a_known_target(client):
    assert (await client.post("/v2/scrape", json={})).status_code == 401
    assert (await client.post("/v2/scrape", json={"target": "x"}, headers=BASIC)).status_code == 422


async def test_missing_accounts_are_told_in_both_ways(client):
    _, items = await finished(client, "missing_anna")
    assert items.json()[0]["error"] == "not_found"
    _, items = await finished(client, "missingempty_anna")
    assert items.json() == []
    result = (await scrape(client, "missing_anna")).json()["results"][0]
    assert result["status_code"] == 404


@pytest.mark.parametrize("status", [429, 500, 402])
async def test_status_faults_hit_apify_alone(client, status):
    name = f"fault_{status}_anna"
    answer = await start(client, name)
    assert answer.status_code == status
    assert {"type", "message"} <= set(answer.json()["error"])
    assert ("Retry-After" in answer.headers) == (status == 429)
    assert (await scrape(client, name)).status_code == 200


@pytest.mark.parametrize(("case", "status"), [("failed", "FAILED"), ("aborted", "ABORTED"), ("timedout", "TIMED-OUT")])
async def test_runs_end_badly_on_purpose(client, case, status):
    run, items = await finished(client, f"fault_{case}_anna")
    assert run["status"] == status
    assert items.json() == []


async def test_408_leaves_the_run_going_to_be_taken_over(client):
    path = f"{PROFILES}/run-sync-get-dataset-items"
    answer = await client.post(path, json={"usernames": ["fault_408_anna"]})
    assert (answer.status_code, answer.json()["error"]["type"]) == (408, "run-timeout-exceeded")
    run = (await client.get(f"{PROFILES}/runs/last")).json()["data"]
    assert run["status"] == "RUNNING"
    run = (await client.get(f"/v2/actor-runs/{run['id']}", params={"waitForFinish": 5})).json()["data"]
    assert run["status"] == "SUCCEEDED"
    (item,) = (await client.get(f"/v2/datasets/{run['defaultDatasetId']}/items")).json()
    assert item["username"] == "fault_408_anna"


async def test_a_start_that_never_answers_is_held_open(client):
    started = time.monotonic()
    answer = await start(client, "fault_timeout_anna")
    assert answer.status_code == 504
    assert time.monotonic() - started >= 0.6


async def test_truncated_json_breaks_off(client):
    run, items = await finished(client, "fault_truncated_anna")
    assert run["status"] == "SUCCEEDED"
    with pytest.raises(ValueError, match=r"delimiter|Unterminated|Expecting|control"):
        items.json()
    assert (await scrape(client, "fault_truncated_anna")).status_code == 200


async def test_down_means_both_and_apify_means_one(client):
    assert (await start(client, "fault_down_anna")).status_code == 503
    assert (await scrape(client, "fault_down_anna")).status_code == 503
    assert (await start(client, "fault_apify_anna")).status_code == 503
    assert (await scrape(client, "fault_apify_anna")).status_code == 200


async def test_a_flaky_name_works_at_the_third_call(client):
    assert [(await start(client, "fault_flaky_anna")).status_code for _ in range(4)] == [429, 429, 201, 201]
    assert [(await scrape(client, "fault_flaky_anna")).status_code for _ in range(3)] == [500, 500, 200]


async def test_faults_on_demand_strike_as_often_as_asked_and_are_taken_back(client):
    fault = {"service": "decodo", "kind": "500", "username": "anna", "count": 2}
    assert (await client.put("/_control/faults", json=fault)).json()["faults"][0]["count"] == 2
    assert (await scrape(client, "bert")).status_code == 200
    assert [(await scrape(client, "anna")).status_code for _ in range(3)] == [500, 500, 200]
    await client.put("/_control/faults", json={"service": "apify", "kind": "402"})
    assert (await start(client, "anyone")).status_code == 402
    assert (await client.delete("/_control/faults")).status_code == 204
    assert (await start(client, "anyone")).status_code == 201


@pytest.mark.parametrize(
    "fault", [[], {}, {"service": "apify", "kind": "418"}, {"service": "apify", "kind": "500", "probability": 2}]
)
async def test_faults_that_make_no_sense_are_refused(client, fault):
    assert (await client.put("/_control/faults", json=fault)).status_code == 422


async def test_calls_are_counted_by_service_and_username(client):
    await finished(client, "anna")
    await scrape(client, "anna")
    await client.get("/images/anna/0.jpg")
    calls = (await client.get("/_control/calls")).json()
    assert calls == {
        "apify.runs": {"anna": 1},
        "apify.items": {"anna": 1},
        "decodo.scrape": {"anna": 1},
        "images": {"anna": 1},
    }
    await client.delete("/_control/calls")
    assert (await client.get("/_control/calls")).json() == {}


async def test_the_delay_can_be_changed_while_it_runs(client):
    answer = await client.post("/_control/delay", json={"delay_s": 0.25})
    assert answer.json()["delay_s"] == 0.25
    assert (await start(client, "anna")).json()["data"]["status"] == "RUNNING"
    assert (await client.post("/_control/delay", json={"delay_s": -1})).status_code == 422


async def test_the_planted_truth_can_be_asked_for(client):
    truth = (await client.get("/_control/truth/bought_anna")).json()
    assert truth["bought_share"] > 0.5
    assert truth["cases"] == ["bought"]
    assert len(truth["posts"]) == 12
    assert {"language", "category", "tone", "comments"} <= set(truth["posts"][0])
    assert (await client.get("/_control/truth/no%20name")).status_code == 422


async def test_the_index_lists_every_prefix(client):
    prefixes = (await client.get("/")).json()["prefixes"]
    assert {name for table in prefixes.values() for name in table} == set(CASES)
    assert (await client.get("/healthz")).json() == {"status": "ok"}


async def test_the_pictures_in_an_item_are_served(client):
    _, items = await finished(client, "emma.cooks")
    item = items.json()[0]
    for url in (item["profilePicUrl"], item["latestPosts"][0]["displayUrl"]):
        answer = await client.get(url)
        assert answer.headers["content-type"] == "image/jpeg"
        assert Image.open(io.BytesIO(answer.content)).format == "JPEG"
    assert (await client.get("/images/emma.cooks/12.jpg")).status_code == 404


async def test_a_joint_posts_picture_has_one_address(client):
    _, first = await finished(client, "joint_a_anna")
    _, second = await finished(client, "joint_b_anna")
    shared = {post["id"]: post for post in first.json()[0]["latestPosts"]}
    (post,) = (post for post in second.json()[0]["latestPosts"] if post["id"] in shared)
    assert post == shared[post["id"]]
    assert post["coauthorProducers"][0]["username"] == "joint_b_anna"
    assert (await client.get(post["displayUrl"])).status_code == 200


async def test_pictures_fail_as_their_prefixes_say(client):
    assert [(await client.get(f"/images/expired_anna/{n}.jpg")).status_code for n in (0, 1)] == [403, 410]
    page = await client.get("/images/notimage_anna/0.jpg")
    assert (page.status_code, page.headers["content-type"].partition(";")[0]) == (200, "text/html")
    bomb = await client.get("/images/bigimage_anna/0.jpg")
    with pytest.raises(Image.DecompressionBombError):
        Image.open(io.BytesIO(bomb.content))
    redirect = await client.get("/images/redirect_anna/0.jpg")
    assert (redirect.status_code, redirect.headers["location"]) == (302, "http://169.254.169.254/latest/meta-data/")


async def test_the_server_runs_on_its_own_stays_light_and_stops_on_a_signal():
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "cluster.embedded.simulator", "--port", str(port), "--now", "2026-05-14T12:00:00Z"]
    environment = {**os.environ, "PYTHONPATH": str(Path(cluster.__file__).parent.parent)}
    with subprocess.Popen(command, env=environment) as process:  # noqa: ASYNC220 - starts at once
        try:
            async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=30) as client:
                await _until_healthy(client)
                client.headers["Authorization"] = "Bearer any"
                names = [f"light{number}" for number in range(20)]
                runs = await asyncio.gather(*(finished(client, name) for name in names))
                assert all(len(items.json()[0]["latestPosts"]) == 12 for _, items in runs)
                assert runs[0][1].json()[0]["latestPosts"][0]["timestamp"] < "2026-05-14"
                pictures = [client.get(f"/images/{name}/{index}.jpg") for name in names for index in range(3)]
                assert {answer.status_code for answer in await asyncio.gather(*pictures)} == {200}
                assert psutil.Process(process.pid).memory_info().rss < 250_000_000
        finally:
            process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=10) in {0, -signal.SIGTERM}


async def _until_healthy(client):
    for _ in range(200):
        try:
            if (await client.get("/healthz")).status_code == 200:
                return
        except httpx.TransportError:
            await asyncio.sleep(0.1)
    pytest.fail("the simulator did not start")


def content_of(answer):
    content = answer.json()["results"][0]["content"]
    return json.loads(content) if isinstance(content, str) else content
