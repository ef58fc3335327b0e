"""Stored creators with every model's result, built from the models' own dataclasses.

`python -m tests.stored_creators` composes the API's example answer from the first of them.
"""

from __future__ import annotations

import json
import math
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid5

from api.compose import compose
from api.examples import CREATOR_FILE
from cluster.records import Comment, PostKind, RelatedProfile, Source
from cluster.stores.stored import Completeness, CountSnapshot, StoredCreator, StoredPost
from deployments.account_authenticity import AccountAuthenticity
from deployments.advanced_nlp import (
    AdvancedNlp,
    CallToAction,
    Disclosure,
    Emotion,
    Entity,
    Readability,
    Topic,
    Toxicity,
)
from deployments.analysis import Outcome
from deployments.audience_insights import AudienceInsights
from deployments.audience_quality import AudienceQuality
from deployments.behavioral_patterns import BehavioralPatterns, Format, Reaction, Slot, TimeZone
from deployments.category import Category, LabelProbability
from deployments.fraud_detection import Anomaly, FraudDetection, FraudReason
from deployments.language import Language
from deployments.scores import Abstention, Distribution, ModelIdentity, Part, Score, Share
from deployments.sentiment import Sentiment
from deployments.trend_detection import (
    Burst,
    ChangePoint,
    EngagementTrend,
    FollowerHistory,
    Forecast,
    Point,
    Surge,
    Trend,
    TrendDetection,
)
from deployments.trend_detection import Topic as TopicCluster
from deployments.visual_results import ColourShare, Faces, ImageQuality, ImageText, Label, Safety, VisualContent

NAMESPACE = UUID("6f1f0f4e-2f6b-4f5a-9a52-0d6c4f0c7d11")
FETCHED_AT = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
COMMENTERS = tuple(f"zz_commenter_{number}" for number in range(9))
BASE_URL = "http://127.0.0.1:8000"
FOLLOWERS = 48_200
CAPTIONS = (
    ("Slow Sunday in Alfama: grilled sardines, vinho verde and one too many pastéis de nata 🐟☀️ #lisbon #foodie", "en"),
    ("Bacalhau à Brás da minha avó, com batata palha bem fininha. Guarda a receita! #receitas #lisboa", "pt"),
    ("Ad | My new favourite pan from @tachodeferro makes the crispiest potatoes. Use MARTA15 for 15 % off. #ad", "en"),
    ("Three things I never skip at the Campo de Ourique market. Which one would you try first? #lisbon #market", "en"),
    ("Pão de fermentação natural, dia 4: finalmente aqueles buracos perfeitos! #receitas #pao", "pt"),
    ("Honest opinion: this place was overpriced and cold. We will not go back. #lisbon", "en"),
    ("Arroz de tamboril para um domingo de chuva. Marca quem cozinha contigo 🍲 #receitas", "pt"),
    ("Porto in 48 hours: francesinha, port and aching feet. Full list in the link in my bio. #porto #travel", "en"),
    ("Mercado do Bolhão voltou e está lindo. Obrigada @mercadodobolhao pelo convite 💛 #porto", "pt"),
    ("Five knives, one stone, zero cuts (so far). Save this for later! #kitchen #foodie", "en"),
    ("✨✨✨", "und"),
    ("Peixe fresco, limão e sal. Não precisa de mais nada. #receitas #lisboa", "pt"),
)
LIKES = (2_310, 1_870, 1_240, 1_990, 2_050, None, 1_760, 3_480, 1_930, 1_610, 1_420, 1_580)
COMMENTS = (84, 71, 39, 102, 66, 57, 61, 144, 73, 58, 22, 47)
SENTIMENTS = (0.83, 0.61, 0.74, 0.35, 0.88, -0.79, 0.42, 0.55, 0.9, 0.28, 0.0, 0.5)
CATEGORIES = ("Food",) * 7 + ("Travel", "Travel", "Food", "Uncategorised", "Food")
KINDS = (PostKind.IMAGE, PostKind.SIDECAR, PostKind.VIDEO)
METHOD = "as documented in the model's file"


def model(slot: str) -> ModelIdentity:
    return ModelIdentity(f"{slot.replace('_', '-')}-example", "1.0.0", "embedded")


