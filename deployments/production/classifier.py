"""Sequence classification with RoBERTa and XLM-RoBERTa (Liu et al., 2019; Conneau et al., 2020)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch

from deployments.production.batches import Outputs, pad, plan_batches
from deployments.production.checkpoint import TOKENS_MAX, check_finite

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from deployments.production.checkpoint import Checkpoint


class Classifier:
    """One label for each text."""

    def __init__(self, checkpoint: Checkpoint) -> None:
        """Warm up with a short and with a longest text; raises ModelArtefactMissing for damaged weights."""
        self._checkpoint = checkpoint
        check_finite(checkpoint, self.logits(["Warm up", "up " * TOKENS_MAX]))

    def logits(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """The network's outputs, float32 (n, labels), in order; a row may hold NaN where the network overflows."""
        checkpoint = self._checkpoint
        ids = checkpoint.token_ids(texts)
        outputs = Outputs()
        with torch.inference_mode():
            for group in plan_batches([len(sequence) for sequence in ids], checkpoint.batch_tokens):
                batch = pad([ids[row] for row in group], checkpoint.padding_id, checkpoint.device)
                outputs.add(group, checkpoint.network(batch.ids, attention_mask=batch.present).logits)
        return outputs.collect(np.empty((len(ids), checkpoint.network.config.num_labels), dtype=np.float32))
