"""Audience quality: how far the reactions under a creator's posts look like those of real, interested people."""

from __future__ import annotations

import asyncio
import math
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

import numpy as np
from ray import serve

from deployments.engagement_norms import norm_for
from deployments.reactions import Measured, measure, posts_of
from deployments.registry import identity_of
from deployments.scores import Abstention, Part, Score, split_points
from deployments.statistics import interval_of, judged, soft_ramp, two_sided_p

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from deployments.facts import CreatorFacts
    from deployments.scores import ModelIdentity
    from deployments.statistics import Floats

SLOT = "audience_quality"
CALLS_MAX = 64
BATCH_WAIT_S = 0.005
MEASURED_LEAST = 0.35  # of all parts, weighed by their losses, that must be measured for an authenticity score
LOSS_SALT = 100
FINE_MOST = 1.0  # points; a part that costs less is told as what is good
ODD_LEAST = 3.0  # points; one that costs more as what is suspicious
DECIMALS = 1  # of the score and its parts: a tenth of a point is far below what twelve posts can tell
METHOD = (
    "100 times the product over the measured parts of 1 - loss (1 - mark), mark being 1 for ordinary and 0 for suspicious "
    "(S-shaped in between) and loss the most that a part may take; contributions are points lost, split by logarithms; "
    "interval: bootstrap over posts, for shares with the error of that many comments (Korn & Graubard 1998), with the error of "
    "the norm for accounts of this size and with losses judged to a fifth, expanded for few posts (Hesterberg 2015)"
)


@dataclass(frozen=True, slots=True)
class AudienceQuality:
    """Authenticity 0-100 with its parts, and what each part was measured from.

    authenticity.parts sum, with the starting value in the part "baseline", to authenticity.value. The other scores are
    raw measurements in their own unit (shares in [0, 1], ratios), not points.
    """

    authenticity: Score
    expected_engagement_rate: Score  # what accounts of this size show: share of followers, with its 95 % range
    engagement_against_tier: Score  # log10(own rate / expected rate) in standard deviations of that fit
    comment_to_like_ratio: Score
    likes_variation: Score  # coefficient of variation of likes
    commenter_diversity: Score  # different commenters / comments
    commenter_overlap: Score  # share of comments by accounts that comment on at least half of the posts
    comment_originality: Score  # share of comments that say something and are no near-copy of another account's
    generic_comments: Score  # share that says nothing of its own: emoji only, "nice pic", tags
    language_match: Score  # share of comments in one of the captions' languages
    following_ratio: Score  # following / followers
    abstained: tuple[Abstention, ...]


@dataclass(frozen=True, slots=True)
class _Part:
    """How a measurement becomes a mark: the share it may take off, its mark (0 suspicious, 1 ordinary), and the words.

    The losses are a judgement, not a fit: there is no public set of creators with known bought audiences to fit them to.
    They multiply, so that one certain sign is not averaged away by what a buyer did not fake; a sign that has innocent
    causes (a small circle of friends, a following abroad) may take little.
    """

    name: str
    loss: float
    unit: str
    mark: Callable[[Floats], Floats]
    seen: Callable[[float], str]  # what was measured, as a clause
    fine: str  # what it means where it costs nothing
    odd: Callable[[float], str]  # and where it costs much
    method: str


def _mark_engagement(z: Floats) -> Floats:
    # Half of the loss at one and a half standard deviations below the norm (1 account of 15), nearly all of it at two and a
    # half (1 of 160). Far above the norm is rare too, but may be real success, so it costs at most half.
    return np.minimum(soft_ramp(z, -2.5, -0.4), 1 - 0.5 * soft_ramp(z, 2.5, 4.0))


def _mark_comments_per_like(ratio: Floats) -> Floats:
    # Markerly's 2016 study of 800,000 accounts: 5.9 to 6.9 comments for 100 likes, whatever the size. A factor of ten
    # either way is left alone, a factor of fifty gets no points.
    logs = np.log10(np.maximum(ratio, 1e-6) / 0.06)
    return np.minimum(soft_ramp(logs, -1.7, -1.0), soft_ramp(logs, 1.2, 0.6))


def _engagement_seen(z: float) -> str:
    lower = two_sided_p(z) / 2
    if z < 0:
        return f"{1 - lower:.0%} of accounts of this size get more likes and comments for each follower"
    return f"{1 - lower:.0%} of accounts of this size get fewer likes and comments for each follower"


