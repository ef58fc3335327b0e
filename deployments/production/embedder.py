"""Sentence vectors with XLM-RoBERTa as multilingual-e5 trains it (Wang et al., 2024): a prefix, mean pooling, unit length."""

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

PREFIX = "query: "  # for symmetric tasks


class Embedder:
    """A vector for each text."""

    def __init__(self, checkpoint: Checkpoint) -> None:
        """Warm up; raises ModelArtefactMissing for damaged weights."""
        self._checkpoint = checkpoint
        self.width = int(checkpoint.network.config.hidden_size)
        check_finite(checkpoint, self.encode(["Warm up", "up " * TOKENS_MAX]))

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Unit vectors, float32 (n, width), in order."""
        checkpoint = self._checkpoint
        ids = checkpoint.token_ids([PREFIX + text for text in texts])
        outputs = Outputs()
        with torch.inference_mode():
            for group in plan_batches([len(sequence) for sequence in ids], checkpoint.batch_tokens):
                batch = pad([ids[row] for row in group], checkpoint.padding_id, checkpoint.device)
                present = batch.present
                states = checkpoint.network(batch.ids, attention_mask=present).last_hidden_state.float()
                summed = states.sum(dim=1) if present is None else (states * present[:, :, None]).sum(dim=1)
                outputs.add(group, torch.nn.functional.normalize(summed, dim=1))
        return outputs.collect(np.empty((len(ids), self.width), dtype=np.float32))
