"""Profiles as the per-profile models' input, for `following predict`: stored ones by username, or given on the line."""

from __future__ import annotations

import asyncio
from dataclasses import fields
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from cluster.clients.items import parse_apify_profile
from cluster.errors import CreatorNotFound, InvalidInput
from cluster.records import parse_username
from deployments.account_authenticity import AccountFeatures, judge_accounts
from deployments.captions import normalise, prose_of
from deployments.facts import CommentFacts, CreatorFacts, Peer, PostFacts, Snapshot
from deployments.registry import identity_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from cluster.records import Post, Profile
    from cluster.settings import Settings
    from cluster.stores.stored import StoredCreator, StoredPost
    from deployments.scores import ModelIdentity

PEERS_MAX = 2_000
POSTS_MAX = 60
POSTS_GIVEN_MAX = 1_000
COMMENTS_GIVEN_MAX = 1_000  # of one post
_PROFILE_KEYS = {
    "full_name": "fullName",
    "followers_count": "followersCount",
    "following_count": "followsCount",
    "posts_count": "postsCount",
    "is_private": "private",
    "is_verified": "verified",
    "is_business": "isBusinessAccount",
    "joined_recently": "joinedRecently",
    "business_category": "businessCategoryName",
    "profile_pic_url": "profilePicUrl",
    "posts": "latestPosts",
}
_POST_KEYS = {
    "kind": "type",
    "shortcode": "shortCode",
    "taken_at": "timestamp",
    "likes_count": "likesCount",
    "comments_count": "commentsCount",
    "video_views_count": "videoViewCount",
    "comments": "latestComments",
}
_COMMENT_KEYS = {"username": "ownerUsername", "posted_at": "timestamp"}
_ACCOUNT_KEYS = frozenset(field.name for field in fields(AccountFeatures))

Parts = tuple["Callable[[Any], Any]", "Callable[[Sequence[Any]], Sequence[Any]]", "ModelIdentity"]


def open_profile_predictor(name: str, settings: Settings) -> Parts:
    """parse, predict and identity of a per-profile model."""
    if name == "account_authenticity":
        return _account, judge_accounts, identity_of("fraud_detection")
    from deployments.audience_insights import AudienceInsightsModel
    from deployments.audience_quality import AudienceQualityModel
    from deployments.behavioral_patterns import BehavioralPatternsModel
    from deployments.fraud_detection import FraudDetectionModel
    from deployments.trend_detection import TrendDetectionModel

    models = {
        "audience_quality": AudienceQualityModel,
        "audience_insights": AudienceInsightsModel,
        "trend_detection": TrendDetectionModel,
        "fraud_detection": FraudDetectionModel,
        "behavioral_patterns": BehavioralPatternsModel,
    }
    model: Any = models[name](settings.models.tier_of(name))
    return _Profiles(settings).facts, model.predict, model.identity


class _Profiles:
    """Makes CreatorFacts, running the text models over captions and comments as a refresh does."""

    def __init__(self, settings: Settings) -> None:
        from deployments.category import CategoryModel
        from deployments.encoder import Encoder
        from deployments.keywords import KeywordFinder
        from deployments.language import LanguageModel
        from deployments.sentiment import SentimentModel

        self._settings = settings
        self._opened_at = datetime.now(UTC)  # "now" for all lines that do not say when they were observed
        self._encoder = Encoder(threads=settings.models.max_workers, batch_size=settings.models.batch_size)
        self._languages, self._keywords = LanguageModel(), KeywordFinder()
        self._sentiment, self._category = SentimentModel(self._encoder), CategoryModel(self._encoder)

    def facts(self, given: Any) -> CreatorFacts:
        """What the line tells; raises InvalidInput, CreatorNotFound, or SetupError where there is no database."""
        if isinstance(given, str) or (isinstance(given, dict) and given.keys() == {"username"}):
            username = parse_username(given if isinstance(given, str) else str(given["username"]))
            creator, peers = asyncio.run(_load(username, self._settings))
            snapshots = [
                Snapshot(row.taken_at, row.followers_count, row.following_count, row.posts_count)
                for row in creator.snapshots
            ]
            return self._creator(creator, creator.profile_pic_url is not None, snapshots, peers, creator.fetched_at)
        if not isinstance(given, dict):
            raise InvalidInput('The line must be {"username": "…"} or a profile object.')
        profile = parse_apify_profile(_export_item(given))
        has_picture = given.get("has_profile_picture", profile.profile_pic_url is not None or None)
        if has_picture is not None and not isinstance(has_picture, bool):
            raise InvalidInput("has_profile_picture must be true, false or null.")
        return self._creator(profile, has_picture, _snapshots(given), _peers(given), self._observed_at(given))

    def _observed_at(self, given: dict[str, Any]) -> datetime:
        try:
            return _time(given["observed_at"]) if given.get("observed_at") else self._opened_at
        except (TypeError, ValueError) as error:
            raise InvalidInput("observed_at must be a time in ISO 8601.") from error

    def _creator(
        self,
        source: Profile | StoredCreator,
        has_picture: bool | None,
        snapshots: Sequence[Snapshot],
        peers: Sequence[Peer],
        observed_at: datetime,
    ) -> CreatorFacts:
        return CreatorFacts(
            username=source.username,
            full_name=source.full_name,
            biography=source.biography,
            followers_count=source.followers_count,
            following_count=source.following_count,
            posts_count=source.posts_count,
            has_profile_picture=has_picture,
            is_verified=source.is_verified,
            is_business=source.is_business,
            is_private=source.is_private,
            posts=self._posts(source.posts),
            snapshots=tuple(snapshots),
            peers=tuple(peers),
            observed_at=observed_at,
        )

    def _posts(self, posts: Sequence[Post | StoredPost]) -> tuple[PostFacts, ...]:
        captions = [post.caption or "" for post in posts]
        languages = self._languages.predict(captions)
        sentiments, categories = self._sentiment.predict(captions), self._category.predict(captions)
        vectors = self._encoder.encode(captions)
        return tuple(
            PostFacts(
                id=post.instagram_post_id,
                kind=str(post.kind),
                caption=caption,
                taken_at=post.taken_at,
                likes_count=post.likes_count,
                comments_count=post.comments_count,
                video_views_count=post.video_views_count,
                hashtags=tuple(post.hashtags),
                mentions=tuple(post.mentions),
                comments=self._comments(post),
                language=None if languages[row].reason else languages[row].code,
                sentiment_score=None if sentiments[row].reason else sentiments[row].score,
                category=None if categories[row].reason else categories[row].label,
                keywords=self._keywords.find(prose_of(normalise(caption)), languages[row].code),
                embedding=tuple(vectors[row].tolist()) if caption else None,
            )
            for row, (post, caption) in enumerate(zip(posts, captions, strict=True))
        )

    def _comments(self, post: Post | StoredPost) -> tuple[CommentFacts, ...]:
        languages = self._languages.predict([comment.text for comment in post.comments])
        return tuple(
            CommentFacts(comment.username, comment.text, comment.posted_at, language.code)
            for comment, language in zip(post.comments, languages, strict=True)
        )


