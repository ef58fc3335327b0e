from __future__ import annotations

import json
import pickle
from datetime import UTC, datetime

import pytest

from cluster.clients.items import (
    CAPTION_CHARS_MAX,
    media_id_of,
    parse_apify_profile,
    parse_comment_items,
    parse_decodo_profile,
    shortcode_of,
)
from cluster.errors import CreatorNotFound, UpstreamMalformed
from cluster.records import Comment, PostKind, Profile, RelatedProfile, Source

NOW = datetime(2026, 1, 15, 12, tzinfo=UTC)


def post(number: int, **changes):
    return {
        "id": f"30000000000000000{number:02}",
        "type": "Image",
        "shortCode": f"Cabc{number:02}",
        "caption": f"Day {number} in #Lisbon with @Friend.One",
        "hashtags": ["Lisbon"],
        "mentions": ["Friend.One"],
        "url": f"https://www.instagram.com/p/Cabc{number:02}/",
        "commentsCount": 4,
        "likesCount": 120,
        "dimensionsHeight": 1350,
        "dimensionsWidth": 1080,
        "displayUrl": "https://scontent.cdninstagram.com/v/1.jpg?stp=x",
        "alt": None,
        "timestamp": f"2025-12-{number + 1:02}T08:00:00.000Z",
        "ownerUsername": "Anna",
        "taggedUsers": [{"username": "joe", "full_name": "Joe"}],
        "isCommentsDisabled": False,
    } | changes


def item(**changes):
    return {
        "id": "4711",
        "username": "Anna",
        "fullName": "Anna 𝓑old",
        "biography": "🌍 mail@example.com",
        "externalUrl": "https://anna.example/",
        "externalUrls": [{"title": "shop", "url": "https://anna.example/"}, {"url": "https://two.example/"}],
        "followersCount": 12_000,
        "followsCount": 300,
        "postsCount": 250,
        "isBusinessAccount": True,
        "joinedRecently": False,
        "businessCategoryName": "None,Public figure",
        "private": False,
        "verified": True,
        "profilePicUrl": "https://scontent.cdninstagram.com/small.jpg",
        "profilePicUrlHD": "https://scontent.cdninstagram.com/large.jpg",
        "highlightReelCount": 3,
        "relatedProfiles": [],
        "latestPosts": [post(1), post(2)],
    } | changes


def only_post(**changes):
    return parse_apify_profile(item(latestPosts=[post(1, **changes)]), now=NOW).posts[0]


def test_a_whole_item_is_read():
    profile = parse_apify_profile(item(), now=NOW)
    assert profile.username == "anna"
    assert profile.source is Source.APIFY
    assert (profile.followers_count, profile.following_count, profile.posts_count) == (12_000, 300, 250)
    assert profile.external_urls == ("https://anna.example/", "https://two.example/")
    assert profile.profile_pic_url == "https://scontent.cdninstagram.com/large.jpg"
    assert profile.business_category == "Public figure"
    assert (profile.is_business, profile.is_verified, profile.is_private, profile.joined_recently) == (
        True,
        True,
        False,
        False,
    )
    newest = profile.posts[0]
    assert newest.taken_at == datetime(2025, 12, 3, 8, tzinfo=UTC)
    assert (newest.hashtags, newest.mentions, newest.tagged) == (("lisbon",), ("friend.one",), ("joe",))
    assert (newest.likes_count, newest.comments_count, newest.width_px, newest.height_px) == (120, 4, 1080, 1350)
    assert newest.owner_username == "anna"


def test_unknown_fields_stay_in_raw_and_posts_are_not_kept_twice():
    profile = parse_apify_profile(item(latestPosts=[post(1, musicInfo={"song": "x"})]), now=NOW)
    assert profile.raw["highlightReelCount"] == 3
    assert "latestPosts" not in profile.raw
    assert profile.posts[0].raw["musicInfo"] == {"song": "x"}


def test_missing_keys_are_unknown_not_zero():
    profile = parse_apify_profile({"username": "anna"}, now=NOW)
    assert profile == Profile(username="anna", source=Source.APIFY, raw={"username": "anna"})


def test_an_empty_biography_is_present_and_a_null_one_is_not():
    assert parse_apify_profile(item(biography=""), now=NOW).biography == ""
    assert parse_apify_profile(item(biography=None), now=NOW).biography is None


@pytest.mark.parametrize("likes", [-1, None, "-1"])
def test_hidden_likes_are_unknown(likes):
    assert only_post(likesCount=likes).likes_count is None


def test_negative_counts_of_the_account_are_unknown():
    profile = parse_apify_profile(item(followersCount=-5, postsCount=None), now=NOW)
    assert (profile.followers_count, profile.posts_count) == (None, None)


