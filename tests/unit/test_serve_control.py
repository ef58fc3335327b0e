"""What Serve says, in few words."""

from __future__ import annotations

from cluster.embedded import serve_control
from cluster.embedded.serve_control import innermost_error

REMOTE = """The deployment failed to start 3 times in a row. Error:
\x1b[36mray::ServeReplica:following:Ingress.initialize()\x1b[39m (pid=1, ip=127.0.0.1)
  File "replica.py", line 1928, in initialize
    raise RuntimeError(traceback.format_exc()) from None
RuntimeError: Traceback (most recent call last):
  File "model.py", line 4, in __init__
    raise ModelArtefactMissing("A model's artefact is missing.", slot="sentiment")
cluster.errors.ModelArtefactMissing: A model's artefact is missing. (slot='sentiment')
Look in /models."""


def test_of_a_remote_traceback_the_innermost_error_is_told():
    assert innermost_error(REMOTE) == (
        "cluster.errors.ModelArtefactMissing: A model's artefact is missing. (slot='sentiment')\nLook in /models."
    )


def test_a_plain_message_stays_as_it_is():
    assert innermost_error("Not enough CPUs.\n") == "Not enough CPUs."
    assert innermost_error("") == ""


def application(status, *deployments):
    return serve_control._read(
        {
            "status": status,
            "deployments": {
                name: {
                    "status": state,
                    "target_num_replicas": 2,
                    "replicas": [{"state": "RUNNING"}, {"state": "STARTING"}],
                }
                for name, state in deployments
            },
        }
    )


def test_an_application_is_healthy_when_all_its_deployments_are():
    assert application("RUNNING", ("A", "HEALTHY"), ("B", "HEALTHY")).healthy
    assert not application("RUNNING", ("A", "HEALTHY"), ("B", "UPDATING")).healthy
    assert not application("DEPLOYING", ("A", "HEALTHY")).healthy


def test_only_a_failed_deployment_is_given_up():
    assert application("DEPLOY_FAILED").failed
    assert not application("UNHEALTHY", ("A", "UNHEALTHY")).failed


def test_replicas_are_counted():
    (deployment,) = application("DEPLOYING", ("A", "UPDATING")).deployments

    assert (deployment.replicas_running, deployment.replicas_wanted) == (1, 2)
