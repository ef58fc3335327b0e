"""Fraud detection: signs of bought followers, likes or comments, each with its evidence."""

from __future__ import annotations

import asyncio
import math
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

import numpy as np
from ray import serve

from deployments import fraud_signals
from deployments.account_authenticity import FEATURES_LEAST, features_of, judge_accounts
from deployments.engagement_norms import norm_for
from deployments.fraud_signs import SIGNS, Sign
from deployments.reactions import Measured, measure, posts_of
from deployments.registry import identity_of
from deployments.scores import Abstention, Part, Score, split_points
from deployments.statistics import interval_of, judged

if TYPE_CHECKING:
    from collections.abc import Sequence

    from deployments.account_authenticity import AccountAuthenticity
    from deployments.facts import CreatorFacts, PostFacts
    from deployments.scores import ModelIdentity
    from deployments.statistics import Floats

SLOT = "fraud_detection"
CALLS_MAX = 64
BATCH_WAIT_S = 0.005
VERDICTS = ("low", "elevated", "high", "insufficient_data")
ELEVATED_FROM = 30.0
HIGH_FROM = 60.0
SIGNS_LEAST = 4
ANOMALY_Z = 3.5
POSTS_LEAST_FOR_ANOMALIES = 8
ANOMALIES_MAX = 12
EVIDENCE_MAX = 5
REASON_POINTS_LEAST = 1.0  # a sign that adds less is told among the parts as what looks right
POINTS_SALT = 200
DECIMALS = 1  # of the risk and its points
EVIDENCE_CHARACTERS_MAX = 60
COMMENTS_PER_LIKE_USUAL = 0.06  # see audience_quality
METHOD = (
    "risk = 100 (1 - product of (1 - points / 100)) over the signs (noisy-or: independent signs add up, one alone stays "
    "below its own points; points grow S-shaped from threshold to full, for counts in a line); interval: bootstrap over posts, for shares with the "
    "error of that many comments (Korn & Graubard 1998), with the error of the norm for accounts of this size and with points "
    "judged to a fifth, expanded for few posts (Hesterberg 2015), 95 %; confidence: share of the draws with the same verdict"
)


@dataclass(frozen=True, slots=True)
class FraudReason:
    """One sign: a stable code, the points it adds to the risk, what was measured against which threshold.

    sentence is for a brand manager. evidence holds at most five short texts (post ids, repeated comment texts), never
    a commenter's name.
    """

    code: str
    points: float
    sentence: str
    value: float
    threshold: float
    n: int
    evidence: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Anomaly:
    """A post whose likes, comments or comments per like lie far off the creator's own median (robust z)."""

    post_id: str
    measure: str  # likes, comments or comments_per_like
    value: float
    median: float
    z: float


@dataclass(frozen=True, slots=True)
class FraudDetection:
    """risk 0-100 (value None and verdict insufficient_data when too few statistics could be computed)."""

    risk: Score
    verdict: str  # one of VERDICTS
    reasons: tuple[FraudReason, ...]  # strongest first
    anomalies: tuple[Anomaly, ...]
    account: AccountAuthenticity
    abstained: tuple[Abstention, ...]


# Three posts give an engagement rate, but no picture; these need six posts or twenty comments.
_ABOUT_REACTIONS = frozenset({"likes_variation", "commenter_overlap", "generic_comments"})


class FraudDetectionModel:
    """Weighs signs of fraud. Pure: the same facts give the same result."""

    def __init__(self, tier: str = "embedded") -> None:
        self.identity: ModelIdentity = identity_of(SLOT, tier)

    def predict(self, creators: Sequence[CreatorFacts]) -> list[FraudDetection]:
        """One result for each creator, in order."""
        return [_judge(creator) for creator in creators]