@pytest.mark.parametrize("name", ["None", "", None, "None,"])
def test_the_word_none_is_no_business_category(name):
    assert parse_apify_profile(item(businessCategoryName=name), now=NOW).business_category is None


def test_a_date_in_the_future_is_unknown_and_stays_in_raw():
    late = only_post(timestamp="2031-01-01T00:00:00Z")
    assert late.taken_at is None
    assert late.raw["timestamp"] == "2031-01-01T00:00:00Z"


def test_long_captions_survive_up_to_the_limit():
    assert only_post(caption="é" * 102_400).caption == "é" * 102_400
    assert len(only_post(caption="x" * 200_000).caption) == CAPTION_CHARS_MAX


def test_nul_characters_are_dropped_everywhere():
    profile = parse_apify_profile(item(biography="a\0b", latestPosts=[post(1, caption="c\0d", alt="\0")]), now=NOW)
    assert (profile.biography, profile.posts[0].caption) == ("ab", "cd")
    assert "\\u0000" not in json.dumps([profile.raw, profile.posts[0].raw])


def test_duplicate_post_ids_are_dropped_and_the_first_stays():
    profile = parse_apify_profile(
        item(latestPosts=[post(1, caption="first"), post(1, caption="second"), post(2)]), now=NOW
    )
    assert [one.caption for one in profile.posts if one.shortcode == "Cabc01"] == ["first"]
    assert len(profile.posts) == 2


def test_posts_are_newest_first_and_undated_ones_last():
    pinned_old = post(1, timestamp="2020-01-01T00:00:00Z")
    profile = parse_apify_profile(item(latestPosts=[pinned_old, post(5, timestamp=None), post(3), post(4)]), now=NOW)
    assert [one.shortcode for one in profile.posts] == ["Cabc04", "Cabc03", "Cabc01", "Cabc05"]


def test_a_post_without_id_gets_it_from_its_short_code():
    nameless = only_post(id=None, shortCode="CDEFghij_-1")
    assert nameless.instagram_post_id == media_id_of("CDEFghij_-1")
    assert only_post(shortCode=None, url=None).shortcode == shortcode_of("3000000000000000001")
    assert only_post(shortCode=None).shortcode == "Cabc01"


def test_a_post_that_cannot_be_told_apart_stays_in_raw():
    nameless = post(1, id=None, shortCode=None, url=None)
    profile = parse_apify_profile(item(latestPosts=[nameless, post(2), "no post"]), now=NOW)
    assert [one.shortcode for one in profile.posts] == ["Cabc02"]
    assert profile.raw["latestPosts"] == [nameless, "no post"]


@pytest.mark.parametrize(
    ("changes", "kind"),
    [
        ({"type": "Sidecar"}, PostKind.SIDECAR),
        ({"type": "Video"}, PostKind.VIDEO),
        ({"type": "GraphImage"}, PostKind.IMAGE),
        ({"type": None, "videoUrl": "https://x/y.mp4"}, PostKind.VIDEO),
        ({"type": "Reel", "childPosts": [{}]}, PostKind.SIDECAR),
        ({"type": 7}, PostKind.IMAGE),
    ],
)
def test_the_kind_of_a_post(changes, kind):
    assert only_post(**changes).kind is kind


def test_hashtags_and_mentions_are_read_from_the_caption_when_the_source_lists_none():
    read = only_post(caption="Hallo #Straße @Joe.", hashtags=None, mentions=[])
    assert (read.hashtags, read.mentions) == (("straße",), ("joe",))


@pytest.mark.parametrize(
    "related",
    [
        {
            "username": "Bob",
            "fullName": "Bob B",
            "isPrivate": False,
            "isVerified": True,
            "profilePicUrl": "https://x/b.jpg",
        },
        {
            "username": "bob",
            "full_name": "Bob B",
            "is_private": False,
            "is_verified": True,
            "profile_pic_url": "https://x/b.jpg",
        },
    ],
)
def test_related_profiles_come_in_two_spellings(related):
    profile = parse_apify_profile(item(relatedProfiles=[related, related, {"username": "anna"}, {}, None]), now=NOW)
    assert profile.related == (
        RelatedProfile("bob", "Bob B", is_private=False, is_verified=True, profile_pic_url="https://x/b.jpg"),
    )


def test_a_joint_post_names_its_other_owners():
    joint = only_post(ownerUsername="Joe", coauthorProducers=[{"username": "Anna"}, {"username": "not valid!"}])
    assert (joint.owner_username, joint.coauthors) == ("joe", ("anna",))


