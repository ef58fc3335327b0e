from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from deployments.account_authenticity import AccountFeatures, judge_accounts

PERSON = AccountFeatures(420, 380, 95, 60, True, False, 0, 11)
ROBOT = AccountFeatures(12, 3_900, 0, 0, False, False, 6, 13)
counts = st.integers(0, 10**7)
accounts = st.builds(
    AccountFeatures, counts, counts, counts, st.integers(0, 150), st.booleans(), st.booleans(), st.integers(0, 15), st.integers(15, 30)
)  # fmt: skip


def fake(account):
    return judge_accounts([account])[0].fake_probability


def test_a_person_and_a_robot_are_told_apart():
    assert fake(PERSON) < 0.05
    assert fake(ROBOT) > 0.95


@given(accounts, accounts)
def test_each_feature_moves_the_probability_one_way_only(one, other):
    for name, suspicious in (
        ("posts_count", min),
        ("followers_count", min),
        ("following_count", max),
        ("biography_length", min),
        ("username_digits", max),
    ):
        a, b = getattr(one, name), getattr(other, name)
        worse, better = suspicious(a, b), a + b - suspicious(a, b)
        assert fake(replace(one, **{name: worse})) >= fake(replace(one, **{name: better})) - 1e-12
    assert fake(replace(one, has_profile_picture=False)) > fake(replace(one, has_profile_picture=True))


def test_the_parts_are_the_evidence_and_too_few_features_give_no_number():
    result = judge_accounts([ROBOT])[0]
    assert result.n == 6
    assert abs(result.parts[0].contribution) >= abs(result.parts[-1].contribution)
    thin = judge_accounts([AccountFeatures(followers_count=10, posts_count=-1)])[0]
    assert thin.fake_probability is None
    assert "at least 3" in thin.reason
    assert "profile_picture" in thin.reason
