"""The production benchmark runs where only torch and transformers are."""

from __future__ import annotations

import subprocess
import sys

import pytest

from loadtests.production import FILTERED, FULL, Measured, summary

OF_THE_CLUSTER = ("ray", "pydantic", "structlog", "emoji", "psutil", "scipy", "cv2", "eldc", "orjson")


def test_it_needs_no_package_of_the_cluster():
    away = f"import sys; sys.modules.update(dict.fromkeys({OF_THE_CLUSTER}))"  # importing them fails from here on
    code = f"{away}; import loadtests.production as p; p.make_inputs(p.captions(3))"

    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)

    assert ran.returncode == 0, ran.stderr


def test_posts_an_hour_count_every_network_once():
    told = summary(
        [Measured("pictures", 0.1, 0.2, 1, 1), Measured(FULL, 0.9, 2.8, 1, 1), Measured(FILTERED, 0.2, None, 1, 1)]
    )

    assert told["posts_an_hour"] == pytest.approx(3_600)
    assert told["posts_an_hour_filtered"] == pytest.approx(12_000)
    assert told["ratio"] == pytest.approx(3)
