"""Named things in a text by token classification with XLM-RoBERTa."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch

from deployments.production.batches import pad, plan_batches
from deployments.production.checkpoint import TOKENS_MAX, check_finite

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray
    from tokenizers import Encoding

    from deployments.production.checkpoint import Checkpoint

OUTSIDE = "O"
_WORD_BEGIN = "▁"
_UNSPACED = ("CJK", "HIRAGANA", "KATAKANA", "THAI", "LAO", "KHMER", "MYANMAR")


@dataclass(frozen=True, slots=True)
class Span:
    """A named thing: its text as written, its type in the model's own letters (PER, ORG, LOC, DATE), and a probability.

    confidence is the mean over its tokens of the chosen label's softmax, in [0, 1]; NaN where the network overflowed.
    """

    text: str
    kind: str
    confidence: float


class Tagger:
    """Spans of each text. Labels are B-X (a thing begins), I-X (it goes on) and O."""

    def __init__(self, checkpoint: Checkpoint) -> None:
        """Warm up; raises ModelArtefactMissing for damaged weights."""
        self._checkpoint = checkpoint
        by_number = checkpoint.network.config.id2label
        self.labels = tuple(str(by_number[number]) for number in range(len(by_number)))
        for _, probabilities in self._tag(["Warm up", "up " * TOKENS_MAX]):
            check_finite(checkpoint, probabilities)

    def find(self, texts: Sequence[str]) -> list[tuple[Span, ...]]:
        """Each text's spans in order of appearance; empty for an empty text."""
        tagged = self._tag(texts)
        return [
            tuple(self._spans(text, encoding, chosen)) for text, (encoding, chosen) in zip(texts, tagged, strict=True)
        ]

    def _tag(self, texts: Sequence[str]) -> list[tuple[Encoding, NDArray[np.float32]]]:
        """Each text's tokens with the labels' probabilities, (tokens read, labels)."""
        checkpoint = self._checkpoint
        encodings = checkpoint.encodings(texts)
        ids = [checkpoint.framed(encoding.ids) for encoding in encodings]
        found: list[NDArray[np.float32]] = [np.zeros((0, len(self.labels)), np.float32)] * len(ids)
        rows = [row for row, encoding in enumerate(encodings) if encoding.ids]
        with torch.inference_mode():
            for group in plan_batches([len(ids[row]) for row in rows], checkpoint.batch_tokens):
                places = [rows[number] for number in group]
                batch = pad([ids[place] for place in places], checkpoint.padding_id, checkpoint.device)
                logits = checkpoint.network(batch.ids, attention_mask=batch.present).logits
                probabilities = logits.float().softmax(dim=2).cpu().numpy()
                for number, place in enumerate(places):
                    found[place] = probabilities[number, 1 : len(ids[place]) - 1]
        return list(zip(encodings, found, strict=True))

    def _spans(self, text: str, encoding: Encoding, probabilities: NDArray[np.float32]) -> Iterator[Span]:
        """Neighbouring tokens of one type, a new thing at each B-.

        The first token of a word decides for the word, as in training, except in scripts that put no spaces between words.
        """
        best = probabilities.argmax(axis=1)
        kind, start, end, shares = OUTSIDE, 0, 0, [0.0]
        word, label = None, OUTSIDE
        for number, column in enumerate(best):
            begin, finish = encoding.offsets[number]
            if encoding.tokens[number] == _WORD_BEGIN and _is_unspaced(text[begin:finish]):
                continue  # stands before the first sign of a run and says nothing of it
            continues_word = encoding.word_ids[number] is not None and encoding.word_ids[number] == word
            if continues_word and not _is_unspaced(text[begin:finish]):
                label = label.replace("B-", "I-", 1)
            else:
                label = self.labels[column]
            word = encoding.word_ids[number]
            now = label.partition("-")[2] or OUTSIDE
            if now != kind or label.startswith("B-"):
                if kind != OUTSIDE:
                    yield Span(text[start:end].strip(), kind, float(np.mean(shares)))
                kind, start, shares = now, begin, []
            end = finish
            shares.append(float(probabilities[number, column]))
        if kind != OUTSIDE:
            yield Span(text[start:end].strip(), kind, float(np.mean(shares)))


def _is_unspaced(piece: str) -> bool:
    return any(unicodedata.name(character, "").startswith(_UNSPACED) for character in piece[:2])
