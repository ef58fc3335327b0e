"""The one Serve deployment of the production tier: bound once for each slot, under the name of the slot's deployment."""

from __future__ import annotations

import asyncio
from itertools import chain, pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
from ray import serve

from deployments.tiers import open_model

if TYPE_CHECKING:
    from cluster.settings import ModelSettings
    from deployments.scores import ModelIdentity

ITEMS_MAX = 64  # in one batch: five profiles' posts; the networks cut it by length
BATCH_WAIT_S = 0.005
CALLS_MAX = 64


def count_items(calls: list[list[Any]]) -> int:
    """The size of a batch of calls; never raises, which would stop Serve's batching for good."""
    return sum(map(len, calls))


@serve.deployment(max_ongoing_requests=CALLS_MAX, max_queued_requests=2 * CALLS_MAX, health_check_period_s=10)
class ProductionModel:
    """Batches callers and keeps the event loop free while the model computes."""

    def __init__(self, slot: str, models: ModelSettings) -> None:
        self._model = open_model(slot, models)

    async def __call__(self, items: list[Any]) -> Any:
        """One result for each item (a caption or an image file; a profile's in one call), in order: a list or rows of numbers."""
        parts = await asyncio.gather(
            *(self._compute(items[at : at + ITEMS_MAX]) for at in range(0, max(1, len(items)), ITEMS_MAX))
        )
        if isinstance(parts[0], np.ndarray):
            return np.concatenate(parts)
        return list(chain.from_iterable(parts))

    async def identity(self) -> ModelIdentity:
        """Which artefacts make the results."""
        return self._model.identity

    # A call carries a whole profile's captions or pictures, so a batch is counted in them, not in calls.
    @serve.batch(max_batch_size=ITEMS_MAX, batch_wait_timeout_s=BATCH_WAIT_S, batch_size_fn=count_items)
    async def _compute(self, calls: list[list[Any]]) -> list[Any]:
        flat = [item for items in calls for item in items]
        results = await asyncio.to_thread(self._model.predict, flat)
        assert len(results) == len(flat), (len(results), len(flat))
        starts = np.cumsum([0, *(len(items) for items in calls)]).tolist()
        return [results[start:end] for start, end in pairwise(starts)]
