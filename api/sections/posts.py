"""posts: every stored post with each model's result."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import Field

from api.sections.scores import Finding, LabelOut, Number, Reasons, ScoreOut, Section


class PostCountsOut(Section):
    """Public counts when the source was read; null when the owner hides them."""

    likes: int | None
    comments: int | None
    video_views: int | None
    reasons: Reasons = Field(default_factory=dict)


class SentimentOut(ScoreOut):
    """What the caption feels like: value is P(positive) - P(negative), in [-1, 1]."""

    label: Literal["negative", "neutral", "positive"] | None = Field(
        description="The most probable of three, whose probability is the confidence; null without words."
    )


class LanguageOut(LabelOut):
    """Which language the caption is written in: value is ISO 639-1, or und when nothing can be told."""

    name: str | None = Field(description="The language in English; null without a value.")
    script: str | None = Field(
        description="ISO 15924 code of most letters, Zyyy without letters; null without a value."
    )
    reliable: bool = Field(description="True when the text was long and distinct enough to build on.")


class RunnerUpOut(Section):
    """A less probable label."""

    label: str
    probability: Number


class CategoryOut(LabelOut):
    """What the caption is about: value is one of 23 categories, confidence its probability."""

    runners_up: tuple[RunnerUpOut, ...] = Field(description="The next most probable categories.")
    keywords: tuple[str, ...] = Field(description="Words of the caption that spoke for the label.")


class SeenOut(Section):
    """Something seen in a picture."""

    name: str
    confidence: Number


class FacesOut(Section):
    """Frontal faces; nothing is told about a face beyond its presence and size."""

    count: int
    area_share: Number = Field(description="Share of the picture that all faces cover together.")
    largest_share: Number = Field(description="Share of the picture that the largest covers.")
    method: str


class SafetyOut(Section):
    """Whether the picture is free of nudity and sexual content."""

    label: Literal["safe", "suggestive", "explicit"]
    score: Number = Field(description="Probability that it is, in [0, 1].")
    method: str


class ColourOut(Section):
    """A dominant colour."""

    name: str
    hex: str = Field(description="sRGB as #rrggbb.")
    share: Number = Field(description="Share of the picture, or of all pictures.")


class QualityOut(Section):
    """How well a picture is made, not how much one likes it."""

    overall: ScoreOut = Field(description="0 to 100.")
    sharpness: ScoreOut
    exposure: ScoreOut
    noise: ScoreOut
    colourfulness: ScoreOut


class ImageTextOut(Section):
    """Writing in the picture."""

    lines: tuple[str, ...]
    confidence: Number | None
    area_share: Number
    method: str
    reasons: Reasons = Field(default_factory=dict)


class VisualContentOut(Finding):
    """What the picture shows; of a video, its cover."""

    width_px: int | None
    height_px: int | None
    labels: tuple[SeenOut, ...] = Field(description="Objects, most probable first.")
    scene: SeenOut | None = Field(description="The kind of picture.")
    faces: FacesOut | None
    safety: SafetyOut | None
    colours: tuple[ColourOut, ...] = Field(description="Dominant colours, largest share first.")
    quality: QualityOut | None
    text: ImageTextOut | None
    perceptual_hash: str | None = Field(
        pattern="^[0-9a-f]{16}$", description="16 hex digits; near-duplicates differ in few bits."
    )


class EntityOut(Section):
    """A named thing in the caption."""

    text: str
    label: str = Field(description="person, organization, location, product, event, work or group.")
    source: str = Field(description="model or gazetteer.")
    country_code: str | None = Field(
        None, description="ISO 3166-1 alpha-2; null for what is no place of the gazetteer."
    )


class TopicOut(Section):
    """A subject finer than a category."""

    label: str
    category: str
    confidence: Number


class EmotionOut(Section):
    """The caption's emotion."""

    label: Literal["anger", "joy", "optimism", "sadness"]
    confidence: Number
    reliable: bool = Field(description="False in languages in which the quality was not measured.")


class ToxicityOut(Section):
    """Whether the caption offends."""

    label: str = Field(description="offensive or not-offensive.")
    probability: Number = Field(description="Probability of offensive.")
    reliable: bool = Field(description="False in languages in which the quality was not measured.")


class DisclosureOut(Section):
    """A sponsorship mark in the caption."""

    text: str
    kind: str = Field(description="label, partnership, gift or affiliate.")
    language: str


class CallToActionOut(Section):
    """Something readers are asked to do."""

    kind: str
    text: str
    language: str


class ReadabilityOut(Section):
    """How easily the caption reads."""

    score: Number = Field(description="Flesch reading ease; higher is easier.")
    formula: str
    words_count: int
    sentences_count: int


class AdvancedNlpOut(Finding):
    """What the caption's words tell, beside sentiment, language and category."""

    language: str | None = Field(description="The language whose rules were used.")
    entities: tuple[EntityOut, ...]
    keywords: tuple[str, ...] = Field(description="Best first.")
    hashtags: tuple[str, ...]
    mentions: tuple[str, ...]
    emoji: tuple[str, ...]
    emoji_count: int | None
    topics: tuple[TopicOut, ...]
    emotion: EmotionOut | None
    toxicity: ToxicityOut | None
    sponsored: bool | None = Field(description="True when the caption discloses a sponsorship.")
    disclosures: tuple[DisclosureOut, ...]
    calls_to_action: tuple[CallToActionOut, ...]
    questions: tuple[str, ...]
    links: tuple[str, ...]
    readability: ReadabilityOut | None
    words_count: int | None


class PostOut(Section):
    """One post."""

    id: str = Field(description="Our id, a UUID.")
    instagram_post_id: str
    shortcode: str
    url: str = Field(description="The post on Instagram.")
    type: Literal["image", "video", "sidecar"]
    caption: str | None
    taken_at: datetime | None = Field(description="When it was posted (UTC).")
    counts: PostCountsOut
    engagement_rate: ScoreOut = Field(description="(likes + comments) / followers of this post.")
    cdn_thumbnail_url: str | None = Field(description="The thumbnail on our CDN.")
    alt_text: str | None = Field(description="Instagram's own description of the picture.")
    width_px: int | None
    height_px: int | None
    hashtags: tuple[str, ...]
    mentions: tuple[str, ...]
    tagged: tuple[str, ...] = Field(description="Accounts tagged in the picture.")
    coauthors: tuple[str, ...] = Field(description="The other owners of a joint post.")
    comments_disabled: bool
    analyzed_at: datetime | None
    sentiment: SentimentOut
    language: LanguageOut
    category: CategoryOut
    visual_content: VisualContentOut
    advanced_nlp: AdvancedNlpOut
    reasons: Reasons = Field(default_factory=dict)
