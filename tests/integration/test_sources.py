"""The clients against the simulator over real HTTP: each of its faults, and what comes of it."""

from __future__ import annotations

import socket
import time

import pytest
import stamina
import structlog
from pydantic import SecretStr

from cluster.clients.apify import RunUnfinished
from cluster.clients.sources import open_sources
from cluster.embedded.simulator.faults import PlannedFault
from cluster.embedded.simulator.server import create_app
from cluster.embedded.simulator.world import World
from cluster.errors import CreatorNotFound, UpstreamUnavailable
from cluster.records import PostKind, Source
from cluster.resilience import BreakerState
from cluster.settings import ApifySettings, DecodoSettings, Settings
from tests.local_server import serving

pytestmark = pytest.mark.anyio

TOKEN = "secret-token-4711"


@pytest.fixture(scope="module")
def simulated():
    world = World(hang_s=1.5, slow_run_s=2.0)
    with serving(create_app(world)) as base_url:
        yield world, base_url


@pytest.fixture
def world(simulated):
    world, _ = simulated
    world.faults.clear()
    world.calls.clear()
    world.delay_s = 0.0
    return world


def settings_for(base_url, *, apify=True, decodo=True, **apify_changes) -> Settings:
    settings = Settings.load(runtime=False)
    apify_settings = ApifySettings(
        token=TOKEN if apify else None,
        base_url=base_url,
        **{"poll_interval_s": 0.1, "request_timeout_s": 0.5, "run_timeout_s": 10.0, **apify_changes},
    )
    decodo_settings = DecodoSettings(api_key=TOKEN if decodo else None, base_url=base_url, timeout_s=5.0)
    return settings.model_copy(update={"apify": apify_settings, "decodo": decodo_settings})


@pytest.fixture
async def sources(simulated, world):
    async with open_sources(settings_for(simulated[1])) as sources:
        yield sources


@pytest.fixture
def no_pauses():
    with stamina.set_testing(True, attempts=100, cap=True):
        yield


async def test_an_ordinary_creator_comes_with_posts_and_comments(sources, world):
    started = []

    async def remember(run_id):
        started.append(run_id)

    fetched = await sources.fetch("emma.cooks", on_run_started=remember)

    profile = fetched.profile
    assert (profile.username, profile.source, fetched.degraded) == ("emma.cooks", Source.APIFY, ())
    assert len(profile.posts) == 12
    assert all(post.caption is not None and post.display_url and post.taken_at for post in profile.posts)
    assert {post.kind for post in profile.posts} <= set(PostKind)
    assert sum(len(post.comments) for post in profile.posts) > 0
    assert started[-1] == fetched.run_id
    assert len(started) == 2  # the profile's run, then the comments'
    assert len(fetched.run_id) <= 64


async def test_a_run_is_taken_over_and_not_paid_for_again(sources, world):
    first = await sources.fetch("emma.cooks")
    world.calls.clear()
    again = await sources.fetch("emma.cooks", run_id=first.run_id)
    assert again.profile == first.profile
    assert world.calls["apify.runs", "emma.cooks"] == world.calls["comments.runs", "emma.cooks"] == 0


async def test_after_a_crash_between_the_runs_only_the_second_is_started(sources, world):
    started = []

    async def crash_at_the_second(run_id):
        started.append(run_id)
        if len(started) == 2:
            raise ConnectionError("the database went away")

    with pytest.raises(ConnectionError):
        await sources.fetch("emma.cooks", on_run_started=crash_at_the_second)
    world.calls.clear()
    fetched = await sources.fetch("emma.cooks", run_id=started[0])
    assert world.calls["apify.runs", "emma.cooks"] == 0
    assert world.calls["comments.runs", "emma.cooks"] == 1
    assert fetched.degraded == ()
    assert {state.failures for state in sources.states().values()} == {0}


async def test_a_run_that_is_gone_is_replaced(sources, world):
    fetched = await sources.fetch("emma.cooks", run_id="neverExisted12345")
    assert fetched.profile.source is Source.APIFY
    assert world.calls["apify.runs", "emma.cooks"] == 1


@pytest.mark.parametrize("username", ["missing_anna", "missingempty_anna"])
async def test_a_missing_account_is_an_answer_and_no_failure(sources, world, username):
    for _ in range(6):
        with pytest.raises(CreatorNotFound):
            await sources.fetch(username)
    assert world.calls["decodo.scrape", username] == 0
    assert sources.states()["apify"].failures == 0


@pytest.mark.parametrize("username", ["missing_anna", "missingempty_anna"])
async def test_decodo_too_knows_missing_accounts(simulated, world, username):
    async with open_sources(settings_for(simulated[1], apify=False)) as sources:
        with pytest.raises(CreatorNotFound):
            await sources.fetch(username)


