"""The fan-out over models: a model that fails, is slow or answers nonsense costs its own part and nothing else."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

import pytest

from cluster.resilience import MODEL
from cluster.settings import MODEL_SLOTS, ModelSettings
from deployments.analysis import ENCODER, Analysis
from deployments.scores import ModelIdentity

pytestmark = pytest.mark.anyio


@dataclass(frozen=True)
class Reading:
    code: str
    score: float
    inner: tuple[float, ...] = ()


async def answer(batch):
    return [Reading("en", 0.5) for _ in batch]


def analysis(**models):
    identities = {slot: ModelIdentity(slot, "1", "embedded") for slot in MODEL_SLOTS}
    all_models = dict.fromkeys((*MODEL_SLOTS, ENCODER), answer) | models
    return Analysis(all_models, identities, ModelSettings(post_deadline_s=0.2, profile_deadline_s=0.2), MODEL)


async def test_every_caption_gets_every_models_outcome_in_order():
    async def echo(batch):
        return [Reading(text, 0.1) for text in batch]

    outcomes = await analysis(sentiment=echo).read_captions(["a", "b"])

    assert [outcome.result.code for outcome in outcomes["sentiment"]] == ["a", "b"]
    assert outcomes["language"][1].model == ModelIdentity("language", "1", "embedded")


async def test_a_failing_model_leaves_the_others_alone():
    async def broken(_batch):
        raise TimeoutError

    outcomes = await analysis(category=broken).read_captions(["a"])

    assert outcomes["category"][0].result is None
    assert outcomes["category"][0].reason == "the model gave no answer in time"
    assert outcomes["sentiment"][0].result is not None


async def test_a_slow_model_is_given_up_at_its_deadline():
    async def slow(_batch):
        await asyncio.sleep(30)

    outcomes = await analysis(sentiment=slow).read_captions(["a"])

    assert outcomes["sentiment"][0].reason == "the model gave no answer in time"


@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
async def test_a_number_that_is_none_is_no_result(bad):
    async def nonsense(batch):
        return [Reading("en", 0.1, (1.0, bad)) for _ in batch]

    outcomes = await analysis(sentiment=nonsense).read_captions(["a"])

    assert outcomes["sentiment"][0].result is None
    assert "number" in outcomes["sentiment"][0].reason


async def test_too_few_results_are_no_results():
    async def short(_batch):
        return []

    outcomes = await analysis(sentiment=short).read_captions(["a", "b"])

    assert [outcome.result for outcome in outcomes["sentiment"]] == [None, None]


async def test_repeated_failures_pause_the_model():
    calls = 0

    async def broken(_batch):
        nonlocal calls
        calls += 1
        raise TimeoutError

    composed = analysis(sentiment=broken)
    for _ in range(MODEL.figures.failures_max + 3):
        outcomes = await composed.read_captions(["a"])

    assert calls == MODEL.figures.failures_max
    assert outcomes["sentiment"][0].reason == "the model is paused after repeated failures"


async def test_an_envelope_is_plain_json():
    outcome = (await analysis().read_captions(["a"]))["sentiment"][0]

    assert outcome.envelope() == {
        "result": {"code": "en", "score": 0.5, "inner": []},
        "model": {"name": "sentiment", "revision": "1", "tier": "embedded"},
        "fallback": False,
        "reason": None,
    }


async def test_no_captions_ask_no_model():
    async def never(_batch):
        raise AssertionError

    assert await analysis(sentiment=never, language=never).detect_languages([]) == []


async def test_switched_off_analysis_says_so():
    identities = {slot: ModelIdentity(slot, "1", "embedded") for slot in MODEL_SLOTS}
    models = dict.fromkeys((*MODEL_SLOTS, ENCODER), answer)
    composed = Analysis(models, identities, ModelSettings(enabled=False), MODEL)

    outcomes = await composed.read_captions(["a"])

    assert outcomes["sentiment"][0].result is None
    assert "ENABLE_AI_ANALYSIS" in outcomes["sentiment"][0].reason
