"""The main job on the real cluster: a username in, five sections out."""

from __future__ import annotations

import asyncio
import json

import pytest

from api.sections import CreatorAnswer

pytestmark = [pytest.mark.anyio, pytest.mark.e2e]
SLOTS = {"sentiment", "language", "category", "visual_content", "advanced_nlp"}


async def test_a_new_creator_comes_back_whole(alice, unique):
    name = unique()

    answer = await alice.search(name)

    assert answer.status_code == 200, answer.text
    body = answer.json()
    CreatorAnswer.model_validate(body)
    assert list(body) == ["meta", "overview", "audience", "engagement", "content", "posts"]
    assert body["meta"]["completeness"] == {"complete": True, "missing": []}
    assert body["meta"]["source"] == "apify"
    assert body["meta"]["degraded"] == []
    assert len(body["posts"]) == 12


async def test_its_pictures_are_served(alice, anonymous, unique):
    body = (await alice.search(unique())).json()

    pictures = [post["cdn_thumbnail_url"] for post in body["posts"]]
    answers = [await anonymous.get(url) for url in pictures[:3]]

    assert len(set(pictures)) == 12
    assert {answer.headers["Content-Type"] for answer in answers} == {"image/webp"}
    assert all(answer.content[8:12] == b"WEBP" for answer in answers)


async def test_callers_of_one_name_share_one_fetch(person, cluster, unique):
    name = unique()

    answers = await asyncio.gather(*(person().search(name) for _ in range(12)))

    assert {answer.status_code for answer in answers} == {200}
    assert (await cluster.profile_fetches())[name] == 1


async def test_a_complete_stored_creator_is_not_fetched_for_the_next_user(person, cluster, unique):
    name = unique()
    await person().search(name)

    answer = await person().search(name)

    assert answer.status_code == 200
    assert (await cluster.profile_fetches())[name] == 1


async def test_reading_again_needs_no_job(alice, unique):
    name = unique()
    first = (await alice.search(name)).json()

    again = await alice.search(name, wait=0)

    assert again.status_code == 200
    assert again.json() == first


async def test_a_refresh_needs_an_idempotency_key_and_fetches_once_for_it(alice, cluster, unique):
    name = unique()
    await alice.search(name)
    url, query = f"/api/v1/search/creator/{name}", {"refresh": "true", "wait": 100}

    without = await alice.http.get(url, params=query)
    answers = [await alice.http.get(url, params=query, headers={"Idempotency-Key": "k1"}) for _ in range(2)]
    other = await alice.http.get(f"/api/v1/search/creator/{unique()}", params=query, headers={"Idempotency-Key": "k1"})

    assert without.status_code == 422
    assert [answer.status_code for answer in answers] == [200, 200]
    assert (await cluster.profile_fetches())[name] == 2
    assert (other.status_code, other.json()["code"]) == (409, "conflict")


async def test_a_caller_who_does_not_wait_gets_the_job_and_follows_its_events(alice, unique):
    name = unique()

    pending = await alice.search(name, wait=0)

    assert pending.status_code == 202
    job = pending.json()
    events = []
    async with alice.http.stream("GET", job["events_url"]) as stream:
        async for line in stream.aiter_lines():
            if line.startswith("event: "):
                events.append(line.removeprefix("event: "))
            if line.startswith("data: ") and events[-1] in ("done", "failed"):
                last = json.loads(line.removeprefix("data: "))
                break
    assert events[-1] == "done"
    assert "progress" in events
    assert last["status"] == "succeeded"
    assert (await alice.http.get(f"/api/v1/search/jobs/{job['id']}")).json()["status"] == "succeeded"
    assert (await alice.search(name, wait=0)).status_code == 200


async def test_a_ticket_opens_one_event_stream_once(alice, anonymous, unique):
    name = unique()
    await alice.search(name)
    ticket = (await alice.http.post("/api/v1/search/events/ticket")).json()["ticket"]
    url = f"/api/v1/search/creator/{name}/events"

    first = await anonymous.get(url, params={"ticket": ticket})
    second = await anonymous.get(url, params={"ticket": ticket})
    elsewhere = await anonymous.get(f"/api/v1/search/creator/{name}", params={"ticket": ticket})

    assert first.status_code == 200
    assert "event: done" in first.text
    assert second.status_code == 401
    assert elsewhere.status_code == 401


