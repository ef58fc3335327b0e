"""`following import` against a real database; a worker's part is played by the stores themselves."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime

import pytest
from typer import Typer
from typer.testing import CliRunner

from api.commands.imports import import_files
from cluster.embedded.simulator.apify_items import profile_items
from cluster.embedded.simulator.creators import creator_of
from cluster.records import Source
from cluster.stores import creators, jobs

pytestmark = pytest.mark.anyio


def exported(*usernames):
    today = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    return [item for name in usernames for item in profile_items(creator_of(name, today), "http://127.0.0.1:1")]


@pytest.fixture
def run(database_urls, tmp_path, monkeypatch):
    """Run the command line; returns its exit code, its output and what went to standard error."""
    monkeypatch.setenv("FOLLOWING_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("DATABASE_WORKER_URL", database_urls.worker)
    app = Typer()
    app.command()(import_files)

    async def command(*arguments):
        # in a thread: the command runs an event loop of its own
        return await asyncio.to_thread(CliRunner().invoke, app, [str(argument) for argument in arguments])

    return command


def write(tmp_path, name, content):
    path = tmp_path / name
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    return path


async def load(worker_db, username):
    async with worker_db.as_service() as db:
        return await creators.load_creator(db, username, comments=True)


async def test_a_profile_is_stored_as_imported_and_its_analysis_queued(run, worker_db, tmp_path):
    path = write(tmp_path, "export.json", exported("anna.b"))
    result = await run(path, "--no-wait")

    assert result.exit_code == 0, result.output
    stored = await load(worker_db, "anna.b")
    assert (stored.source, len(stored.posts)) == (Source.IMPORT, 12)
    assert any(post.comments for post in stored.posts) == any(
        post.get("latestComments") for post in exported("anna.b")[0]["latestPosts"]
    )
    async with worker_db.as_service() as db:
        job = await jobs.latest_job(db, "anna.b")
    assert (job.kind, job.status, job.profile_id) == ("analyze", "queued", stored.id)


async def test_each_rejected_item_has_its_line_and_the_others_go_on(run, worker_db, tmp_path):
    items = exported("anna.b", "missing_x", "private_x", "weird_c")
    lines = [json.dumps(item) for item in items]
    lines[1:1] = ["{broken", '{"shortCode": "Cabc"}', "7"]
    path = write(tmp_path, "export.jsonl", "\n".join(lines))

    result = await run(path, tmp_path / "nowhere.json", "--no-wait")

    assert result.exit_code == 0
    reasons = [line for line in result.output.splitlines() if line.startswith("rejected")]
    assert [line.split(":")[1].split()[0] for line in reasons[:5]] == ["2", "3", "4", "5", "6"]
    for line, why in zip(
        reasons,
        ["not valid JSON", "a post", "not a JSON object", "no public account", "private", "nowhere.json"],
        strict=True,
    ):
        assert why in line
    assert await load(worker_db, "anna.b")
    assert len((await load(worker_db, "weird_c")).posts) == 11  # one of its twelve repeats an id
    assert await load(worker_db, "private_x") is None


async def test_the_json_summary_is_the_only_thing_on_standard_output(run, tmp_path):
    path = write(tmp_path, "export.json", [*exported("anna.b", "bob.c"), {"username": "not a name"}])
    result = await run(path, "--json", "--no-wait")
    summary = json.loads(result.stdout)
    assert {name: summary[name] for name in ("files", "items", "imported", "posts", "rejected", "waiting")} == {
        "files": 1,
        "items": 3,
        "imported": 2,
        "posts": 24,
        "rejected": 1,
        "waiting": 2,
    }
    assert [(one["item"], one["file"]) for one in summary["rejections"]] == [(3, str(path))]


async def test_the_same_export_again_changes_nothing_and_queues_nothing_twice(run, worker_db, tmp_path):
    path = write(tmp_path, "export.json", exported("anna.b"))
    await run(path, "--no-wait")
    before = await load(worker_db, "anna.b")
    assert json.loads((await run(path, path, "--json", "--no-wait")).stdout)["waiting"] == 1
    after = await load(worker_db, "anna.b")
    assert [post.id for post in after.posts] == [post.id for post in before.posts]


async def test_it_waits_for_the_analysis_and_counts_its_ends(run, worker_db, tmp_path):
    async def work():
        ended = 0
        while ended < 2:
            async with worker_db.as_service() as db:
                for job in await jobs.claim(db, "worker", lease_s=30, limit=5):
                    if job.username == "bob.c":
                        await jobs.fail(
                            db, job.id, "worker", {"message": "no picture model"}, retry_in_s=None, attempt=job.attempts
                        )
                    else:
                        await jobs.finish(db, job.id, "worker", access_days=30, attempt=job.attempts)
                    ended += 1
            await asyncio.sleep(0.05)

    path = write(tmp_path, "export.json", exported("anna.b", "bob.c"))
    result, _ = await asyncio.gather(run(path, "--json", "--wait-max", 20), asyncio.wait_for(work(), 20))

    summary = json.loads(result.stdout)
    assert (summary["analyzed"], summary["failed"], summary["waiting"]) == (1, 1, 0)
    assert summary["failures"] == ["bob.c: no picture model"]


async def test_its_wait_has_an_end(run, tmp_path):
    path = write(tmp_path, "export.json", exported("anna.b"))
    result = await run(path, "--wait-max", 0.6)
    assert result.exit_code == 0
    assert "analysis still going" in result.output


async def test_a_person_who_opted_out_is_not_imported(run, worker_db, tmp_path):
    async with worker_db.as_service() as db:
        await creators.opt_out(db, "anna.b")
    result = await run(write(tmp_path, "export.json", exported("anna.b")), "--no-wait")
    assert result.exit_code == 1
    assert "asked not to be analysed" in result.output
    assert await load(worker_db, "anna.b") is None


async def test_a_joint_post_of_two_imported_profiles_belongs_to_both(run, worker_db, tmp_path):
    path = write(tmp_path, "export.json", exported("joint_a_anna", "joint_b_anna"))
    assert (await run(path, "--no-wait")).exit_code == 0
    ours, theirs = await load(worker_db, "joint_a_anna"), await load(worker_db, "joint_b_anna")
    assert {post.id for post in ours.posts} & {post.id for post in theirs.posts}


async def test_without_a_database_the_error_says_what_to_do(run, monkeypatch, tmp_path):
    monkeypatch.delenv("DATABASE_WORKER_URL")
    result = await run(write(tmp_path, "export.json", exported("anna.b")))
    assert "following up" in str(result.exception)
