"""The whole schema as one file, for readers: `python -m cluster.migrations.schema` writes it, a test holds it."""

from __future__ import annotations

import asyncio
import os
import re
import socket
import subprocess
import tempfile
from pathlib import Path
from urllib.parse import unquote, urlsplit

from cluster.embedded.postgres import EmbeddedPostgres
from cluster.embedded.server_account import readable_binaries
from cluster.errors import SetupError
from cluster.migrations import FOLDER, migrate

SCHEMA_FILE = FOLDER / "schema.sql"
DUMP_S_MAX = 60
_NOISE = re.compile(r"^(--.*|SET .*|\\(un)?restrict .*|SELECT pg_catalog\.set_config.*)$")


def dump_schema(owner_url: str) -> str:
    """Everything that pg_dump tells of a database's schemas, without comments and session settings."""
    parts = urlsplit(owner_url)
    result = subprocess.run(
        [
            *(str(readable_binaries(None) / "pg_dump"), "--schema-only", "--no-owner", "--no-password"),
            *(
                "-h",
                parts.hostname or "",
                "-p",
                str(parts.port),
                "-U",
                unquote(parts.username or ""),
                parts.path.strip("/"),
            ),
        ],
        env={"PGPASSWORD": unquote(parts.password or ""), "LC_ALL": "C", "PATH": os.defpath},
        capture_output=True,
        text=True,
        timeout=DUMP_S_MAX,
        check=False,
    )
    if result.returncode != 0:
        raise SetupError("pg_dump failed.", it_said=result.stderr.strip()[-500:])
    kept = "\n".join(line for line in result.stdout.splitlines() if not _NOISE.match(line))
    return re.sub(r"\n{3,}", "\n\n", kept).strip() + "\n"


def main() -> None:
    """Migrate an empty database and write what came out."""
    with tempfile.TemporaryDirectory(prefix="schema-") as folder:
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        server = EmbeddedPostgres(Path(folder), port, durable=False)
        try:
            owner_url = server.start()
            asyncio.run(migrate(owner_url, Path(folder)))
            SCHEMA_FILE.write_text(dump_schema(owner_url))
        finally:
            server.erase()


if __name__ == "__main__":
    main()
