"""Category in the production tier: zero-shot entailment over the 23 labels, joined with telling words."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.special import softmax

from deployments.captions import normalise
from deployments.category import CATEGORIES, NOTHING, Category, PromptVectors, category_from, word_scores
from deployments.encoder import Encoder, prepare
from deployments.production.entailment import Entailment
from deployments.production.hypotheses import HYPOTHESES
from deployments.production.slots import SlotParts
from deployments.telling_words import read_evidence

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from cluster.settings import ModelSettings
    from deployments.telling_words import Evidence

# One telling word doubles a label's odds and two of them triple it: a convention, not fitted, since no captions have been read
# with these weights yet. The embedded tier's weight belongs to another scale.
WORD_WEIGHT = 1.0


class CategoryModel:
    """Knows nothing of Ray. The network was trained on English; telling words carry other languages."""

    def __init__(self, models: ModelSettings) -> None:
        """Load and warm up; raises ModelArtefactMissing. With models.category_filter the embedded first stage is loaded too."""
        parts = SlotParts("category", models)
        self.identity = parts.identity
        self._network = Entailment(parts.load("entailment"), HYPOTHESES)
        self._first_stage = (
            FirstStage(models.category_filter, models.max_workers)
            if 0 < models.category_filter < len(CATEGORIES)
            else None
        )

    def predict(self, captions: Sequence[str]) -> list[Category]:
        """One result for each caption, in order, as in the embedded tier.

        Method: softmax over the labels' entailment logits (Yin et al., 2019) plus the logarithm of one more than the label's
        telling words. With the first stage, labels that it drops have probability 0.
        """
        evidence = [read_evidence(caption) for caption in captions]
        texts = [prepare(normalise(caption)) for caption in captions]
        rows = [row for row, found in enumerate(evidence) if (found.words_count or found.hits) and texts[row]]
        results = [NOTHING] * len(texts)
        if not rows:
            return results
        asked, told = [texts[row] for row in rows], [evidence[row] for row in rows]
        wanted = self._first_stage.choose(asked, told) if self._first_stage else None
        logits = self._network.logits(asked, wanted) + WORD_WEIGHT * word_scores(told)
        for row, shares in zip(rows, softmax(logits.astype(np.float64), axis=1).tolist(), strict=True):
            results[row] = category_from(shares, evidence[row])
        return results


class FirstStage:
    """The embedded tier's probabilities choose the labels that are worth the full model."""

    def __init__(self, labels_kept: int, threads: int) -> None:
        self._labels_kept = labels_kept
        self._encoder = Encoder(threads=threads)
        self._prompts = PromptVectors()

    def choose(self, captions: Sequence[str], evidence: Sequence[Evidence]) -> NDArray[np.bool_]:
        """True for the most probable labels of each caption, (n, 23)."""
        probabilities = self._prompts.probabilities(self._encoder.features(captions), evidence)
        best = np.argsort(-probabilities, axis=1)[:, : self._labels_kept]
        wanted = np.zeros(probabilities.shape, dtype=np.bool_)
        np.put_along_axis(wanted, best, values=True, axis=1)
        return wanted


assert len(HYPOTHESES) == len(CATEGORIES)