@serve.deployment(max_ongoing_requests=CALLS_MAX, max_queued_requests=2 * CALLS_MAX)
class FraudDetectionDeployment:
    """Batches callers and keeps the event loop free while the model computes."""

    def __init__(self, tier: str = "embedded") -> None:
        self._model = FraudDetectionModel(tier)

    async def __call__(self, creators: list[CreatorFacts]) -> list[FraudDetection]:
        return await self._judge(creators)

    async def identity(self) -> ModelIdentity:
        """Which model answers here."""
        return self._model.identity

    @serve.batch(max_batch_size=CALLS_MAX, batch_wait_timeout_s=BATCH_WAIT_S)
    async def _judge(self, calls: list[list[CreatorFacts]]) -> list[list[FraudDetection]]:
        results = iter(await asyncio.to_thread(self._model.predict, [one for creators in calls for one in creators]))
        return [list(islice(results, len(creators))) for creators in calls]


def _judge(creator: CreatorFacts) -> FraudDetection:
    posts = posts_of(creator)
    account = judge_accounts([features_of(creator)])[0]
    measured, evidence = _measure_all(creator, posts, account)
    anomalies, too_few = _anomalies(posts)
    risk, reasons = _weigh(measured, evidence)
    abstained = [
        Abstention(name, found.n, found.n_least, found.reason or "")
        for name, found in measured.items()
        if found.value is None
    ]
    verdict = "insufficient_data" if risk.value is None else _verdict(risk.value)
    return FraudDetection(risk, verdict, reasons, anomalies, account, (*abstained, *too_few))


def _measure_all(
    creator: CreatorFacts, posts: Sequence[PostFacts], account: AccountAuthenticity
) -> tuple[dict[str, Measured], dict[str, tuple[str, ...]]]:
    """Every measurement that a sign looks at, and the texts that show it."""
    norm = norm_for(creator.followers_count, creator.peers)
    measured, table = measure(creator, posts, norm)
    measured = {name: found for name, found in measured.items() if any(sign.measured == name for sign in SIGNS)} | {
        "comment_to_like_ratio_log": _log_of(measured["comment_to_like_ratio"])
    }
    spikes, spike_ids = fraud_signals.like_spikes(posts)
    measured["like_spikes"] = spikes
    measured["follower_jump"] = fraud_signals.follower_jump(creator.snapshots)
    measured["numbered_commenters"] = fraud_signals.numbered_commenters(posts, creator.username)
    measured["mass_following"] = fraud_signals.mass_following(creator)
    measured["benford"] = fraud_signals.benford(posts)
    measured["fake_profile"] = Measured(account.fake_probability, None, account.n, FEATURES_LEAST, account.reason)
    texts = tuple(text[:EVIDENCE_CHARACTERS_MAX] for text in table.copied_texts[:EVIDENCE_MAX])
    return measured, {"copied_comments": texts, "like_spikes": spike_ids[:EVIDENCE_MAX]}


def _log_of(ratio: Measured) -> Measured:
    def scaled(values: Floats) -> Floats:
        return np.asarray(np.log10(np.maximum(values, 1e-6) / COMMENTS_PER_LIKE_USUAL))

    if ratio.value is None or ratio.draws is None:
        return ratio
    return Measured(float(scaled(np.asarray(ratio.value))), scaled(ratio.draws), ratio.n, ratio.n_least)


