"""Apify's items and Decodo's answers read into `cluster.records`; exports are read by the same functions.

Strict in what leaves: every Profile satisfies its own docstring whatever came in. Lenient in what enters: unknown fields
stay in `raw`, unreadable values become None. Any JSON gives a record or a FollowingError.
"""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from cluster.clients import values
from cluster.clients.values import first, mapping, sequence
from cluster.errors import CreatorNotFound, UpstreamMalformed
from cluster.records import Comment, Post, PostKind, Profile, RelatedProfile, Source

if TYPE_CHECKING:
    from collections.abc import Iterable

CAPTION_CHARS_MAX = 131_072  # Instagram allows 2,200; longer ones are cut here and stay whole in raw
BIOGRAPHY_CHARS_MAX = 5_000
NAME_CHARS_MAX = 500
COMMENT_CHARS_MAX = 10_000
POSTS_MAX = 1_000
COMMENTS_MAX = 500  # of one post
RELATED_MAX = 200
LINKS_MAX = 50

_SHORTCODE_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
_SHORTCODE_DIGITS_MAX = 11  # a media id has 64 bits; the codes of private posts are longer and hold no id
_NEWEST_FIRST_LAST = datetime.min.replace(tzinfo=UTC)


def parse_apify_profile(item: Any, *, source: Source = Source.APIFY, now: datetime | None = None) -> Profile:
    """A profile scraper's item (or a line of its export) as a Profile.

    Posts that cannot be told apart (no id and no short code) are left out and stay in raw["latestPosts"].
    Raises CreatorNotFound for an item that reports a missing account, UpstreamMalformed when it is no profile.
    """
    if not isinstance(item, dict):
        raise UpstreamMalformed("The item is not a JSON object.", found=type(item).__name__)
    item = values.clean_json(item)
    username = first_username(item)
    if first(item, "error", "errorDescription") and first(item, "followersCount", "id") is None:
        reason = values.text(first(item, "errorDescription", "error"), NAME_CHARS_MAX)
        raise CreatorNotFound(username=username, reason=reason)
    if "shortCode" in item and "followersCount" not in item:
        raise UpstreamMalformed("The item is a post, not a profile.", short_code=str(item["shortCode"])[:40])
    if username is None:
        raise UpstreamMalformed("The item has no valid username.", username=str(item.get("username"))[:80])
    raw_posts = sequence(item.pop("latestPosts", None))
    read = [_apify_post(mapping(post), now) for post in raw_posts]
    if unreadable := [raw for raw, post in zip(raw_posts, read, strict=True) if post is None]:
        item["latestPosts"] = unreadable
    return Profile(
        username=username,
        source=source,
        instagram_id=values.post_id(item.get("id")),
        full_name=values.text(item.get("fullName"), NAME_CHARS_MAX),
        biography=values.text(item.get("biography"), BIOGRAPHY_CHARS_MAX),
        external_urls=_links([item.get("externalUrl"), *sequence(item.get("externalUrls"))]),
        followers_count=values.count(item.get("followersCount")),
        following_count=values.count(first(item, "followsCount", "followingCount")),
        posts_count=values.count(item.get("postsCount")),
        is_private=values.flag(first(item, "private", "isPrivate")) or False,
        is_verified=values.flag(first(item, "verified", "isVerified")) or False,
        is_business=values.flag(item.get("isBusinessAccount")) or False,
        joined_recently=values.flag(item.get("joinedRecently")) or False,
        business_category=_business_category(item.get("businessCategoryName")),
        profile_pic_url=values.url(item.get("profilePicUrlHD")) or values.url(item.get("profilePicUrl")),
        posts=_newest_first(read),
        related=_related(sequence(item.get("relatedProfiles")), username),
        raw=item,
    )


