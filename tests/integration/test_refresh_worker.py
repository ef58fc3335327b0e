"""Refresh jobs on a real database and a real simulator: taken up after a crash, shared, fenced, never paid for twice."""

from __future__ import annotations

import asyncio
import shutil
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

import pytest
import stamina

from actors.profile_refresh import RefreshWorker
from actors.refresh_pipeline import RefreshPipeline
from cluster.clients.sources import open_sources
from cluster.embedded.simulator.faults import PlannedFault
from cluster.embedded.simulator.server import create_app
from cluster.embedded.simulator.world import World
from cluster.media import open_media
from cluster.records import Source
from cluster.resilience import policies_of
from cluster.settings import (
    MODEL_SLOTS,
    ApifySettings,
    DecodoSettings,
    MediaSettings,
    RefreshSettings,
    Settings,
    SimulatorSettings,
)
from cluster.stores import access, creators, jobs
from cluster.thumbnails import Thumbnailer
from deployments.analysis import ENCODER, Analysis
from deployments.audience_insights import AudienceInsightsModel
from deployments.audience_quality import AudienceQualityModel
from deployments.behavioral_patterns import BehavioralPatternsModel
from deployments.category import Category
from deployments.fraud_detection import FraudDetectionModel
from deployments.language import LanguageModel
from deployments.scores import ModelIdentity
from deployments.sentiment import Sentiment
from deployments.trend_detection import TrendDetectionModel
from tests.creators import profile
from tests.integration.stored import complete_creator
from tests.local_server import serving

pytestmark = pytest.mark.anyio

JOB_S_MAX = 40.0
QUICK = RefreshSettings(lease_s=2.0, heartbeat_s=0.2, poll_s=0.1)


@pytest.fixture(scope="module")
def simulated():
    world = World(hang_s=1.5, slow_run_s=1.0)
    with serving(create_app(world)) as base_url:
        yield world, base_url


@pytest.fixture
def world(simulated):
    simulated[0].faults.clear()
    simulated[0].calls.clear()
    return simulated[0]


@pytest.fixture(autouse=True)
def no_pauses():
    with stamina.set_testing(True, attempts=100, cap=True):
        yield


@pytest.fixture
def settings(simulated, world, tmp_path):
    base_url = simulated[1]
    return Settings.load(tmp_path, runtime=False).model_copy(
        update={
            "apify": ApifySettings(token="t", base_url=base_url, poll_interval_s=0.05),
            "decodo": DecodoSettings(api_key="t", base_url=base_url),
            "media": MediaSettings(allow_origin=base_url),
            "refresh": QUICK,
            "simulator": SimulatorSettings(port=urlsplit(base_url).port),
        }
    )


def statistics(model):
    async def predict(batch):
        return await asyncio.to_thread(model.predict, batch)

    return predict


def small_models():
    """The statistical models and the language detector for real; what needs the encoder answers from the text's length."""

    async def sentiment(batch):
        return [Sentiment("positive", 1 / (1 + len(text)), 0.8) for text in batch]

    async def category(batch):
        return [Category("Food", 1 / (1 + len(text))) for text in batch]

    async def sizes(batch):
        return [{"size_bytes": len(item)} for item in batch]

    async def no_vectors(_batch):
        return []

    return {
        "sentiment": sentiment,
        "category": category,
        "advanced_nlp": sizes,
        "visual_content": sizes,
        ENCODER: no_vectors,
        "language": statistics(LanguageModel()),
        "audience_quality": statistics(AudienceQualityModel()),
        "audience_insights": statistics(AudienceInsightsModel()),
        "trend_detection": statistics(TrendDetectionModel()),
        "fraud_detection": statistics(FraudDetectionModel()),
        "behavioral_patterns": statistics(BehavioralPatternsModel()),
    }


@pytest.fixture(scope="module")
def models():
    return small_models()


@asynccontextmanager
async def pipeline_of(settings, database, models):
    identities = {slot: ModelIdentity(slot, "1", "embedded") for slot in MODEL_SLOTS}
    analysis = Analysis(models, identities, settings.models, policies_of(settings.resilience).model)
    async with (
        open_sources(settings) as sources,
        Thumbnailer(open_media(settings), settings.media) as thumbnailer,
    ):
        yield RefreshPipeline(database, sources, thumbnailer, analysis, settings)


@pytest.fixture
async def start_worker(settings, worker_db, models):
    """Starts workers, which end with the test; cancelling one is what a crash leaves behind: an unrenewed lease."""
    tasks = []
    async with pipeline_of(settings, worker_db, models) as pipeline:

        def start():
            worker = RefreshWorker(worker_db, pipeline, settings.refresh)
            tasks.append(asyncio.create_task(worker.run_forever()))
            return tasks[-1]

        yield start
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def request(api_db, user, username, kind="unlock", key=None):
    async with api_db.as_user(user.claims) as db:
        return await jobs.request_refresh(db, username, kind=kind, idempotency_key=key, deadline_s=60, queue_max=100)