async def test_a_private_account_is_marked_and_no_comments_are_bought(sources, world):
    fetched = await sources.fetch("private_anna")
    assert fetched.profile.is_private
    assert fetched.profile.posts == ()
    assert world.calls["comments.runs", "private_anna"] == 0


@pytest.mark.parametrize(
    ("username", "starts"),
    [
        ("fault_500_anna", 1),  # a start whose outcome is unknown is not repeated
        ("fault_402_anna", 1),
        ("fault_apify_anna", 1),
        ("fault_timeout_anna", 1),
        ("fault_429_anna", 5),  # nothing was started: repeated as often as the policy allows
        ("fault_failed_anna", 1),
        ("fault_aborted_anna", 1),
        ("fault_timedout_anna", 1),
        ("fault_truncated_anna", 1),  # the dataset is read again, the run is not
    ],
)
async def test_decodo_answers_when_apify_fails(sources, world, no_pauses, username, starts):
    fetched = await sources.fetch(username)
    assert fetched.profile.source is Source.DECODO
    assert len(fetched.profile.posts) == 12
    assert world.calls["apify.runs", username] == starts
    assert any(note.startswith("source: decodo stood in (apify: ") for note in fetched.degraded)
    assert TOKEN not in " ".join(fetched.degraded)


async def test_a_truncated_dataset_is_read_again(sources, world, no_pauses):
    await sources.fetch("fault_truncated_anna")
    assert world.calls["apify.items", "fault_truncated_anna"] == 5


async def test_retry_after_is_honoured_until_the_service_accepts(sources, world):
    began_s = time.monotonic()
    fetched = await sources.fetch("fault_flaky_anna")
    assert fetched.profile.source is Source.APIFY
    assert world.calls["apify.runs", "fault_flaky_anna"] == 3
    assert time.monotonic() - began_s >= 2.0  # twice the second that Retry-After asks for


async def test_no_money_is_named_with_its_remedy_and_not_counted(sources, world):
    with structlog.testing.capture_logs() as logs:
        for _ in range(6):
            fetched = await sources.fetch("fault_402_anna")
    assert "out of money; top it up" in logs[0]["error"]
    assert fetched.degraded[0] == "source: decodo stood in (apify: HTTP 402)"
    assert sources.states()["apify"].state is BreakerState.CLOSED


async def test_a_refused_key_is_not_counted(sources, world):
    world.faults.plan(PlannedFault("apify", "401"))
    for _ in range(6):
        fetched = await sources.fetch("emma.cooks")
    assert fetched.degraded[0] == "source: decodo stood in (apify: HTTP 401)"
    assert sources.states()["apify"].state is BreakerState.CLOSED


async def test_a_circuit_opens_after_five_failures_and_spares_the_service(sources, world, no_pauses):
    for _ in range(5):
        await sources.fetch("fault_500_anna")
    state = sources.states()["apify"]
    assert (state.state, state.failures) == (BreakerState.OPEN, 5)
    assert 55 < state.retry_in_s <= 60

    world.calls.clear()
    fetched = await sources.fetch("emma.cooks")
    assert fetched.profile.source is Source.DECODO
    assert world.calls["apify.runs", "emma.cooks"] == 0


async def test_a_run_that_goes_on_past_our_wait_is_taken_over_on_the_next_attempt(simulated, world):
    started = []

    async def remember(run_id):
        started.append(run_id)

    async with open_sources(settings_for(simulated[1], run_timeout_s=1.2)) as sources:
        with pytest.raises(RunUnfinished) as unfinished:
            await sources.fetch("fault_408_anna", on_run_started=remember)
        assert unfinished.value.context["run_id"] == started[-1]
        assert unfinished.value.retry_after_s

        fetched = await sources.fetch("fault_408_anna", run_id=started[-1])
    assert fetched.profile.source is Source.APIFY
    assert world.calls["apify.runs", "fault_408_anna"] == 1


async def test_a_run_that_outlasts_a_second_wait_counts_as_failed(simulated, world):
    async with open_sources(settings_for(simulated[1], run_timeout_s=0.3)) as sources:
        with pytest.raises(RunUnfinished) as unfinished:
            await sources.fetch("fault_408_anna")
        fetched = await sources.fetch("fault_408_anna", run_id=unfinished.value.context["run_id"])
    assert fetched.profile.source is Source.DECODO
    assert world.calls["apify.runs", "fault_408_anna"] == 1


async def test_both_sources_down_names_both_causes(sources, world, no_pauses):
    with pytest.raises(UpstreamUnavailable) as error:
        await sources.fetch("fault_down_anna")
    assert error.value.context["causes"] == ("apify: HTTP 503", "decodo: HTTP 503")
    assert error.value.retry_after_s > 0
    assert TOKEN not in str(error.value)


