"""Audience: who reacts, and how real they are. Commenters appear as counts only."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from api.sections.audience import Audience, AuthenticityMeasuresOut, DemographicsOut, FraudOut, SampleOut
from api.sections.scores import AbstentionOut, DistributionOut, Finding, ScoreOut

if TYPE_CHECKING:
    from collections.abc import Mapping

    from api.compose.outcomes import Gaps, Stored

_HANDLE = re.compile(r"@[\w.]+")


class _Insights(Finding):
    """The stored form of audience_insights."""

    languages: DistributionOut
    countries: DistributionOut
    gender: DistributionOut
    interests: DistributionOut
    age: DistributionOut
    language_coverage: ScoreOut
    country_coverage: ScoreOut
    gender_coverage: ScoreOut
    commenters: int | None
    comments: int | None


class _Quality(AuthenticityMeasuresOut, Finding):
    """The stored form of audience_quality."""

    authenticity: ScoreOut
    abstained: tuple[AbstentionOut, ...]


def audience_of(quality: Stored, insights: Stored, fraud: Stored, gaps: Gaps) -> Audience:
    """Who reacts, and how real they are."""
    told = insights.read(_Insights, lambda result: _Insights.model_validate(result, context=insights.origin), gaps)
    judged = quality.read(_Quality, lambda result: _Quality.model_validate(result, context=quality.origin), gaps)
    counts = {"commenters": told.commenters, "comments": told.comments}
    return Audience(
        sample=SampleOut(**counts, reasons={name: told.reasons[name] for name in counts if name in told.reasons}),
        demographics=DemographicsOut(
            gender=told.gender,
            gender_coverage=told.gender_coverage,
            country=told.countries,
            country_coverage=told.country_coverage,
            age=told.age,
        ),
        languages=told.languages,
        languages_coverage=told.language_coverage,
        authenticity=judged.authenticity,
        authenticity_measures=AuthenticityMeasuresOut(
            **{name: getattr(judged, name) for name in AuthenticityMeasuresOut.model_fields}
        ),
        authenticity_abstained=judged.abstained,
        fraud=fraud.read(FraudOut, lambda result: _fraud(result, fraud), gaps),
        interests=told.interests,
    )


def _fraud(result: Mapping[str, Any], fraud: Stored) -> FraudOut:
    account = result["account"]
    values = {
        "risk": result["risk"],
        "verdict": result["verdict"],
        "reason_codes": [_without_handles(reason) for reason in result["reasons"]],
        "account_fake_probability": {**account, "value": account["fake_probability"]},
        "abstained": result["abstained"],
    }
    return FraudOut.model_validate(values, context=fraud.origin)


def _without_handles(reason: Mapping[str, Any]) -> dict[str, Any]:
    """A reason whose quoted comments name nobody."""
    return {**reason, "evidence": [_HANDLE.sub("@…", text) for text in reason["evidence"]]}
