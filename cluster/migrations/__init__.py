"""Brings a database's schema up to date, one numbered SQL file after the other, and gives the logins their passwords."""

from __future__ import annotations

import hashlib
import hmac
import os
import re
import secrets
from base64 import b64encode
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote, urlsplit

import asyncpg

from cluster.errors import SetupError

if TYPE_CHECKING:
    from collections.abc import Sequence

FOLDER = Path(__file__).parent
API_LOGIN = "following_api"
WORKER_LOGIN = "following_worker"
LOCK_KEY = 0x466F6C6C6F77  # "Follow"
LOCK_S_MAX = 120
CONNECT_S_MAX = 10.0
STATEMENT_S_MAX = 300.0
SCRAM_ITERATIONS = 4096
_NAME = re.compile(r"\d{4}_[a-z0-9_]+\.sql")


@dataclass(frozen=True, slots=True)
class Migration:
    """One file; checksum is the SHA-256 of its bytes."""

    name: str
    sql: str
    checksum: str


@dataclass(frozen=True, slots=True)
class Migrated:
    """What a run applied, and the DSNs of the two logins."""

    applied: tuple[str, ...]
    api_url: str
    worker_url: str


async def migrate(
    owner_url: str,
    home: Path,
    *,
    api_url: str | None = None,
    worker_url: str | None = None,
    folder: Path = FOLDER,
) -> Migrated:
    """Apply what is new, each file in a transaction of its own, and set the logins' passwords.

    api_url and worker_url bring the logins' passwords; without them they are generated and kept in home/secrets (0600).
    Concurrent calls wait for each other. Raises SetupError: an applied file was changed or is unknown here, a statement
    failed (nothing of its file remains), the database cannot be reached, or a login has another name.
    """
    files = read_migrations(folder)
    logins = {
        API_LOGIN: api_url or _login_url(owner_url, API_LOGIN, home / "secrets" / "postgres-api"),
        WORKER_LOGIN: worker_url or _login_url(owner_url, WORKER_LOGIN, home / "secrets" / "postgres-worker"),
    }
    db = await _connect(owner_url)
    try:
        await _lock(db)
        applied = [await _apply(db, migration) for migration in pending(files, await _applied(db))]
        for login, url in logins.items():
            await _set_password(db, login, url)
    except asyncpg.InsufficientPrivilegeError as error:
        raise SetupError("DATABASE_URL's login may not do what the migrations need.", reason=str(error)) from error
    finally:
        await db.close()  # frees the lock
    return Migrated(tuple(applied), logins[API_LOGIN], logins[WORKER_LOGIN])


def read_migrations(folder: Path = FOLDER) -> tuple[Migration, ...]:
    """The files in order; raises SetupError where a name is malformed or a number comes twice."""
    paths = sorted(path for path in folder.glob("*.sql") if path.name != "schema.sql")
    numbers = [path.name[:4] for path in paths]
    odd = [path.name for path in paths if not _NAME.fullmatch(path.name) or numbers.count(path.name[:4]) > 1]
    if odd:
        raise SetupError("Migrations are named NNNN_subject.sql, each number once.", files=odd)
    return tuple(
        Migration(path.name, path.read_text(), hashlib.sha256(path.read_bytes()).hexdigest()) for path in paths
    )


def pending(files: Sequence[Migration], applied: dict[str, str]) -> tuple[Migration, ...]:
    """The files not applied yet; raises SetupError where the applied ones are not exactly the first of the files."""
    names = [migration.name for migration in files]
    unknown = sorted(set(applied) - set(names))
    if unknown:
        raise SetupError("The database was migrated by a newer version of this program.", unknown=unknown)
    changed = [
        migration.name for migration in files if applied.get(migration.name, migration.checksum) != migration.checksum
    ]
    if changed:
        raise SetupError("Applied migrations were changed; write a new one instead.", changed=changed)
    waiting = tuple(migration for migration in files if migration.name not in applied)
    if waiting != tuple(files)[len(applied) :]:
        raise SetupError("A migration comes before one that is applied; give it a higher number.", file=waiting[0].name)
    return waiting


