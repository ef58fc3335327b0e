"""The Serve configuration: valid by Serve's own schema, and the overlay keeps to its business."""

from __future__ import annotations

import pytest

from cluster import serve_config
from cluster.errors import SetupError

LOCAL_KEYS = {"name", "num_replicas", "autoscaling_config", "ray_actor_options"}
DEPLOYMENTS = {
    "Ingress",
    "TextEncoder",
    "SentimentDeployment",
    "LanguageDeployment",
    "CategoryDeployment",
    "VisualContentDeployment",
    "AdvancedNlpDeployment",
    "AudienceQualityDeployment",
    "AudienceInsightsDeployment",
    "TrendDetectionDeployment",
    "FraudDetectionDeployment",
    "BehavioralPatternsDeployment",
}


def deployments(config):
    return {item["name"]: item for item in config["applications"][0]["deployments"]}


def test_both_configurations_are_valid_for_serve():
    serve_config.validate(serve_config.production_config())
    serve_config.validate(serve_config.local_config("127.0.0.1", 8000))


def test_a_bad_configuration_is_told():
    with pytest.raises(SetupError, match="applications"):
        serve_config.validate({"applications": 3})


def test_every_deployment_states_its_limits_in_production():
    production = deployments(serve_config.production_config())

    assert set(production) == DEPLOYMENTS
    for item in production.values():
        assert item["max_ongoing_requests"] > 0
        assert item["max_queued_requests"] > 0
        assert item["autoscaling_config"]["max_replicas"] > item["autoscaling_config"]["min_replicas"] >= 1
        assert item["graceful_shutdown_timeout_s"] > 0
        assert item["health_check_timeout_s"] > 0


def test_transformers_run_on_gpus_in_production_and_nothing_does_locally():
    production = deployments(serve_config.production_config())
    local = deployments(serve_config.local_config("127.0.0.1", 8000))

    with_gpu = {name for name, item in production.items() if item["ray_actor_options"].get("num_gpus")}
    assert with_gpu == {
        "TextEncoder",
        "SentimentDeployment",
        "LanguageDeployment",
        "CategoryDeployment",
        "VisualContentDeployment",
        "AdvancedNlpDeployment",
    }
    assert not any(item["ray_actor_options"].get("num_gpus") for item in local.values())


def test_the_overlay_changes_only_resources_and_replica_counts():
    overlay = serve_config._read(serve_config.LOCAL_FILE)

    assert set(overlay) == {"applications"}
    for item in overlay["applications"][0]["deployments"]:
        assert set(item) <= LOCAL_KEYS


def test_the_local_replicas_fit_on_one_core():
    local = deployments(serve_config.local_config("127.0.0.1", 8000))

    assert sum(item["ray_actor_options"]["num_cpus"] * item["num_replicas"] for item in local.values()) <= 2
    assert not any("autoscaling_config" in item for item in local.values())


def test_the_local_ingress_listens_where_the_settings_say():
    config = serve_config.local_config("127.0.0.1", 1234)

    assert config["http_options"]["host"] == "127.0.0.1"
    assert config["http_options"]["port"] == 1234
    assert config["http_options"]["keep_alive_timeout_s"] == 90


def test_merging_goes_by_name_removes_nulls_and_leaves_its_arguments_alone():
    base = {"a": {"x": 1, "y": 2}, "items": [{"name": "one", "n": 1, "m": 1}, {"name": "two", "n": 2}], "l": [1, 2]}
    overlay = {"a": {"y": None, "z": 3}, "items": [{"name": "one", "n": 9, "m": None}], "l": [3]}

    assert serve_config.merge(base, overlay) == {
        "a": {"x": 1, "z": 3},
        "items": [{"name": "one", "n": 9}, {"name": "two", "n": 2}],
        "l": [3],
    }
    assert base["a"] == {"x": 1, "y": 2}
    assert base["items"][0]["n"] == 1


def test_a_misspelt_deployment_in_an_overlay_is_told():
    with pytest.raises(SetupError, match="Ingres'"):
        serve_config.merge({"items": [{"name": "Ingress"}]}, {"items": [{"name": "Ingres", "n": 1}]})
