from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from deployments.series import bursts, change_points, ewma_surges
from deployments.statistics import (
    bootstrap_mean,
    corrected_share,
    entropy_share,
    fisher_exact,
    interval_of,
    mann_kendall,
    robust_z,
    share_difference,
    share_draws,
    soft_ramp,
    student_t_95,
    theil_sen,
    wilson,
)
from deployments.time_statistics import burstiness, offset_posterior, rayleigh_p, resultant, strongest_rhythm
from deployments.topics import cluster

scipy_stats = pytest.importorskip("scipy.stats")
series = st.lists(st.integers(-50, 50).map(float), min_size=4, max_size=30)


@given(st.integers(0, 200), st.integers(1, 200))
def test_wilsons_interval_holds_the_share_and_agrees_with_scipy(successes, n):
    successes = min(successes, n)
    low, high = wilson(successes, n)
    reference = scipy_stats.binomtest(successes, n).proportion_ci(method="wilson")
    assert low <= successes / n <= high
    assert (low, high) == pytest.approx((reference.low, reference.high), abs=1e-6)


@given(series)
def test_mann_kendalls_tau_agrees_with_scipy(values):
    tau, p = mann_kendall(values)
    reference = scipy_stats.kendalltau(range(len(values)), values)
    assert 0 <= p <= 1
    if len(set(values)) > 1:
        assert tau == pytest.approx(reference.statistic, abs=1e-9)


@given(series)
def test_theil_sens_slope_agrees_with_scipy(values):
    slope, intercept, (low, high) = theil_sen(range(len(values)), values)
    reference = scipy_stats.theilslopes(values, range(len(values)), method="joint")
    assert slope == pytest.approx(reference.slope)
    assert intercept == pytest.approx(reference.intercept)
    assert low <= slope <= high


@given(*[st.integers(0, 12)] * 2, *[st.integers(1, 12)] * 2)
def test_fishers_exact_p_agrees_with_scipy(used_a, used_b, n_a, n_b):
    used_a, used_b = min(used_a, n_a), min(used_b, n_b)
    reference = scipy_stats.fisher_exact([[used_a, n_a - used_a], [used_b, n_b - used_b]]).pvalue
    assert fisher_exact(used_a, n_a, used_b, n_b) == pytest.approx(reference, abs=1e-7)


def test_newcombes_interval_matches_his_published_example():
    # Newcombe 1998, table II, example (a), method 10: 56/70 - 48/80 = 0.20, interval 0.0524 to 0.3339.
    assert share_difference(48, 80, 56, 70) == pytest.approx((0.2, 0.0524, 0.3339), abs=1e-4)


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=30), st.randoms())
def test_a_bootstrap_interval_does_not_depend_on_order(values, random):
    mixed = values.copy()
    random.shuffle(mixed)
    assert bootstrap_mean(mixed) == bootstrap_mean(values)


def test_a_bootstrap_interval_covers_the_mean_about_as_often_as_it_says():
    random = np.random.default_rng(0)
    covered = 0
    for _ in range(200):
        low, high = bootstrap_mean(random.normal(5, 2, 40))
        covered += low <= 5 <= high
    assert 0.88 <= covered / 200 <= 0.99


def test_robust_z_is_not_moved_by_the_outlier_it_finds():
    z = robust_z([10, 11, 9, 10, 12, 8, 10, 500])
    assert z[-1] > 100
    assert np.abs(z[:-1]).max() < 2.5


def test_a_corrected_share_undoes_known_mistakes_and_widens_the_interval():
    # 70 % women seen through names that are right in 90 % of cases: 0.7 * 0.9 + 0.3 * 0.1 = 0.66 are read as women.
    value, (low, high) = corrected_share(660, 1000, (900, 1000), (900, 1000))
    plain = wilson(660, 1000)
    assert value == pytest.approx(0.70)
    assert low < 0.70 < high
    assert high - low > plain[1] - plain[0]


def test_entropy_is_one_for_equal_counts_and_zero_for_one_class():
    assert entropy_share([3, 3, 3, 3]) == pytest.approx(1)
    assert entropy_share([12, 0, 0, 0]) == 0


def test_a_change_of_level_is_found_where_it_is_and_noise_has_none():
    random = np.random.default_rng(3)
    noise = random.normal(0, 0.2, 24)
    assert change_points(noise, 0.15) == []
    assert change_points(np.concatenate([noise[:12], 2 + noise[12:]]), 0.15) == [12]


def test_change_points_are_optimal():
    random = np.random.default_rng(4)
    values = np.concatenate([random.normal(mean, 0.2, 6) for mean in (0, 3, -2)])
    assert change_points(values, 0.15) == [6, 12]


