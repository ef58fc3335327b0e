"""Zero-shot labels by natural-language inference: does the caption entail 'This post is about …'?

Method: Yin et al., 2019; network: BART (Lewis et al., 2020) trained on MultiNLI.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from cluster.errors import ModelArtefactMissing
from deployments.production.batches import Outputs, Padded, pad, plan_batches
from deployments.production.checkpoint import TOKENS_MAX, check_finite

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from deployments.production.checkpoint import Checkpoint

PAIRS_AT_ONCE_MAX = 8_192  # token sequences held at once; more premises are taken in turns
_ENTAILMENT = "entailment"


class Entailment:
    """The entailment logit of each premise with each of a few hypotheses.

    Premises and hypotheses are tokenized once, equal premises are computed once, and the decoder's last layer computes the
    last position alone, which is all that the classification head reads. More cannot be shared without changing the result:
    the encoder reads in both directions, so from its first layer on a premise looks different beside every hypothesis.
    """

    def __init__(self, checkpoint: Checkpoint, hypotheses: Sequence[str]) -> None:
        """Warm up; raises ModelArtefactMissing for damaged weights, or when no output column is called entailment."""
        self._checkpoint = checkpoint
        self._column = _column(checkpoint)
        self._hypotheses = [encoding.ids for encoding in checkpoint.encodings(hypotheses)]
        assert all(len(ids) < TOKENS_MAX // 2 for ids in self._hypotheses), hypotheses
        check_finite(checkpoint, self.logits(["Warm up"])[:, :1])
        check_finite(checkpoint, self._compute([self._pair([checkpoint.last_id] * TOKENS_MAX, 0)]))

    def logits(self, premises: Sequence[str], wanted: NDArray[np.bool_] | None = None) -> NDArray[np.float32]:
        """float32 (n, hypotheses), in order. Where wanted (n, hypotheses) is False nothing is computed and -inf stands."""
        if wanted is None:
            wanted = np.ones((len(premises), len(self._hypotheses)), dtype=np.bool_)
        assert wanted.shape == (len(premises), len(self._hypotheses)), wanted.shape
        first_of: dict[str, int] = {}
        twin = [first_of.setdefault(premise, row) for row, premise in enumerate(premises)]
        needed = np.zeros_like(wanted)
        np.logical_or.at(needed, twin, wanted)
        result = np.full(wanted.shape, -np.inf, dtype=np.float32)
        rows = sorted(first_of.values())
        at_once = max(1, PAIRS_AT_ONCE_MAX // len(self._hypotheses))
        for start in range(0, len(rows), at_once):
            part = rows[start : start + at_once]
            encodings = self._checkpoint.encodings([premises[row] for row in part])
            encoded = [self._checkpoint.plain(encoding.ids) for encoding in encodings]
            places = [
                (place, label) for place, row in enumerate(part) for label in np.flatnonzero(needed[row]).tolist()
            ]
            found = self._compute([self._pair(encoded[place], label) for place, label in places])
            for (place, label), logit in zip(places, found, strict=True):
                result[part[place], label] = logit
        return np.where(wanted, result[twin], np.float32(-np.inf))

    def _pair(self, premise: list[int], label: int) -> list[int]:
        """<s> premise </s></s> hypothesis </s>, the premise cut so that the whole has at most TOKENS_MAX tokens."""
        first, last, hypothesis = self._checkpoint.first_id, self._checkpoint.last_id, self._hypotheses[label]
        return [first, *premise[: TOKENS_MAX - 4 - len(hypothesis)], last, last, *hypothesis, last]

    def _compute(self, pairs: list[list[int]]) -> NDArray[np.float32]:
        checkpoint = self._checkpoint
        outputs = Outputs()
        with torch.inference_mode():
            for group in plan_batches([len(pair) for pair in pairs], checkpoint.batch_tokens):
                batch = pad([pairs[row] for row in group], checkpoint.padding_id, checkpoint.device)
                outputs.add(group, _classify(checkpoint.network, batch)[:, self._column])
        return outputs.collect(np.empty(len(pairs), dtype=np.float32))


def _classify(network: Any, batch: Padded) -> torch.Tensor:
    """What BartForSequenceClassification answers for these ids, (n, labels), without what its head does not read.

    Padding needs no mask in the decoder's self-attention: it stands on the right, and attention there looks to the left.
    """
    encoder, decoder = network.model.encoder, network.model.decoder
    ids, present = batch.ids, batch.present
    memory = encoder(ids, attention_mask=present).last_hidden_state
    across = None if present is None else present[:, None, None, :]
    hidden = _decoder_input(network, ids)
    for layer in decoder.layers[:-1]:
        hidden = layer(hidden, None, memory, encoder_attention_mask=across, use_cache=False)
    layer, rows = decoder.layers[-1], torch.arange(len(ids), device=ids.device)
    last = hidden[rows, batch.last][:, None, :]
    last = layer.self_attn_layer_norm(last + layer.self_attn(last, key_value_states=hidden, attention_mask=across)[0])
    seen = layer.encoder_attn(last, key_value_states=memory, attention_mask=across)[0]
    last = layer.encoder_attn_layer_norm(last + seen)
    last = layer.final_layer_norm(last + layer.fc2(layer.activation_fn(layer.fc1(last))))
    logits: torch.Tensor = network.classification_head(last[:, 0])
    return logits


def _decoder_input(network: Any, ids: torch.Tensor) -> torch.Tensor:
    """The embedded ids, moved by one to the right behind the decoder's start sign."""
    decoder = network.model.decoder
    start = torch.full_like(ids[:, :1], network.config.decoder_start_token_id)
    shifted = torch.cat([start, ids[:, :-1]], dim=1)
    positions = torch.arange(ids.shape[1], device=ids.device)
    embedded = decoder.embed_tokens(shifted) + decoder.embed_positions(shifted, 0, position_ids=positions)
    hidden: torch.Tensor = decoder.layernorm_embedding(embedded)
    return hidden


def _column(checkpoint: Checkpoint) -> int:
    labels = {str(label).lower(): int(number) for number, label in checkpoint.network.config.id2label.items()}
    if _ENTAILMENT not in labels:
        raise ModelArtefactMissing(
            f"{checkpoint.name} answers {', '.join(labels)}: it is no model of natural-language inference"
        )
    return labels[_ENTAILMENT]
