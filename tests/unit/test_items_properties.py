"""Any JSON in: a record that keeps its promises or a FollowingError comes out."""

from __future__ import annotations

from itertools import pairwise

import orjson
from hypothesis import given, settings
from hypothesis import strategies as st

from cluster.clients.items import (
    media_id_of,
    parse_apify_profile,
    parse_comment_items,
    parse_decodo_profile,
    shortcode_of,
)
from cluster.clients.values import COUNT_MAX, INSTAGRAM_LAUNCH
from cluster.errors import FollowingError
from cluster.records import Profile, parse_username
from tests.unit.test_items import decodo, item, post

json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(st.characters(), max_size=20)
    | st.sampled_from(
        [
            "anna",
            "Cabc01",
            "None",
            "2025-12-01T00:00:00Z",
            "https://www.instagram.com/p/Cabc01/",
            "-1",
            "#a @b",
            "\ud83d",
            "\0",
        ]
    ),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=20,
)


def objects_with(keys):
    return st.dictionaries(st.sampled_from(sorted(keys)), json_values, max_size=len(keys))


apify_posts = objects_with({*post(1), "latestComments", "coauthorProducers", "childPosts", "videoViewCount", "images"})
apify_items = st.builds(
    lambda extra, posts, name: {"username": name, **extra, "latestPosts": posts},
    objects_with({*item(), "error"} - {"username", "latestPosts"}),
    st.lists(apify_posts | json_values, max_size=4) | json_values,
    st.just("anna") | json_values,
)
decodo_user = decodo()["data"]["user"]
decodo_nodes = objects_with(decodo_user["edge_owner_to_timeline_media"]["edges"][0]["node"])
decodo_contents = st.builds(
    lambda extra, nodes: {
        "data": {
            "user": {
                "username": "anna",
                **extra,
                "edge_owner_to_timeline_media": {"edges": [{"node": node} for node in nodes]},
            }
        }
    },
    objects_with(decodo_user),
    st.lists(decodo_nodes | json_values, max_size=3),
)


def assert_keeps_its_promises(profile: Profile) -> None:
    assert parse_username(profile.username) == profile.username
    ids = [one.instagram_post_id for one in profile.posts]
    assert len(ids) == len(set(ids))
    counts = [profile.followers_count, profile.following_count, profile.posts_count]
    for one in profile.posts:
        counts += [one.likes_count, one.comments_count, one.video_views_count, one.width_px, one.height_px]
        assert one.instagram_post_id
        assert one.shortcode
        assert one.taken_at is None or one.taken_at >= INSTAGRAM_LAUNCH
        assert all(tag == tag.lower() and not tag.startswith("#") for tag in one.hashtags)
        assert all(parse_username(name) == name for name in (*one.mentions, *one.tagged, *one.coauthors))
    assert all(number is None or 0 <= number <= COUNT_MAX for number in counts)
    dated = [one.taken_at for one in profile.posts if one.taken_at]
    assert all(later >= earlier for later, earlier in pairwise(dated))
    assert b"\\u0000" not in orjson.dumps([profile.raw, *(one.raw for one in profile.posts)])
    for text in (profile.full_name, profile.biography, *(one.caption for one in profile.posts)):
        assert text is None or "\0" not in text
        (text or "").encode()  # no lone surrogate


@given(apify_items | json_values)
@settings(max_examples=300, deadline=None)
def test_any_json_as_an_apify_item_gives_a_record_or_our_error(value):
    try:
        profile = parse_apify_profile(value)
    except FollowingError:
        return
    assert_keeps_its_promises(profile)


@given(decodo_contents | json_values)
@settings(max_examples=200, deadline=None)
def test_any_json_as_decodos_content_gives_a_record_or_our_error(value):
    try:
        profile = parse_decodo_profile(value)
    except FollowingError:
        return
    assert_keeps_its_promises(profile)


@given(st.lists(json_values, max_size=5))
@settings(max_examples=100, deadline=None)
def test_any_json_as_comment_items_is_read(value):
    for comments in parse_comment_items(value).values():
        assert all(parse_username(comment.username) == comment.username for comment in comments)


@given(st.integers(min_value=0, max_value=2**63 - 1))
def test_short_codes_and_media_ids_lead_to_each_other(number):
    assert media_id_of(shortcode_of(str(number))) == str(number)
