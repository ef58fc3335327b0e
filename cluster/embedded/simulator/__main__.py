"""`python -m cluster.embedded.simulator`: serve the simulator until a signal ends it."""

from __future__ import annotations

import argparse
from datetime import UTC, datetime, timedelta

import uvicorn

from cluster.embedded.simulator.server import create_app
from cluster.embedded.simulator.world import World

GRACE_S = 1  # for calls in progress when the simulator is told to stop


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m cluster.embedded.simulator", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8010)
    parser.add_argument("--delay", type=float, default=0.0, metavar="S", help="how long a scraper run takes")
    parser.add_argument(
        "--hang", type=float, default=60.0, metavar="S", help="how long a call that never answers is held"
    )
    parser.add_argument("--now", metavar="ISO", help="start the simulator's clock here, e.g. 2026-05-01T12:00:00Z")
    parser.add_argument("--log-level", default="warning", choices=("debug", "info", "warning", "error"))
    given = parser.parse_args()
    world = World(delay_s=given.delay, hang_s=given.hang, now_offset=_offset(given.now))
    uvicorn.run(
        create_app(world),
        host=given.host,
        port=given.port,
        log_level=given.log_level,
        access_log=given.log_level in {"debug", "info"},
        timeout_graceful_shutdown=GRACE_S,
    )


def _offset(now: str | None) -> timedelta:
    if now is None:
        return timedelta()
    moment = datetime.fromisoformat(now)
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)) - datetime.now(UTC)


if __name__ == "__main__":
    main()
