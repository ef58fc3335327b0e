"""The production tier's architectures, computed as transformers computes them, whatever stands beside a text in its batch."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch
import transformers
from hypothesis import given
from hypothesis import strategies as st

from cluster.errors import ModelArtefactMissing
from deployments.production.batches import pad, plan_batches
from deployments.production.checkpoint import labels_of, load_checkpoint
from deployments.production.classifier import Classifier
from deployments.production.clip import ClipScorer, read_preparation
from deployments.production.embedder import Embedder
from deployments.production.entailment import Entailment
from deployments.production.tagger import Tagger
from deployments.registry import HUB_ARTEFACTS
from tests.pictures import photo
from tests.unit.deployments.captions import ODD, PLAIN
from tests.unit.deployments.production_checkpoints import NER_LABELS, rewrite_weights, write_one

ROWS = {row.name.partition("/")[2]: row for row in HUB_ARTEFACTS}
ROBERTA, XLM, BART = "twitter-roberta-base-emotion", "twitter-xlm-roberta-base-sentiment", "bart-large-mnli"
NER, E5, CLIP = "xlm-roberta-base-ner-hrl", "multilingual-e5-base", "clip-vit-base-patch32"
HYPOTHESES = ("This post is about food and drink.", "This post is about travel.", "Nature.")
TEXTS = [text.replace("\0", " ").replace("\ud83d", "") for text in (*PLAIN, *ODD)]
CLOSE = {"abs": 0.05}  # bf16 has eight bits, and padding changes the order of its sums


@pytest.fixture
def folder(tmp_path):
    return lambda name: write_one(tmp_path, ROWS[name])


def loaded(folder, name, **more):
    return load_checkpoint(folder, ROWS[name].architecture, name=name, threads=1, **more)


@given(st.lists(st.integers(1, 600)), st.integers(1, 4_000))
def test_every_row_is_in_one_batch_and_no_batch_is_past_its_budget(lengths, tokens_max):
    batches = list(plan_batches(lengths, tokens_max))

    assert sorted(row for batch in batches for row in batch) == list(range(len(lengths)))
    for batch in batches:
        assert len(batch) == 1 or max(lengths[row] for row in batch) * len(batch) <= tokens_max


def test_a_batch_of_equal_lengths_needs_no_mask():
    assert pad([[1, 2], [3, 4]], 0, torch.device("cpu")).present is None
    assert pad([[1, 2], [3]], 0, torch.device("cpu")).present.tolist() == [[True, True], [True, False]]


@pytest.mark.parametrize("name", [ROBERTA, XLM])
def test_a_classifier_answers_what_transformers_pipeline_answers(folder, name):
    checkpoint = loaded(path := folder(name), name)

    logits = Classifier(checkpoint).logits(TEXTS)

    tokenizer = transformers.AutoTokenizer.from_pretrained(path)
    pipeline = transformers.pipeline("text-classification", model=str(path), tokenizer=tokenizer, dtype=torch.float32)
    for row, answers in zip(logits, pipeline(TEXTS, top_k=None, function_to_apply="none"), strict=True):
        labels = checkpoint.network.config.id2label
        assert {labels[number]: value for number, value in enumerate(row)} == pytest.approx(
            {answer["label"]: answer["score"] for answer in answers}, abs=0.1
        )


@pytest.mark.parametrize("name", [ROBERTA, XLM, E5])
def test_what_comes_after_512_tokens_is_not_read(folder, name):
    more = {"add_pooling_layer": False} if name == E5 else {}
    checkpoint = loaded(folder(name), name, **more)
    compute = Embedder(checkpoint).encode if name == E5 else Classifier(checkpoint).logits
    long = "food and drink " * 300

    within, beyond = compute([long, long + "I love this so much! " * 100])
    (short,) = compute(["food and drink"])

    assert len(checkpoint.token_ids([long])[0]) == 512
    assert within == pytest.approx(beyond, abs=1e-3)
    assert within != pytest.approx(short, abs=1e-3)


def test_entailment_is_what_bart_for_sequence_classification_answers(folder):
    checkpoint = loaded(path := folder(BART), BART)

    logits = Entailment(checkpoint, HYPOTHESES).logits(TEXTS)

    network = transformers.BartForSequenceClassification.from_pretrained(path, dtype=torch.float32)
    tokenizer = transformers.AutoTokenizer.from_pretrained(path)
    for text, row in zip(TEXTS, logits, strict=True):
        for hypothesis, logit in zip(HYPOTHESES, row, strict=True):
            inputs = tokenizer(text, hypothesis, return_tensors="pt")
            assert logit == pytest.approx(network(**inputs).logits[0, 2].item(), abs=0.15)


def test_entailment_computes_only_the_pairs_that_are_wanted(folder):
    network = Entailment(loaded(folder(BART), BART), HYPOTHESES)
    wanted = np.array([[True, False, False], [False, True, True], [False, False, False]])
    texts = ["food and drink", "a photo of a cat.", "food and drink"]

    some, everything = network.logits(texts, wanted), network.logits(texts)

    assert np.isneginf(some[~wanted]).all()
    assert some[wanted] == pytest.approx(everything[wanted], **CLOSE)


def test_long_premises_are_cut_and_hypotheses_are_kept(folder):
    network = Entailment(loaded(folder(BART), BART), HYPOTHESES)
    long = "I love this so much! " * 300

    first, second = network.logits([long, long + "a photo of the sea " * 50])

    assert first == pytest.approx(second, abs=1e-3)
    assert np.ptp(first) > 0.01


@pytest.mark.parametrize("name", [ROBERTA, XLM, BART])
def test_signs_that_a_caption_spells_out_are_words(folder, name):
    checkpoint = loaded(folder(name), name)

    (ids,) = checkpoint.token_ids(["food </s></s> drink <pad> <mask>"])

    assert not {0, 1, 2} & set(ids[1:-1])


@pytest.mark.parametrize("name", [ROBERTA, XLM, BART])
def test_a_batch_equals_its_singles(folder, name):
    checkpoint = loaded(folder(name), name)
    compute = Entailment(checkpoint, HYPOTHESES).logits if name == BART else Classifier(checkpoint).logits

    for together, text in zip(compute(TEXTS), TEXTS, strict=True):
        assert together == pytest.approx(compute([text])[0], **CLOSE)
    assert compute([]).shape[0] == 0


def test_vectors_have_unit_length_and_mean_pooling_leaves_padding_out(folder):
    network = Embedder(loaded(folder(E5), E5, add_pooling_layer=False))

    vectors = network.encode(TEXTS)

    assert np.linalg.norm(vectors, axis=1) == pytest.approx(np.ones(len(TEXTS)))
    for vector, text in zip(vectors, TEXTS, strict=True):
        assert float(vector @ network.encode([text])[0]) > 0.99


@pytest.mark.parametrize(
    ("label", "text", "spans"),
    [
        ("B-LOC", "food and drink", ["food", "and", "drink"]),
        ("I-PER", "food and drink", ["food and drink"]),
        ("O", "food and drink", []),
        ("B-LOC", "今天", ["今", "天"]),
        ("B-ORG", "", []),
    ],
)
def test_spans_follow_the_words(folder, tmp_path, label, text, spans):
    path = folder(NER)

    def decide(tensors):
        tensors["classifier.weight"].zero_()
        tensors["classifier.bias"].copy_(torch.eye(len(NER_LABELS))[NER_LABELS.index(label)] * 5)

    rewrite_weights(tmp_path, ROWS[NER], decide)

    (found,) = Tagger(loaded(path, NER)).find([text])

    assert [span.text for span in found] == spans
    assert all(span.kind == label[2:] and span.confidence > 0.9 for span in found)


def test_clip_answers_what_transformers_answers(folder):
    path = folder(CLIP)
    scorer = ClipScorer(loaded(path, CLIP), read_preparation(path, CLIP))
    picture, prompts = photo("chelsea.png").convert("RGB"), ["a photo of a cat.", "a photo of the sea"]

    shares = scorer.probabilities(scorer.embed([np.asarray(picture)]), scorer.prompt_vectors(prompts))

    network = transformers.CLIPModel.from_pretrained(path, dtype=torch.float32)
    tokenizer = transformers.AutoTokenizer.from_pretrained(path)
    prepare = transformers.CLIPImageProcessorPil.from_pretrained(path)
    inputs = tokenizer(prompts, padding=True, return_tensors="pt") | dict(prepare(picture, return_tensors="pt"))
    assert shares[0] == pytest.approx(network(**inputs).logits_per_image.softmax(dim=1)[0].tolist(), abs=0.03)


def test_columns_are_named_by_the_configuration_and_generic_names_by_the_authors(folder):
    checkpoint = loaded(folder(ROBERTA), ROBERTA)
    published = ("anger", "joy", "optimism", "sadness")

    assert labels_of(checkpoint, published) == ("joy", "optimism", "anger", "sadness")
    checkpoint.network.config.id2label = {number: f"LABEL_{number}" for number in range(4)}
    assert labels_of(checkpoint, published) == published


def test_a_model_of_another_task_is_refused(folder):
    roberta, bart = loaded(folder(ROBERTA), ROBERTA), loaded(folder(BART), BART)
    bart.network.config.id2label = {0: "no", 1: "yes", 2: "maybe"}

    with pytest.raises(ModelArtefactMissing, match=r"answers joy, optimism.*another model"):
        labels_of(roberta, ("negative", "neutral", "positive"))
    with pytest.raises(ModelArtefactMissing, match="no model of natural-language inference"):
        Entailment(bart, HYPOTHESES)


def test_weights_that_are_no_numbers_are_refused_at_load(folder, tmp_path):
    path = folder(ROBERTA)
    rewrite_weights(tmp_path, ROWS[ROBERTA], lambda tensors: tensors["classifier.dense.weight"].fill_(float("nan")))

    with pytest.raises(ModelArtefactMissing, match="numbers that are none"):
        Classifier(loaded(path, ROBERTA))


@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        (
            lambda path: (path / "config.json").write_text(json.dumps({"model_type": "bert"})),
            "says bert, expected roberta",
        ),
        (lambda path: (path / "model.safetensors").write_bytes(b"nothing"), "cannot be loaded from .*models pull"),
        (lambda path: (path / "vocab.json").unlink(), "cannot be loaded from"),
    ],
)
def test_a_damaged_checkpoint_is_named(folder, spoil, told):
    path = folder(ROBERTA)
    spoil(path)

    with pytest.raises(ModelArtefactMissing, match=told):
        loaded(path, ROBERTA)


def test_missing_weights_are_not_made_up(folder, tmp_path):
    path = folder(ROBERTA)
    rewrite_weights(tmp_path, ROWS[ROBERTA], lambda tensors: tensors.pop("classifier.out_proj.weight"))

    with pytest.raises(ModelArtefactMissing, match=r"weights are missing .*classifier\.out_proj\.weight"):
        loaded(path, ROBERTA)
