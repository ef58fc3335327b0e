"""The two kinds of artefact: a part of an installed package, and a model from the hub."""

from __future__ import annotations

import hashlib
import importlib.util
from dataclasses import dataclass
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Protocol

from cluster.errors import ModelArtefactMissing
from deployments.hub_cache import Snapshot, faults_of, read_manifest, snapshot_folder

EMBEDDED = "embedded"
PRODUCTION = "production"
BOTH = "both"  # parts that do not differ between the tiers
WEIGHTS = Path(__file__).parent / "weights"
PRECISION = "bfloat16, float16 on older GPUs, float32 on older processors"


class SupportsArtefact(Protocol):
    """What the registry needs of an artefact of either kind.

    batch_size is in texts or images for one forward pass, for hub models of text in tokens on a GPU; None where batching
    changes nothing.
    """

    @property
    def slot(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def role(self) -> str: ...
    @property
    def licence(self) -> str: ...
    @property
    def tier(self) -> str: ...
    @property
    def dtype(self) -> str: ...
    @property
    def batch_size(self) -> int | None: ...
    @property
    def device(self) -> str: ...
    @property
    def revision(self) -> str:
        """What tells two versions apart; raises ModelArtefactMissing when it is not there."""
        ...

    def location(self) -> Path:
        """The file or folder on disk; raises ModelArtefactMissing when it is not there."""
        ...

    def size_bytes(self) -> int:
        """What it takes on disk."""
        ...

    def missing(self, why: str) -> ModelArtefactMissing:
        """The error that says what is missing and how to get it."""
        ...


@dataclass(frozen=True, slots=True)
class Artefact:
    """A part of an installed package: where it lies, what it is for, under which licence, and how it is run.

    path is relative to the top of the package that `distribution` installs: a file, a folder or a module's name.
    """

    slot: str
    name: str
    distribution: str
    path: str
    role: str
    licence: str
    dtype: str = "float32"
    batch_size: int | None = None
    device: str = "cpu"
    tier: str = EMBEDDED

    @property
    def revision(self) -> str:
        """The package's version, or the first digits of a head's hash; raises ModelArtefactMissing when it is not installed."""
        if self.distribution == "following" and (file := WEIGHTS / self.path).is_file():
            return _digest(file)
        try:
            return metadata.version(self.distribution)
        except metadata.PackageNotFoundError as error:
            raise self.missing("the package is not installed") from error

    def location(self) -> Path:
        """The file or folder on disk; raises ModelArtefactMissing when it is not there."""
        if self.distribution == "following" and self.path.endswith(".safetensors"):
            found = WEIGHTS / self.path
        else:
            top, _, rest = self.path.partition("/")
            spec = importlib.util.find_spec(top)
            if spec is None or spec.origin is None:
                raise self.missing(f"the module {top} cannot be found")
            origin = Path(spec.origin)
            home = origin.parent if origin.name == "__init__.py" else origin
            found = home / rest if rest else home
        if not found.exists():
            raise self.missing(f"looked at {found}")
        return found

    def size_bytes(self) -> int:
        """What it takes on disk."""
        place = self.location()
        if place.is_file():
            return place.stat().st_size
        return sum(file.stat().st_size for file in place.rglob("*") if file.is_file() and file.suffix != ".pyc")

    def missing(self, why: str) -> ModelArtefactMissing:
        """The error that says what is missing and how to get it."""
        remedy = "restore it from the repository or train it with `python -m deployments.training.heads --data DIR`"
        if self.distribution != "following":
            remedy = f"install it with `pip install {self.distribution}`"
        return ModelArtefactMissing(
            f"{self.name} is missing for {self.slot} in the {self.tier} tier: {why}; {remedy}",
            slot=self.slot,
            tier=self.tier,
        )


@dataclass(frozen=True, slots=True)
class HubArtefact:
    """A model from the hub; name is its repository.

    pin is the commit to take; None where none is known for certain: then the first pull takes the newest one and the manifest
    keeps to it. labels is the authors' order of the output columns, for configurations that name none. architecture is the
    class of transformers that loads it. cache_dir is AI_MODELS_CACHE_DIR (None: not set).
    """

    slot: str
    name: str
    architecture: str
    role: str
    licence: str
    pin: str | None
    labels: tuple[str, ...] = ()
    batch_size: int | None = None
    cache_dir: Path | None = None
    dtype: str = PRECISION
    device: str = "cuda, else cpu"
    tier: str = PRODUCTION

    @property
    def snapshot(self) -> Snapshot:
        """What the manifest says of it; raises ModelArtefactMissing when it says nothing, or names another commit than the pin."""
        if self.cache_dir is None:
            raise self.missing("AI_MODELS_CACHE_DIR is not set")
        found = read_manifest(self.cache_dir).get(self.name)
        if found is None:
            raise self.missing(f"looked in {self.cache_dir}, whose manifest does not name it")
        if self.pin is not None and found.revision != self.pin:
            raise self.missing(f"{self.cache_dir} holds revision {found.revision}, pinned is {self.pin}")
        return found

    @property
    def revision(self) -> str:
        """The commit that was pulled; raises ModelArtefactMissing before that."""
        return self.snapshot.revision

    def location(self) -> Path:
        """The snapshot's folder; raises ModelArtefactMissing when a file is missing or of another size."""
        return self._complete(digests=False)

    def verified(self) -> Path:
        """The snapshot's folder after every file's digest was compared with the manifest: what a loader may read."""
        return self._complete(digests=True)

    def size_bytes(self) -> int:
        """What it takes on disk."""
        return self.snapshot.size_bytes

    def missing(self, why: str) -> ModelArtefactMissing:
        """The error that says what is missing and how to get it."""
        return ModelArtefactMissing(
            f"{self.name} is missing for {self.slot} in the {self.tier} tier: {why}; "
            f"get it with `following models pull {self.slot}`",
            slot=self.slot,
            tier=self.tier,
        )

    def _complete(self, *, digests: bool) -> Path:
        snapshot = self.snapshot
        assert self.cache_dir is not None
        folder = snapshot_folder(self.cache_dir, self.name, snapshot.revision)
        if faults := faults_of(folder, snapshot, digests=digests):
            raise self.missing(f"looked in {folder}: {'; '.join(faults)}")
        return folder


@cache
def _digest(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()[:12]
