"""The suite's one real cluster: started by `following up` in a home and on ports of its own, stopped at the end."""

from __future__ import annotations

import pytest

from loadtests.local_cluster import LocalCluster, own_environment

DOWN_S_MAX = 60


@pytest.fixture(scope="session")
def cluster(tmp_path_factory):
    """One cluster for the whole run, in the embedded tier, with a simulator that answers at once."""
    home = tmp_path_factory.mktemp("cluster")
    running = LocalCluster(home, own_environment(home))
    result = running.cli("up", "--no-demo")
    try:
        if result.returncode != 0:
            pytest.fail(f"the cluster did not start:\n{result.stdout}\n{result.stderr}", pytrace=False)
        yield running
    finally:
        running.cli("clean", "--yes", timeout_s=DOWN_S_MAX)