async def _connect(url: str) -> asyncpg.Connection:
    try:
        return await asyncpg.connect(url, timeout=CONNECT_S_MAX, command_timeout=STATEMENT_S_MAX)
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, ValueError) as error:
        where = urlsplit(url)
        reason = f"{type(error).__name__}: {error}"
        raise SetupError(
            "The database cannot be reached.", host=where.hostname, port=where.port, reason=reason
        ) from error


async def _lock(db: asyncpg.Connection) -> None:
    try:
        await db.execute(f"set lock_timeout = '{LOCK_S_MAX}s'")
        await db.execute("select pg_advisory_lock($1)", LOCK_KEY)
        await db.execute("reset lock_timeout")
    except asyncpg.LockNotAvailableError as error:
        raise SetupError("Another migration has been running for too long.", waited_s=LOCK_S_MAX) from error


async def _applied(db: asyncpg.Connection) -> dict[str, str]:
    if await db.fetchval("select to_regclass('public.following_migrations') is null"):
        return {}
    rows = await db.fetch("select name, checksum from public.following_migrations")
    return {row["name"]: row["checksum"] for row in rows}


async def _apply(db: asyncpg.Connection, migration: Migration) -> str:
    try:
        async with db.transaction():
            await db.execute(
                """
                create table if not exists public.following_migrations (
                    name text primary key,
                    checksum text not null,
                    applied_at timestamptz not null default now()
                );
                alter table public.following_migrations enable row level security;
                """
            )
            await db.execute(migration.sql)
            await db.execute(
                "insert into public.following_migrations (name, checksum) values ($1, $2)",
                migration.name,
                migration.checksum,
            )
    except asyncpg.InsufficientPrivilegeError:
        raise
    except asyncpg.PostgresError as error:
        raise SetupError(
            "A migration failed; nothing of it remains.", file=migration.name, reason=str(error)
        ) from error
    return migration.name


def _login_url(owner_url: str, login: str, secret: Path) -> str:
    """The owner's DSN with another login, whose password is made on first use."""
    if not secret.exists():
        secret.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        partial = secret.with_name(f"{secret.name}.{os.getpid()}.partial")
        with os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            file.write(secrets.token_urlsafe(24))
        try:
            os.link(partial, secret)  # the first of two concurrent runs decides
        except FileExistsError:
            pass
        finally:
            partial.unlink()
    parts = urlsplit(owner_url)
    # Supabase's pooler takes the project's reference behind the name: postgres.REFERENCE
    _, dot, reference = unquote(parts.username or "").partition(".")
    place = parts.netloc.rpartition("@")[2]
    user = quote(f"{login}{dot}{reference}", safe=".")
    return parts._replace(netloc=f"{user}:{quote(secret.read_text().strip(), safe='')}@{place}").geturl()


async def _set_password(db: asyncpg.Connection, login: str, url: str) -> None:
    parts = urlsplit(url)
    if unquote(parts.username or "").partition(".")[0] != login or not parts.password:
        raise SetupError(f"The URL must name the login {login} and its password.", login=parts.username)
    await db.execute(f"alter role {login} password '{scram_verifier(unquote(parts.password))}'")


def scram_verifier(password: str, salt: bytes | None = None) -> str:
    """What Postgres stores of a password (RFC 5803), so that the password itself is in no statement and no log."""
    if not password.isascii():
        raise SetupError("The logins' passwords must be ASCII.")
    salt = salt or secrets.token_bytes(16)
    salted = hashlib.pbkdf2_hmac("sha256", password.encode(), salt, SCRAM_ITERATIONS)
    stored = hashlib.sha256(hmac.digest(salted, b"Client Key", "sha256")).digest()
    server = hmac.digest(salted, b"Server Key", "sha256")
    encoded_salt, encoded_stored, encoded_server = (b64encode(part).decode() for part in (salt, stored, server))
    return f"SCRAM-SHA-256${SCRAM_ITERATIONS}:{encoded_salt}${encoded_stored}:{encoded_server}"