def score(value: float, n: int, low: float, high: float, *parts: Part) -> Score:
    return Score(value, n, METHOD, interval=(low, high), parts=parts)


def unknown(n: int, reason: str) -> Score:
    return Score(None, n, METHOD, reason=reason)


def distribution(n: int, **shares: float) -> Distribution:
    rows = (
        Share(label, share, round(share * n), (max(0, share - 0.09), min(1, share + 0.09)))
        for label, share in shares.items()
    )
    return Distribution(tuple(rows), n, METHOD)


def creator() -> StoredCreator:
    """A complete creator: twelve posts, one hiding its likes, one without words."""
    posts = tuple(post(index) for index in range(len(CAPTIONS)))
    return StoredCreator(
        id=uuid5(NAMESPACE, "marta.come.lisboa"),
        username="marta.come.lisboa",
        source=Source.APIFY,
        instagram_id="4815162342",
        full_name="Marta Figueiredo",
        biography="Eating my way through Lisbon 🐟 receitas da avó · hello@martacome.example",
        external_urls=("https://martacome.example/receitas",),
        followers_count=FOLLOWERS,
        following_count=612,
        posts_count=431,
        is_private=False,
        is_verified=True,
        is_business=True,
        joined_recently=False,
        business_category="Food blogger",
        profile_pic_url="https://scontent.cdninstagram.com/v/marta.jpg",
        picture_url="/media/9c/9c1f0f4e.webp",
        picture_error=None,
        related=(
            RelatedProfile("tasca.do.rui", "Rui Tavares", is_private=False, is_verified=False),
            RelatedProfile("pao.e.companhia", "Pão & Companhia", is_private=False, is_verified=True),
        ),
        posts=posts,
        analysis=profile_outcomes(posts),
        engagement_rate=0.041,
        engagement_percentile=71.0,
        engagement_peers=138,
        snapshots=(
            CountSnapshot(FETCHED_AT - timedelta(days=14), 46_900, 604, 425),
            CountSnapshot(FETCHED_AT, FOLLOWERS, 612, 431),
        ),
        fetched_at=FETCHED_AT,
        analyzed_at=FETCHED_AT + timedelta(seconds=4),
        completeness=Completeness(complete=True),
        version=1,
    )


def post(index: int) -> StoredPost:
    caption, language = CAPTIONS[index]
    words = [word.strip(".,!?") for word in caption.split()]
    kind = KINDS[index % 3]
    return StoredPost(
        id=uuid5(NAMESPACE, f"post {index}"),
        instagram_post_id=f"33{index:016d}",
        shortcode=f"C8x{index:02d}LisboaQ",
        kind=kind,
        caption=caption,
        taken_at=FETCHED_AT - timedelta(days=2.4 * index + 0.3 * math.sin(index), hours=5),
        likes_count=LIKES[index],
        comments_count=COMMENTS[index],
        video_views_count=31_000 + 700 * index if kind is PostKind.VIDEO else None,
        display_url=f"https://scontent.cdninstagram.com/v/{index}.jpg",
        hashtags=tuple(word[1:].lower() for word in words if word.startswith("#")),
        mentions=tuple(word[1:].lower() for word in words if word.startswith("@")),
        tagged=(),
        coauthors=(),
        width_px=1_080,
        height_px=1_350,
        alt_text="Photo by Marta Figueiredo in Lisbon.",
        comments_disabled=False,
        thumbnail_url=f"/media/a{index:x}/a{index:x}5e20.webp",
        thumbnail_error=None,
        analysis=post_outcomes(index, language),
        analyzed_at=FETCHED_AT + timedelta(seconds=3),
        comments=tuple(Comment(name, f"que bom! @{COMMENTERS[0]}") for name in COMMENTERS),
    )


