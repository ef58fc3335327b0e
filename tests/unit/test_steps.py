"""Progress lines as a log sees them: one for each finished step."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from api.commands.steps import Steps
from cluster.errors import SetupError


@pytest.fixture
def printed():
    return io.StringIO()


@pytest.fixture
def steps(printed):
    return Steps(Console(file=printed, width=100))


def test_a_finished_step_tells_how_long_it_took_and_how_it_ended(steps, printed):
    with steps.step("Postgres") as step:
        step.say("starting")
        step.done("127.0.0.1:15432 [up]")

    (line,) = printed.getvalue().splitlines()
    assert line.startswith("✓ Postgres")
    assert "0.0 s" in line
    assert line.endswith("127.0.0.1:15432 [up]")


def test_a_failed_step_is_marked_and_its_error_passes_on(steps, printed):
    with pytest.raises(SetupError, match="port"), steps.step("Valkey"):
        raise SetupError("The port is taken.")

    assert printed.getvalue().startswith("✗ Valkey")