def _engagement_odd(z: float) -> str:
    if z < 0:
        return "many of the followers do not react, and bought ones never do"
    return "so much is rare, and reactions can be bought as well"


def _says(meaning: str) -> Callable[[float], str]:
    return lambda _value: meaning


PARTS = (
    _Part(
        "engagement_against_tier",
        0.45,
        "standard deviations",
        _mark_engagement,
        _engagement_seen,
        "the followers react as followers do",
        _engagement_odd,
        "(log10 of mean engagement rate - log10 of the expected one) / spread of accounts of this size",
    ),
    _Part(
        "generic_comments",
        0.35,
        "share",
        # HypeAuditor: up to 3 of 20 do not matter, from half on it is "time to ring the bell".
        lambda share: soft_ramp(share, 1.0, 0.5),
        "{:.0%} of the comments would fit any post (emoji, tags, a word or two of praise)".format,
        "enough of them are about the post",
        _says("comment robots write such"),
        "share of comments without a word beyond a list of praise, fillers, tags and emoji in ten languages",
    ),
    _Part(
        "commenter_overlap",
        0.45,
        "share",
        lambda share: soft_ramp(share, 0.8, 0.3),
        "{:.0%} of the comments come from accounts that comment on at least half of the posts".format,
        "the comments are not one circle's",
        _says("a circle that comments on each other's posts looks like this"),
        "comments by accounts seen on at least half of the posts with comments (three at least) / comments",
    ),
    _Part(
        "comment_to_like_ratio",
        0.30,
        "comments per like",
        _mark_comments_per_like,
        lambda ratio: f"there are {100 * ratio:.1f} comments for 100 likes, where about 6 are usual",
        "likes and comments go together",
        _says("likes and comments do not go together"),
        "sum of comments / sum of likes",
    ),
    _Part(
        "likes_variation",
        0.50,
        "coefficient of variation",
        # Likes of real audiences follow a heavy-tailed law; bought packages come in equal portions.
        lambda variation: soft_ramp(variation, 0.04, 0.2),
        "likes vary by {:.0%} from post to post".format,
        "real posts differ as much",
        _says("bought likes come in equal portions"),
        "sample standard deviation / mean of likes",
    ),
    _Part(
        "comment_originality",
        0.25,
        "share",
        lambda share: soft_ramp(share, 0.05, 0.4),
        "{:.0%} of the comments say something that no other account wrote almost alike".format,
        "people write for themselves",
        _says("many comments are copies or say nothing"),
        "1 - generic - near-copies; near-copies: MinHash candidates with Jaccard >= 0.7 over 4-letter shingles (Broder 1997)",
    ),
    _Part(
        "commenter_diversity",
        0.20,
        "share",
        lambda share: soft_ramp(share, 0.1, 0.5),
        lambda share: f"100 comments come from {100 * share:.0f} different accounts",
        "many people take part",
        _says("few people write most of them"),
        "different commenters / comments",
    ),
    _Part(
        "following_ratio",
        0.15,
        "ratio",
        # Up to one account followed for each follower is common among small creators; five is mass following.
        lambda ratio: soft_ramp(np.log10(np.maximum(ratio, 1e-6)), math.log10(5), 0.0),
        lambda ratio: f"the account follows {100 * ratio:,.0f} accounts for 100 followers",
        "it did not gain its followers by following them",
        _says("who follows that many is mostly followed back out of courtesy"),
        "following / followers",
    ),
    _Part(
        "language_match",
        0.10,
        "share",
        lambda share: soft_ramp(share, 0.05, 0.4),
        "{:.0%} of the comments are in a language that the captions use".format,
        "the audience understands the posts",
        _says("many who comment may not understand the posts"),
        "share of comments with a known language that is one of the captions'",
    ),
)
LOSSES = sum(part.loss for part in PARTS)


class AudienceQualityModel:
    """Marks a creator's reactions part by part. Pure: the same facts give the same result."""

    def __init__(self, tier: str = "embedded") -> None:
        self.identity: ModelIdentity = identity_of(SLOT, tier)

    def predict(self, creators: Sequence[CreatorFacts]) -> list[AudienceQuality]:
        """One result for each creator, in order; no score where its least n is not reached."""
        return [_judge(creator) for creator in creators]