def test_comments_of_a_post_are_read_once_and_leave_its_raw():
    comment = {
        "id": "9",
        "ownerUsername": "Fan_1",
        "text": "wow 😍",
        "timestamp": "2025-12-03T09:00:00Z",
        "likesCount": 2,
    }
    read = only_post(latestComments=[comment, comment, {"text": "nobody"}], firstComment="wow 😍")
    assert read.comments == (Comment("fan_1", "wow 😍", datetime(2025, 12, 3, 9, tzinfo=UTC), 2),)
    assert read.raw.keys().isdisjoint({"latestComments", "firstComment"})


def test_comment_items_are_grouped_by_post():
    found = parse_comment_items(
        [
            {"id": "1", "postUrl": "https://www.instagram.com/p/Cabc01/", "text": "a", "ownerUsername": "x"},
            {
                "id": "2",
                "postUrl": "https://www.instagram.com/reel/Cabc02/?igsh=1",
                "text": "b\0",
                "ownerUsername": "y",
            },
            {"id": "3", "postUrl": "nonsense", "text": "c", "ownerUsername": "z"},
            None,
        ],
        now=NOW,
    )
    assert found == {"Cabc01": (Comment("x", "a"),), "Cabc02": (Comment("y", "b"),)}


@pytest.mark.parametrize(
    "missing",
    [
        {"username": "gone", "error": "not_found", "errorDescription": "Page not found"},
        {"url": "https://www.instagram.com/gone/", "error": "no_items"},
    ],
)
def test_an_error_item_says_that_there_is_no_such_account(missing):
    with pytest.raises(CreatorNotFound) as error:
        parse_apify_profile(missing)
    assert error.value.context["username"] == "gone"
    assert pickle.loads(pickle.dumps(error.value)).context == error.value.context


@pytest.mark.parametrize(
    "bad", [None, 7, [], {}, {"username": "a b"}, {"username": None}, post(1), {"username": "x" * 31}]
)
def test_what_is_no_profile_is_malformed(bad):
    with pytest.raises(UpstreamMalformed):
        parse_apify_profile(bad)


def decodo(**changes):
    node = {
        "__typename": "GraphVideo",
        "id": "3000000000000000001",
        "shortcode": "Cabc01",
        "display_url": "https://scontent.cdninstagram.com/1.jpg",
        "is_video": True,
        "edge_liked_by": {"count": -1},
        "edge_media_to_comment": {"count": 7},
        "edge_media_to_caption": {"edges": [{"node": {"text": "Olá #Lisboa @joe"}}]},
        "taken_at_timestamp": 1764748800,
        "video_view_count": 900,
        "dimensions": {"height": 10, "width": 20},
    }
    user = {
        "id": "4711",
        "username": "Anna",
        "full_name": "Anna",
        "biography": "",
        "bio_links": [{"title": "", "url": "https://anna.example/"}],
        "edge_followed_by": {"count": 12_000},
        "edge_follow": {"count": 300},
        "edge_owner_to_timeline_media": {"count": 250, "edges": [{"node": node}, {"node": node}, {}]},
        "edge_related_profiles": {"edges": [{"node": {"username": "bob", "full_name": "Bob"}}]},
        "is_verified": True,
        "is_private": False,
        "category_name": "Artist",
        "profile_pic_url_hd": "https://scontent.cdninstagram.com/large.jpg",
    } | changes
    return {"data": {"user": user}}


def test_decodos_answer_gives_the_same_record():
    profile = parse_decodo_profile(decodo(), now=NOW)
    assert (profile.username, profile.source, profile.biography) == ("anna", Source.DECODO, "")
    assert (profile.followers_count, profile.following_count, profile.posts_count) == (12_000, 300, 250)
    assert profile.related == (RelatedProfile("bob", "Bob"),)
    assert profile.external_urls == ("https://anna.example/",)
    (only,) = profile.posts
    assert (only.kind, only.likes_count, only.comments_count, only.video_views_count) == (PostKind.VIDEO, None, 7, 900)
    assert (only.hashtags, only.mentions) == (("lisboa",), ("joe",))
    assert only.taken_at == datetime(2025, 12, 3, 8, tzinfo=UTC)
    assert (only.width_px, only.height_px) == (20, 10)


def test_decodos_null_user_is_a_missing_account():
    with pytest.raises(CreatorNotFound):
        parse_decodo_profile({"data": {"user": None}})


@pytest.mark.parametrize(
    "bad", [None, [], {}, {"data": None}, {"data": {"user": []}}, {"data": {"user": {"username": 3.5}}}]
)
def test_decodos_answers_without_an_account_are_malformed(bad):
    with pytest.raises(UpstreamMalformed):
        parse_decodo_profile(bad)
