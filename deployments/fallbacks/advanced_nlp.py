"""What rules alone tell of a caption's words: everything that needs neither the encoder nor a language model."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import emoji

from deployments.advanced_nlp import EMOJI_MAX, TOPICS_MAX, AdvancedNlp, Topic
from deployments.calls_to_action import find_calls, find_questions
from deployments.captions import (
    HASHTAG,
    MENTION,
    URL,
    hashtags_of,
    links_of,
    mentions_of,
    normalise,
    prose_of,
    words_only,
)
from deployments.category_prompts import TOPICS
from deployments.disclosure import find_disclosures
from deployments.fallbacks.language import code_of
from deployments.readability import readability_of
from deployments.telling_words import read_evidence

if TYPE_CHECKING:
    from collections.abc import Sequence

KEYWORDS_MAX = 8
UNAVAILABLE = (
    ("emotion", "rules cannot judge it; the model gave nothing"),
    ("toxicity", "rules cannot judge it; the model gave nothing"),
    ("entities", "rules cannot find them; the model gave nothing"),
    ("keywords", "only words of known topics are found by rules"),
)
NO_READABILITY = ("readability", "no published formula for the language, or fewer than 20 words")


def predict(captions: Sequence[str]) -> list[AdvancedNlp]:
    """One result for each caption, in order; emotion and toxicity are None and entities empty, each with its reason.

    keywords are the caption's telling words, topics those that they tell with their share of them.
    """
    return [_read(caption) for caption in captions]


def _read(caption: str) -> AdvancedNlp:
    text = normalise(caption)
    language, prose = code_of(text), prose_of(text)
    without_links = URL.sub(" ", text)
    disclosures = find_disclosures(text)
    signs = [found["emoji"] for found in emoji.emoji_list(text)]
    readability = readability_of(prose, language)
    hits = read_evidence(caption).hits
    counts = Counter(hits.values())
    return AdvancedNlp(
        language=language,
        keywords=tuple(word for word in hits if word[0].isalpha())[:KEYWORDS_MAX],
        hashtags=hashtags_of(text),
        mentions=mentions_of(text),
        emoji=tuple(dict.fromkeys(signs))[:EMOJI_MAX],
        emoji_count=len(signs),
        topics=tuple(
            Topic(TOPICS[number].topic, TOPICS[number].category, count / (counts.total() + 1))
            for number, count in counts.most_common(TOPICS_MAX)
        ),
        sponsored=bool(disclosures),
        disclosures=disclosures,
        calls_to_action=find_calls(without_links, language),
        questions=find_questions(MENTION.sub(" ", HASHTAG.sub(" ", emoji.replace_emoji(without_links, "\n")))),
        links=links_of(text),
        readability=readability,
        words_count=len(words_only(text).split()),
        unavailable=UNAVAILABLE if readability else (*UNAVAILABLE, NO_READABILITY),
    )
