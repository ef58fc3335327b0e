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
from deployments.registry import check_artefacts
from deployments.sentiment import SentimentDeployment
from deployments.trend_detection import TrendDetectionDeployment
from deployments.visual_content import VisualContentDeployment

if TYPE_CHECKING:
    from cluster.settings import ModelSettings

ON_THE_ENCODER = (SentimentDeployment, CategoryDeployment, AdvancedNlpDeployment)
ALONE = (
    LanguageDeployment,
    AudienceQualityDeployment,
    AudienceInsightsDeployment,
    TrendDetectionDeployment,
    FraudDetectionDeployment,
    BehavioralPatternsDeployment,
)


def bind_models(settings: ModelSettings) -> list[Any]:
    """Every model's deployment, bound; raises ModelArtefactMissing before anything is deployed."""
    check_artefacts(settings)
    encoder = _bind(TextEncoder, settings.max_workers, settings.batch_size)
    return [
        *(_bind(deployment, encoder) for deployment in ON_THE_ENCODER),
        _bind(VisualContentDeployment, settings.max_workers),
        *map(_bind, ALONE),
    ]


def _bind(deployment: Any, *arguments: Any) -> Any:
    """Serve's decorator hides `bind` from type checkers."""
    return deployment.bind(*arguments)
