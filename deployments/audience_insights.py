"""Audience insights: who comments - languages, countries, gender, interests - as far as public data tells."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from deployments.scores import Distribution, Score


@dataclass(frozen=True, slots=True)
class AudienceInsights:
    """Distributions over commenters (never followers: their list is not public), or "not inferable" with the reason.

    Each commenter counts once. coverage scores say which share of the commenters gave evidence at all (0-1). Labels:
    languages ISO 639-1 codes, countries ISO 3166 alpha-2 codes, gender "female" and "male" as first names are given,
    interests the categories of models.md. age is always empty with its reason.
    """

    languages: Distribution
    countries: Distribution
    gender: Distribution
    interests: Distribution
    age: Distribution
    language_coverage: Score
    country_coverage: Score
    gender_coverage: Score
    commenters: int
    comments: int