async def ended(worker_db, job, status=("succeeded", "failed")):
    give_up_at = asyncio.get_running_loop().time() + JOB_S_MAX
    while asyncio.get_running_loop().time() < give_up_at:
        async with worker_db.as_service() as db:
            now = await jobs.get_job(db, job.id)
        if now.status in status:
            return now
        await asyncio.sleep(0.05)
    raise AssertionError(f"the job did not end: {now}")


async def until(condition, worker_db, job):
    for _ in range(400):
        async with worker_db.as_service() as db:
            now = await jobs.get_job(db, job.id)
        if condition(now):
            return
        await asyncio.sleep(0.02)
    raise AssertionError(f"never so: {now}")


async def test_a_job_ends_in_a_complete_creator_and_access_for_all_who_waited(
    api_db, worker_db, alice, bob, start_worker, world
):
    first = await request(api_db, alice, "emma.cooks")
    second = await request(api_db, bob, "emma.cooks")
    start_worker()

    job = await ended(worker_db, first)

    assert second.id == first.id
    assert (job.status, job.error) == ("succeeded", None)
    assert world.calls["apify.runs", "emma.cooks"] == 1
    for user in (alice, bob):
        async with api_db.as_user(user.claims) as db:
            assert await access.has_access(db, "emma.cooks") is not None
            creator = await creators.load_creator(db, "emma.cooks")
    assert creator.completeness.complete, creator.completeness.missing
    assert len(creator.posts) == 12
    assert all(post.thumbnail_url for post in creator.posts)


async def test_its_events_tell_every_step_in_order(api_db, worker_db, alice, start_worker):
    job = await request(api_db, alice, "noah.travels")
    start_worker()
    await ended(worker_db, job)

    async with api_db.as_user(alice.claims) as db:
        events = await jobs.events(db, job.id, 0)

    assert [event.seq for event in events] == list(range(1, len(events) + 1))
    assert [event.elapsed_s for event in events] == sorted(event.elapsed_s for event in events)
    steps = list(dict.fromkeys(event.step for event in events))
    assert steps[0] == "fetch"
    assert steps[-1] == "creator"
    assert {"store", "pictures", "captions"} <= set(steps)


@pytest.mark.parametrize("step", ["fetch", "pictures", "creator"])
async def test_a_job_whose_worker_dies_is_taken_up_and_not_paid_for_again(
    api_db, worker_db, alice, start_worker, world, step
):
    job = await request(api_db, alice, f"lost.at.{step}")
    dying = start_worker()
    # Between the start of a run and the commit of its id a crash cannot be told from a run that never was.
    await until(lambda now: now.step == step and now.run_id is not None, worker_db, job)
    dying.cancel()
    await asyncio.gather(dying, return_exceptions=True)
    start_worker()

    job = await ended(worker_db, job)

    assert job.status == "succeeded", job.error
    assert world.calls["apify.runs", f"lost.at.{step}"] == 1


async def test_two_workers_share_the_jobs_and_run_each_once(api_db, worker_db, alice, start_worker, world):
    names = [f"shared.work{number}" for number in range(6)]
    requested = [await request(api_db, alice, name) for name in names]
    start_worker()
    start_worker()

    done = [await ended(worker_db, job) for job in requested]

    assert {job.status for job in done} == {"succeeded"}
    assert {world.calls["apify.runs", name] for name in names} == {1}
    assert {job.attempts for job in done} == {1}


@pytest.mark.parametrize(
    ("username", "code"), [("private_zoe", "private_account"), ("missing_zoe", "creator_not_found")]
)
async def test_accounts_without_a_public_profile_fail_for_good(api_db, worker_db, alice, start_worker, username, code):
    job = await request(api_db, alice, username)
    start_worker()

    job = await ended(worker_db, job)

    assert (job.status, job.error["code"], job.attempts) == ("failed", code, 1)
    async with worker_db.as_service() as db:
        assert await creators.load_creator(db, username) is None


async def test_a_person_who_opted_out_meanwhile_is_not_fetched(api_db, worker_db, alice, start_worker, world):
    job = await request(api_db, alice, "leave.me")
    async with worker_db.as_service() as db:
        await creators.opt_out(db, "leave.me")
    start_worker()

    job = await ended(worker_db, job)

    assert (job.status, job.error["code"]) == ("failed", "opted_out")
    assert ("apify.runs", "leave.me") not in world.calls


async def test_a_complete_creator_is_unlocked_without_a_fetch(api_db, worker_db, alice, bob, start_worker, world):
    start_worker()
    await ended(worker_db, await request(api_db, alice, "mia.styles"))

    job = await ended(worker_db, await request(api_db, bob, "mia.styles"))

    assert job.status == "succeeded"
    assert world.calls["apify.runs", "mia.styles"] == 1


