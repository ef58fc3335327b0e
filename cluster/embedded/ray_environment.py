"""The environment that every process of one Ray cluster shares: its head, its replicas, its drivers.

What was measured with Ray 2.60 on two cores, and why each variable is here:
- HAProxy mode answers about ten times the requests of the Python proxy; throughput mode runs user code on the replica's
  own loop. Both are read when a Ray process starts.
- `RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER=0` is the one switch that keeps Ray on 127.0.0.1: without it Ray replaces a loopback
  address by the machine's own, and its control store, agents and metrics listen on every interface.
- Draining 30 s (the default) is what `serve.shutdown` waits out in HAProxy mode.
- Two clusters on one machine differ in their folder, their ports and the port range of HAProxy's back ends.
"""

from __future__ import annotations

import os
import secrets
import shlex
import stat
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

from cluster.errors import SetupError

if TYPE_CHECKING:
    from cluster.settings import Settings

TEMPORARY_ROOT = Path("/tmp")  # noqa: S108 - sockets need a short path; the folder below is private to its owner
TOKEN_FILE = "ray.token"  # noqa: S105 - a file name
LOG_ROTATION_BYTES = 20_000_000
LOG_BACKUPS = 2
DRAIN_S = 1
HAPROXY_HARD_STOP_S = 5
HAPROXY_THREADS = 2

# HAProxy's own answer when no replica can be reached: a clear, retryable error instead of a bare 500.
_UNAVAILABLE = (
    '{"type":"about:blank","title":"Unavailable","status":503,"code":"unavailable",'
    '"detail":"No replica answered; try again after a moment."}'
)
_UNAVAILABLE_PAGE = (
    "HTTP/1.1 503 Service Unavailable\r\n"
    "Content-Type: application/problem+json\r\n"
    "Retry-After: 1\r\n"
    "Cache-Control: no-store\r\n"
    f"Content-Length: {len(_UNAVAILABLE)}\r\n"
    "\r\n"
    f"{_UNAVAILABLE}"
)
# Serve gives HAProxy's metrics and statistics pages no address to bind, so that they listen everywhere.
_LAUNCHER = """#!/bin/sh
# Runs HAProxy with Serve's configuration, its own pages on loopback only and its error page as problem details.
set -eu
configuration=
previous=
for argument; do
    if [ "$previous" = -f ]; then configuration=$argument; fi
    previous=$argument
done
if [ -n "$configuration" ]; then
    sed -i -e 's/^\\( *bind \\):{metrics_port}$/\\1127.0.0.1:{metrics_port}/' \\
        -e 's/^\\( *bind \\)\\*:{stats_port}$/\\1127.0.0.1:{stats_port}/' "$configuration"
    cp {page} "${{configuration%/*}}/500.http"
fi
exec {program} "$@"
"""


def private_folder(home: Path) -> Path:
    """This home's folder for sockets and Ray's session: a short path that is always the same for the same home."""
    return TEMPORARY_ROOT / f"following-{sha256(str(home).encode()).hexdigest()[:8]}"


def make_private_folder(home: Path) -> Path:
    """Create that folder for its owner alone.

    Raises SetupError where somebody else made it first: its sockets would let them in.
    """
    folder = private_folder(home)
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        status = folder.lstat()
    except OSError as error:
        raise SetupError("A folder for Ray's sockets cannot be made.", folder=str(folder), reason=str(error)) from error
    if not stat.S_ISDIR(status.st_mode) or status.st_uid != os.geteuid():
        raise SetupError("The folder for Ray's sockets belongs to somebody else; remove it.", folder=str(folder))
    folder.chmod(0o700)
    return folder


def ray_token(home: Path) -> str:
    """The cluster's own token (hex), made on first use in a file that only its owner can read."""
    path = home / TOKEN_FILE
    try:
        home.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        token = path.read_text().strip()
        if token:
            return token
        descriptor = os.open(path, os.O_WRONLY | os.O_TRUNC)
    except OSError as error:
        raise SetupError("Ray's token cannot be written.", file=str(path), reason=str(error)) from error
    token = secrets.token_hex(32)
    with os.fdopen(descriptor, "w") as file:
        file.write(token)
    return token


