"""Looking creators up over HTTP, with the worker played by hand."""

from __future__ import annotations

import asyncio
import json

import pytest

from cluster.errors import (
    CreatorNotFound,
    FollowingError,
    OptedOut,
    PrivateAccount,
    UpstreamRefused,
    UpstreamUnavailable,
)
from tests.creators import profile
from tests.fixtures_api import calling, eventually, own_api, working
from tests.integration.stored import store

pytestmark = pytest.mark.anyio
SEARCH = "/api/v1/search/creator"
JOBS = "/api/v1/search/jobs"
PUBLIC = {"full_name": "Some One", "followers_count": 12}


@pytest.fixture
async def user(client, name):
    """A user whom the API knows."""
    await client.get("/api/v1/auth/me", as_user=name)
    return name


@pytest.fixture
def creator(name):
    return f"{name}.c"


async def started(client, worker, creator, user, **options):
    """A lookup whose job the worker has taken; the job."""
    answer = await client.get(f"{SEARCH}/{creator}?wait=0", as_user=user, **options)
    assert answer.status_code == 202
    await worker.claim(creator)
    return answer.json()


async def test_an_unlocked_creator_is_answered_from_the_database_and_then_from_the_cache(client, worker, user, creator):
    profile_id = await worker.unlocked(creator, user)

    first = await client.get(f"{SEARCH}/{creator}", as_user=user)
    # What no upsert would do: the version stays, so that only the cache can still know the old name.
    await worker.execute("alter table profiles disable trigger user")
    await worker.execute("update profiles set full_name = 'Changed' where id = $1", profile_id)
    await worker.execute("alter table profiles enable trigger user")
    second = await client.get(f"{SEARCH}/{creator}", as_user=user)

    assert (first.status_code, second.status_code) == (200, 200)
    assert first.content == second.content
    assert list(first.json()) == ["meta", "overview", "audience", "engagement", "content", "posts"]
    assert len(first.json()["posts"]) == 12


async def test_a_changed_creator_is_composed_anew(client, worker, user, creator):
    profile_id = await worker.unlocked(creator, user)
    await client.get(f"{SEARCH}/{creator}", as_user=user)
    await worker.execute("update profiles set full_name = 'New Name' where id = $1", profile_id)

    answer = await client.get(f"{SEARCH}/{creator}", as_user=user)

    assert answer.json()["overview"]["identity"]["full_name"] == "New Name"


async def test_the_older_names_give_the_same_answer(client, worker, user, creator):
    await worker.unlocked(creator, user)

    answers = [
        await client.get(f"{prefix}/{creator}", as_user=user)
        for prefix in (SEARCH, "/api/profile", "/instagram/profile")
    ]

    assert len({answer.content for answer in answers}) == 1


async def test_without_waiting_the_answer_is_the_job_and_where_to_follow_it(client, user, creator):
    answer = await client.get(f"{SEARCH}/{creator}?wait=0", as_user=user)
    job = answer.json()
    followed = await client.get(answer.headers["Location"], as_user=user)

    assert (answer.status_code, job["status"], job["username"]) == (202, "queued", creator)
    assert (job["events_url"], job["answer_url"]) == (f"{SEARCH}/{creator}/events", f"{SEARCH}/{creator}")
    assert (followed.status_code, followed.json()["id"]) == (200, job["id"])


async def test_the_job_tells_how_far_it_is(client, worker, user, creator):
    job = await started(client, worker, creator, user)
    await worker.progress(creator, "pictures", 7, 12)

    seen = (await client.get(f"{JOBS}/{job['id']}", as_user=user)).json()

    assert (seen["status"], seen["step"], seen["done"], seen["total"]) == ("running", "pictures", 7, 12)


async def test_whoever_waits_gets_the_answer_as_soon_as_the_job_ends(client, worker, user, creator):
    waiting = asyncio.create_task(client.get(f"{SEARCH}/{creator}?wait=20", as_user=user))
    await until_queued(worker, creator)
    await worker.claim(creator)
    await worker.store(creator)
    await worker.finish(creator)

    async with asyncio.timeout(10):
        answer = await waiting

    assert (answer.status_code, answer.json()["meta"]["username"]) == (200, creator)


async def until_queued(worker, creator):
    await eventually(lambda: kinds_of_jobs(worker, creator))


async def test_concurrent_lookups_share_one_job_and_all_get_access(client, worker, name, creator):
    users = [f"{name}-{number}" for number in range(5)]
    answers = await asyncio.gather(*(client.get(f"{SEARCH}/{creator}?wait=0", as_user=user) for user in users))
    await worker.claim(creator)
    await worker.store(creator)
    await worker.finish(creator)

    after = await asyncio.gather(*(client.get(f"{SEARCH}/{creator}?wait=0", as_user=user) for user in users))

    assert len({answer.json()["id"] for answer in answers}) == 1
    assert [answer.status_code for answer in after] == [200] * 5


