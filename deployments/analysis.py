"""The ten models run for one creator: what is asked of whom, how long it may take, and what a failure leaves behind.

A model past its deadline, failing, or answering nonsense costs its own results and nothing else. For captions, rules
answer in its place: such an Outcome is marked, signed by the rules, and says why the model gave nothing. Where rules cannot
judge (pictures, whole creators) there is no result, and a reason.
"""

from __future__ import annotations

import asyncio
import math
from dataclasses import asdict, dataclass, fields, is_dataclass
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import orjson
from ray.exceptions import RayActorError, RayError, RayTaskError
from ray.serve.exceptions import RayServeException

from cluster import telemetry
from cluster.errors import CircuitOpen, FollowingError
from cluster.resilience import CircuitBreaker
from cluster.settings import MODEL_SLOTS
from deployments.fallbacks import fallback_of

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence

    from cluster.resilience import BreakerSnapshot, Policy
    from cluster.settings import ModelSettings
    from deployments.facts import CreatorFacts
    from deployments.scores import ModelIdentity

TEXT_SLOTS = ("sentiment", "language", "category", "advanced_nlp")
IMAGE_SLOT = "visual_content"
POST_SLOTS = (*TEXT_SLOTS, IMAGE_SLOT)
PROFILE_SLOTS = tuple(slot for slot in MODEL_SLOTS if slot not in POST_SLOTS)
ENCODER = "encoder"
REPEATED = (RayActorError, RayServeException)  # a lost or full replica; the calls are pure, so repeating is safe
CALL_FAILURES = (RayError, RayServeException, FollowingError, TimeoutError)

log = telemetry.get_logger(__name__)


