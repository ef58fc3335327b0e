"""`.following/runtime.env`: where the services that `following up` started are, for every process of the cluster."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from cluster.errors import SetupError
from cluster.settings import RUNTIME_FILE

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_HEADER = "# Written by `following up` at every start; edits are lost. Your own settings belong in .env.\n"


def write_runtime_file(home: Path, values: Mapping[str, str]) -> Path:
    """Write the values, whole or not at all, readable by their owner alone; raises SetupError where that fails."""
    path = home / RUNTIME_FILE
    partial = path.with_name(path.name + ".partial")
    try:
        with os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            file.write(_HEADER + "".join(f"{name}={_quoted(value)}\n" for name, value in sorted(values.items())))
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
    except OSError as error:
        raise SetupError("The runtime settings cannot be written.", file=str(path), reason=str(error)) from error
    return path


def _quoted(value: str) -> str:
    """A value that python-dotenv reads back unchanged."""
    escaped = value.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"