async def test_a_lookup_is_written_into_the_history_of_whoever_asked(client, worker, user, creator):
    await client.get(f"{SEARCH}/{creator}?wait=0", as_user=user)

    await eventually(lambda: worker.execute("select count(*) from search_history where username = $1", creator))


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (PrivateAccount(username="x", details=PUBLIC), 403, "private_account"),
        (OptedOut(username="x"), 403, "opted_out"),
        (CreatorNotFound(username="x"), 404, "creator_not_found"),
        (UpstreamUnavailable(causes=("a", "b"), retry_after_s=42), 503, "upstream_unavailable"),
        (UpstreamRefused(), 502, "upstream_refused"),
    ],
)
async def test_a_failed_lookup_answers_what_its_job_ended_with(client, worker, user, creator, error, status, code):
    waiting = asyncio.create_task(client.get(f"{SEARCH}/{creator}?wait=20", as_user=user))
    await until_queued(worker, creator)
    await worker.claim(creator)
    await worker.fail(creator, error)

    answer = await waiting

    problem = answer.json()
    assert (answer.status_code, problem["code"]) == (status, code)
    assert problem.get("details") == (PUBLIC if code == "private_account" else None)
    assert answer.headers.get("Retry-After") == ("42" if status == 503 else None)
    assert "followers_count" not in problem["detail"]


async def test_an_error_that_nobody_foresaw_in_a_job_is_a_problem_too(client, worker, user, creator):
    job = await started(client, worker, creator, user)
    await worker.fail(creator, FollowingError("The refresh crashed."))

    seen = (await client.get(f"{JOBS}/{job['id']}", as_user=user)).json()

    assert (seen["status"], seen["error"]["code"]) == ("failed", "internal")


async def test_who_opted_out_is_refused_at_once(client, worker, user, creator):
    async with worker.database.as_service() as db:
        from cluster.stores import creators

        await creators.opt_out(db, creator)

    answer = await client.get(f"{SEARCH}/{creator}", as_user=user)

    assert (answer.status_code, answer.json()["code"]) == (403, "opted_out")


async def test_a_stale_profile_that_stands_in_says_so(client, worker, user, creator):
    await started(client, worker, creator, user, headers={"Idempotency-Key": f"{user}-stale"})
    await worker.store(creator)
    await worker.finish(creator, warning=UpstreamUnavailable("Both sources are down.").to_record())

    answer = await client.get(
        f"{SEARCH}/{creator}?refresh=true&wait=5", as_user=user, headers={"Idempotency-Key": f"{user}-stale"}
    )

    assert answer.status_code == 200
    assert answer.json()["meta"]["stale"] is True
    assert "Both sources are down." in str(answer.json()["meta"]["degraded"])


async def test_a_refresh_without_an_idempotency_key_is_refused(client, user, creator):
    answer = await client.get(f"{SEARCH}/{creator}?refresh=true", as_user=user)

    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_input")
    assert "Idempotency-Key" in answer.json()["detail"]


async def test_a_refresh_starts_a_job_even_with_access_and_its_key_gives_that_job_again(client, worker, user, creator):
    await worker.unlocked(creator, user)
    headers = {"Idempotency-Key": f"{user}-1"}
    path = f"{SEARCH}/{creator}?refresh=true&wait=0"

    first = await client.get(path, as_user=user, headers=headers)
    again = await client.get(path, as_user=user, headers=headers)

    assert (first.status_code, again.status_code) == (202, 202)
    assert first.json()["id"] == again.json()["id"]


async def test_a_key_that_was_used_for_another_creator_is_a_conflict(client, user, creator):
    headers = {"Idempotency-Key": f"{user}-2"}
    await client.get(f"{SEARCH}/{creator}?refresh=true&wait=0", as_user=user, headers=headers)

    answer = await client.get(f"{SEARCH}/{creator}.other?refresh=true&wait=0", as_user=user, headers=headers)

    assert (answer.status_code, answer.json()["code"]) == (409, "conflict")


async def test_a_key_of_one_user_means_nothing_for_another(client, name, creator):
    headers = {"Idempotency-Key": f"{name}-3"}
    await client.get(f"{SEARCH}/{creator}?refresh=true&wait=0", as_user=f"{name}-a", headers=headers)

    answer = await client.get(f"{SEARCH}/{creator}.other?refresh=true&wait=0", as_user=f"{name}-b", headers=headers)

    assert answer.status_code == 202


async def test_a_key_whose_access_is_over_is_told_so(client, worker, user, creator):
    headers = {"Idempotency-Key": f"{user}-4"}
    await started(client, worker, creator, user, headers=headers)
    profile_id = await worker.store(creator)
    await worker.finish(creator)
    await worker.execute(
        "update user_profile_access set granted_at = now() - interval '31 days', expires_at = now() - interval '1 day' where profile_id = $1",
        profile_id,
    )

    answer = await client.get(f"{SEARCH}/{creator}?wait=5", as_user=user, headers=headers)

    assert (answer.status_code, answer.json()["code"]) == (409, "conflict")


@pytest.mark.parametrize("key", ["", "k" * 256])
async def test_a_key_of_no_length_or_too_long_is_refused(client, user, creator, key):
    answer = await client.get(f"{SEARCH}/{creator}?refresh=true", as_user=user, headers={"Idempotency-Key": key})

    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_input")


