"""The cache of downloaded models: the hub's own snapshot layout, and a manifest of what may be loaded from it.

The manifest says for each model which revision was taken and the size and SHA-256 of each of its files. Nothing is loaded
that it does not name. `following models pull` writes it.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from cluster.errors import ModelArtefactMissing

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

MANIFEST = "following-models.json"
FORMAT = 1


@dataclass(frozen=True, slots=True)
class FileRecord:
    """One file as it was verified."""

    size_bytes: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One model at one revision (a commit of its repository)."""

    revision: str
    files: dict[str, FileRecord]

    @property
    def size_bytes(self) -> int:
        """What its files take on disk."""
        return sum(record.size_bytes for record in self.files.values())


def snapshot_folder(cache_dir: Path, repository: str, revision: str) -> Path:
    """Where the hub's client keeps a snapshot."""
    return cache_dir / f"models--{repository.replace('/', '--')}" / "snapshots" / revision


def read_manifest(cache_dir: Path) -> dict[str, Snapshot]:
    """What may be loaded, by repository; {} before the first pull. Raises ModelArtefactMissing for a damaged manifest."""
    path = cache_dir / MANIFEST
    try:
        given: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        if given["format"] != FORMAT:
            raise ValueError(f"format {given['format']}, expected {FORMAT}")
        return {
            repository: Snapshot(
                entry["revision"], {name: FileRecord(**record) for name, record in entry["files"].items()}
            )
            for repository, entry in given["models"].items()
        }
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise ModelArtefactMissing(
            f"The manifest of the downloaded models cannot be read ({error!r}); remove it and run `following models pull`",
            path=str(path),
        ) from error


def record_snapshot(cache_dir: Path, repository: str, snapshot: Snapshot) -> None:
    """Add or replace one model's entry, in one step; two writers wait for each other."""
    with _locked(cache_dir):
        models = {**read_manifest(cache_dir), repository: snapshot}
        text = json.dumps({"format": FORMAT, "models": {name: asdict(entry) for name, entry in sorted(models.items())}})
        beside = cache_dir / f"{MANIFEST}.new"
        beside.write_text(text, encoding="utf-8")
        beside.replace(cache_dir / MANIFEST)


def faults_of(folder: Path, snapshot: Snapshot, *, digests: bool) -> list[str]:
    """What is wrong with a snapshot's files, by name: missing, of another size, or (digests=True) of other content."""
    return [
        f"{name} {fault}"
        for name, record in snapshot.files.items()
        if (fault := _fault(folder / name, record, digests=digests)) is not None
    ]


def digest_of(path: Path) -> str:
    """A file's SHA-256 in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _fault(path: Path, record: FileRecord, *, digests: bool) -> str | None:
    try:
        size_bytes = path.stat().st_size
        if size_bytes != record.size_bytes:
            return f"has {size_bytes:,} bytes instead of {record.size_bytes:,}"
        if digests and digest_of(path) != record.sha256:
            return "is not the file that was downloaded"
    except FileNotFoundError:
        return "is missing"
    except OSError as error:
        return f"cannot be read ({error.strerror})"
    return None


@contextmanager
def _locked(cache_dir: Path) -> Iterator[None]:
    cache_dir.mkdir(parents=True, exist_ok=True)
    handle = os.open(cache_dir / f"{MANIFEST}.lock", os.O_CREAT | os.O_RDWR, 0o644)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)
