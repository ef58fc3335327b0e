"""Usernames as people type them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cluster.errors import InvalidUsername
from cluster.records import parse_username


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("nasa", "nasa"),
        ("@NASA", "nasa"),
        ("  some.creator_1 ", "some.creator_1"),
        ("https://www.instagram.com/nasa/", "nasa"),
        ("instagram.com/nasa?hl=en", "nasa"),
        ("http://m.instagram.com/nasa", "nasa"),
        ("a" * 30, "a" * 30),
        ("_", "_"),
    ],
)
def test_names_handles_and_profile_urls_are_understood(typed, name):
    assert parse_username(typed) == name


@pytest.mark.parametrize(
    "typed",
    [
        "",
        " ",
        "@",
        "a" * 31,
        "two words",
        "../../etc/passwd",
        "a/../b",
        "nаsa",  # a Cyrillic а
        "ｎａｓａ",
        "nasa\x00",
        "'; drop table profiles; --",
        "a..b",
        ".a",
        "a.",
        "https://www.instagram.com/p/Cabc123/",
        "https://www.instagram.com/reel/Cabc123",
        "https://www.instagram.com/p",
        "https://evil.test/nasa",
        "https://instagram.com.evil.test/nasa",
        "ftp://instagram.com/nasa",
        "https://instagram.com/nasa/tagged",
        "http://[::1/nasa",
    ],
)
def test_everything_else_is_refused_with_the_value_named(typed):
    with pytest.raises(InvalidUsername):
        parse_username(typed)


@given(st.text(max_size=60))
def test_any_text_is_a_canonical_name_or_refused(text):
    try:
        name = parse_username(text)
    except InvalidUsername:
        return
    assert parse_username(name) == name
