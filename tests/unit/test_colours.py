"""Dominant colours, by names that people use."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deployments.colours import COLOURS_MAX, SHARE_LEAST, dominant_colours
from tests.pictures import photo


def flat(red: int, green: int, blue: int) -> np.ndarray:
    return np.full((80, 120, 3), (red, green, blue), np.uint8)


@pytest.mark.parametrize(
    ("rgb", "name"),
    [
        ((0, 0, 0), "black"),
        ((255, 255, 255), "white"),
        ((128, 128, 128), "grey"),
        ((220, 20, 30), "red"),
        ((245, 225, 30), "yellow"),
        ((40, 150, 60), "green"),
        ((35, 100, 215), "blue"),
        ((20, 35, 90), "navy"),
        ((245, 130, 25), "orange"),
        ((245, 155, 190), "pink"),
        ((120, 75, 40), "brown"),
        ((125, 60, 170), "purple"),
        ((220, 200, 165), "beige"),
    ],
)
def test_a_flat_picture_has_its_one_colour(rgb, name):
    (colour,) = dominant_colours(flat(*rgb))

    assert (colour.name, colour.share) == (name, 1.0)
    assert np.abs(np.array(list(bytes.fromhex(colour.hex[1:]))) - rgb).max() <= 1


def test_shares_are_those_of_the_areas():
    picture = flat(220, 20, 30)
    picture[:, :30] = (35, 100, 215)

    red, blue = dominant_colours(picture)

    assert (red.name, blue.name) == ("red", "blue")
    assert red.share == pytest.approx(0.75, abs=0.02)
    assert blue.share == pytest.approx(0.25, abs=0.02)


def test_a_photograph_of_flowers_is_told_by_its_colours():
    names = [colour.name for colour in dominant_colours(np.asarray(photo("flower.jpg")))]

    assert {"teal", "forest green"} & set(names)
    assert {"orange", "coral", "tan", "amber"} & set(names)


def test_the_same_picture_always_gives_the_same_answer():
    picture = np.asarray(photo("coffee.png"))

    assert len({dominant_colours(picture) for _ in range(5)}) == 1


@settings(max_examples=40, deadline=None)
@given(st.integers(16, 60), st.integers(16, 60), st.integers(0, 2**32 - 1), st.integers(1, 9))
def test_any_picture_gives_few_distinct_names_in_order_that_sum_to_at_most_one(height, width, seed, levels):
    rng = np.random.default_rng(seed)
    picture = (rng.integers(0, levels, (height, width, 3)) * (255 // levels)).astype(np.uint8)

    colours = dominant_colours(picture)

    shares = [colour.share for colour in colours]
    assert 1 <= len(colours) <= COLOURS_MAX
    assert len({colour.name for colour in colours}) == len(colours)
    assert shares == sorted(shares, reverse=True)
    assert min(shares) >= SHARE_LEAST
    assert sum(shares) <= 1.001
