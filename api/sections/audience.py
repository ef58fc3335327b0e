"""audience: who reacts, and how real they are."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from api.sections.scores import AbstentionOut, DistributionOut, Finding, Number, Reasons, ScoreOut, Section


class SampleOut(Section):
    """What the audience was inferred from; followers are not public, commenters are."""

    commenters: int | None = Field(description="Different people who commented on the stored posts.")
    comments: int | None = Field(description="Their comments.")
    reasons: Reasons = Field(default_factory=dict)


class DemographicsOut(Section):
    """Gender and country of the commenters; labels are female and male as first names are given, and ISO 3166-1 alpha-2."""

    gender: DistributionOut
    gender_coverage: ScoreOut = Field(description="Share of the commenters that gave evidence at all, in [0, 1].")
    country: DistributionOut
    country_coverage: ScoreOut = Field(description="Share of the commenters that gave evidence at all, in [0, 1].")
    age: DistributionOut = Field(description="Always empty: age is not inferable from public data.")


class AuthenticityMeasuresOut(Section):
    """What authenticity was measured from, in each measure's own unit."""

    expected_engagement_rate: ScoreOut = Field(description="What accounts of this size show, a share of followers.")
    engagement_against_tier: ScoreOut = Field(description="Distance from that, in standard deviations of the fit.")
    comment_to_like_ratio: ScoreOut
    likes_variation: ScoreOut = Field(description="Coefficient of variation of likes; bought likes vary too little.")
    commenter_diversity: ScoreOut = Field(description="Different commenters / comments.")
    commenter_overlap: ScoreOut = Field(
        description="Share of comments by accounts that comment on at least half of the posts."
    )
    comment_originality: ScoreOut = Field(
        description="Share of comments that say something and copy no other commenter's."
    )
    generic_comments: ScoreOut = Field(description="Share of comments that say nothing of their own.")
    language_match: ScoreOut = Field(description="Share of comments in a language of the captions.")
    following_ratio: ScoreOut = Field(description="Following / followers.")


class FraudReasonOut(Section):
    """One sign of bought or arranged reactions."""

    code: str = Field(description="Stable reason code.")
    points: Number = Field(description="Points it adds to the risk.")
    sentence: str
    value: Number = Field(description="What was measured.")
    threshold: Number = Field(description="The value from which it counts.")
    n: int
    evidence: tuple[str, ...] = Field(description="At most five post ids or repeated texts, never a commenter's name.")


class FraudOut(Finding):
    """How likely followers, likes or comments were bought or arranged."""

    risk: ScoreOut = Field(
        description="0 to 100; parts also hold what looks right; null when too few statistics could be computed."
    )
    verdict: Literal["low", "elevated", "high", "insufficient_data"] | None
    reason_codes: tuple[FraudReasonOut, ...] = Field(description="Strongest first.")
    account_fake_probability: ScoreOut = Field(
        description="How far the profile page itself looks like a fake account's, in [0, 1]; parts are log-odds."
    )
    abstained: tuple[AbstentionOut, ...] = Field(description="Statistics that need more observations.")


class Audience(Section):
    """Who reacts, and how real they are."""

    sample: SampleOut
    demographics: DemographicsOut
    languages: DistributionOut = Field(description="Languages of the comments (ISO 639-1), one vote a commenter.")
    languages_coverage: ScoreOut = Field(description="Share of the commenters that gave evidence at all, in [0, 1].")
    authenticity: ScoreOut = Field(description="0 to 100, with its parts.")
    authenticity_measures: AuthenticityMeasuresOut
    authenticity_abstained: tuple[AbstentionOut, ...] = Field(description="Statistics that need more observations.")
    fraud: FraudOut
    interests: DistributionOut = Field(
        description="Categories of the posts that people comment on, one vote a commenter."
    )
