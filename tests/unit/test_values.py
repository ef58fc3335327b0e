from __future__ import annotations

from datetime import UTC, datetime

import pytest

from cluster.clients import values
from cluster.errors import UpstreamMalformed

NOW = datetime(2026, 1, 15, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (0, 0),
        (12, 12),
        (12.0, 12),
        ("1204", 1204),
        ("1,204,000", 1_204_000),
        ("12.0", 12),
        (-1, None),
        ("-1", None),
        (12.5, None),
        (True, None),
        (None, None),
        (float("inf"), None),
        (10**30, None),
        ("1.2k", None),
        ("١٢", None),
        ([], None),
    ],
)
def test_counts_are_whole_numbers_or_unknown(value, expected):
    assert values.count(value) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("2025-06-01T10:00:00.000Z", datetime(2025, 6, 1, 10, tzinfo=UTC)),
        ("2025-06-01T12:00:00+02:00", datetime(2025, 6, 1, 10, tzinfo=UTC)),
        ("2025-06-01T10:00:00", datetime(2025, 6, 1, 10, tzinfo=UTC)),
        (1748772000, datetime(2025, 6, 1, 10, tzinfo=UTC)),
        (1748772000000, datetime(2025, 6, 1, 10, tzinfo=UTC)),
        ("1748772000", datetime(2025, 6, 1, 10, tzinfo=UTC)),
        ("2031-01-01T00:00:00Z", None),
        ("1999-01-01T00:00:00Z", None),
        ("not a date", None),
        ("0001-01-01T00:00:00+14:00", None),
        (0, None),
        (10**400, None),
        (float("nan"), None),
        (True, None),
    ],
)
def test_moments_are_utc_and_lie_between_instagrams_launch_and_now(value, expected):
    assert values.moment(value, NOW) == expected


@pytest.mark.parametrize(
    ("caption", "expected"),
    [
        ("#Sommer2025 und #Übung_macht!", ("sommer2025", "übung_macht")),
        ("नमस्ते #हिन्दी #यात्रा", ("हिन्दी", "यात्रा")),
        ("صباح الخير #صباح_الخير", ("صباح_الخير",)),
        ("#one#two #One", ("one", "two")),
        ("full width #夏休み", ("夏休み",)),
        ("#love❤️ #️⃣ #123 #_ C# https://x.com/a#part &#39;", ("love",)),
        ("#می‌خواهم", ("می‌خواهم",)),  # with a zero-width non-joiner inside
        (None, ()),
    ],
)
def test_hashtags_of_a_caption_keep_their_script(caption, expected):
    assert values.hashtags(None, caption) == expected


def test_hashtags_of_the_source_come_first_and_are_normalised():
    assert values.hashtags(["#Travel", "travel", 7, None, "Food"], "#other") == ("travel", "food")


def test_mentions_leave_addresses_and_full_stops_aside():
    assert values.mentions(None, "with @Anna.B. and @joe_1, not me@example.com or @") == ("anna.b", "joe_1")
    assert values.mentions(["@Anna", "bad name", None], "@other") == ("anna",)


def test_clean_json_is_fit_for_postgres():
    dirty = {"a\0": "x\0y", "lone": "\ud83d!", "inf": float("inf"), "big": 10**40, "kept": [1, True, None, "😀"]}
    assert values.clean_json(dirty) == {
        "a": "xy",
        "lone": "\ufffd!",
        "inf": None,
        "big": hex(10**40),
        "kept": [1, True, None, "😀"],
    }


def test_clean_json_refuses_bottomless_nesting():
    deep: list = []
    for _ in range(values.JSON_DEPTH_MAX + 1):
        deep = [deep]
    with pytest.raises(UpstreamMalformed):
        values.clean_json(deep)


@pytest.mark.parametrize("value", ["javascript:alert(1)", "//x/y", "http://a b", "https://a\n", 7, None, "x" * 5000])
def test_only_web_addresses_pass_as_urls(value):
    assert values.url(value) in (None, "https://a")