def test_a_surge_stands_out_against_the_posts_before_it():
    scores = ewma_surges([5.0, 5.1, 4.9, 5.0, 5.1, 5.0, 7.0, 5.0], 0.25)
    assert [index for index, (_, z) in enumerate(scores) if abs(z) >= 3] == [6]


def test_a_burst_is_the_stretch_where_a_term_is_frequent():
    used = [False] * 10 + [True] * 4 + [False] * 10
    assert [(first, last) for first, last, _ in bursts(used)] == [(10, 13)]
    assert bursts([True, False] * 12) == []


def test_burstiness_runs_from_regular_over_random_to_bursty():
    random = np.random.default_rng(5)
    regular = float(burstiness(np.full(20, 24.0)))
    chance = float(np.mean([burstiness(random.exponential(24.0, 20)) for _ in range(200)]))
    bursty = float(burstiness(np.asarray([0.1] * 18 + [500.0, 600.0])))
    assert regular == pytest.approx(-1)
    assert abs(chance) < 0.08
    assert bursty > 0.4


def test_rayleighs_p_is_uniform_without_and_small_with_a_direction():
    random = np.random.default_rng(6)
    ps = [rayleigh_p(resultant(random.uniform(0, 2 * math.pi, 12))[1], 12) for _ in range(500)]
    assert 0.02 <= np.mean(np.asarray(ps) < 0.05) <= 0.08
    assert rayleigh_p(resultant(random.normal(1.0, 0.3, 12))[1], 12) < 0.001


def test_a_weekly_rhythm_is_found_and_chance_has_none():
    random = np.random.default_rng(7)
    period, false_alarm = strongest_rhythm([7.0 * week + 0.5 for week in range(12)], 3.0)
    assert period == pytest.approx(7, rel=0.05) or period == pytest.approx(3.5, rel=0.05)
    assert false_alarm < 0.05
    alarms = [strongest_rhythm(np.cumsum(random.exponential(3.0, 14)).tolist())[1] for _ in range(40)]
    assert np.mean(np.asarray(alarms) < 0.05) < 0.2


def test_the_time_zone_of_a_spread_out_day_is_found():
    local = np.asarray([8.5, 9.5, 11.0, 12.5, 13.5, 15.0, 16.5, 18.0, 18.5, 19.5, 20.0, 20.5, 21.5, 22.0] * 3)
    posterior = offset_posterior(((local + 5) % 24).tolist())  # UTC-5
    assert abs(sum(offset * weight for offset, weight in posterior.items()) + 5) < 2.5
    assert sum(posterior.values()) == pytest.approx(1)


def test_captions_of_two_subjects_form_two_clusters_and_noise_forms_none():
    random = np.random.default_rng(8)
    centres = random.normal(0, 1, (2, 32))
    two = np.concatenate([centre + random.normal(0, 0.2, (6, 32)) for centre in centres])
    two /= np.linalg.norm(two, axis=1, keepdims=True)
    assert cluster(two) == [0] * 6 + [1] * 6
    assert cluster(two[:5]) is None


@pytest.mark.parametrize("degrees", [3, 5, 11, 40])
def test_students_t_agrees_with_scipy(degrees):
    assert student_t_95(degrees) == pytest.approx(scipy_stats.t.ppf(0.975, degrees), rel=0.02)


def test_an_interval_from_few_rows_is_wider_than_its_percentiles():
    draws = np.linspace(0, 1, 401)
    assert interval_of(draws, 5)[0] < interval_of(draws, 50)[0] < interval_of(draws)[0]


@given(st.integers(1, 400), st.floats(0, 1))
def test_draws_of_a_share_are_shares_and_never_all_alike(n, share):
    draws = share_draws(share, n, np.full(400, share))
    assert ((draws >= 0) & (draws <= 1)).all()
    assert np.ptp(draws) > 0


def test_draws_of_a_share_keep_the_bootstraps_order_and_its_clusters():
    random = np.random.default_rng(1)
    wide = random.uniform(0.2, 0.8, 400)
    draws = share_draws(0.5, 1000, wide)
    assert (np.argsort(draws) == np.argsort(wide)).all()
    assert draws.std() == pytest.approx(wide.std(), rel=0.15)


@given(st.floats(-1e6, 1e6), st.floats(-1e6, 1e6))
def test_a_soft_ramp_never_falls_and_is_half_in_the_middle(one, other):
    low, high = sorted((one, other))
    assert 0 < soft_ramp(low, 0.0, 2.0) <= soft_ramp(high, 0.0, 2.0) <= 1
    assert soft_ramp(1.0, 2.0, 0.0) == pytest.approx(0.5)