def _apify_post(item: dict[str, Any], now: datetime | None) -> Post | None:
    identity = _identity(item.get("id"), first(item, "shortCode", "shortcode"), item.get("url"))
    if identity is None:
        return None
    caption = values.text(item.get("caption"), CAPTION_CHARS_MAX)
    return Post(
        instagram_post_id=identity[0],
        shortcode=identity[1],
        kind=_kind(item.get("type"), item.get("videoUrl") or item.get("videoViewCount"), item.get("childPosts")),
        caption=caption,
        taken_at=values.moment(item.get("timestamp"), now),
        likes_count=values.count(item.get("likesCount")),
        comments_count=values.count(item.get("commentsCount")),
        video_views_count=values.count(first(item, "videoViewCount", "videoPlayCount")),
        display_url=values.url(item.get("displayUrl")) or _first_url(item.get("images")),
        owner_username=values.username(item.get("ownerUsername")),
        coauthors=values.usernames(item.get("coauthorProducers")),
        hashtags=values.hashtags(item.get("hashtags"), caption),
        mentions=values.mentions(item.get("mentions"), caption),
        tagged=values.usernames(item.get("taggedUsers")),
        width_px=values.count(item.get("dimensionsWidth")) or None,
        height_px=values.count(item.get("dimensionsHeight")) or None,
        alt_text=values.text(item.get("alt"), COMMENT_CHARS_MAX),
        comments_disabled=values.flag(item.get("isCommentsDisabled")) or False,
        comments=_comments(sequence(item.get("latestComments")), now),
        raw=_without(item, "latestComments", "firstComment"),  # comments leave earlier than raw JSON does
    )


def parse_comment_items(items: Iterable[Any], *, now: datetime | None = None) -> dict[str, tuple[Comment, ...]]:
    """The comment scraper's items by the short code of their post; unreadable ones are left out."""
    by_post: dict[str, list[Any]] = {}
    for item in map(mapping, items):
        shortcode = _shortcode_in_url(first(item, "postUrl", "inputUrl"))
        if shortcode:
            by_post.setdefault(shortcode, []).append(values.clean_json(item))
    return {shortcode: _comments(found, now) for shortcode, found in by_post.items()}


def parse_decodo_profile(content: Any, *, now: datetime | None = None) -> Profile:
    """Decodo's `content` (Instagram's own GraphQL answer) as a Profile.

    Raises CreatorNotFound when the account is null, UpstreamMalformed when there is no account in it.
    """
    content = values.clean_json(mapping(content))
    data = mapping(content.get("data")) or content
    if "user" not in data:
        raise UpstreamMalformed("Decodo's answer holds no account.", keys=sorted(content)[:10])
    user = data["user"]
    if user is None:
        raise CreatorNotFound(source=Source.DECODO.value)
    username = first_username(mapping(user))
    if username is None:
        raise UpstreamMalformed("Decodo's account has no valid username.")
    timeline = user.pop("edge_owner_to_timeline_media", None)
    nodes = _nodes(timeline)
    read = [_decodo_post(node, now) for node in nodes]
    if unreadable := [node for node, post in zip(nodes, read, strict=True) if post is None]:
        user["edge_owner_to_timeline_media"] = {"edges": [{"node": node} for node in unreadable]}
    return Profile(
        username=username,
        source=Source.DECODO,
        instagram_id=values.post_id(user.get("id")),
        full_name=values.text(user.get("full_name"), NAME_CHARS_MAX),
        biography=values.text(user.get("biography"), BIOGRAPHY_CHARS_MAX),
        external_urls=_links([user.get("external_url"), *sequence(user.get("bio_links"))]),
        followers_count=_edge_count(user, "edge_followed_by"),
        following_count=_edge_count(user, "edge_follow"),
        posts_count=values.count(mapping(timeline).get("count")),
        is_private=values.flag(user.get("is_private")) or False,
        is_verified=values.flag(user.get("is_verified")) or False,
        is_business=values.flag(user.get("is_business_account")) or False,
        joined_recently=values.flag(user.get("is_joined_recently")) or False,
        business_category=_business_category(first(user, "category_name", "business_category_name")),
        profile_pic_url=values.url(user.get("profile_pic_url_hd")) or values.url(user.get("profile_pic_url")),
        posts=_newest_first(read),
        related=_related(_nodes(user.get("edge_related_profiles")), username),
        raw=user,
    )


