"""The production tier from the registry's table to results: small checkpoints of the same architectures, as pulled."""

from __future__ import annotations

import dataclasses
import math
import pickle

import numpy as np
import pytest

from api.deployed_models import bind_models
from cluster.errors import ModelArtefactMissing
from cluster.settings import MODEL_SLOTS, ModelSettings
from deployments.advanced_nlp import AdvancedNlp
from deployments.analysis import _checked
from deployments.category import CATEGORIES, UNCATEGORISED, Category
from deployments.hub_cache import MANIFEST
from deployments.language import Language
from deployments.production.hypotheses import HYPOTHESES
from deployments.registry import HUB_ARTEFACTS, cards, check_artefacts, hub_artefacts, identity_of
from deployments.sentiment import LABELS, Sentiment
from deployments.tiers import in_production, open_model
from deployments.visual_results import VisualContent
from tests.pictures import encoded, photo
from tests.unit.deployments.captions import ODD, PLAIN
from tests.unit.deployments.production_checkpoints import REVISION, rewrite_weights, write_all, write_one

CAPTIONS = [*PLAIN, *ODD, "word " * 2_000]
RESULTS = {"sentiment": Sentiment, "language": Language, "category": Category, "advanced_nlp": AdvancedNlp}


@pytest.fixture(scope="session")
def settings(tmp_path_factory):
    """The whole tier, as `following models pull` leaves it."""
    cache_dir = tmp_path_factory.mktemp("models")
    write_all(cache_dir)
    return ModelSettings(tier="production", cache_dir=cache_dir, max_workers=1)


@pytest.fixture(scope="session")
def model(settings):
    opened = {}

    def get(slot):
        if slot not in opened:
            opened[slot] = open_model(slot, settings)
        return opened[slot]

    return get


@pytest.mark.parametrize("slot", RESULTS)
def test_every_caption_gets_the_result_that_the_embedded_tier_gives(model, slot):
    results = model(slot).predict(CAPTIONS)

    assert [type(result) for result in results] == [RESULTS[slot]] * len(CAPTIONS)
    assert model(slot).identity.tier == "production"
    assert model(slot).predict([]) == []
    for row, result in enumerate(results):
        assert _checked(result, model(slot).identity).reason is None, CAPTIONS[row]


@pytest.mark.parametrize("slot", RESULTS)
def test_a_batch_equals_its_singles(model, slot):
    for together, caption in zip(model(slot).predict(CAPTIONS), CAPTIONS, strict=True):
        (alone,) = model(slot).predict([caption])
        fields = zip(dataclasses.asdict(together).items(), dataclasses.asdict(alone).values(), strict=True)
        for (name, one), other in fields:
            if isinstance(one, float):
                assert one == pytest.approx(other, abs=0.05), name


def test_sentiment_reads_each_network_by_its_own_column_names(model):
    english, spanish, nothing = model("sentiment").predict(["What a lovely morning with friends", PLAIN[1], ""])

    for result in (english, spanish):
        assert result.label in LABELS
        assert -1 <= result.score <= 1
        assert 1 / 3 <= result.confidence <= 1
    assert (nothing.label, nothing.confidence) == ("neutral", 0)
    assert nothing.reason


def test_languages_that_the_network_lacks_are_left_to_the_detector(model):
    korean, hebrew, short, romanised = model("language").predict(
        ["오늘 날씨가 정말 좋네요", "מזג אוויר נפלא היום", "ok", "yaar ye gaana bahut accha hai kya baat hai"]
    )

    assert (korean.code, hebrew.code) == ("ko", "he")
    assert short.code == "und"
    assert romanised.code == "hi"


def test_categories_hold_all_labels_and_say_nothing_of_nothing(model):
    (gym, nothing) = model("category").predict(["Leg day at the gym 💪 workout training fitness", "@someone"])

    assert gym.label in CATEGORIES
    assert len({gym.label, *(other.label for other in gym.runners_up)}) == 4
    assert "gym" in gym.keywords or gym.label != "Fitness"
    assert nothing.label == UNCATEGORISED
    assert len(HYPOTHESES) == len(CATEGORIES)


def test_the_first_stage_drops_labels_and_is_off_by_default(settings, model):
    assert settings.category_filter == 0
    filtering = open_model("category", settings.model_copy(update={"category_filter": 5}))

    (result,) = filtering.predict(["Leg day at the gym 💪 workout training fitness"])

    assert sum(other.probability for other in result.runners_up) + result.confidence <= 1 + 1e-6
    assert filtering._first_stage.choose(["leg day"], [_evidence("leg day")]).sum() == 5


def test_vectors_are_unit_long_and_zero_without_content(model):
    vectors = model("encoder").predict(["a cat", "", "a cat", "🎉"])

    assert np.linalg.norm(vectors, axis=1) == pytest.approx([1, 0, 1, 1])
    assert np.array_equal(vectors[0], vectors[2])


def test_pictures_get_scenes_from_clip_and_the_rest_from_the_embedded_parts(model):
    cat, broken = model("visual_content").predict([encoded(photo("chelsea.png")), b"no picture"])

    assert isinstance(cat, VisualContent)
    assert model("visual_content").identity.name.startswith("openai/")
    assert cat.safety.label == "safe"
    assert cat.perceptual_hash
    assert broken.reason


