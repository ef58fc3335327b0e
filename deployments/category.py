"""What a caption is about: one of 23 categories."""

from __future__ import annotations

from dataclasses import dataclass

CATEGORIES = (
    "Fashion",
    "Beauty",
    "Fitness",
    "Health",
    "Food",
    "Travel",
    "Technology",
    "Gaming",
    "Sports",
    "Music",
    "Film & TV",
    "Art & Design",
    "Photography",
    "Education",
    "Business & Finance",
    "Family & Parenting",
    "Pets & Animals",
    "Home & Garden",
    "Automotive",
    "Nature",
    "Comedy & Memes",
    "News & Politics",
    "Lifestyle",
)
UNCATEGORISED = "Uncategorised"  # nothing to go by: not a category, and never counted as one


@dataclass(frozen=True, slots=True)
class LabelProbability:
    """A category and its calibrated probability, in [0, 1]."""

    label: str
    probability: float


@dataclass(frozen=True, slots=True)
class Category:
    """What a caption is about.

    label is one of CATEGORIES, confidence its calibrated probability, runners_up the next most probable categories, most
    probable first. keywords are the words, hashtags or emoji of the caption that spoke for the label. A caption without
    words, hashtags or emoji is UNCATEGORISED with confidence 0 and a reason: leave it out of distributions.
    """

    label: str
    confidence: float
    runners_up: tuple[LabelProbability, ...] = ()
    keywords: tuple[str, ...] = ()
    reason: str | None = None
