"""A creator in the graphql shape that Decodo passes on. It carries no comments and no hashtag lists."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cluster.embedded.simulator.apify_items import post_picture_url
from cluster.embedded.simulator.oddities import distort_user
from cluster.embedded.simulator.personas import persona_of
from cluster.embedded.simulator.shortcodes import stable_number

if TYPE_CHECKING:
    from cluster.embedded.simulator.creators import Creator, CreatorPost

_TYPES = {"Image": "GraphImage", "Video": "GraphVideo", "Sidecar": "GraphSidecar"}


def graphql_profile(creator: Creator, base_url: str) -> dict[str, Any]:
    """`{"data": {"user": {...}}}`; the user is null for an account that does not exist."""
    if not creator.exists:
        return {"data": {"user": None}, "status": "ok"}
    persona, page = creator.persona, creator.page
    picture = f"{base_url}/images/{creator.username}/profile.jpg"
    user = {
        "id": creator.instagram_id,
        "fbid": str(17_841_400_000_000_000 + stable_number("fbid", creator.username, bits=40)),
        "username": creator.username,
        "full_name": persona.full_name,
        "biography": page.biography,
        "bio_links": [{"title": link.title, "url": link.url, "link_type": "external"} for link in page.links],
        "external_url": page.links[0].url if page.links else None,
        "edge_followed_by": {"count": persona.followers_count},
        "edge_follow": {"count": persona.following_count},
        "edge_owner_to_timeline_media": {
            "count": persona.posts_count,
            "edges": [{"node": _node(post, base_url)} for post in creator.posts],
        },
        "edge_related_profiles": {"edges": [{"node": _related(name, base_url)} for name in page.related]},
        "is_verified": persona.is_verified,
        "is_private": creator.is_private,
        "is_business_account": persona.is_business,
        "is_joined_recently": "thin" in persona.cases,
        "category_name": page.business_category,
        "profile_pic_url": picture,
        "profile_pic_url_hd": picture,
    }
    return {"data": {"user": distort_user(user, persona.cases)}, "status": "ok"}


def _node(post: CreatorPost, base_url: str) -> dict[str, Any]:
    likes = -1 if post.likes_count is None else post.likes_count
    node: dict[str, Any] = {
        "__typename": _TYPES[post.kind],
        "id": post.id,
        "shortcode": post.shortcode,
        "display_url": post_picture_url(post, base_url),
        "dimensions": {"height": post.height_px, "width": post.width_px},
        "is_video": post.kind == "Video",
        "edge_liked_by": {"count": likes},
        "edge_media_preview_like": {"count": likes},
        "edge_media_to_comment": {"count": post.comments_count},
        "edge_media_to_caption": {"edges": [{"node": {"text": post.caption.text}}]},
        "edge_media_to_tagged_user": {"edges": [{"node": {"user": {"username": name}}} for name in post.tagged]},
        "taken_at_timestamp": int(post.taken_at.timestamp()),
        "accessibility_caption": post.alt_text,
        "comments_disabled": post.comments_disabled,
        "owner": {"id": str(10_000_000 + stable_number("user", post.owner, bits=33)), "username": post.owner},
    }
    if post.coauthors:
        node["coauthor_producers"] = [{"username": name} for name in post.coauthors]
    if post.kind == "Video":
        node["video_view_count"] = post.views_count
    return node


def _related(username: str, base_url: str) -> dict[str, Any]:
    other = persona_of(username)
    return {
        "id": str(10_000_000 + stable_number("user", username, bits=33)),
        "username": username,
        "full_name": other.full_name,
        "is_private": False,
        "is_verified": other.is_verified,
        "profile_pic_url": f"{base_url}/images/{username}/profile.jpg",
    }