def post_outcomes(index: int, language: str) -> dict[str, dict[str, object]]:
    worded = language != "und"
    no_words = None if worded else "the caption has no words"
    label = "positive" if SENTIMENTS[index] > 0.3 else "negative" if SENTIMENTS[index] < -0.3 else "neutral"
    results = {
        "sentiment": Sentiment(label, SENTIMENTS[index], 0.5 + abs(SENTIMENTS[index]) / 2 if worded else 0.0, no_words),
        "language": Language(language, 0.97 if worded else 0.0, "Latn" if worded else "Zyyy", worded, no_words),
        "category": Category(
            CATEGORIES[index],
            0.81 if worded else 0.0,
            (LabelProbability("Lifestyle", 0.08), LabelProbability("Travel", 0.05)) if worded else (),
            ("sardines",) if index == 0 else (),
            no_words,
        ),
        "visual_content": visual_content(index),
        "advanced_nlp": advanced_nlp(index, language) if worded else wordless(),
    }
    return {slot: Outcome(result, model(slot)).envelope() for slot, result in results.items()}


def visual_content(index: int) -> VisualContent:
    dishes = ("plate", "wok", "burrito", "bakery", "restaurant")
    text = ImageText(("RECEITA", "da avó"), 0.91, 0.07, METHOD) if index % 4 == 1 else ImageText((), None, 0.0, METHOD)
    return VisualContent(
        width_px=512,
        height_px=640,
        labels=(Label(dishes[index % 5], 0.62), Label(dishes[(index + 2) % 5], 0.11)),
        scene=Label("food" if index % 3 else "street", 0.71),
        faces=Faces(index % 3, 0.06 * (index % 3), 0.05 * (index % 3), METHOD),
        safety=Safety("safe", 0.99, METHOD),
        colours=(
            ColourShare("orange", "#d98a3d", 0.5),
            ColourShare("teal", "#2f7f7a", 0.3),
            ColourShare("ivory", "#f3ead7", 0.2),
        ),
        quality=ImageQuality(
            Score(60.0 + 2 * index, 1, METHOD, interval=(52.0 + 2 * index, 68.0 + 2 * index)),
            *(Score(value, 1, METHOD, confidence=0.9) for value in (410.0, 0.84, 1.6, 47.0)),
        ),
        text=text,
        perceptual_hash=f"{(0x9E3779B97F4A7C15 * (index + 1)) % 2**64:016x}",
    )


def advanced_nlp(index: int, language: str) -> AdvancedNlp:
    caption = CAPTIONS[index][0]
    sponsored = "#ad" in caption
    asks = tuple(sentence for sentence in caption.split(". ") if "?" in sentence)
    return AdvancedNlp(
        language=language,
        entities=(Entity("Lisbon", "location", "gazetteer", "PT"),) if "isb" in caption else (),
        keywords=("grilled sardines", "Alfama") if index == 0 else (caption.split()[0].strip(":,"), "receita"),
        hashtags=tuple(word[1:] for word in caption.lower().split() if word.startswith("#")),
        mentions=tuple(word[1:] for word in caption.lower().split() if word.startswith("@")),
        emoji=("🐟", "☀️") if index == 0 else (),
        emoji_count=2 if index == 0 else 0,
        topics=(Topic("home cooking", "Food", 0.7),),
        emotion=Emotion("sadness" if SENTIMENTS[index] < 0 else "joy", 0.8, language == "en"),
        toxicity=Toxicity("not-offensive", 0.06, language == "en"),
        sponsored=sponsored,
        disclosures=(Disclosure("#ad", "label", "und"),) if sponsored else (),
        calls_to_action=(CallToAction("save", "Save this", "en"),) if "Save" in caption else (),
        questions=asks,
        readability=Readability(71.0 + index, "Flesch (1948)", 14, 2) if language == "en" else None,
        words_count=len(caption.split()),
        unavailable=() if language == "en" else (("readability", "no published formula for this language"),),
    )


def wordless() -> AdvancedNlp:
    why = tuple((field, "the caption has no words") for field in ("emotion", "toxicity", "readability"))
    return AdvancedNlp(language="und", emoji=("✨",), emoji_count=3, unavailable=why)


def profile_outcomes(posts: tuple[StoredPost, ...]) -> dict[str, dict[str, object]]:
    results = {
        "audience_quality": audience_quality(),
        "audience_insights": audience_insights(),
        "trend_detection": trend_detection(posts),
        "fraud_detection": fraud_detection(posts),
        "behavioral_patterns": behavioral_patterns(),
    }
    return {slot: Outcome(result, model(slot)).envelope() for slot, result in results.items()}