async def test_a_refresh_fetches_again_and_keeps_what_did_not_change(api_db, worker_db, alice, start_worker, world):
    start_worker()
    await ended(worker_db, await request(api_db, alice, "omar.eats"))
    async with worker_db.as_service() as db:
        before = await creators.load_creator(db, "omar.eats")

    await ended(worker_db, await request(api_db, alice, "omar.eats", "refresh", "k"))

    async with worker_db.as_service() as db:
        after = await creators.load_creator(db, "omar.eats")
    assert world.calls["apify.runs", "omar.eats"] == 2
    assert after.fetched_at > before.fetched_at
    assert after.analyzed_at > before.analyzed_at
    assert [post.analyzed_at for post in after.posts] == [post.analyzed_at for post in before.posts]
    assert len(after.snapshots) >= len(before.snapshots)


async def test_a_recent_profile_stands_in_when_every_source_is_down(api_db, worker_db, alice, start_worker, world):
    start_worker()
    await ended(worker_db, await request(api_db, alice, "ana.paints"))
    _break(world)

    job = await ended(worker_db, await request(api_db, alice, "ana.paints", "refresh", "k"))

    assert job.status == "succeeded"
    assert job.error["code"] == "upstream_unavailable"


async def test_an_old_profile_does_not_stand_in(api_db, worker_db, alice, start_worker, world):
    start_worker()
    await ended(worker_db, await request(api_db, alice, "old.news"))
    async with worker_db.as_service() as db:
        await db.execute(
            "update profiles set fetched_at = $1 where username = 'old.news'", datetime.now(UTC) - timedelta(hours=2)
        )
    _break(world)

    job = await ended(worker_db, await request(api_db, alice, "old.news", "refresh", "k"))

    assert (job.status, job.error["code"]) == ("failed", "upstream_unavailable")


@pytest.mark.parametrize("username", ["expired_kai", "notimage_kai", "bigimage_kai", "redirect_kai"])
async def test_pictures_that_cannot_be_had_leave_the_reason_and_an_answer(
    api_db, worker_db, alice, start_worker, username
):
    start_worker()

    job = await ended(worker_db, await request(api_db, alice, username))

    assert job.status == "succeeded", job.error
    async with worker_db.as_service() as db:
        creator = await creators.load_creator(db, username)
    assert not creator.completeness.complete
    assert all(post.thumbnail_error and not post.thumbnail_url for post in creator.posts)
    assert all(post.analysis["sentiment"]["result"] for post in creator.posts)
    assert all(post.analysis["visual_content"]["result"] is None for post in creator.posts)


@pytest.mark.parametrize("username", ["weird_kim", "nullcounts_kim", "noposts_kim", "fewposts_kim", "hidden_kim"])
async def test_odd_data_is_stored_and_analysed(api_db, worker_db, alice, start_worker, username):
    start_worker()

    job = await ended(worker_db, await request(api_db, alice, username))

    assert job.status == "succeeded", job.error


async def test_a_joint_post_belongs_to_both(api_db, worker_db, alice, start_worker):
    start_worker()
    for username in ("joint_a_duo", "joint_b_duo"):
        assert (await ended(worker_db, await request(api_db, alice, username))).status == "succeeded"

    async with worker_db.as_service() as db:
        first, second = [await creators.load_creator(db, name) for name in ("joint_a_duo", "joint_b_duo")]

    shared = {post.id for post in first.posts} & {post.id for post in second.posts}
    assert len(shared) == 1


async def test_an_account_that_went_private_is_not_given_to_anybody_new(api_db, worker_db, alice, bob, start_worker):
    await complete_creator(worker_db, "private_lately")  # as it was while it was public
    start_worker()

    found_out = await ended(worker_db, await request(api_db, alice, "private_lately", "refresh", "k"))
    asked_later = await ended(worker_db, await request(api_db, bob, "private_lately"))

    assert [job.error["code"] for job in (found_out, asked_later)] == ["private_account"] * 2
    async with api_db.as_user(bob.claims) as db:
        assert await access.has_access(db, "private_lately") is None


async def test_a_picture_store_without_room_costs_the_pictures_and_not_the_answer(
    api_db, worker_db, alice, start_worker, settings
):
    folder = settings.home / "media"
    shutil.rmtree(folder)
    folder.write_text("a file where the folder should be: nothing can be written below it")
    start_worker()

    job = await ended(worker_db, await request(api_db, alice, "full.disk"))

    assert job.status == "succeeded", job.error
    async with worker_db.as_service() as db:
        creator = await creators.load_creator(db, "full.disk")
    assert "posts.cdn_thumbnail_url" in creator.completeness.missing
    assert all(post.thumbnail_error for post in creator.posts)
    assert all(post.analysis["sentiment"]["result"] for post in creator.posts)


async def test_an_imported_creator_is_not_refreshed_from_the_simulator_and_says_so(
    api_db, worker_db, alice, start_worker, world
):
    async with worker_db.as_service() as db:
        await creators.upsert_profile(db, profile("from.export", source=Source.IMPORT), fetched_at=datetime.now(UTC))
    start_worker()

    job = await ended(worker_db, await request(api_db, alice, "from.export", "refresh", "k"))

    assert job.status == "succeeded"
    assert "APIFY_TOKEN" in job.error["message"]
    assert ("apify.runs", "from.export") not in world.calls


def _break(world):
    for service in ("apify", "decodo"):
        world.faults.plan(PlannedFault(service=service, kind="503", probability=1.0))