def test_a_caption_on_which_a_network_overflows_costs_only_itself(settings, tmp_path):
    rows = [row for slot in ("sentiment", "advanced_nlp") for row in HUB_ARTEFACTS if row.slot == slot]
    for row in rows:
        write_one(tmp_path, row)
        if "emotion" in row.name or "latest" in row.name:
            rewrite_weights(tmp_path, row, _poison)
    own = settings.model_copy(update={"cache_dir": tmp_path})
    texts = ["What a lovely morning with friends", "What a lovely morning ☕ with friends"]

    sentiment, advanced = open_model("sentiment", own), open_model("advanced_nlp", own)
    fine, spoilt = (_checked(result, sentiment.identity) for result in sentiment.predict(texts))
    whole, partial = advanced.predict(texts)

    assert fine.result is not None
    assert (spoilt.result, spoilt.reason) == (None, "the model's result holds a number that is none")
    assert whole.emotion
    assert partial.emotion is None
    assert partial.toxicity
    assert math.isfinite(partial.toxicity.probability)
    assert ("emotion", "the network's answer holds a number that is none") in partial.unavailable


def test_the_start_up_check_and_the_cards_accept_what_was_pulled(settings):
    check_artefacts(settings)

    described = {card["slot"]: card for card in cards(settings)}
    assert list(described) == list(MODEL_SLOTS)
    assert all(card["tier"] == "production" for card in described.values())
    assert described["sentiment"]["revision"].split("+")[0] == HUB_ARTEFACTS[1].pin
    assert described["category"]["quality"] == []


@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        (lambda folder: (folder / "vocab.json").unlink(), r"looked in .*: vocab\.json is missing; get it with"),
        (lambda folder: (folder / "model.safetensors").write_bytes(b"cut"), r"has 3 bytes instead of"),
    ],
)
def test_a_missing_or_cut_file_is_named_at_start_up(tmp_path, settings, spoil, told):
    (row,) = (row for row in HUB_ARTEFACTS if row.slot == "category")
    spoil(write_one(tmp_path, row))

    with pytest.raises(ModelArtefactMissing, match=told):
        check_artefacts(ModelSettings(tier_category="production", cache_dir=tmp_path))


def test_a_file_that_was_changed_after_the_pull_is_not_loaded(tmp_path):
    (row,) = hub_artefacts("language", tmp_path)
    path = write_one(tmp_path, row) / "model.safetensors"
    data = path.read_bytes()
    path.write_bytes(data[:-1] + bytes([data[-1] ^ 1]))

    with pytest.raises(ModelArtefactMissing, match="is not the file that was downloaded"):
        open_model("language", ModelSettings(tier="production", cache_dir=tmp_path))


def test_another_revision_than_the_pinned_one_is_refused(tmp_path):
    (row,) = hub_artefacts("language", tmp_path)
    write_one(tmp_path, dataclasses.replace(row, pin=None))

    with pytest.raises(ModelArtefactMissing, match=f"holds revision {REVISION}, pinned is {row.pin}"):
        identity_of("language", "production", tmp_path)


def test_a_damaged_manifest_is_told(tmp_path):
    (tmp_path / MANIFEST).write_text("{")

    with pytest.raises(ModelArtefactMissing, match="manifest of the downloaded models cannot be read"):
        check_artefacts(ModelSettings(tier="production", cache_dir=tmp_path))


def test_each_slot_is_bound_in_its_tier_under_its_own_name(settings):
    embedded = {bound._bound_deployment.name for bound in bind_models(ModelSettings())}
    production = {bound._bound_deployment.name: bound for bound in bind_models(settings)}

    assert set(production) == embedded
    mixed = settings.model_copy(update={"tier": "embedded", "tier_advanced_nlp": "production"})
    sentiment, _, advanced, *_, vectors = bind_models(mixed)
    assert [in_production(slot, mixed) for slot in ("sentiment", "advanced_nlp", "encoder")] == [False, True, True]
    assert sentiment._bound_deployment.init_args[0]._bound_deployment.name == "FeatureEncoder"
    assert vectors._bound_deployment.init_args[0] == "encoder"
    assert advanced._bound_deployment.init_args[0] == "advanced_nlp"
    assert pickle.loads(pickle.dumps(settings)) == settings


def _evidence(caption):
    from deployments.telling_words import read_evidence

    return read_evidence(caption)


def _poison(tensors):
    """The bytes of ☕ alone, which no warm-up text holds, become infinite."""
    words = tensors["roberta.embeddings.word_embeddings.weight"]
    words[_byte_ids()] = float("inf")


def _byte_ids():
    import tempfile
    from pathlib import Path

    from tokenizers import ByteLevelBPETokenizer

    from tests.unit.deployments.production_checkpoints import _write_bpe

    with tempfile.TemporaryDirectory() as folder:
        _write_bpe(Path(folder))
        vocabulary = ByteLevelBPETokenizer(f"{folder}/vocab.json", f"{folder}/merges.txt")
        plain = set(vocabulary.encode("Warm up up What a lovely morning with friends").ids)
        return [number for number in vocabulary.encode("☕").ids if number not in plain]