def audience_quality() -> AudienceQuality:
    parts = (
        Part("baseline", None, 50.0, "Every creator starts in the middle."),
        Part("engagement_against_tier", 0.6, 14.0, "Engagement is above what accounts of this size show.", 11),
        Part("comment_originality", 0.93, 12.0, "Nearly all comments are written by hand.", 168),
        Part("commenter_diversity", 0.88, 9.0, "Many different people comment.", 168),
        Part("generic_comments", 0.31, -4.0, "A third of the comments say little of their own.", 168),
    )
    return AudienceQuality(
        authenticity=score(81.0, 168, 74.0, 87.0, *parts),
        expected_engagement_rate=score(0.027, 138, 0.008, 0.09),
        engagement_against_tier=score(0.6, 11, 0.2, 1.0),
        comment_to_like_ratio=score(0.034, 11, 0.028, 0.041),
        likes_variation=score(0.3, 11, 0.18, 0.4),
        commenter_diversity=score(0.88, 168, 0.82, 0.92),
        commenter_overlap=score(0.12, 12, 0.08, 0.19),
        comment_originality=score(0.93, 168, 0.88, 0.96),
        generic_comments=score(0.31, 168, 0.24, 0.38),
        language_match=score(0.9, 121, 0.84, 0.94),
        following_ratio=Score(612 / FOLLOWERS, 1, METHOD, confidence=1.0),
        abstained=(Abstention("benford", 24, 100, "too few numbers for a digit test"),),
    )


def audience_insights() -> AudienceInsights:
    return AudienceInsights(
        languages=distribution(121, pt=0.62, en=0.3, es=0.08),
        countries=distribution(44, PT=0.66, BR=0.2, GB=0.14),
        gender=distribution(73, female=0.64, male=0.36),
        interests=distribution(80, Food=0.7, Travel=0.3),
        age=Distribution((), 0, METHOD, "age is not inferable from public data"),
        language_coverage=score(0.79, 153, 0.72, 0.85),
        country_coverage=score(0.29, 153, 0.22, 0.36),
        gender_coverage=score(0.48, 153, 0.4, 0.56),
        commenters=153,
        comments=168,
    )


def trend_detection(posts: tuple[StoredPost, ...]) -> TrendDetection:
    oldest_first = tuple(reversed(posts))
    points = tuple(Point(one.taken_at, (one.likes_count or 0) + one.comments_count) for one in oldest_first)
    surge = posts[7]
    return TrendDetection(
        hashtags=(Trend("receitas", "hashtag", "steady", score(0.0, 12, -0.4, 0.4), 1.0, 2, 2),),
        topics=(Trend("home cooking", "topic", "rising", score(0.5, 12, 0.05, 0.8), 0.04, 2, 5),),
        topic_clusters=(
            TopicCluster(
                "receitas da avó", ("receita", "domingo"), 5, 0.42, score(0.96, 12, 0.7, 1.2), (str(posts[1].id),)
            ),
        ),
        engagement=EngagementTrend("rising", score(1.8, 11, 0.2, 3.9), 0.49, 0.03),
        engagement_points=points,
        surges=(Surge(str(surge.id), surge.taken_at, 3_624.0, 1_900.0, 3.4),),
        bursts=(Burst("porto", posts[8].taken_at, posts[7].taken_at, 2, 2.7),),
        change_points=(ChangePoint(posts[6].taken_at, 1_650.0, 2_020.0, 5, 6),),
        followers=FollowerHistory(
            (Point(FETCHED_AT - timedelta(days=14), 46_900.0), Point(FETCHED_AT, float(FOLLOWERS))),
            score(1.4, 2, 0.9, 1.9),
            (Forecast(FETCHED_AT + timedelta(days=28), 50_900.0, (48_700.0, 53_300.0)),),
            None,
        ),
        posts=12,
        abstained=(),
    )


