"""content: what the creator shows and writes about."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import Field

from api.sections.posts import ColourOut
from api.sections.scores import AbstentionOut, CountOut, DistributionOut, Finding, LabelOut, Number, ScoreOut, Section


class FacesOverviewOut(Section):
    """Frontal faces over all pictures."""

    per_picture: ScoreOut = Field(description="Mean number of faces in a picture.")
    share_with_faces: ScoreOut = Field(description="Share of the pictures that show a face.")
    counts: DistributionOut = Field(description="Share of the pictures with 0, 1, 2 and 3+ faces.")


class SafetyOverviewOut(Section):
    """Brand safety over all pictures."""

    average: ScoreOut = Field(description="Mean probability that a picture is free of nudity and sexual content.")
    distribution: DistributionOut = Field(description="Share of the pictures that are safe, suggestive and explicit.")
    flagged_post_ids: tuple[str, ...] = Field(description="Posts whose picture is not safe.")


class QualityOverviewOut(Section):
    """Technical quality over all pictures."""

    overall: ScoreOut = Field(description="Mean, 0 to 100.")
    sharpness: ScoreOut
    exposure: ScoreOut
    noise: ScoreOut
    colourfulness: ScoreOut


class VisualOut(Finding):
    """What the pictures show, over all posts whose picture was analysed."""

    pictures: int = Field(description="Pictures that were analysed.")
    faces: FacesOverviewOut
    labels: tuple[CountOut, ...] = Field(description="Objects seen, with the number of pictures.")
    scenes: DistributionOut = Field(description="Kinds of picture.")
    colours: tuple[ColourOut, ...] = Field(description="Dominant colours over all pictures.")
    quality: QualityOverviewOut
    safety: SafetyOverviewOut
    text_share: ScoreOut = Field(description="Share of the pictures with writing in them.")
    near_duplicates: tuple[tuple[str, ...], ...] = Field(
        description="Groups of posts whose pictures are nearly the same."
    )


class TagOut(CountOut):
    """A hashtag or a mention, without its sign."""

    share: Number = Field(description="Share of the posts that have it.")


class TermTrendOut(Section):
    """A hashtag or topic whose use changed from the older to the newer half of the posts."""

    term: str
    kind: Literal["hashtag", "topic"]
    direction: Literal["rising", "falling", "steady"]
    change: ScoreOut = Field(description="Share of the newer posts that use it minus that of the older ones.")
    p_value: Number = Field(description="Fisher's exact test.")
    posts_older: int
    posts_newer: int


class BurstOut(Section):
    """A stretch of posts in which a hashtag was used far more often than usual."""

    term: str
    started_at: datetime
    ended_at: datetime
    posts: int
    weight: Number = Field(description="Cost saved by the burst state, in nats (Kleinberg, 2002).")


class TrendsOut(Finding):
    """What rises and falls."""

    hashtags: tuple[TermTrendOut, ...]
    topics: tuple[TermTrendOut, ...]
    bursts: tuple[BurstOut, ...]
    abstained: tuple[AbstentionOut, ...] = Field(description="Statistics that need more observations.")


class EntityCountOut(CountOut):
    """A named thing."""

    kind: str = Field(description="person, organization, location, product, event, work or group.")


class TopicClusterOut(Section):
    """Captions about the same thing."""

    name: str
    terms: tuple[str, ...] = Field(description="Its strongest words.")
    posts: int
    share: Number
    engagement_lift: ScoreOut = Field(description="Median engagement of its posts / median of the others.")
    post_ids: tuple[str, ...]


class TopicsOut(Finding):
    """What the captions are about."""

    labels: tuple[CountOut, ...] = Field(description="Known subjects, with the number of captions.")
    clusters: tuple[TopicClusterOut, ...] = Field(description="Subjects found in the captions themselves.")


class EvidenceOut(Section):
    """Words of one caption."""

    post_id: str
    kind: str
    text: str
    language: str


class SponsorshipOut(Section):
    """Disclosed sponsorship."""

    share: ScoreOut = Field(description="Share of the captions that disclose one.")
    evidence: tuple[EvidenceOut, ...] = Field(description="kind is label, partnership, gift or affiliate.")


class CallsToActionOut(Section):
    """What readers are asked to do."""

    share: ScoreOut = Field(description="Share of the captions with a call to action.")
    kinds: tuple[CountOut, ...]
    evidence: tuple[EvidenceOut, ...]


class ToneOut(Section):
    """How the captions are written."""

    emotions: DistributionOut
    offensive: ScoreOut = Field(description="Share of the captions that offend.")
    readability: ScoreOut = Field(description="Median Flesch reading ease; higher is easier.")
    questions: ScoreOut = Field(description="Share of the captions that ask something.")
    words_per_caption: ScoreOut = Field(description="Median.")
    emoji: tuple[CountOut, ...]


class Content(Section):
    """What the creator shows and writes about."""

    visual: VisualOut
    primary_category: LabelOut
    categories: DistributionOut
    hashtags: tuple[TagOut, ...]
    mentions: tuple[TagOut, ...]
    trends: TrendsOut
    entities: tuple[EntityCountOut, ...]
    keywords: tuple[CountOut, ...]
    topics: TopicsOut
    sponsorship: SponsorshipOut
    calls_to_action: CallsToActionOut
    tone: ToneOut
