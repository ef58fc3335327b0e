"""Posts: what is stored of each, with every model's result."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from api.compose.estimates import STATISTICS
from api.compose.language_names import language_name
from api.compose.outcomes import SOURCE_SILENT, absolute, reasons_of, stored_outcome
from api.sections.posts import (
    AdvancedNlpOut,
    CategoryOut,
    LanguageOut,
    PostCountsOut,
    PostOut,
    SentimentOut,
    VisualContentOut,
)
from api.sections.scores import ScoreOut
from deployments.engagement import post_engagement_rate

if TYPE_CHECKING:
    from collections.abc import Mapping

    from api.compose.outcomes import Gaps, Stored
    from api.sections.scores import Origin
    from cluster.stores.stored import StoredPost

LIKES_HIDDEN = "the owner hides it or the source did not tell it"
RATE_METHOD = "(likes + comments) / followers, counted when the source was read"
SENTIMENT_METHOD = (
    "P(positive) - P(negative) of a three-way classifier; confidence is the label's calibrated probability"
)
LANGUAGE_METHOD = "language detection on the caption without links, mentions and hashtags"
CATEGORY_METHOD = (
    "caption against descriptions of 23 categories, with keywords; confidence is the calibrated probability"
)
LEXICON_METHOD = (
    "P(positive) - P(negative) from counts of praising and complaining words and emoji; the model gave nothing"
)
LANGUAGE_RULES_METHOD = "script, function words and telling letters of the caption; the model gave nothing"
CATEGORY_RULES_METHOD = "telling words, hashtags and emoji of 23 categories; the model gave nothing"
NO_SCENE = "no kind of picture stands out"
INSTAGRAM = "https://www.instagram.com"


def post_out(post: StoredPost, followers_count: int | None, base_url: str, gaps: Gaps) -> PostOut:
    """One post as the answer shows it."""
    sentiment, language, category, visual, nlp = (
        stored_outcome(post.analysis, slot)
        for slot in ("sentiment", "language", "category", "visual_content", "advanced_nlp")
    )
    thumbnail_error = None
    if post.thumbnail_url is None:
        thumbnail_error = post.thumbnail_error or "not downloaded yet"
        gaps.add("thumbnails", thumbnail_error, post=True)
    fields = {
        "caption": post.caption,
        "taken_at": post.taken_at,
        "alt_text": post.alt_text,
        "width_px": post.width_px,
        "height_px": post.height_px,
    }
    why = dict.fromkeys(fields, SOURCE_SILENT) | {
        "cdn_thumbnail_url": thumbnail_error,
        "analyzed_at": "not analysed yet",
    }
    fields |= {"cdn_thumbnail_url": absolute(post.thumbnail_url, base_url), "analyzed_at": post.analyzed_at}
    return PostOut(
        **fields,
        reasons=reasons_of(fields, why),
        id=str(post.id),
        instagram_post_id=post.instagram_post_id,
        shortcode=post.shortcode,
        url=f"{INSTAGRAM}/p/{post.shortcode}/",
        type=post.kind,
        counts=_counts(post),
        engagement_rate=_engagement_rate(post, followers_count),
        hashtags=tuple(post.hashtags),
        mentions=tuple(post.mentions),
        tagged=tuple(post.tagged),
        coauthors=tuple(post.coauthors),
        comments_disabled=post.comments_disabled,
        sentiment=sentiment.read(SentimentOut, lambda result: _sentiment(result, sentiment.origin), gaps, post=True),
        language=language.read(LanguageOut, lambda result: _language(result, language.origin), gaps, post=True),
        category=category.read(CategoryOut, lambda result: _category(result, category.origin), gaps, post=True),
        visual_content=_visual_content(visual, gaps),
        advanced_nlp=nlp.read(AdvancedNlpOut, lambda result: _advanced_nlp(result, nlp.origin), gaps, post=True),
    )


def _counts(post: StoredPost) -> PostCountsOut:
    counts = {"likes": post.likes_count, "comments": post.comments_count, "video_views": post.video_views_count}
    no_video = "only videos have views" if post.kind != "video" else SOURCE_SILENT
    why = {"likes": LIKES_HIDDEN, "comments": LIKES_HIDDEN, "video_views": no_video}
    return PostCountsOut(**counts, reasons=reasons_of(counts, why))


def _engagement_rate(post: StoredPost, followers_count: int | None) -> ScoreOut:
    rate = post_engagement_rate(post, followers_count)
    return ScoreOut(
        value=rate,
        n=0 if rate is None else 1,
        method=RATE_METHOD,
        confidence=None if rate is None else 1.0,  # counted, not estimated
        model=STATISTICS.model,
        reason="likes, comments or followers are hidden or unknown" if rate is None else None,
    )


def _sentiment(result: Mapping[str, Any], origin: Origin) -> SentimentOut:
    # A reason says that there were no words to judge; the neutral zero beside it is no result.
    reason = result["reason"]
    return SentimentOut(
        value=None if reason else result["score"],
        label=None if reason else result["label"],
        confidence=None if reason else result["confidence"],
        n=0 if reason else 1,
        method=LEXICON_METHOD if origin.fallback else SENTIMENT_METHOD,
        model=origin.model,
        fallback=origin.fallback,
        reason=reason,
    )


def _language(result: Mapping[str, Any], origin: Origin) -> LanguageOut:
    return LanguageOut(
        value=result["code"],
        name=language_name(result["code"]),
        script=result["script"],
        reliable=result["reliable"],
        confidence=result["confidence"],
        n=1,
        method=LANGUAGE_RULES_METHOD if origin.fallback else LANGUAGE_METHOD,
        model=origin.model,
        fallback=origin.fallback,
        reason=result["reason"],
    )


def _category(result: Mapping[str, Any], origin: Origin) -> CategoryOut:
    reason = result["reason"]
    return CategoryOut(
        value=None if reason else result["label"],
        runners_up=() if reason else result["runners_up"],
        keywords=result["keywords"],
        confidence=None if reason else result["confidence"],
        n=0 if reason else 1,
        method=CATEGORY_RULES_METHOD if origin.fallback else CATEGORY_METHOD,
        model=origin.model,
        fallback=origin.fallback,
        reason=reason,
    )


def _visual_content(stored: Stored, gaps: Gaps) -> VisualContentOut:
    def make(result: Mapping[str, Any]) -> VisualContentOut:
        unread = result["reason"]
        why = {"scene": NO_SCENE} if unread is None else {}
        nulls = {
            name: why.get(name, unread or "the model tells none for this picture")
            for name, value in result.items()
            if value is None and name != "reason"
        }
        text = result["text"]
        if text is not None and text["confidence"] is None:
            text = text | {"reasons": {"confidence": "no writing was found"}}
        values = {**result, "text": text, "reasons": nulls}
        seen = VisualContentOut.model_validate(values, context=stored.origin)
        if seen.reason:
            gaps.add(stored.slot, seen.reason, post=True)
        return seen

    return stored.read(VisualContentOut, make, gaps, post=True)


def _advanced_nlp(result: Mapping[str, Any], origin: Origin) -> AdvancedNlpOut:
    why = dict(result["unavailable"])
    nulls = {name: why.get(name, "the model tells none") for name, value in result.items() if value is None}
    return AdvancedNlpOut.model_validate({**result, "reasons": nulls}, context=origin)