async def _load(username: str, settings: Settings) -> tuple[StoredCreator, list[Peer]]:
    from cluster.database import Database
    from cluster.stores import creators

    database = await Database.open_worker(settings)
    try:
        async with database.as_service() as db:
            creator = await creators.load_creator(db, username, comments=True, posts_max=POSTS_MAX)
            if creator is None:
                raise CreatorNotFound("No such profile is stored; look it up or import it first.", username=username)
            peers = await creators.peers(db, creator.id, limit=PEERS_MAX)
    finally:
        await database.close()
    return creator, [Peer(followers, rate) for followers, rate in peers]


def _export_item(given: dict[str, Any]) -> dict[str, Any]:
    """An export item as it is; plain facts under the export's names, posts without an id numbered."""
    item = _renamed(given, _PROFILE_KEYS)
    posts = item.get("latestPosts") or []
    if not isinstance(posts, list) or len(posts) > POSTS_GIVEN_MAX or not all(isinstance(post, dict) for post in posts):
        raise InvalidInput(f"posts must be a list of at most {POSTS_GIVEN_MAX:,} objects.")
    item["latestPosts"] = [_export_post(post, number) for number, post in enumerate(posts, start=1)]
    return item


def _export_post(given: dict[str, Any], number: int) -> dict[str, Any]:
    post = _renamed(given, _POST_KEYS)
    comments = post.get("latestComments") or []
    if not isinstance(comments, list) or len(comments) > COMMENTS_GIVEN_MAX:
        raise InvalidInput(f"comments of post {number} must be a list of at most {COMMENTS_GIVEN_MAX:,}.")
    post["latestComments"] = [_renamed(comment, _COMMENT_KEYS) for comment in comments if isinstance(comment, dict)]
    if "id" not in post and "shortCode" not in post:
        post["id"] = str(number)
    return post


def _renamed(given: dict[str, Any], names: dict[str, str]) -> dict[str, Any]:
    return {names.get(key, key): value for key, value in given.items()}


def _snapshots(given: dict[str, Any]) -> list[Snapshot]:
    """Earlier counts, oldest first; raises InvalidInput for a row without a time or with a count that is none."""
    rows = given.get("snapshots") or []
    try:
        snapshots = [
            Snapshot(
                _time(row["taken_at"]), *(_count(row, f"{name}_count") for name in ("followers", "following", "posts"))
            )
            for row in rows
        ]
    except (TypeError, KeyError, ValueError, AttributeError) as error:
        raise InvalidInput(f"snapshots must be objects with taken_at and counts: {error!r}") from error
    return sorted(snapshots, key=lambda snapshot: snapshot.taken_at)


def _peers(given: dict[str, Any]) -> list[Peer]:
    rows = given.get("peers") or []
    try:
        return [Peer(int(row["followers_count"]), float(row["engagement_rate"])) for row in rows[:PEERS_MAX]]
    except (TypeError, KeyError, ValueError) as error:
        raise InvalidInput(f"peers must be objects with followers_count and engagement_rate: {error!r}") from error


def _account(given: Any) -> AccountFeatures:
    if not isinstance(given, dict):
        raise InvalidInput(f"The line must be an object with any of: {', '.join(sorted(_ACCOUNT_KEYS))}.")
    flags = {name: _flag(given, name) for name in ("has_profile_picture", "is_private")}
    counts = {name: _count(given, name) for name in _ACCOUNT_KEYS - flags.keys()}
    return AccountFeatures(**counts, **flags)  # type: ignore[arg-type]  # both dictionaries are keyed by its own fields


def _count(given: dict[str, Any], name: str) -> int | None:
    value = given.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or value != value or value < 0:  # noqa: PLR0124 - NaN
        raise InvalidInput(f"{name} must be a count, not {value!r}.")
    return int(value)


def _flag(given: dict[str, Any], name: str) -> bool | None:
    value = given.get(name)
    if value is None or value in (0, 1):
        return None if value is None else bool(value)
    raise InvalidInput(f"{name} must be true or false, not {value!r}.")


def _time(value: Any) -> datetime:
    read = datetime.fromisoformat(value)
    return read if read.tzinfo else read.replace(tzinfo=UTC)