def _weigh(
    measured: dict[str, Measured], evidence: dict[str, tuple[str, ...]]
) -> tuple[Score, tuple[FraudReason, ...]]:
    known = [(sign, found) for sign in SIGNS if (found := measured[sign.measured]).value is not None]
    names = {sign.measured for sign, _ in known}
    n = max((found.n for _, found in known if found.draws is not None), default=0)
    logs, draws = [], np.ones(1)
    for salt, (sign, found) in enumerate(known, start=POINTS_SALT):
        logs.append(-math.log(1 - float(sign.points_of(np.asarray(found.value))) / 100))
        seen = sign.points_of(np.asarray(found.value) if found.draws is None else found.draws) / sign.points
        draws = draws * (1 - judged(sign.points / 100, salt) * seen)
    value = round(100 * (1 - math.exp(-sum(logs))), DECIMALS)
    # The product has no sum of parts; each sign gets the share of the risk that its logarithm has.
    points = split_points(value, logs, DECIMALS)
    reasons = tuple(
        sorted(
            (
                _reason(sign, found, own, evidence)
                for (sign, found), own in zip(known, points, strict=True)
                if own >= REASON_POINTS_LEAST
            ),
            key=lambda reason: (-reason.points, reason.code),
        )
    )
    if len(names) < SIGNS_LEAST or not names & _ABOUT_REACTIONS:
        missing = (
            f"{len(names)} of {len(measured)} statistics could be computed; at least {SIGNS_LEAST} are needed, one "
        )
        return Score(None, n, METHOD, reason=missing + "of them about likes or comments"), reasons
    risks = 100 * (1 - draws)
    low, high = interval_of(risks, max(2, min(found.n for _, found in known if found.draws is not None)))
    verdict = _verdict(value)
    fine = [
        Part(sign.code, _told(sign, found.value or 0.0), own, sign.fine.format(found.value), found.n)
        for (sign, found), own in zip(known, points, strict=True)
        if own < REASON_POINTS_LEAST
    ]
    parts = [Part(reason.code, reason.value, reason.points, reason.sentence, reason.n) for reason in reasons]
    return Score(
        value,
        n,
        METHOD,
        interval=(min(round(low, DECIMALS), value), max(round(high, DECIMALS), value)),
        confidence=float(np.mean([_verdict(risk) == verdict for risk in risks])),
        parts=(*parts, *fine),
    ), reasons


def _told(sign: Sign, measured: float) -> float:
    return float(10**measured) if sign.in_logs else measured


def _reason(sign: Sign, found: Measured, points: float, evidence: dict[str, tuple[str, ...]]) -> FraudReason:
    assert found.value is not None, sign.code
    value, threshold = _told(sign, found.value), _told(sign, sign.threshold)
    texts = evidence.get(sign.measured, ())
    return FraudReason(sign.code, points, sign.told(value), value, threshold, found.n, texts)


def _verdict(risk: float) -> str:
    if risk >= HIGH_FROM:
        return "high"
    return "elevated" if risk >= ELEVATED_FROM else "low"


def _anomalies(posts: Sequence[PostFacts]) -> tuple[tuple[Anomaly, ...], tuple[Abstention, ...]]:
    series: dict[str, list[tuple[str, float]]] = {"likes": [], "comments": [], "comments_per_like": []}
    for post in posts:
        if post.likes_count is not None:
            series["likes"].append((post.id, post.likes_count))
        if post.comments_count is not None:
            series["comments"].append((post.id, post.comments_count))
            if post.likes_count:
                series["comments_per_like"].append((post.id, post.comments_count / post.likes_count))
    found: list[Anomaly] = []
    abstained = []
    for measure_name, rows in series.items():
        if len(rows) < POSTS_LEAST_FOR_ANOMALIES:
            reason = f"{len(rows)} posts show it; at least {POSTS_LEAST_FOR_ANOMALIES} are needed"
            abstained.append(Abstention(f"anomalies_{measure_name}", len(rows), POSTS_LEAST_FOR_ANOMALIES, reason))
            continue
        values = [value for _, value in rows]
        # A ratio is put on the scale of comments for 1,000 likes, where adding one before the logarithm hardly matters.
        scale = 1_000 if measure_name == "comments_per_like" else 1
        scores = fraud_signals.log_z([max(0.0, scale * value) for value in values])
        middle = float(np.median(values))
        found.extend(
            Anomaly(post_id, measure_name, float(value), middle, float(z))
            for (post_id, value), z in zip(rows, scores, strict=True)
            if abs(z) >= ANOMALY_Z
        )
    found.sort(key=lambda anomaly: (-abs(anomaly.z), anomaly.post_id, anomaly.measure))
    return tuple(found[:ANOMALIES_MAX]), tuple(abstained)