@serve.deployment(max_ongoing_requests=CALLS_MAX, max_queued_requests=2 * CALLS_MAX)
class AudienceQualityDeployment:
    """Batches callers and keeps the event loop free while the model computes."""

    def __init__(self, tier: str = "embedded") -> None:
        self._model = AudienceQualityModel(tier)

    async def __call__(self, creators: list[CreatorFacts]) -> list[AudienceQuality]:
        return await self._judge(creators)

    async def identity(self) -> ModelIdentity:
        """Which model answers here."""
        return self._model.identity

    @serve.batch(max_batch_size=CALLS_MAX, batch_wait_timeout_s=BATCH_WAIT_S)
    async def _judge(self, calls: list[list[CreatorFacts]]) -> list[list[AudienceQuality]]:
        results = iter(await asyncio.to_thread(self._model.predict, [one for creators in calls for one in creators]))
        return [list(islice(results, len(creators))) for creators in calls]


def _judge(creator: CreatorFacts) -> AudienceQuality:
    norm = norm_for(creator.followers_count, creator.peers)
    measured, _ = measure(creator, posts_of(creator), norm)
    scores = {part.name: _score(part, measured[part.name]) for part in PARTS}
    abstained = tuple(
        Abstention(part.name, found.n, found.n_least, found.reason or "")
        for part in PARTS
        if (found := measured[part.name]).value is None
    )
    expected = Score(
        value=norm.rate if norm else None,
        n=norm.n if norm else 0,
        method=norm.method if norm else "stored profiles or published figures",
        interval=norm.interval if norm else None,
        reason=None if norm else "no figures for accounts of this size, or followers unknown",
    )
    return AudienceQuality(
        authenticity=_authenticity(measured), expected_engagement_rate=expected, abstained=abstained, **scores
    )


def _score(part: _Part, found: Measured) -> Score:
    interval = None
    if found.value is not None and found.draws is not None:
        # Draws of shares already carry the comments' own error; only those over posts are too narrow for few of them.
        low, high = interval_of(found.draws, None if part.unit == "share" else found.n)
        interval = min(low, found.value), max(high, found.value)
    return Score(found.value, found.n, part.method, interval, reason=found.reason)


def _authenticity(measured: dict[str, Measured]) -> Score:
    known = [(part, found) for part in PARTS if (found := measured[part.name]).value is not None]
    covered = sum(part.loss for part, _ in known) / LOSSES
    n = max((found.n for _, found in known if found.draws is not None), default=0)
    drawn = [found.draws for _, found in known if found.draws is not None]
    if covered < MEASURED_LEAST or not drawn:
        reason = f"only {covered:.0%} of the signs could be measured; at least {MEASURED_LEAST:.0%} are needed"
        return Score(None, n, METHOD, reason=reason)
    draws = np.ones(len(drawn[0]))
    logs = []
    for salt, (part, found) in enumerate(known, start=LOSS_SALT):
        assert found.value is not None
        logs.append(math.log(1 - part.loss * (1 - float(part.mark(np.asarray(found.value))))))
        values = np.asarray(found.value) if found.draws is None else found.draws
        draws = draws * (1 - judged(part.loss, salt) * (1 - part.mark(values)))
    value = round(100 * math.exp(sum(logs)), DECIMALS)
    contributions = split_points(value - 100, logs, DECIMALS)
    parts = [
        Part(part.name, found.value, points, _explained(part, found.value or 0.0, points), found.n)
        for (part, found), points in zip(known, contributions, strict=True)
    ]
    parts.sort(key=lambda part: part.contribution)  # what cost most first; what is good keeps its order at the end
    posts = min(found.n for part, found in known if found.draws is not None)
    low, high = interval_of(100 * draws, max(2, posts))
    interval = min(round(low, DECIMALS), value), max(round(high, DECIMALS), value)
    start = Part("baseline", None, 100.0, "Every account starts with 100 points.", 0)
    return Score(value, n, METHOD, interval, parts=(start, *parts))


def _explained(part: _Part, value: float, points: float) -> str:
    seen = part.seen(value)
    meaning = part.fine if points > -FINE_MOST else "a little off what is usual"
    if points <= -ODD_LEAST:
        meaning = part.odd(value)
    return f"{seen[0].upper()}{seen[1:]}: {meaning}."