async def test_jobs_and_posts_of_others_are_out_of_reach(person, unique):
    name, owner, stranger = unique(), person(), person()
    job = (await owner.search(name, wait=0)).json()
    await owner.search(name)

    assert (await stranger.http.get(f"/api/v1/search/jobs/{job['id']}")).status_code == 404
    assert (await stranger.http.get(f"/api/v1/search/creator/{name}/events")).status_code == 404
    assert (await stranger.http.get(f"/api/profile/{name}/posts")).status_code == 403


async def test_posts_are_paged_and_streamed(alice, unique):
    name = unique()
    await alice.search(name)
    url = f"/api/profile/{name}/posts"

    first = (await alice.http.get(url, params={"limit": 5})).json()
    rest = (await alice.http.get(url, params={"limit": 100, "cursor": first["next_cursor"]})).json()
    lines = (await alice.http.get(url, params={"stream": "true"})).text.splitlines()

    assert (len(first["posts"]), len(rest["posts"]), rest["next_cursor"]) == (5, 7, None)
    ids = [post["id"] for post in first["posts"] + rest["posts"]]
    assert [json.loads(line)["id"] for line in lines] == ids
    assert len(set(ids)) == 12
    assert (await alice.http.get(url, params={"cursor": "nonsense"})).status_code == 422


async def test_the_profile_route_gives_the_same_answer(alice, unique):
    name = unique()
    searched = (await alice.search(name)).json()

    for url in (f"/api/profile/{name}", f"/instagram/profile/{name}"):
        assert (await alice.http.get(url)).json() == searched


@pytest.mark.parametrize(
    ("prefix", "status", "code"), [("private_", 403, "private_account"), ("missing_", 404, "creator_not_found")]
)
async def test_accounts_without_a_public_profile_are_said_so(alice, unique, prefix, status, code):
    answer = await alice.search(unique(prefix))

    assert (answer.status_code, answer.json()["code"]) == (status, code)


@pytest.mark.parametrize(("prefix", "posts"), [("noposts_", 0), ("fewposts_", None), ("hidden_", 12), ("weird_", None)])
async def test_unusual_creators_are_answered_honestly(alice, unique, prefix, posts):
    answer = await alice.search(unique(prefix))

    assert answer.status_code == 200, answer.text
    body = answer.json()
    CreatorAnswer.model_validate(body)
    if posts is not None:
        assert len(body["posts"]) == posts
    if prefix == "hidden_":
        assert all(post["counts"]["likes"] is None for post in body["posts"])


async def test_expired_pictures_leave_the_answer_incomplete_with_the_reason(alice, unique):
    answer = await alice.search(unique("expired_"))

    assert answer.status_code == 200
    meta = answer.json()["meta"]
    assert meta["completeness"]["complete"] is False
    assert any("picture" in missing or "thumbnail" in missing for missing in meta["completeness"]["missing"])


async def test_decodo_answers_when_apify_does_not(alice, unique):
    answer = await alice.search(unique("fault_apify_"))

    assert answer.status_code == 200
    assert answer.json()["meta"]["source"] == "decodo"


@pytest.mark.slow
async def test_with_both_sources_down_the_error_is_clear_and_retryable(alice, unique):
    answer = await alice.search(unique("fault_down_"))

    assert (answer.status_code, answer.json()["code"]) == (503, "upstream_unavailable")
    assert int(answer.headers["Retry-After"]) > 0


@pytest.mark.parametrize(
    "username", ["a" * 31, "two words", "..%2f..%2fetc%2fpasswd", "nаsa", "x';drop table profiles", "a..b"]
)
async def test_what_is_no_username_is_refused(alice, username):
    answer = await alice.http.get(f"/api/v1/search/creator/{username}")

    assert answer.status_code in (404, 422)
    assert answer.headers["Content-Type"] == "application/problem+json"


async def test_without_a_token_nothing_is_told(anonymous, unique):
    answer = await anonymous.get(f"/api/v1/search/creator/{unique()}")

    assert (answer.status_code, answer.json()["code"]) == (401, "unauthenticated")
    assert answer.headers["WWW-Authenticate"] == "Bearer"


async def test_limits_travel_with_the_answer(alice, unique):
    answer = await alice.search(unique())

    assert int(answer.headers["RateLimit-Remaining"]) < int(answer.headers["RateLimit-Limit"])
    assert len(answer.headers.get_list("X-Request-ID")) == 1


async def test_health_models_and_documents_are_public(anonymous):
    health = (await anonymous.get("/api/health")).json()
    models = (await anonymous.get("/api/v1/models")).json()
    document = (await anonymous.get("/openapi.json")).json()

    assert health["status"] == "healthy"
    assert len(models["models"]) == 10
    assert "/api/v1/search/creator/{username}" in document["paths"]
