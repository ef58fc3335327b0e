from __future__ import annotations

from random import Random

import numpy as np
import pytest

from loadtests.planted_measures import auc, auc_interval, filled, found_at, precision, rate_of
from loadtests.planted_posts import creator_from, expected_engagement_rate, hours_apart
from loadtests.planting import EFFECTS, FRAUDS, ORDINARY, THIN, make_plant, make_world, words


def plant_of(kind, seed=3):
    random = Random(seed)
    return make_plant(make_world(random), kind, random)


@pytest.mark.parametrize("kind", [ORDINARY, THIN, *FRAUDS])
def test_a_plant_and_a_sample_give_the_same_facts_each_time(kind):
    plant = plant_of(kind)
    assert plant == plant_of(kind)
    assert creator_from(plant, "planted", 1) == creator_from(plant, "planted", 1)
    assert creator_from(plant, "planted", 1).posts != creator_from(plant, "planted", 2).posts


@pytest.mark.parametrize("kind", FRAUDS)
def test_effects_come_from_the_stated_range(kind):
    _, low, high = EFFECTS[kind]
    assert all(low <= plant_of(kind, seed).effect <= high for seed in range(40))


def test_shares_of_what_is_planted_sum_to_one():
    for seed in range(30):
        plant = plant_of(ORDINARY, seed)
        assert sum(share for _, share in plant.languages) == pytest.approx(1)
        assert sum(share for _, share in plant.countries) == pytest.approx(1)


def test_every_language_has_people_names_and_enough_to_say():
    for language, rows in words().items():
        assert sum(rows["people"].values()) == pytest.approx(1), language
        assert set(rows["places"]) <= set(rows["people"])
        assert min(len(rows[key]) for key in ("short", "said", "a", "b", "female", "male", "last")) >= 8


def test_bought_followers_lower_the_expected_rate_by_their_share():
    plant = plant_of("bought followers")
    viral = 1 + plant.viral_share * 4.5
    assert expected_engagement_rate(plant) == pytest.approx(plant.rate * viral * (1 - plant.effect), rel=0.01)


def test_auc_counts_pairs_and_ties_half():
    random = np.random.default_rng(1)
    planted, ordinary = random.integers(0, 6, 40).tolist(), random.integers(0, 5, 60).tolist()
    pairs = [(one > other) + (one == other) / 2 for one in planted for other in ordinary]
    assert auc(planted, ordinary) == pytest.approx(np.mean(pairs))
    low, high = auc_interval(auc(planted, ordinary), 40, 60)
    assert low < auc(planted, ordinary) < high


def test_alarms_found_and_right():
    assert found_at([1, 5, 9], [0, 1, 2, 3], 0.25) == pytest.approx(2 / 3)
    assert precision(1.0, 0.0, 0.2) == 1
    assert precision(0.5, 0.5, 0.2) == pytest.approx(0.2)
    assert rate_of([True, False]).share == 0.5
    assert filled([None, 7.0], [1.0, None, 3.0]) == [2.0, 7.0]


def test_hours_apart_go_round_the_clock():
    assert hours_apart(23.5, 1.0) == 1.5
    assert hours_apart(-2, 12) == 10