@pytest.mark.parametrize("kind", ["429", "500", "503", "truncated", "failed"])
async def test_decodo_is_asked_again(simulated, world, no_pauses, kind):
    world.faults.plan(PlannedFault("decodo", kind, count=2))
    async with open_sources(settings_for(simulated[1], apify=False)) as sources:
        fetched = await sources.fetch("emma.cooks")
    assert fetched.profile.source is Source.DECODO
    assert world.calls["decodo.scrape", "emma.cooks"] == 3


@pytest.mark.parametrize("kind", ["401", "402"])
async def test_decodos_refusals_are_not_repeated_nor_counted(simulated, world, kind):
    world.faults.plan(PlannedFault("decodo", kind))
    async with open_sources(settings_for(simulated[1], apify=False)) as sources:
        with pytest.raises(UpstreamUnavailable, match=f"decodo: HTTP {kind}"):
            await sources.fetch("emma.cooks")
        assert sources.states()["decodo"].failures == 0
    assert world.calls["decodo.scrape", "emma.cooks"] == 1


async def test_decodo_that_hangs_is_left_within_its_limit(simulated, world):
    world.faults.plan(PlannedFault("decodo", "timeout"))
    settings = settings_for(simulated[1], apify=False)
    settings = settings.model_copy(update={"decodo": settings.decodo.model_copy(update={"timeout_s": 0.4})})
    async with open_sources(settings) as sources:
        began_s = time.monotonic()
        with pytest.raises(UpstreamUnavailable, match="decodo: no answer"):
            await sources.fetch("emma.cooks")
    assert time.monotonic() - began_s < 1.5


@pytest.mark.parametrize("kind", ["500", "402", "timeout", "truncated", "failed", "429"])
async def test_failing_comments_do_not_fail_the_fetch(sources, world, no_pauses, kind):
    world.faults.plan(PlannedFault("comments", kind))
    fetched = await sources.fetch("emma.cooks")
    assert fetched.profile.source is Source.APIFY
    assert len(fetched.profile.posts) == 12
    assert not any(post.comments for post in fetched.profile.posts)
    assert [note.split(":")[0] for note in fetched.degraded] == ["comments"]
    assert sources.states()["apify"].failures == 0


async def test_without_keys_the_error_says_so_and_the_log_which_to_set(simulated, world):
    async with open_sources(settings_for(simulated[1], apify=False, decodo=False)) as sources:
        with structlog.testing.capture_logs() as logs, pytest.raises(UpstreamUnavailable, match="apify: no key"):
            await sources.fetch("emma.cooks")
    assert ["APIFY_TOKEN" in logs[0]["error"], "DECODO_API_KEY" in logs[1]["error"]] == [True, True]


async def test_a_key_that_cannot_be_sent_is_not_told(simulated, world):
    settings = settings_for(simulated[1], decodo=False)
    settings = settings.model_copy(
        update={"apify": settings.apify.model_copy(update={"token": SecretStr(f"{TOKEN}\nx")})}
    )
    async with open_sources(settings) as sources:
        with structlog.testing.capture_logs() as logs, pytest.raises(UpstreamUnavailable) as error:
            await sources.fetch("emma.cooks")
    assert TOKEN not in f"{logs}{error.value}"


async def test_a_service_that_is_not_there_is_told_from_one_that_fails(no_pauses):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    async with open_sources(settings_for(f"http://127.0.0.1:{port}")) as sources:
        with pytest.raises(UpstreamUnavailable, match=r"apify: no connection.*decodo: no connection"):
            await sources.fetch("emma.cooks")


async def test_the_weird_creator_is_read_clean(sources, world):
    profile = (await sources.fetch("weird_anna")).profile
    assert any(len((post.caption or "").encode()) > 99_990 for post in profile.posts)
    assert not any("\0" in (post.caption or "") for post in profile.posts)
    assert len({post.instagram_post_id for post in profile.posts}) == len(profile.posts)
    assert all(
        count is None or count >= 0 for post in profile.posts for count in (post.likes_count, post.comments_count)
    )


async def test_a_joint_post_names_both_owners(sources, world):
    ours = (await sources.fetch("joint_a_anna")).profile.posts[0]
    theirs = (await sources.fetch("joint_b_anna")).profile.posts[0]
    assert ours.instagram_post_id == theirs.instagram_post_id
    assert {ours.owner_username, *ours.coauthors} == {"joint_a_anna", "joint_b_anna"}


async def test_both_sources_tell_the_same_creator(simulated, world, sources):
    async with open_sources(settings_for(simulated[1], apify=False)) as fallback:
        second = (await fallback.fetch("emma.cooks")).profile
    first = (await sources.fetch("emma.cooks")).profile
    for field in ("username", "full_name", "biography", "followers_count", "posts_count", "is_verified"):
        assert getattr(first, field) == getattr(second, field)
    for one, other in zip(first.posts, second.posts, strict=True):
        assert one.instagram_post_id == other.instagram_post_id
        assert (one.caption, one.hashtags, one.mentions, one.kind) == (
            other.caption,
            other.hashtags,
            other.mentions,
            other.kind,
        )
