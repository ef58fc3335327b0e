"""Fetching models from the hub into the cache: at one commit, resumable, verified, and written into the manifest."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

from cluster.errors import InvalidInput, UpstreamUnavailable
from deployments.hub_cache import (
    FileRecord,
    Snapshot,
    digest_of,
    faults_of,
    read_manifest,
    record_snapshot,
    snapshot_folder,
)

if TYPE_CHECKING:
    from pathlib import Path

    from deployments.artefacts import HubArtefact

TOKENIZER_FILES = (
    *("tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "added_tokens.json"),
    *("vocab.json", "merges.txt", "sentencepiece.bpe.model"),
)
OTHER_FILES = ("config.json", "preprocessor_config.json")
PART = ".part"  # of a file that has not fully arrived
# Weights in the order of preference; pickles are read by torch with weights_only, which runs no code.
WEIGHT_FILES = ("model.safetensors", "pytorch_model.bin")


def pull(artefact: HubArtefact) -> Snapshot:
    """Fetch what is missing or damaged of a model, and write it into the manifest once every file has been verified.

    An interrupted pull goes on where it stopped. The revision is the artefact's pin, else the one in the manifest, else the
    newest, which the manifest then keeps. The endpoint, a token and the progress bars are huggingface_hub's own settings.
    Raises UpstreamUnavailable when the hub cannot be reached or a file arrives damaged, InvalidInput without a cache folder.
    """
    cache_dir = artefact.cache_dir
    if cache_dir is None:
        raise InvalidInput("AI_MODELS_CACHE_DIR is not set")
    known = read_manifest(cache_dir).get(artefact.name)
    if known is not None and artefact.pin in (None, known.revision) and not _faults(artefact.name, known, cache_dir):
        return known
    try:
        revision = artefact.pin or (known.revision if known else None) or _newest(artefact.name)
        listed = _listed(artefact.name, revision)
        chosen = _chosen(artefact.name, listed)
        folder = snapshot_folder(cache_dir, artefact.name, revision)
        for name in chosen:
            if not _is_intact(folder / name, listed[name]):
                _fetch(artefact.name, revision, listed[name], folder)
    except Exception as error:
        if not _is_of_the_hub(error):
            raise
        raise UpstreamUnavailable(
            f"{artefact.name} could not be fetched: {error}. `following models pull` goes on where it stopped"
        ) from error
    files = {name: FileRecord((folder / name).stat().st_size, digest_of(folder / name)) for name in chosen}
    snapshot = Snapshot(revision, files)
    record_snapshot(cache_dir, artefact.name, snapshot)
    return snapshot


def _newest(repository: str) -> str:
    from huggingface_hub import HfApi

    revision = HfApi().model_info(repository).sha
    if revision is None:
        raise UpstreamUnavailable(f"The hub names no revision of {repository}")
    return revision


def _listed(repository: str, revision: str) -> dict[str, Any]:
    """What the hub says of the files at the top of a repository: path → size, blob_id, lfs."""
    from huggingface_hub import HfApi
    from huggingface_hub.hf_api import RepoFile

    entries = HfApi().list_repo_tree(repository, revision=revision)
    return {entry.path: entry for entry in entries if isinstance(entry, RepoFile)}


def _chosen(repository: str, listed: dict[str, Any]) -> list[str]:
    """The files to keep: configuration, tokenizer, and the weights in one form."""
    weights = next((name for name in WEIGHT_FILES if name in listed), None)
    if weights is None or "config.json" not in listed:
        raise UpstreamUnavailable(f"{repository} holds no config.json or none of {', '.join(WEIGHT_FILES)}")
    return [*(name for name in (*OTHER_FILES, *TOKENIZER_FILES) if name in listed), weights]


def _fetch(repository: str, revision: str, listed: Any, folder: Path) -> None:
    """Bring one file into the snapshot's folder; what came before an interruption is kept beside it and gone on from.

    The hub's own download keeps no part of a file when its process ends, and the largest weights are one file of 1.6 GB.
    """
    from huggingface_hub import hf_hub_url
    from huggingface_hub.file_download import http_get
    from huggingface_hub.utils import build_hf_headers  # type: ignore[attr-defined]  # documented, not in __all__

    part = folder / f"{listed.path}{PART}"
    part.parent.mkdir(parents=True, exist_ok=True)
    if part.exists() and part.stat().st_size > listed.size:
        part.unlink()
    with part.open("ab") as file:
        http_get(
            hf_hub_url(repository, listed.path, revision=revision),
            file,
            resume_size=file.tell(),
            headers=build_hf_headers(),
            expected_size=listed.size,
            displayed_filename=listed.path,
        )
    if not _is_intact(part, listed):
        part.unlink()
        raise UpstreamUnavailable(f"{listed.path} of {repository} arrived damaged; pull it again")
    part.replace(folder / listed.path)


def _is_intact(path: Path, listed: Any) -> bool:
    """Whether a file is what the hub listed: by SHA-256 where it is a large one, by its git blob id otherwise."""
    if not path.is_file() or path.stat().st_size != listed.size:
        return False
    if listed.lfs is not None:
        return bool(digest_of(path) == listed.lfs.sha256)
    data = path.read_bytes()
    blob_id = hashlib.sha1(b"blob %d\0" % len(data) + data, usedforsecurity=False).hexdigest()
    return bool(blob_id == listed.blob_id)


def _faults(repository: str, snapshot: Snapshot, cache_dir: Path) -> list[str]:
    return faults_of(snapshot_folder(cache_dir, repository, snapshot.revision), snapshot, digests=True)


def _is_of_the_hub(error: Exception) -> bool:
    """Whether an error is the hub's or the way's to it: its client raises OSError and its HTTP library's errors."""
    return isinstance(error, OSError) or type(error).__module__.partition(".")[0] in {
        *("huggingface_hub", "httpx", "httpx2", "httpcore", "httpcore2", "requests", "hf_xet"),
    }
