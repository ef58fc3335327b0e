"""`following evaluate`: a table for people, JSON for the cards, and plain words where data is missing."""

from __future__ import annotations

import io
import json

import pytest
from rich.console import Console

from api.commands.evaluate import print_table
from deployments.evaluation.record import read
from loadtests.local_cluster import own_environment, run_cli


@pytest.fixture
def following(tmp_path):
    environment = own_environment(tmp_path / "home")
    return lambda *arguments: run_cli(environment, tmp_path / "cwd", *arguments, timeout_s=120)


def test_missing_data_is_named_with_its_place(following, tmp_path):
    result = following("evaluate", "emotion", "--data", str(tmp_path))

    assert result.returncode == 1
    assert "tweeteval_emotion_val.jsonl.gz" in result.stderr
    assert "Traceback" not in result.stderr


def test_an_evaluation_prints_json_and_writes_it(following, tmp_path):
    account = {"userFollowerCount": 900, "userFollowingCount": 300, "userMediaCount": 80, "userHasProfilPic": 1}
    fake = {"userFollowerCount": 3, "userFollowingCount": 4_000, "userMediaCount": 0, "userHasProfilPic": 0}
    rows = [{**account, "isFake": 0}, {**fake, "isFake": 1}] * 4
    (tmp_path / "instafake_check.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    written = tmp_path / "evaluation.json"
    result = following("evaluate", "account_authenticity", "--data", str(tmp_path), "--output", str(written), "--json")

    figures = {row["metric"]: row["value"] for row in json.loads(result.stdout)["results"]}
    assert figures["ROC AUC"] == 1.0
    assert [row["metric"] for row in read(written)] == list(figures)


def test_the_table_shows_value_interval_and_goal_of_the_committed_evaluation():
    out = io.StringIO()
    print_table({"results": read(), "missing": ["umsab: put it there"]}, Console(file=out, width=80))

    text = out.getvalue()
    assert "sentiment (embedded), UMSAB" in text
    assert "sentiment (fallback), UMSAB" in text
    assert "not measured: umsab: put it there" in text
    assert max(len(line) for line in text.splitlines() if " to 0." in line) <= 80