def ray_environment(settings: Settings) -> dict[str, str]:
    """The variables that this cluster's processes have in common, on top of the caller's environment."""
    server = settings.server
    folder = private_folder(settings.home)
    haproxy = folder / "h"
    internal = server.internal_port_min
    return {
        "FOLLOWING_HOME": str(settings.home),
        "RAY_ADDRESS": f"127.0.0.1:{server.ray_port}",
        "RAY_AUTH_MODE": "token",
        "RAY_AUTH_TOKEN_PATH": str(settings.home / TOKEN_FILE),
        "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0",
        "RAY_USAGE_STATS_ENABLED": "0",
        "RAY_ROTATION_MAX_BYTES": str(LOG_ROTATION_BYTES),
        "RAY_ROTATION_BACKUP_COUNT": str(LOG_BACKUPS),
        "RAY_SERVE_ENABLE_HA_PROXY": "1",
        "RAY_SERVE_THROUGHPUT_OPTIMIZED": "1",
        "RAY_SERVE_PROXY_HEALTH_CHECK_PERIOD_S": "1",
        "RAY_SERVE_PROXY_HEALTH_CHECK_TIMEOUT_S": "2",
        "RAY_SERVE_PROXY_MIN_DRAINING_PERIOD_S": str(DRAIN_S),
        "RAY_SERVE_DIRECT_INGRESS_MIN_DRAINING_PERIOD_S": str(DRAIN_S),
        "RAY_SERVE_DIRECT_INGRESS_MIN_HTTP_PORT": str(server.haproxy_backend_port_min),
        "RAY_SERVE_DIRECT_INGRESS_MAX_HTTP_PORT": str(server.haproxy_backend_port_max),
        "RAY_SERVE_HAPROXY_BINARY_PATH": str(folder / "haproxy"),
        "RAY_SERVE_HAPROXY_CONFIG_FILE_LOC": str(haproxy / "haproxy.cfg"),
        "RAY_SERVE_HAPROXY_SOCKET_PATH": str(haproxy / "admin.sock"),
        "RAY_SERVE_HAPROXY_METRICS_SOCKET_PATH": str(haproxy / "metrics.sock"),
        "RAY_SERVE_HAPROXY_SERVER_STATE_BASE": str(haproxy),
        "RAY_SERVE_HAPROXY_SERVER_STATE_FILE": str(haproxy / "server-state"),
        "RAY_SERVE_HAPROXY_HARD_STOP_AFTER_S": str(HAPROXY_HARD_STOP_S),
        "RAY_SERVE_HAPROXY_NBTHREAD": str(HAPROXY_THREADS),
        "RAY_SERVE_HAPROXY_METRICS_PORT": str(server.haproxy_metrics_port),
        "RAY_SERVE_HAPROXY_STATS_PORT": str(internal + 1),
        "RAY_SERVE_FALLBACK_PROXY_HTTP_PORT": str(internal + 2),
        "DASHBOARD_METRIC_PORT": str(internal + 3),
        "AUTOSCALER_METRIC_PORT": str(internal + 4),
    }


def ray_ports(settings: Settings) -> dict[int, tuple[str, str]]:
    """Every port that the head listens on, with what it is and the setting that moves it."""
    server = settings.server
    internal = "FOLLOWING_INTERNAL_PORT_MIN"
    return {
        server.port: ("the API", "FOLLOWING_PORT"),
        server.dashboard_port: ("the Ray dashboard", "FOLLOWING_DASHBOARD_PORT"),
        server.ray_port: ("Ray's control store", "FOLLOWING_RAY_PORT"),
        server.metrics_port: ("Ray's metrics", "FOLLOWING_METRICS_PORT"),
        server.haproxy_metrics_port: ("HAProxy's metrics", "FOLLOWING_HAPROXY_METRICS_PORT"),
        server.internal_port_min: ("Ray's dashboard agent", internal),
        server.internal_port_min + 1: ("HAProxy's statistics", internal),
        server.internal_port_min + 2: ("Serve's stand-by proxy", internal),
        server.internal_port_min + 3: ("the Ray dashboard's metrics", internal),
        server.internal_port_min + 4: ("the Ray autoscaler's metrics", internal),
        server.internal_port_min + 5: ("Ray's client server", internal),
    }


def write_haproxy_launcher(settings: Settings, program: Path) -> None:
    """Put the launcher where RAY_SERVE_HAPROXY_BINARY_PATH points; program is the real HAProxy."""
    folder = make_private_folder(settings.home)
    page = folder / "unavailable.http"
    page.write_bytes(_UNAVAILABLE_PAGE.encode())
    launcher = folder / "haproxy"
    launcher.write_text(
        _LAUNCHER.format(
            metrics_port=settings.server.haproxy_metrics_port,
            stats_port=settings.server.internal_port_min + 1,
            page=shlex.quote(str(page)),
            program=shlex.quote(str(program)),
        )
    )
    launcher.chmod(0o700)