@pytest.mark.parametrize("wait", ["-1", "nan", "inf", "-inf", "soon", ""])
async def test_a_wait_that_is_no_time_is_refused(client, user, creator, wait):
    answer = await client.get(f"{SEARCH}/{creator}", as_user=user, params={"wait": wait})

    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_input")


async def test_a_huge_wait_is_cut_to_the_limit(postgres_server, template_urls, valkey_server, name):
    limits = {"wait_s_max": 0.2}
    with own_api(postgres_server, template_urls, valkey_server.url, search=limits) as api:
        async with calling(api) as client, asyncio.timeout(10):
            answer = await client.get(f"{SEARCH}/{name}", as_user=name, params={"wait": "1e300"})

    assert answer.status_code == 202


async def test_a_full_queue_refuses_new_lookups_and_lets_waiting_ones_be_joined(
    postgres_server, template_urls, valkey_server, name
):
    with own_api(postgres_server, template_urls, valkey_server.url, refresh={"queue_max": 2}) as api:
        async with calling(api) as client:
            answers = [
                await client.get(f"{SEARCH}/{creator}?wait=0", as_user=name)
                for creator in ("one", "two", "three", "one")
            ]

    assert [answer.status_code for answer in answers] == [202, 202, 503, 202]
    assert answers[2].json()["code"] == "overloaded"
    assert int(answers[2].headers["Retry-After"]) >= 1


async def test_access_ends_at_its_time(client, worker, user, creator):
    await worker.unlocked(creator, user, days=-1)

    answer = await client.get(f"{SEARCH}/{creator}?wait=0", as_user=user)
    posts = await client.get(f"/api/profile/{creator}/posts", as_user=user)

    assert answer.status_code == 202
    assert (posts.status_code, posts.json()["code"]) == (403, "forbidden")


async def test_another_users_access_cached_answer_and_job_stay_invisible(client, worker, user, creator):
    job = await started(client, worker, creator, user)
    await worker.store(creator)
    await worker.finish(creator)
    assert (await client.get(f"{SEARCH}/{creator}", as_user=user)).status_code == 200
    stranger = f"{user}-stranger"

    answer = await client.get(f"{SEARCH}/{creator}?wait=0", as_user=stranger)
    other_job = await client.get(f"{JOBS}/{job['id']}", as_user=stranger)

    assert answer.status_code == 202
    assert answer.json()["id"] != job["id"]
    assert (other_job.status_code, other_job.json()["code"]) == (404, "not_found")


async def test_an_unknown_job_and_what_is_no_id_are_refused(client, user):
    unknown = await client.get(f"{JOBS}/00000000-0000-0000-0000-000000000000", as_user=user)
    nonsense = await client.get(f"{JOBS}/1 or 1=1", as_user=user)

    assert (unknown.status_code, nonsense.status_code) == (404, 422)


async def test_an_incomplete_creator_is_answered_and_repaired_once_for_nothing(client, worker, user, creator):
    await store(worker.database, profile(creator, posts=3))
    await worker.grant(user, await worker.execute("select id from profiles where username = $1", creator))

    answers = [await client.get(f"{SEARCH}/{creator}", as_user=user) for _ in range(3)]

    assert [answer.status_code for answer in answers] == [200] * 3
    completeness = answers[0].json()["meta"]["completeness"]
    assert completeness["complete"] is False
    assert completeness["missing"]
    assert await eventually(lambda: kinds_of_jobs(worker, creator)) == ["repair"]


async def test_a_repair_is_asked_for_again_after_its_interval_and_gives_nobody_access(
    postgres_server, template_urls, valkey_server, name
):
    interval = {"repair_interval_s": 3600.0}
    with own_api(postgres_server, template_urls, valkey_server.url, search=interval) as api:
        async with calling(api) as client, working(api) as worker:
            await client.get("/api/v1/auth/me", as_user=name)
            profile_id = await store(worker.database, profile("thin", posts=3))
            await worker.grant(name, profile_id)
            await asked_for_repair(client, worker, name, 1)
            await worker.claim("thin")
            await worker.finish("thin")
            await worker.execute("update profiles set full_name = 'x'")  # a new version, so that it is composed anew
            await asked_for_repair(client, worker, name, 1)
            await worker.execute(
                "update ai_analysis_jobs set created_at = now() - interval '61 minutes', deadline_at = now()"
            )
            await worker.execute("update profiles set full_name = 'y'")
            await asked_for_repair(client, worker, name, 2)
            grants = await worker.execute("select count(*) from user_profile_access")

    assert grants == 1


async def asked_for_repair(client, worker, user, count):
    """Look the creator up; then there are that many repairs."""
    assert (await client.get(f"{SEARCH}/thin", as_user=user)).status_code == 200
    await asyncio.sleep(0.3)  # what no answer waits for
    assert await kinds_of_jobs(worker, "thin") == ["repair"] * count


async def kinds_of_jobs(worker, creator):
    return json.loads(
        await worker.execute("select coalesce(json_agg(kind), '[]') from ai_analysis_jobs where username = $1", creator)
    )
