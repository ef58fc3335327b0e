"""The upstream simulator, run as a daemon of its own."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from cluster.embedded.daemon import Daemon

if TYPE_CHECKING:
    from pathlib import Path

    from cluster.embedded.processes import ProcessRecord
    from cluster.settings import SimulatorSettings

PING_S_MAX = 2.0


class SimulatorDaemon:
    """One simulator for one home folder. start() and stop() may be called from any process, again and again."""

    def __init__(self, home: Path, settings: SimulatorSettings) -> None:
        self.url = f"http://{settings.host}:{settings.port}"
        self._settings = settings
        self._daemon = Daemon(
            home,
            "simulator",
            what="The upstream simulator",
            port=settings.port,
            setting="SIMULATOR_PORT",
            answers=self._answers,
        )
        self.log_file = self._daemon.log_file

    @property
    def record(self) -> ProcessRecord | None:
        """The simulator's process; None while it is not running."""
        return self._daemon.record

    def running(self) -> bool:
        """Whether it lives and answers."""
        return self._daemon.running()

    def start(self) -> str:
        """Make it run and return its URL; raises SetupError: port taken, or no answer in time."""
        settings = self._settings
        command = [
            sys.executable,
            "-m",
            "cluster.embedded.simulator",
            "--host",
            settings.host,
            "--port",
            str(settings.port),
        ]
        self._daemon.start(command, env={**os.environ, "SIMULATOR_DELAY_S": str(settings.delay_s)})
        return self.url

    def stop(self) -> bool:
        """Stop it; False where it was not running."""
        return self._daemon.stop()

    def _answers(self) -> bool:
        import httpx

        try:
            return httpx.get(f"{self.url}/healthz", timeout=PING_S_MAX).status_code == 200
        except httpx.HTTPError:
            return False
