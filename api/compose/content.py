"""Content: what the creator shows and writes about."""

from __future__ import annotations

from collections import Counter
from statistics import fmean
from typing import TYPE_CHECKING, Any

from api.compose.estimates import distribution_of, median_of, share_of, signed
from api.compose.outcomes import origin_of
from api.compose.visual import visual_of
from api.sections.content import (
    CallsToActionOut,
    Content,
    EntityCountOut,
    EvidenceOut,
    SponsorshipOut,
    TagOut,
    ToneOut,
    TopicsOut,
    TrendsOut,
)
from api.sections.scores import CountOut, DistributionOut, LabelOut

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from api.compose.outcomes import Gaps, Stored
    from api.sections.posts import AdvancedNlpOut, PostOut
    from api.sections.scores import Origin

COUNTS_MAX = 30  # of hashtags, mentions, entities, keywords, topics and emoji each
EVIDENCE_MAX = 20
CATEGORIES_OF = "share of the posts whose caption has something to go by"
PRIMARY_METHOD = "the category of most posts; confidence is the mean calibrated probability of their category"
NO_CATEGORY = "no caption has anything to go by"


def content_of(posts: Sequence[PostOut], trends: Stored, gaps: Gaps) -> Content:
    """What the creator shows and writes about."""
    read = [(post.id, post.advanced_nlp) for post in posts if post.advanced_nlp.reason is None]
    origin = origin_of(nlp for _, nlp in read)
    words = [nlp for _, nlp in read]
    categories = _categories(posts)
    return Content(
        visual=visual_of(posts),
        primary_category=_primary_category(posts, categories),
        categories=categories,
        hashtags=_tags([post.hashtags for post in posts]),
        mentions=_tags([post.mentions for post in posts]),
        trends=_trends(trends, gaps),
        entities=_entities(words),
        keywords=_counts(nlp.keywords for nlp in words),
        topics=_topics(words, trends, gaps),
        sponsorship=_sponsorship(read, origin),
        calls_to_action=_calls_to_action(read, origin),
        tone=_tone(words, origin),
    )


def _primary_category(posts: Sequence[PostOut], shares: DistributionOut) -> LabelOut:
    categories = [post.category for post in posts if post.category.value is not None]
    origin = origin_of(categories)
    signature: dict[str, Any] = {"method": PRIMARY_METHOD, "model": origin.model, "fallback": origin.fallback}
    if not categories:
        return LabelOut(value=None, n=0, reason=NO_CATEGORY, **signature)
    label = shares.shares[0].label
    confidences = [category.confidence for category in categories if category.value == label]
    confidence = fmean(confidence for confidence in confidences if confidence is not None)
    return LabelOut(value=label, n=len(categories), confidence=confidence, **signature)


def _categories(posts: Sequence[PostOut]) -> DistributionOut:
    labels = [post.category.value for post in posts if post.category.value is not None]
    shares = distribution_of(labels, CATEGORIES_OF, reason=NO_CATEGORY)
    return DistributionOut.model_validate(shares, context=origin_of(post.category for post in posts))


def _tags(tags_of_posts: Sequence[tuple[str, ...]]) -> tuple[TagOut, ...]:
    counts = _counts(tags_of_posts)
    return tuple(TagOut(label=tag.label, count=tag.count, share=tag.count / len(tags_of_posts)) for tag in counts)


def _counts(groups: Iterable[Iterable[str]]) -> tuple[CountOut, ...]:
    """In how many groups each label is, most frequent first, at most COUNTS_MAX; spelt as it is spelt first."""
    counts: Counter[str] = Counter()
    spelling: dict[str, str] = {}
    for group in groups:
        folded = {spelt.casefold(): spelt for spelt in reversed(tuple(group))}
        counts.update(dict.fromkeys(reversed(folded), 1))
        spelling = folded | spelling
    return tuple(CountOut(label=spelling[key], count=count) for key, count in counts.most_common(COUNTS_MAX))


def _trends(trends: Stored, gaps: Gaps) -> TrendsOut:
    def make(result: Mapping[str, Any]) -> TrendsOut:
        return TrendsOut.model_validate(result, context=trends.origin)

    return trends.read(TrendsOut, make, gaps)


def _entities(words: Sequence[AdvancedNlpOut]) -> tuple[EntityCountOut, ...]:
    kinds = {entity.text.casefold(): entity.label for nlp in reversed(words) for entity in nlp.entities}
    counts = _counts([entity.text for entity in nlp.entities] for nlp in words)
    return tuple(EntityCountOut(label=one.label, count=one.count, kind=kinds[one.label.casefold()]) for one in counts)


def _topics(words: Sequence[AdvancedNlpOut], trends: Stored, gaps: Gaps) -> TopicsOut:
    labels = _counts([topic.label for topic in nlp.topics] for nlp in words)

    def make(result: Mapping[str, Any]) -> TopicsOut:
        return TopicsOut.model_validate({"labels": labels, "clusters": result["topic_clusters"]}, context=trends.origin)

    return trends.read(TopicsOut, make, gaps).model_copy(update={"labels": labels})


def _sponsorship(read: Sequence[tuple[str, AdvancedNlpOut]], origin: Origin) -> SponsorshipOut:
    sponsored = sum(bool(nlp.sponsored) for _, nlp in read)
    evidence = [
        EvidenceOut(post_id=post_id, kind=mark.kind, text=mark.text, language=mark.language)
        for post_id, nlp in read
        for mark in nlp.disclosures
    ]
    share = share_of(sponsored, len(read), "captions with a disclosed sponsorship / captions read")
    return SponsorshipOut(share=signed(share, origin), evidence=tuple(evidence[:EVIDENCE_MAX]))


def _calls_to_action(read: Sequence[tuple[str, AdvancedNlpOut]], origin: Origin) -> CallsToActionOut:
    asking = sum(bool(nlp.calls_to_action) for _, nlp in read)
    evidence = [
        EvidenceOut(post_id=post_id, kind=call.kind, text=call.text, language=call.language)
        for post_id, nlp in read
        for call in nlp.calls_to_action
    ]
    share = share_of(asking, len(read), "captions with a call to action / captions read")
    return CallsToActionOut(
        share=signed(share, origin),
        kinds=_counts([call.kind for call in nlp.calls_to_action] for _, nlp in read),
        evidence=tuple(evidence[:EVIDENCE_MAX]),
    )


def _tone(words: Sequence[AdvancedNlpOut], origin: Origin) -> ToneOut:
    emotions = [nlp.emotion.label for nlp in words if nlp.emotion is not None]
    judged = [nlp.toxicity.label == "offensive" for nlp in words if nlp.toxicity is not None]
    asking = sum(bool(nlp.questions) for nlp in words)
    ease = [nlp.readability.score for nlp in words if nlp.readability is not None]
    lengths = [nlp.words_count for nlp in words if nlp.words_count is not None]
    return ToneOut(
        emotions=DistributionOut.model_validate(
            distribution_of(emotions, "share of the captions with words", reason="no caption has words to judge"),
            context=origin,
        ),
        offensive=signed(share_of(sum(judged), len(judged), "offensive captions / captions with words"), origin),
        readability=signed(median_of(ease, "Flesch reading ease in the captions' languages"), origin),
        questions=signed(share_of(asking, len(words), "captions that ask something / captions read"), origin),
        words_per_caption=signed(median_of(lengths, "words per caption"), origin),
        emoji=_counts(nlp.emoji for nlp in words),
    )
