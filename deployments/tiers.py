"""Which class answers a slot in its tier: the one place where that is decided."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from deployments.registry import ENCODER, PRODUCTION, encoder_tier, hub_artefacts

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cluster.settings import ModelSettings
    from deployments.scores import ModelIdentity


class LoadedModel(Protocol):
    """A model of either tier: loaded, warm, and ignorant of Ray."""

    @property
    def identity(self) -> ModelIdentity: ...

    def predict(self, batch: Sequence[Any], /) -> Any:
        """One result for each item, in order."""
        ...


def in_production(slot: str, models: ModelSettings) -> bool:
    """Whether a slot (or the shared encoder) is answered by models of the hub; per-profile slots are statistics in both tiers."""
    tier = encoder_tier(models) if slot == ENCODER else models.tier_of(slot)
    return tier == PRODUCTION and bool(hub_artefacts(slot, models.cache_dir))


def open_model(slot: str, models: ModelSettings) -> LoadedModel:
    """A per-post slot's model in its tier, or (production only) the encoder; raises ModelArtefactMissing."""
    return _open_production(slot, models) if in_production(slot, models) else _open_embedded(slot, models)


def _open_production(slot: str, models: ModelSettings) -> LoadedModel:
    if slot == "visual_content":
        from deployments.production.visual_content import open_visual_content

        return open_visual_content(models)
    from deployments.production.advanced_nlp import AdvancedNlpModel
    from deployments.production.category import CategoryModel
    from deployments.production.encoder import EncoderModel
    from deployments.production.language import LanguageModel
    from deployments.production.sentiment import SentimentModel

    kinds: dict[str, type[LoadedModel]] = {
        "sentiment": SentimentModel,
        "language": LanguageModel,
        "category": CategoryModel,
        "advanced_nlp": AdvancedNlpModel,
        ENCODER: EncoderModel,
    }
    return kinds[slot](models)  # type: ignore[call-arg]


def _open_embedded(slot: str, models: ModelSettings) -> LoadedModel:
    if slot == "visual_content":
        from deployments.visual_content import VisualContentModel

        return VisualContentModel(threads=models.max_workers)
    from deployments.advanced_nlp import AdvancedNlpModel
    from deployments.category import CategoryModel
    from deployments.encoder import Encoder
    from deployments.language import LanguageModel
    from deployments.sentiment import SentimentModel

    if slot == "language":
        return LanguageModel()
    encoder = Encoder(threads=models.max_workers, batch_size=models.batch_size)
    if slot == "sentiment":
        return SentimentModel(encoder)
    return CategoryModel(encoder) if slot == "category" else AdvancedNlpModel(encoder)
