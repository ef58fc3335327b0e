"""Items as Apify's Instagram actors write them, with the oddities that real items show."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING, Any

from cluster.embedded.simulator.comments import CreatorComment, comments_of
from cluster.embedded.simulator.oddities import distort_profile
from cluster.embedded.simulator.personas import persona_of
from cluster.embedded.simulator.shortcodes import stable_number

if TYPE_CHECKING:
    from datetime import datetime

    from cluster.embedded.simulator.creators import Creator, CreatorPost

_LATEST_COMMENTS = 10
_SNAKE_SHARE = 0.3  # of the creators whose relatedProfiles come in snake_case


def profile_items(creator: Creator, base_url: str) -> list[dict[str, Any]]:
    """What the profile scraper's dataset holds for one username: one item, or none for missingempty_ names."""
    cases = creator.persona.cases
    if "missingempty" in cases:
        return []
    url = f"https://www.instagram.com/{creator.username}"
    if "missing" in cases:
        return [
            {
                "username": creator.username,
                "url": url,
                "inputUrl": url,
                "error": "not_found",
                "errorDescription": "Page not found. The account may be removed, renamed or never have existed.",
            }
        ]
    return [distort_profile(_profile(creator, url, base_url), cases)]


def post_item(creator: Creator, post: CreatorPost, base_url: str, *, comments: bool = False) -> dict[str, Any]:
    """One post; with comments=True also latestComments and firstComment, as the single-post scraper gives."""
    picture = post_picture_url(post, base_url)
    item: dict[str, Any] = {
        "id": post.id,
        "type": post.kind,
        "shortCode": post.shortcode,
        "caption": post.caption.text,
        "hashtags": list(post.caption.hashtags),
        "mentions": list(post.caption.mentions),
        "url": f"https://www.instagram.com/p/{post.shortcode}/",
        "commentsCount": post.comments_count,
        "likesCount": _likes(post),
        "dimensionsHeight": post.height_px,
        "dimensionsWidth": post.width_px,
        "displayUrl": picture,
        "images": [picture] if post.kind == "Sidecar" else [],
        "alt": post.alt_text,
        "timestamp": iso(post.taken_at),
        "childPosts": [],
        "ownerUsername": post.owner,
        "ownerId": str(10_000_000 + stable_number("user", post.owner, bits=33)),
        "ownerFullName": persona_of(post.owner).full_name,
        "productType": "clips" if post.kind == "Video" else "carousel_container" if post.kind == "Sidecar" else "feed",
        "taggedUsers": [_tagged(name, base_url) for name in post.tagged],
        "musicInfo": _music(post),
        "isCommentsDisabled": post.comments_disabled,
        "isPinned": False,
    }
    if post.coauthors:
        item["coauthorProducers"] = [_tagged(name, base_url) for name in post.coauthors]
    if post.kind == "Video":
        item |= {"videoUrl": f"{base_url}/videos/{post.shortcode}.mp4", "videoViewCount": post.views_count}
    if comments:
        latest = [comment_item(post, comment, base_url) for comment in comments_of(creator, post, _LATEST_COMMENTS)]
        item |= {"latestComments": latest, "firstComment": latest[0]["text"] if latest else ""}
    return item


def comment_item(post: CreatorPost, comment: CreatorComment, base_url: str) -> dict[str, Any]:
    """One comment as the comment scraper writes it: a username and a picture, no name and no biography."""
    return {
        "id": comment.id,
        "postUrl": f"https://www.instagram.com/p/{post.shortcode}/",
        "commentUrl": f"https://www.instagram.com/p/{post.shortcode}/c/{comment.id}",
        "text": comment.text,
        "ownerUsername": comment.username,
        "ownerProfilePicUrl": f"{base_url}/images/{comment.username}/profile.jpg",
        "timestamp": iso(comment.posted_at),
        "likesCount": comment.likes_count,
        "repliesCount": 0,
        "replies": [],
    }


def iso(moment: datetime) -> str:
    """ISO 8601 with milliseconds and Z, as Apify writes times."""
    return f"{moment:%Y-%m-%dT%H:%M:%S}.000Z"


def post_picture_url(post: CreatorPost, base_url: str) -> str:
    """Where a post's picture is served; it belongs to the owner, so a joint post has one picture."""
    return f"{base_url}/images/{post.owner}/{post.index}.jpg"


def _profile(creator: Creator, url: str, base_url: str) -> dict[str, Any]:
    persona, page = creator.persona, creator.page
    picture = f"{base_url}/images/{creator.username}/profile.jpg"
    return {
        "inputUrl": url,
        "id": creator.instagram_id,
        "username": creator.username,
        "url": url,
        "fullName": persona.full_name,
        "biography": page.biography,
        "externalUrl": page.links[0].url if page.links else None,
        "externalUrls": [
            {"title": link.title, "url": link.url, "lynx_url": link.url, "link_type": "external"} for link in page.links
        ],
        "followersCount": persona.followers_count,
        "followsCount": persona.following_count,
        "postsCount": persona.posts_count,
        "highlightReelCount": stable_number("highlights", creator.username) % 20,
        "igtvVideoCount": 0,
        "hasChannel": False,
        "isBusinessAccount": persona.is_business,
        "joinedRecently": "thin" in persona.cases,
        "businessCategoryName": page.business_category or "None",
        "private": creator.is_private,
        "verified": persona.is_verified,
        "profilePicUrl": picture,
        "profilePicUrlHD": picture,
        "fbid": str(17_841_400_000_000_000 + stable_number("fbid", creator.username, bits=40)),
        "relatedProfiles": _related(creator, base_url),
        "latestPosts": [post_item(creator, post, base_url) for post in creator.posts],
        "latestIgtvVideos": [],
    }


def _likes(post: CreatorPost) -> int | None:
    if post.likes_count is None:
        return -1 if post.index % 2 else None
    return post.likes_count


def _related(creator: Creator, base_url: str) -> list[dict[str, Any]]:
    snake = Random(stable_number("snake", creator.username)).random() < _SNAKE_SHARE
    names = (
        ("full_name", "is_private", "is_verified", "profile_pic_url")
        if snake
        else ("fullName", "isPrivate", "isVerified", "profilePicUrl")
    )
    rows = []
    for username in creator.page.related:
        other = persona_of(username)
        values = (other.full_name, False, other.is_verified, f"{base_url}/images/{username}/profile.jpg")
        rows.append(
            {"id": str(10_000_000 + stable_number("user", username, bits=33)), "username": username}
            | dict(zip(names, values, strict=True))
        )
    return rows


def _tagged(username: str, base_url: str) -> dict[str, Any]:
    return {
        "full_name": username.replace(".", " ").replace("_", " ").title(),
        "id": str(10_000_000 + stable_number("user", username, bits=33)),
        "is_verified": False,
        "profile_pic_url": f"{base_url}/images/{username}/profile.jpg",
        "username": username,
    }


def _music(post: CreatorPost) -> dict[str, Any] | None:
    if post.song is None:
        return None
    artist, song = post.song
    return {
        "artist_name": artist,
        "song_name": song,
        "uses_original_audio": False,
        "should_mute_audio": False,
        "audio_id": str(stable_number("song", song, bits=50)),
    }
