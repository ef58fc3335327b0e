"""What weird_ and nullcounts_ do to an item: every oddity that real items have shown, in one place each."""

from __future__ import annotations

from typing import Any

CAPTION_BYTES = 100_000
POSTS_NEEDED = 12  # a shorter list (weird_fewposts_) stays as it is
FUTURE = "2093-01-01T00:00:00.000Z"


def distort_profile(item: dict[str, Any], cases: frozenset[str]) -> dict[str, Any]:
    """The item with its oddities; ordinary cases come back as they are."""
    if "nullcounts" in cases:
        item = _without_counts(item)
    return _weird(item) if "weird" in cases and len(item["latestPosts"]) == POSTS_NEEDED else item


def _without_counts(item: dict[str, Any]) -> dict[str, Any]:
    posts = [
        post | {"likesCount": None if number % 2 else -5, "commentsCount": -1 if number % 2 else None}
        for number, post in enumerate(item["latestPosts"])
    ]
    return item | {"followersCount": None, "followsCount": -1, "postsCount": None, "latestPosts": posts}


def _weird(item: dict[str, Any]) -> dict[str, Any]:
    """Every oddity at once.

    Posts by position: 0 giant caption, 1 NUL, 2 future, 3 the id of 2 again, 4 and 5 hidden likes, 6 hardly a key,
    7 nothing but null, 8 no picture, 9 unknown type, 10 counts as text, 11 no id and a broken date.
    """
    posts: list[dict[str, Any]] = [dict(post) for post in item["latestPosts"]]
    sentence = "An endless caption, line after line, that no one will ever read to its end. 🙃 "
    posts[0]["caption"] = (
        (sentence * (CAPTION_BYTES // len(sentence.encode()) + 1)).encode()[:CAPTION_BYTES].decode(errors="ignore")
    )
    posts[1]["caption"] = f"zero\x00byte {posts[1]['caption']}\x00"
    posts[2]["timestamp"] = FUTURE
    posts[3]["id"], posts[3]["shortCode"] = posts[2]["id"], posts[2]["shortCode"]
    posts[4] |= {"likesCount": None, "commentsCount": None}
    posts[5] |= {"likesCount": -1, "commentsCount": -5, "videoViewCount": -3}
    posts[6] = {key: posts[6][key] for key in ("id", "shortCode", "timestamp")}
    posts[7] = {key: posts[7][key] if key in {"id", "shortCode"} else None for key in posts[7]}
    posts[8] |= {"displayUrl": None, "alt": None, "caption": ""}
    posts[9] |= {"type": "Hologram", "dimensionsHeight": 0, "dimensionsWidth": -1, "hashtags": None}
    posts[10] |= {"likesCount": "1234", "commentsCount": "12", "taggedUsers": [{"full_name": "No Username"}]}
    del posts[11]["id"]
    posts[11]["timestamp"] = "not a date"
    kept = {key: value for key, value in item.items() if key not in {"fbid", "highlightReelCount", "hasChannel"}}
    return kept | {
        "biography": "A biography\x00 with a NUL and  𝗯𝗼𝗹𝗱 letters",
        "followsCount": -1,
        "postsCount": None,
        "externalUrl": "",
        "externalUrls": None,
        "businessCategoryName": "None",
        "relatedProfiles": [{"username": None}, {"full_name": "Nobody"}, *item["relatedProfiles"][:2]],
        "latestPosts": posts,
        "unknownNewField": {"nested": [1, 2, 3]},
    }


def distort_user(user: dict[str, Any], cases: frozenset[str]) -> dict[str, Any]:
    """The same oddities in Decodo's shape, as far as it can hold them."""
    media = user["edge_owner_to_timeline_media"]
    nodes = [dict(edge["node"]) for edge in media["edges"]]
    if "nullcounts" in cases:
        user = user | {"edge_followed_by": {"count": None}, "edge_follow": {"count": -1}}
        media = media | {"count": None}
        nodes = [node | {"edge_liked_by": {"count": None}, "edge_media_to_comment": {"count": -1}} for node in nodes]
    if "weird" in cases and len(nodes) == POSTS_NEEDED:
        nodes[0]["edge_media_to_caption"] = {"edges": [{"node": {"text": "long caption 🙃 " * (CAPTION_BYTES // 18)}}]}
        nodes[1]["edge_media_to_caption"] = {"edges": [{"node": {"text": "zero\x00byte"}}]}
        nodes[2]["taken_at_timestamp"] = 3_881_520_000  # in 2093
        nodes[3]["id"], nodes[3]["shortcode"] = nodes[2]["id"], nodes[2]["shortcode"]
        nodes[4]["edge_liked_by"] = None
        nodes[5] |= {"edge_liked_by": {"count": -1}, "edge_media_to_comment": {"count": -5}}
        nodes[6] = {key: nodes[6][key] for key in ("id", "shortcode")}
        nodes[7]["edge_media_to_caption"] = {"edges": []}
        nodes[8]["display_url"] = None
        del nodes[11]["id"]
        user = user | {"biography": "A biography\x00 with a NUL", "edge_follow": {"count": -1}, "bio_links": None}
    return user | {"edge_owner_to_timeline_media": media | {"edges": [{"node": node} for node in nodes]}}
