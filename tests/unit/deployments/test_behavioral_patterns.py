from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta, timezone

import numpy as np
import pytest

from deployments.behavioral_patterns import HOUR_BLOCKS, WEEKDAYS, BehavioralPatternsModel
from deployments.facts import CommentFacts
from tests.unit.deployments.planted import NOW, ordinary

MODEL = BehavioralPatternsModel()


def read(creator):
    return MODEL.predict([creator])[0]


def posted_at(times, totals=None, kinds=None):
    base = ordinary(1, posts=len(times), comments=0)
    posts = tuple(
        replace(
            post,
            taken_at=time,
            likes_count=int(totals[index]) if totals is not None else 100,
            comments_count=0,
            kind=kinds[index] if kinds else "image",
        )
        for index, (post, time) in enumerate(zip(base.posts, times, strict=True))
    )
    return replace(base, posts=posts)


def test_one_post_a_day_is_seven_a_week_and_perfectly_consistent():
    result = read(posted_at([NOW - timedelta(days=day + 1) for day in range(14)]))
    assert result.posts_per_week.value == pytest.approx(7)
    assert result.gap_hours.value == pytest.approx(24)
    assert result.burstiness.value == pytest.approx(-1)
    assert result.consistency.value == pytest.approx(100)
    assert result.days_since_last_post.value == pytest.approx(1)


def test_posts_in_bursts_are_bursty_and_inconsistent():
    times = [NOW - timedelta(days=30 * (index // 6) + 1, minutes=20 * index) for index in range(18)]
    result = read(posted_at(times))
    assert result.burstiness.value > 0.4
    assert result.consistency.value < 30


def test_a_fixed_hour_is_concentrated_and_has_a_mean():
    result = read(
        posted_at([NOW.replace(hour=18, minute=10 * (day % 6)) - timedelta(days=day + 1) for day in range(14)])
    )
    assert result.hour_concentration.value > 0.95
    assert result.hour_concentration.confidence > 0.999
    assert result.hour_entropy.value == 0.0
    assert result.mean_hour.value is not None


def test_one_habit_does_not_fix_a_time_zone():
    result = read(posted_at([NOW.replace(hour=18, minute=day) - timedelta(days=day + 1) for day in range(14)]))
    assert result.time_zone.offset_hours.value is None
    assert result.local_time == "UTC"
    assert "fit time zones" in result.time_zone.offset_hours.reason


def test_a_whole_day_of_hours_alone_does_not_fix_a_time_zone_either():
    # Creators prefer hours of their own: of planted ones, not half of the estimates from hours alone held the truth.
    result = read(whole_days())
    assert result.time_zone.offset_hours.value is None


def test_the_captions_language_fixes_a_time_zone_and_places_outweigh_it():
    creator = replace(whole_days(), posts=tuple(replace(post, language="tr") for post in whole_days().posts))
    zone = read(creator).time_zone
    assert zone.estimated
    assert zone.offset_hours.value == 3
    assert zone.offset_hours.interval[0] <= 3 <= zone.offset_hours.interval[1]
    assert zone.offset_hours.confidence > 0.7
    assert read(creator).local_time == "UTC+3 (estimated)"
    abroad = [CommentFacts(f"reader{index}", "çok güzel 🇩🇪", NOW, "tr") for index in range(60)]
    posts = (
        replace(creator.posts[0], comments=tuple(abroad[:30])),
        replace(creator.posts[1], comments=tuple(abroad[30:])),
    )
    assert read(replace(creator, posts=(*posts, *creator.posts[2:]))).time_zone.offset_hours.value != 3


def whole_days():
    local = [8.5, 9.5, 11.0, 12.5, 13.5, 15.0, 16.5, 18.0, 18.5, 19.5, 20.0, 20.5, 21.5, 22.5]
    return posted_at(
        [
            NOW.replace(hour=0) - timedelta(days=index + 2) + timedelta(hours=(hour - 3) % 24)
            for index, hour in enumerate(local * 3)
        ]
    )


def test_the_best_day_is_found_with_its_lift():
    random = np.random.default_rng(1)
    times = [NOW.replace(hour=12) - timedelta(days=day + 1) for day in range(42)]
    totals = [3_000 if time.weekday() == 2 else 1_000 for time in times] * random.uniform(0.9, 1.1, 42)
    best = read(posted_at(times, totals)).days[0]
    assert best.label == "Wednesday"
    assert best.posts == 6
    assert best.lift.value == pytest.approx(3_000 / (9_000 / 7), rel=0.05)
    assert best.lift.interval[0] > 1.5


def test_hours_and_weekdays_are_complete_and_their_shares_sum_to_one():
    result = read(ordinary(3))
    assert {slot.label for slot in result.hours} == set(HOUR_BLOCKS)
    assert {slot.label for slot in result.days} == set(WEEKDAYS)
    assert sum(slot.share for slot in result.hours) == pytest.approx(1)
    assert sum(slot.share for slot in result.days) == pytest.approx(1)


def test_a_slot_with_two_posts_has_no_lift():
    result = read(ordinary(3))
    assert all(slot.lift.value is None for slot in (*result.hours, *result.days) if slot.posts < 3)


def test_formats_show_their_mix_and_what_they_earn():
    times = [NOW - timedelta(days=index + 1) for index in range(12)]
    kinds = ["video"] * 6 + ["image"] * 5 + ["sidecar"]
    formats = read(posted_at(times, [2_000] * 6 + [1_000] * 6, kinds)).formats
    assert [(one.kind, one.posts) for one in formats] == [("video", 6), ("image", 5), ("sidecar", 1)]
    assert formats[0].lift.value == pytest.approx(2_000 / 1_500)
    assert formats[2].lift.value is None
    assert formats[1].engagement_median.value == 1_000


def test_a_weekly_rhythm_is_told_with_its_certainty():
    rhythm = read(posted_at([NOW - timedelta(weeks=week, hours=3) for week in range(14)])).rhythm_days
    assert any(rhythm.value == pytest.approx(7 / part, rel=0.06) for part in (1, 2, 3))
    assert rhythm.confidence > 0.9


def test_comments_tell_how_soon_people_react():
    creator = posted_at([NOW - timedelta(days=index + 1) for index in range(6)])
    posts = tuple(
        replace(
            post, comments=tuple(CommentFacts(f"a{n}", "hi", post.taken_at + timedelta(hours=2 + n)) for n in range(3))
        )
        for post in creator.posts
    )
    reaction = read(replace(creator, posts=posts)).reaction
    assert reaction.comment_delay_hours.value == pytest.approx(3)
    assert reaction.comment_delay_hours.n == 18
    assert reaction.likes_median.value == 100


def test_times_of_any_zone_mean_the_same_moment():
    times = [NOW - timedelta(days=index + 1, hours=index) for index in range(12)]
    moved = [time.astimezone(timezone(timedelta(hours=9))) for time in times]
    assert read(posted_at(moved)) == read(posted_at(times))
    assert isinstance(moved[0], datetime)


def test_a_mean_hour_near_midnight_lies_in_its_interval():
    hours = [23, 0, 23, 1, 0, 23, 22, 0, 1, 23, 0, 23]
    times = [
        NOW.replace(hour=0) - timedelta(days=index + 2) + timedelta(hours=hour) for index, hour in enumerate(hours)
    ]
    score = read(posted_at(times)).mean_hour
    assert score.interval[0] <= score.value <= score.interval[1]
