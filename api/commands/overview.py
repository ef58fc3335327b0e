"""What `following status` shows."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from cluster.errors import FollowingError

if TYPE_CHECKING:
    from rich.console import Console

    from cluster.embedded.installation import Installation

HEALTH_S_MAX = 5.0
_COLOURS = {"running": "green", "external": "cyan", "stopped": "dim", "HEALTHY": "green", "UPDATING": "yellow"}


def cluster_state(installation: Installation) -> dict[str, Any]:
    """The state of all parts, as JSON; healthy where every part runs and the API says so."""
    components = installation.components()
    deployments: list[dict[str, Any]] = []
    application = "stopped"
    if components[-1].state == "running":
        try:
            state = installation.serve().state()
        except FollowingError as error:
            application = f"unknown: {error}"
        else:
            application = state.status
            deployments = [asdict(deployment) for deployment in state.deployments]
    api = api_health(installation.base_url)
    parts_well = all(component.state in {"running", "external"} for component in components)
    return {
        "healthy": parts_well and application == "RUNNING" and api == "healthy",
        "api": api,
        "application": application,
        "components": [asdict(component) for component in components],
        "deployments": deployments,
        "memory_bytes": sum(component.memory_bytes for component in components),
        "urls": urls(installation),
    }


def api_health(base_url: str) -> str:
    """What /api/health says: healthy, degraded or down; away where nothing answers."""
    import httpx

    try:
        return str(httpx.get(f"{base_url}/api/health", timeout=HEALTH_S_MAX).json()["status"])
    except (httpx.HTTPError, ValueError, KeyError, TypeError):
        return "away"


def urls(installation: Installation) -> dict[str, str]:
    """Where things are."""
    server = installation.configured.server
    return {
        "api": installation.base_url,
        "docs": f"{installation.base_url}/docs",
        "media": f"{installation.base_url}/media/",
        "dashboard": installation.head.dashboard_url,
        "metrics": f"http://127.0.0.1:{server.metrics_port}/metrics",
        "haproxy_metrics": f"http://127.0.0.1:{server.haproxy_metrics_port}/metrics",
    }


def print_state(console: Console, state: dict[str, Any]) -> None:
    """The same as tables."""
    from rich.table import Table

    table = Table(title="Cluster", title_justify="left", box=None, pad_edge=False)
    for heading in ("part", "state", "address", "pid", "memory"):
        table.add_column(heading, justify="right" if heading in {"pid", "memory"} else "left")
    for part in state["components"]:
        memory = f"{part['memory_bytes'] / 2**20:,.0f} MiB" if part["memory_bytes"] else ""
        pid = str(part["pid"]) if part["pid"] else ""
        table.add_row(part["name"], _coloured(part["state"]), part["address"], pid, memory)
    console.print(table)
    if state["deployments"]:
        table = Table(title="\nDeployments", title_justify="left", box=None, pad_edge=False)
        for heading in ("name", "state", "replicas"):
            table.add_column(heading)
        for one in state["deployments"]:
            table.add_row(one["name"], _coloured(one["status"]), f"{one['replicas_running']}/{one['replicas_wanted']}")
        console.print(table)
    console.print(
        f"\nAPI {state['urls']['api']}: {state['api']}; memory {state['memory_bytes'] / 2**30:.2f} GiB", highlight=False
    )


def _coloured(state: str) -> str:
    return f"[{_COLOURS.get(state, 'red')}]{state}[/]"