def fraud_detection(posts: tuple[StoredPost, ...]) -> FraudDetection:
    account = AccountAuthenticity(
        0.03, (Part("has_profile_picture", 1.0, -1.2, "There is a profile picture.", 1),), 8, METHOD
    )
    reason = FraudReason(
        "duplicated_comments",
        9.0,
        "The same comment text appears under several posts.",
        0.11,
        0.08,
        168,
        (f"linda! @{COMMENTERS[1]}", str(posts[0].id)),
    )
    return FraudDetection(
        risk=score(14.0, 168, 8.0, 22.0, Part("duplicated_comments", 0.11, 9.0, reason.sentence, 168)),
        verdict="low",
        reasons=(reason,),
        anomalies=(Anomaly(str(posts[7].id), "likes", 3_480.0, 1_870.0, 4.1),),
        account=account,
        abstained=(Abstention("benford", 24, 100, "too few numbers for a digit test"),),
    )


def behavioral_patterns() -> BehavioralPatterns:
    hours = tuple(
        Slot(
            f"{3 * block:02d}-{3 * block + 3:02d}",
            count,
            count / 12,
            score(lift, count, lift - 0.2, lift + 0.3) if count > 2 else unknown(count, "3 posts are needed"),
        )
        for block, count, lift in (
            (6, 5, 1.18),
            (4, 4, 0.94),
            (3, 2, 0),
            (7, 1, 0),
            (0, 0, 0),
            (1, 0, 0),
            (2, 0, 0),
            (5, 0, 0),
        )
    )
    weekdays = ("Sunday", "Thursday", "Tuesday", "Saturday", "Friday", "Wednesday", "Monday")
    days = tuple(
        Slot(day, count, count / 12, score(1.1, count, 0.8, 1.4) if count > 2 else unknown(count, "3 posts are needed"))
        for day, count in zip(weekdays, (4, 3, 2, 1, 1, 1, 0), strict=True)
    )
    return BehavioralPatterns(
        posts_per_week=score(2.9, 12, 2.3, 3.5),
        gap_hours=score(57.0, 11, 50.0, 64.0),
        days_since_last_post=Score(0.2, 1, METHOD, confidence=1.0),
        consistency=score(78.0, 11, 66.0, 87.0),
        burstiness=score(-0.41, 11, -0.6, -0.2),
        hour_entropy=score(0.58, 12, 0.44, 0.69),
        hour_concentration=Score(0.62, 12, METHOD, confidence=0.99),
        weekday_concentration=Score(0.31, 12, METHOD, confidence=0.68),
        mean_hour=score(18.4, 12, 16.9, 19.8),
        rhythm_days=unknown(12, "20 posts are needed"),
        time_zone=TimeZone(score(0.0, 12, -2.0, 2.0), estimated=True),
        local_time="UTC+0 (estimated)",
        hours=hours,
        days=days,
        formats=tuple(
            Format(kind, 4, 1 / 3, score(median, 4, median * 0.8, median * 1.2), score(lift, 4, lift - 0.2, lift + 0.2))
            for kind, median, lift in (("image", 2_100.0, 1.07), ("sidecar", 1_990.0, 1.01), ("video", 1_640.0, 0.86))
        ),
        reaction=Reaction(
            score(1_870.0, 11, 1_580.0, 2_050.0),
            score(63.5, 12, 52.0, 73.0),
            score(3.4, 11, 2.8, 4.1),
            score(5.5, 140, 4.1, 7.2),
            score(0.69, 4, 0.65, 0.75),
        ),
        posts=12,
        abstained=(Abstention("rhythm_days", 12, 20, "too few posts for a periodogram"),),
    )


def bare_creator() -> StoredCreator:
    """A creator fetched a moment ago: no post, no picture, no count, no analysis."""
    full = creator()
    return replace(
        full,
        full_name=None,
        biography=None,
        followers_count=None,
        following_count=None,
        posts_count=None,
        business_category=None,
        picture_url=None,
        picture_error="the picture's address answered 403",
        related=(),
        posts=(),
        analysis={},
        engagement_rate=None,
        engagement_percentile=None,
        engagement_peers=0,
        snapshots=(),
        analyzed_at=None,
        completeness=Completeness(complete=False, missing=("followers_count", "biography")),
    )


def write_example() -> None:
    answer = compose(creator(), base_url=BASE_URL).model_dump(mode="json")
    CREATOR_FILE.write_text(json.dumps(answer, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    write_example()