class Model(Protocol):
    """A model wherever it runs: one result for each item, in order."""

    async def __call__(self, batch: list[Any], /) -> Sequence[Any]: ...


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one model gave for one thing: a result, or the reason why there is none.

    With fallback, the result and the signature are those of rules, and reason says why the model gave nothing.
    """

    result: Any | None
    model: ModelIdentity | None
    reason: str | None = None
    fallback: bool = False

    def envelope(self) -> dict[str, Any]:
        """The outcome as it is stored: plain JSON with the keys result, model, fallback and reason."""
        record = {"result": self.result, "model": self.model, "fallback": self.fallback, "reason": self.reason}
        plain: dict[str, Any] = orjson.loads(orjson.dumps(record, option=orjson.OPT_SERIALIZE_NUMPY))
        return plain


class Analysis:
    """Fans one creator out over the models. Knows deadlines, retries and breakers, but not where a model runs."""

    def __init__(
        self,
        models: Mapping[str, Model],
        identities: Mapping[str, ModelIdentity],
        settings: ModelSettings,
        policy: Policy,
    ) -> None:
        """Models and identities hold every slot of MODEL_SLOTS; models also holds the text encoder."""
        missing = {*MODEL_SLOTS, ENCODER} - models.keys()
        assert not missing, missing
        self._models = models
        self._identities = identities
        self._settings = settings
        self._policy = policy
        self._breakers = {slot: CircuitBreaker(slot, policy) for slot in models}

    def is_current(self, envelopes: Mapping[str, Mapping[str, Any]]) -> bool:
        """Whether a post's stored envelopes hold a result of each of today's models."""
        return all(
            (envelope := envelopes.get(slot)) is not None
            and envelope["result"] is not None
            and envelope["model"] == asdict(self._identities[slot])
            for slot in POST_SLOTS
        )

    async def read_captions(self, captions: list[str]) -> dict[str, list[Outcome]]:
        """Every text model's outcome for each caption, in order; a fallback's where the model gave nothing."""
        rows = await asyncio.gather(*(self._read(slot, captions) for slot in TEXT_SLOTS))
        return dict(zip(TEXT_SLOTS, rows, strict=True))

    async def look_at(self, pictures: list[bytes]) -> list[Outcome]:
        """The picture model's outcome for each image, in order; pictures are encoded image files."""
        return await self._run(IMAGE_SLOT, pictures, self._settings.post_deadline_s)

    async def embed(self, captions: list[str]) -> np.ndarray | None:
        """Unit vectors (n, 384), or None when the encoder gives none."""
        if not self._settings.enabled:
            return None
        try:
            vectors: Any = await self._call(ENCODER, captions, self._settings.post_deadline_s)
        except CALL_FAILURES as error:
            log.warning("model_failed", slot=ENCODER, error=_cause(error))
            return None
        return vectors if len(vectors) == len(captions) else None

    async def detect_languages(self, texts: list[str]) -> list[str]:
        """An ISO code for each text; 'und' where nothing can be told or the model gave nothing.

        No fallback: the codes go into statistics over comments, which could not be marked.
        """
        outcomes = await self._run("language", texts, self._settings.post_deadline_s)
        return [outcome.result.code if outcome.result else "und" for outcome in outcomes]

    async def judge(
        self, creator: CreatorFacts, on_done: Callable[[str], Awaitable[None]] | None = None
    ) -> dict[str, Outcome]:
        """Every per-profile model's outcome; on_done hears of each slot as it ends."""

        async def one(slot: str) -> Outcome:
            outcome = (await self._run(slot, [creator], self._settings.profile_deadline_s))[0]
            if on_done is not None:
                await on_done(slot)
            return outcome

        outcomes = await asyncio.gather(*(one(slot) for slot in PROFILE_SLOTS))
        return dict(zip(PROFILE_SLOTS, outcomes, strict=True))

    def breakers(self) -> list[BreakerSnapshot]:
        """Each model's circuit breaker."""
        return [breaker.snapshot() for breaker in self._breakers.values()]

    async def _read(self, slot: str, captions: list[str]) -> list[Outcome]:
        outcomes = await self._run(slot, captions, self._settings.post_deadline_s)
        fallback = fallback_of(slot)
        missing = [index for index, outcome in enumerate(outcomes) if outcome.result is None]
        if not missing or fallback is None or not self._settings.enabled:
            return outcomes
        try:
            results = await asyncio.to_thread(fallback.predict, [captions[index] for index in missing])
        except Exception:
            log.exception("fallback_failed", slot=slot, items=len(missing))  # the reasons of the model's failure stand
            return outcomes
        for index, result in zip(missing, results, strict=True):
            outcomes[index] = Outcome(result, fallback.identity, outcomes[index].reason, fallback=True)
        return outcomes

    async def _run(self, slot: str, batch: list[Any], deadline_s: float) -> list[Outcome]:
        if not batch:
            return []
        if not self._settings.enabled:
            return [Outcome(None, None, "analysis is switched off (ENABLE_AI_ANALYSIS)")] * len(batch)
        identity = self._identities[slot]
        try:
            results = await self._call(slot, batch, deadline_s)
        except CALL_FAILURES as error:
            reason = _cause(error)
            log.warning("model_failed", slot=slot, error=reason, items=len(batch))
            return [Outcome(None, identity, reason)] * len(batch)
        if len(results) != len(batch):
            return [Outcome(None, identity, f"{len(results)} results for {len(batch)} items")] * len(batch)
        return [_checked(result, identity) for result in results]

    async def _call(self, slot: str, batch: list[Any], deadline_s: float) -> Sequence[Any]:
        async with asyncio.timeout(deadline_s):
            with self._breakers[slot].guard():
                return await self._policy.retry_on(REPEATED, self._models[slot], batch)


def _checked(result: Any, identity: ModelIdentity) -> Outcome:
    if result is None:
        return Outcome(None, identity, "the model gave no result")
    if _holds_nonsense(result):
        return Outcome(None, identity, "the model's result holds a number that is none")
    return Outcome(result, identity)


def _holds_nonsense(value: Any) -> bool:
    """Whether a NaN or an infinity stands anywhere in a result."""
    if isinstance(value, float | np.floating):
        return not math.isfinite(value)
    if is_dataclass(value):
        return any(_holds_nonsense(getattr(value, field.name)) for field in fields(value))
    if isinstance(value, dict):
        return any(map(_holds_nonsense, value.values()))
    return isinstance(value, list | tuple) and any(map(_holds_nonsense, value))


def _cause(error: BaseException) -> str:
    """One line for the reader of an answer; a remote error's text is a whole traceback."""
    if isinstance(error, RayTaskError):
        error = error.cause
    if isinstance(error, TimeoutError):
        return "the model gave no answer in time"
    if isinstance(error, CircuitOpen):
        return "the model is paused after repeated failures"
    return f"the model failed ({type(error).__name__})"
