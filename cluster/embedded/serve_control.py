"""Deploying on a running head, over the REST interface of its dashboard: no import of ray, which costs seconds."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import httpx

from cluster.embedded.ray_environment import ray_token
from cluster.errors import SetupError
from cluster.serve_config import APPLICATION

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from cluster.embedded.ray_head import RayHead
    from cluster.settings import Settings

DEPLOY_CALL_S_MAX = 60.0  # the first one starts Serve's controller and HAProxy
STATUS_CALL_S_MAX = 10.0
SHUTDOWN_S_MAX = 10.0
HEALTHY_S_MAX = 300.0
POLL_S = 0.3
MESSAGE_CHARS_MAX = 1_500
_TERMINAL_CODES = re.compile(r"\x1b\[[0-9;]*m")
_PATH = "/api/serve/applications/"


@dataclass(frozen=True, slots=True)
class DeploymentState:
    """One deployment as Serve sees it."""

    name: str
    status: str  # HEALTHY, UPDATING, UNHEALTHY, DEPLOY_FAILED, …
    replicas_running: int
    replicas_wanted: int
    message: str

    @property
    def healthy(self) -> bool:
        return self.status == "HEALTHY"


@dataclass(frozen=True, slots=True)
class ApplicationState:
    """The application as Serve sees it; status is NOT_STARTED where nothing was deployed."""

    status: str
    message: str
    deployments: tuple[DeploymentState, ...]

    @property
    def healthy(self) -> bool:
        return self.status == "RUNNING" and all(deployment.healthy for deployment in self.deployments)

    @property
    def failed(self) -> bool:
        """Serve gave up; an UNHEALTHY application may still recover by itself."""
        return self.status == "DEPLOY_FAILED"


class ServeControl:
    """Deploys, watches and shuts down Serve on the head of these settings."""

    def __init__(self, settings: Settings, head: RayHead) -> None:
        self._head = head
        self._url = f"{head.dashboard_url}{_PATH}"
        self._headers = {"Authorization": f"Bearer {ray_token(settings.home)}"}

    def deploy(self, config: Mapping[str, Any]) -> None:
        """Ask for this configuration (see ServeDeploySchema); raises SetupError where Serve refuses it."""
        response = self._call("PUT", DEPLOY_CALL_S_MAX, json=config)
        if response.status_code != 200:
            raise SetupError("Serve refused the configuration.", it_said=response.text[-MESSAGE_CHARS_MAX:])

    def state(self) -> ApplicationState:
        """What runs now; raises SetupError where the dashboard does not answer."""
        response = self._call("GET", STATUS_CALL_S_MAX)
        if response.status_code != 200:
            raise SetupError(
                "The Ray dashboard does not answer.", status=response.status_code, it_said=response.text[:300]
            )
        application = response.json().get("applications", {}).get(APPLICATION)
        return _read(application) if application else ApplicationState("NOT_STARTED", "", ())

    def wait_healthy(
        self, report: Callable[[ApplicationState], None], *, limit_s: float = HEALTHY_S_MAX
    ) -> ApplicationState:
        """Watch until all deployments are healthy, calling `report` at each look.

        Raises SetupError with the deployment's own message and its log file where one fails, or after limit_s.
        """
        deadline = time.monotonic() + limit_s
        while True:
            try:
                state = self.state()
            except SetupError:  # a dashboard that is busy starting replicas answers late; the deadline decides
                if time.monotonic() > deadline:
                    raise
                time.sleep(POLL_S)
                continue
            report(state)
            if state.healthy:
                return state
            if state.failed:
                raise SetupError("The deployment failed.", **self._evidence(state))
            if time.monotonic() > deadline:
                raise SetupError(f"The cluster was not healthy after {limit_s:.0f} s.", **self._evidence(state))
            time.sleep(POLL_S)

    def shutdown(self) -> bool:
        """Shut Serve down, HAProxy included; False where it did not end in time or does not answer."""
        try:
            return self._call("DELETE", SHUTDOWN_S_MAX).status_code == 200
        except SetupError:
            return False

    def _call(self, method: str, limit_s: float, *, json: Any = None) -> httpx.Response:
        try:
            return httpx.request(method, self._url, headers=self._headers, json=json, timeout=limit_s)
        except httpx.HTTPError as error:
            raise SetupError("The Ray dashboard does not answer.", url=self._url, reason=repr(error)) from error

    def _evidence(self, state: ApplicationState) -> dict[str, Any]:
        """What is known about a failure: whose it is, the innermost error, and the log that holds the rest."""
        guilty = next((one for one in state.deployments if one.message and not one.healthy), None)
        if guilty is None:
            return {
                "status": state.status,
                "it_said": innermost_error(state.message),
                "log": str(self._log("controller_")),
            }
        return {
            "deployment": guilty.name,
            "status": guilty.status,
            "it_said": innermost_error(guilty.message),
            "log": str(self._log(f"replica_{APPLICATION}_{guilty.name}_")),
        }

    def _log(self, prefix: str) -> Path:
        folder = self._head.session_logs / "serve"
        files = sorted(folder.glob(f"{prefix}*.log"), key=lambda path: path.stat().st_mtime)
        return files[-1] if files else folder


def innermost_error(message: str) -> str:
    """The last error of a chain of remote tracebacks: `ValueError: …` with the lines that belong to it."""
    lines = _TERMINAL_CODES.sub("", message).strip().splitlines()
    start = max((number for number, line in enumerate(lines) if line.startswith("  ")), default=-1) + 1
    return "\n".join(lines[start:] or lines)[-MESSAGE_CHARS_MAX:]


def _read(application: Mapping[str, Any]) -> ApplicationState:
    deployments = []
    for name, details in sorted(application.get("deployments", {}).items()):
        replicas = details.get("replicas", [])
        deployments.append(
            DeploymentState(
                name=name,
                status=str(details.get("status")),
                replicas_running=sum(replica.get("state") == "RUNNING" for replica in replicas),
                replicas_wanted=int(details.get("target_num_replicas") or 0),
                message=str(details.get("message") or ""),
            )
        )
    return ApplicationState(str(application.get("status")), str(application.get("message") or ""), tuple(deployments))
