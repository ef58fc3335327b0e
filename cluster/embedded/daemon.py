"""A server of our own that runs in the background: started once, found again, replaced where it hangs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cluster.embedded import processes
from cluster.errors import SetupError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from cluster.embedded.processes import ProcessRecord

START_S_MAX = 30.0
ANSWER_S_MAX = 5.0  # for one that runs already
STOP_S_MAX = 5.0


class Daemon:
    """One background server for one home folder; any process may start or stop it, again and again."""

    def __init__(
        self, home: Path, name: str, *, what: str, port: int, setting: str, answers: Callable[[], bool]
    ) -> None:
        """Names for messages (what, setting), the loopback port, and how to tell that the server is ready."""
        self.log_file = home / "logs" / f"{name}.log"
        self._pid_file = home / "run" / f"{name}.pid"
        self._what = what
        self._port = port
        self._setting = setting
        self._answers = answers

    @property
    def record(self) -> ProcessRecord | None:
        """The server's process; None while it is not running."""
        return processes.load(self._pid_file)

    def running(self) -> bool:
        """Whether the server lives and answers."""
        return self.record is not None and self._answers()

    def start(
        self, command: Sequence[str | Path], *, cwd: Path | None = None, env: Mapping[str, str] | None = None
    ) -> None:
        """Make the server run; does nothing where it runs already.

        Raises SetupError: port taken, program missing, log not writable, no answer in time (with what it said).
        """
        if self.record is not None:
            if processes.wait_until(self._answers, limit_s=ANSWER_S_MAX):
                return
            self.stop()  # it hangs, or was started on another port
        processes.require_port(self._port, what=self._what, setting=self._setting)
        record = processes.spawn(command, log=self.log_file, cwd=cwd, env=env)
        processes.save(self._pid_file, record)
        processes.wait_until(lambda: not record.alive or self._answers(), limit_s=START_S_MAX)
        if not self.running():
            said = processes.tail(self.log_file, 600)
            self.stop()
            raise SetupError(f"{self._what} did not start.", log=str(self.log_file), it_said=said)

    def stop(self) -> bool:
        """Stop the server; False where it was not running."""
        record = self.record
        stopped = processes.stop([record] if record is not None else [], grace_s=STOP_S_MAX)
        self._pid_file.unlink(missing_ok=True)
        return bool(stopped)