def first_username(item: dict[str, Any]) -> str | None:
    """The canonical username of an item, else that of the address it was asked for by."""
    return next((name for key in ("username", "inputUrl", "url") if (name := values.username(item.get(key)))), None)


def media_id_of(shortcode: str) -> str:
    """The numeric id behind a post's short code: its characters are the digits of the id in base 64, URL alphabet."""
    number = 0
    for character in shortcode:
        number = number * 64 + _SHORTCODE_ALPHABET.index(character)
    return str(number)


def shortcode_of(media_id: str) -> str:
    """The short code of a numeric media id; the inverse of media_id_of."""
    number, code = int(media_id), ""
    while number:
        number, digit = divmod(number, 64)
        code = _SHORTCODE_ALPHABET[digit] + code
    return code or _SHORTCODE_ALPHABET[0]


def _decodo_post(node: dict[str, Any], now: datetime | None) -> Post | None:
    identity = _identity(node.get("id"), node.get("shortcode"), None)
    if identity is None:
        return None
    captions = _nodes(node.get("edge_media_to_caption"))
    caption = values.text(captions[0].get("text"), CAPTION_CHARS_MAX) if captions else None
    likes = first(node, "edge_liked_by", "edge_media_preview_like")
    dimensions = mapping(node.get("dimensions"))
    tagged = [mapping(tag.get("user")) for tag in _nodes(node.get("edge_media_to_tagged_user"))]
    return Post(
        instagram_post_id=identity[0],
        shortcode=identity[1],
        kind=_kind(node.get("__typename"), node.get("is_video"), node.get("edge_sidecar_to_children")),
        caption=caption,
        taken_at=values.moment(node.get("taken_at_timestamp"), now),
        likes_count=values.count(mapping(likes).get("count")),
        comments_count=_edge_count(node, "edge_media_to_comment"),
        video_views_count=values.count(node.get("video_view_count")),
        display_url=values.url(node.get("display_url")) or values.url(node.get("thumbnail_src")),
        owner_username=values.username(mapping(node.get("owner")).get("username")),
        coauthors=values.usernames(node.get("coauthor_producers")),
        hashtags=values.hashtags(None, caption),
        mentions=values.mentions(None, caption),
        tagged=values.usernames(tagged),
        width_px=values.count(dimensions.get("width")) or None,
        height_px=values.count(dimensions.get("height")) or None,
        alt_text=values.text(node.get("accessibility_caption"), COMMENT_CHARS_MAX),
        comments_disabled=values.flag(node.get("comments_disabled")) or False,
        raw=_without(node, "edge_media_to_parent_comment", "edge_media_preview_comment"),
    )


def _identity(raw_id: Any, raw_shortcode: Any, raw_url: Any) -> tuple[str, str] | None:
    """(id, short code) of a post; either one gives the other where both are of Instagram's form."""
    found_id = values.post_id(raw_id)
    shortcode = values.post_id(raw_shortcode) or _shortcode_in_url(raw_url)
    if found_id is None and shortcode is None:
        return None
    if found_id is None:
        assert shortcode is not None
        found_id = media_id_of(shortcode) if len(shortcode) <= _SHORTCODE_DIGITS_MAX else shortcode
    if shortcode is None:
        media_id = found_id.partition("_")[0]  # "MEDIA_OWNER" is the long form of an id
        shortcode = shortcode_of(media_id) if media_id.isdecimal() else found_id
    return found_id, shortcode


def _shortcode_in_url(value: Any) -> str | None:
    """The short code in a post's address, …/p/CODE/, …/reel/CODE/ or …/tv/CODE/."""
    segments = (values.url(value) or "").partition("?")[0].split("/")
    for kind, code in pairwise(segments):
        if kind in ("p", "reel", "reels", "tv"):
            return values.post_id(code)
    return None


