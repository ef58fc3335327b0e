"""What production is given: the manifest says what serve_config.yaml says, and its machines hold what that asks for."""

from __future__ import annotations

from importlib.metadata import version

import pytest
import yaml

from cluster.deploy.render import render
from cluster.serve_config import ROOT, production_config


@pytest.fixture
def cluster():
    return render("registry.test/following:1")["spec"]["rayClusterConfig"]


def test_the_manifest_deploys_serve_config_with_the_pinned_ray():
    spec = render("registry.test/following:1")["spec"]

    assert yaml.safe_load(spec["serveConfigV2"]) == production_config()
    assert spec["rayClusterConfig"]["rayVersion"] == version("ray")
    assert spec["rayClusterConfig"]["authOptions"] == {"mode": "token"}


def test_every_pod_runs_the_given_image_as_an_ordinary_user(cluster):
    for group in (cluster["headGroupSpec"], *cluster["workerGroupSpecs"]):
        pod = group["template"]["spec"]
        assert [container["image"] for container in pod["containers"]] == ["registry.test/following:1"]
        assert pod["securityContext"]["runAsNonRoot"]


def test_the_fewest_machines_hold_the_fewest_replicas_and_the_most_hold_the_most(cluster):
    deployments = production_config()["applications"][0]["deployments"]
    for bound, machines in (("min_replicas", "minReplicas"), ("max_replicas", "maxReplicas")):
        gpus = sum(
            one["ray_actor_options"].get("num_gpus", 0) * one["autoscaling_config"][bound] for one in deployments
        )
        cpus = sum(one["ray_actor_options"]["num_cpus"] * one["autoscaling_config"][bound] for one in deployments)
        groups = {group["groupName"]: group for group in cluster["workerGroupSpecs"]}
        offered = {name: group[machines] for name, group in groups.items()}

        assert offered["gpu"] >= gpus
        assert 8 * (offered["gpu"] + offered["cpu"]) >= cpus


def test_the_image_is_built_from_the_pins_and_runs_without_root():
    lines = (ROOT / "cluster" / "deploy" / "Dockerfile").read_text()

    assert "-c constraints.txt" in lines
    assert "USER following" in lines
    assert "RAY_SERVE_ENABLE_HA_PROXY=1" in lines
