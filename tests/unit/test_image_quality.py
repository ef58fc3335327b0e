"""Technical quality follows what was done to a picture."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageFilter

from deployments.image_quality import measure_quality
from tests.pictures import photo

PARTS = ("overall", "sharpness", "exposure", "noise", "colourfulness")


@pytest.fixture(scope="module")
def coffee() -> np.ndarray:
    return np.asarray(photo("coffee.png"))


def noisy(picture: np.ndarray, sigma: float) -> np.ndarray:
    grain = np.random.default_rng(1).normal(0, sigma, (*picture.shape[:2], 1))
    return np.clip(np.rint(picture + grain), 0, 255).astype(np.uint8)


def test_blur_lowers_sharpness_step_by_step(coffee):
    blurred = [Image.fromarray(coffee).filter(ImageFilter.GaussianBlur(radius)) for radius in (0, 1, 2, 4)]

    values = [measure_quality(np.asarray(image)) for image in blurred]

    sharpness = [quality.sharpness.value for quality in values]
    overall = [quality.overall.value for quality in values]
    assert sharpness == sorted(sharpness, reverse=True)
    assert overall[0] > overall[1] + 5 > overall[2] + 10
    assert overall[3] == pytest.approx(overall[2], abs=1)  # no sharpness is left to lose
    assert sharpness[0] > 50 * sharpness[-1]


@pytest.mark.parametrize("sigma", [4.0, 8.0, 16.0])
def test_noise_is_measured_in_grey_levels(sigma):
    smooth = np.repeat(np.linspace(60, 190, 400).reshape(1, -1, 1), 300, axis=0).repeat(3, axis=2)

    assert measure_quality(noisy(smooth, sigma)).noise.value == pytest.approx(sigma, rel=0.2)


def test_grain_lowers_the_overall_quality_and_does_not_pass_for_sharpness(coffee):
    clean, grainy = measure_quality(coffee), measure_quality(noisy(coffee, 12))

    assert grainy.overall.value < clean.overall.value - 5
    assert grainy.sharpness.value - clean.sharpness.value < 0.25 * 20 * 12**2  # a quarter of what the noise adds


def test_texture_does_not_pass_for_noise(coffee):
    assert measure_quality(coffee).noise.value < 1.5


@pytest.mark.parametrize("factor", [0.08, 4.0])
def test_too_dark_and_too_bright_lower_exposure(coffee, factor):
    wrong = np.clip(coffee * factor, 0, 255).astype(np.uint8)

    assert measure_quality(coffee).exposure.value > 90
    assert measure_quality(wrong).exposure.value < 50


def test_colourfulness_is_that_of_hasler_and_suesstrunk(coffee):
    """Equation 5 written out again, on a picture small enough that no pixel is left out."""
    picture = coffee[:200, :200]
    red, green, blue = (picture[..., channel].astype(float) for channel in range(3))
    first, second = red - green, 0.5 * (red + green) - blue
    expected = math.hypot(first.std(), second.std()) + 0.3 * math.hypot(first.mean(), second.mean())

    assert measure_quality(picture).colourfulness.value == pytest.approx(expected, abs=0.05)


def test_grey_pictures_have_no_colour_and_lose_nothing_by_it(coffee):
    grey = np.asarray(Image.fromarray(coffee).convert("L").convert("RGB"))

    quality = measure_quality(grey)

    assert quality.colourfulness.value == pytest.approx(0, abs=0.01)
    assert quality.overall.value == pytest.approx(measure_quality(coffee).overall.value, abs=2)


def test_the_overall_quality_is_the_sum_of_its_parts(coffee):
    overall = measure_quality(coffee).overall

    assert {part.name for part in overall.parts} == {"sharpness", "exposure", "noise", "resolution"}
    assert sum(part.contribution for part in overall.parts) == pytest.approx(overall.value, abs=0.05)


def test_noise_that_cannot_be_seen_is_not_told():
    quality = measure_quality(np.zeros((200, 200, 3), np.uint8))

    assert quality.noise.value is None
    assert "black, white" in quality.noise.reason
    assert {part.name for part in quality.overall.parts} == {"sharpness", "exposure", "resolution"}


def test_every_value_lies_in_its_interval_and_names_its_method(coffee):
    quality = measure_quality(coffee)

    for name in PARTS:
        score = getattr(quality, name)
        low, high = score.interval
        assert low <= score.value <= high
        assert score.method
        assert score.n > 10_000


@settings(max_examples=40, deadline=None)
@given(st.integers(16, 90), st.integers(16, 90), st.integers(0, 2**32 - 1), st.integers(1, 256))
def test_any_picture_gives_finite_values_in_range(height, width, seed, levels):
    picture = np.random.default_rng(seed).integers(0, levels, (height, width, 3), dtype=np.uint8)

    quality = measure_quality(picture)

    assert 0 <= quality.overall.value <= 100
    assert 0 <= quality.exposure.value <= 100
    for name in PARTS:
        score = getattr(quality, name)
        assert score.reason if score.value is None else math.isfinite(score.value) and score.value >= 0
