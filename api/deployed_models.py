"""The ten models and their encoder as bound Serve deployments."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from deployments.advanced_nlp import AdvancedNlpDeployment
from deployments.audience_insights import AudienceInsightsDeployment
from deployments.audience_quality import AudienceQualityDeployment
from deployments.behavioral_patterns import BehavioralPatternsDeployment
from deployments.category import CategoryDeployment
from deployments.encoder import TextEncoder
from deployments.fraud_detection import FraudDetectionDeployment
from deployments.language import LanguageDeployment
from deployments.production.serving import ProductionModel
from deployments.registry import ENCODER, check_artefacts
from deployments.sentiment import SentimentDeployment
from deployments.tiers import in_production
from deployments.trend_detection import TrendDetectionDeployment
from deployments.visual_content import VisualContentDeployment

if TYPE_CHECKING:
    from cluster.settings import ModelSettings

FEATURE_ENCODER = "FeatureEncoder"  # the embedded encoder beside a production one, where both tiers are used
ON_THE_ENCODER: dict[str, Any] = {
    "sentiment": SentimentDeployment,
    "category": CategoryDeployment,
    "advanced_nlp": AdvancedNlpDeployment,
}
PER_PROFILE: dict[str, Any] = {
    "audience_quality": AudienceQualityDeployment,
    "audience_insights": AudienceInsightsDeployment,
    "trend_detection": TrendDetectionDeployment,
    "fraud_detection": FraudDetectionDeployment,
    "behavioral_patterns": BehavioralPatternsDeployment,
}


def bind_models(settings: ModelSettings) -> list[Any]:
    """Every model's deployment in its slot's tier, bound; raises ModelArtefactMissing before anything is deployed."""
    check_artefacts(settings)

    def bound(slot: str, embedded: Any, *arguments: Any) -> Any:
        if in_production(slot, settings):
            return _named(ProductionModel, embedded.name).bind(slot, settings)
        return embedded.bind(*arguments)

    encoder: Any = TextEncoder
    vectors = bound(ENCODER, encoder, settings.max_workers, settings.batch_size)
    features = vectors
    if in_production(ENCODER, settings):
        features = _named(encoder, FEATURE_ENCODER).bind(settings.max_workers, settings.batch_size)
    pictures: Any = VisualContentDeployment
    return [
        *(bound(slot, deployment, features) for slot, deployment in ON_THE_ENCODER.items()),
        bound("language", LanguageDeployment),
        bound("visual_content", pictures, settings.max_workers),
        *(deployment.bind(settings.tier_of(slot)) for slot, deployment in PER_PROFILE.items()),
        vectors,
    ]


def _named(deployment: Any, name: str) -> Any:
    return deployment.options(name=name)