def _kind(name: Any, video: Any, children: Any) -> PostKind:
    """Apify says Image, Video, Sidecar; Instagram GraphImage, XDTGraphVideo and so on; else the content tells."""
    word = name.lower() if isinstance(name, str) else ""
    for kind in (PostKind.SIDECAR, PostKind.VIDEO, PostKind.IMAGE):
        if word.endswith(kind.value):
            return kind
    if children:
        return PostKind.SIDECAR
    return PostKind.VIDEO if video else PostKind.IMAGE


def _newest_first(posts: list[Post | None]) -> tuple[Post, ...]:
    """Each id once (the first stays), newest first, undated last."""
    distinct: dict[str, Post] = {}
    shortcodes: set[str] = set()
    for post in posts:
        if post and post.instagram_post_id not in distinct and post.shortcode not in shortcodes:
            distinct[post.instagram_post_id] = post
            shortcodes.add(post.shortcode)
    ordered = sorted(distinct.values(), key=lambda post: post.taken_at or _NEWEST_FIRST_LAST, reverse=True)
    return tuple(ordered[:POSTS_MAX])


def _comments(items: list[Any], now: datetime | None) -> tuple[Comment, ...]:
    """Each comment once (scrapers repeat pinned ones); those without a valid username are left out."""
    read: dict[Any, Comment] = {}
    for item in map(mapping, items[:COMMENTS_MAX]):
        author = values.username(item.get("ownerUsername")) or first_username(mapping(item.get("owner")))
        if author is None:
            continue
        comment = Comment(
            username=author,
            text=values.text(item.get("text"), COMMENT_CHARS_MAX) or "",
            posted_at=values.moment(item.get("timestamp"), now),
            likes_count=values.count(item.get("likesCount")),
        )
        key = values.post_id(item.get("id")) or (comment.username, comment.text, comment.posted_at)
        read.setdefault(key, comment)
    return tuple(read.values())


def _related(items: list[Any], of_username: str) -> tuple[RelatedProfile, ...]:
    """Suggested profiles in either spelling, each once, without the profile itself."""
    found: dict[str, RelatedProfile] = {}
    for item in map(mapping, items):
        username = values.username(item.get("username"))
        if username is None or username == of_username:
            continue
        related = RelatedProfile(
            username=username,
            full_name=values.text(first(item, "fullName", "full_name"), NAME_CHARS_MAX),
            is_private=values.flag(first(item, "isPrivate", "is_private", "private")),
            is_verified=values.flag(first(item, "isVerified", "is_verified", "verified")),
            profile_pic_url=values.url(first(item, "profilePicUrl", "profile_pic_url")),
        )
        found.setdefault(username, related)
    return tuple(found.values())[:RELATED_MAX]


def _business_category(value: Any) -> str | None:
    """Instagram writes the word None, alone or before the category ("None,Public figure")."""
    words = (word.strip() for word in (values.text(value, NAME_CHARS_MAX) or "").split(","))
    return ", ".join(word for word in words if word and word != "None") or None


def _links(items: list[Any]) -> tuple[str, ...]:
    found = (values.url(item.get("url") if isinstance(item, dict) else item) for item in items)
    return tuple(dict.fromkeys(link for link in found if link))[:LINKS_MAX]


def _first_url(items: Any) -> str | None:
    return next((link for link in map(values.url, sequence(items)) if link), None)


def _nodes(connection: Any) -> list[dict[str, Any]]:
    """The nodes of a GraphQL connection {edges: [{node: {}}]}."""
    return [mapping(mapping(edge).get("node")) for edge in sequence(mapping(connection).get("edges"))]


def _edge_count(item: dict[str, Any], name: str) -> int | None:
    return values.count(mapping(item.get(name)).get("count"))


def _without(item: dict[str, Any], *keys: str) -> dict[str, Any]:
    return {key: value for key, value in item.items() if key not in keys}
