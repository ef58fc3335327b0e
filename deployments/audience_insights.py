"""Audience insights: who comments - languages, countries, gender, interests - as far as public data tells."""

from __future__ import annotations

import asyncio
from collections import Counter, defaultdict
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

import numpy as np
from ray import serve

from deployments import audience_countries
from deployments.audience_countries import OTHER, country_shares
from deployments.comments import voices_of
from deployments.places import countries_in, country_of
from deployments.reactions import posts_of
from deployments.registry import identity_of
from deployments.scores import Distribution, Score, Share
from deployments.statistics import corrected_share, interval_of, resamples, wilson
from deployments.usernames import gender_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from deployments.facts import CommentFacts, CreatorFacts, PostFacts
    from deployments.scores import ModelIdentity

    Voices = dict[str, list[tuple[PostFacts, CommentFacts]]]

SLOT = "audience_insights"
CALLS_MAX = 64
BATCH_WAIT_S = 0.005
COMMENTERS_LEAST = 20  # with evidence, for languages, countries and interests
NAMED_LEAST = 30  # commenters with a telling first name
INTEREST_POSTS_LEAST = 4
SHARES_MAX = 12  # labels named; the rest is summed up as OTHER
# The detector names 94 % of word pairs and 98.7 % of tweets rightly (models.md's measurement of eldc). Of planted comments
# (loadtests/planting.py, other seeds than the report's), many of them a word or two, up to one in eight went to a neighbour
# (Russian to Bulgarian, Indonesian to Tagalog).
LANGUAGE_ERROR = 0.12
# A nickname is somebody's first name by chance ("falcon", "rosewater"): so are 119 of the 1,119 words of four letters or more
# in ImageNet's class names, put at the start of a username.
ACCIDENT_RATE = 0.106
# Right and all telling names among the usernames of 294 public figures (tests/unit/data/public_figures.tsv).
FEMALE_NAMES_RIGHT = (108, 111)
MALE_NAMES_RIGHT = (100, 102)
AGE_REASON = "not inferable: public comments carry nothing that tells a commenter's age"


@dataclass(frozen=True, slots=True)
class AudienceInsights:
    """Distributions over commenters (never followers: their list is not public), or "not inferable" with the reason.

    Each commenter counts once. coverage scores say which share of the commenters gave evidence at all (0-1). Labels:
    languages ISO 639-1 codes, countries ISO 3166 alpha-2 codes, gender "female" and "male" as first names are given,
    interests the categories of models.md; rare labels are summed up as "other". age is always empty with its reason.
    """

    languages: Distribution
    countries: Distribution
    gender: Distribution
    interests: Distribution
    age: Distribution
    language_coverage: Score
    country_coverage: Score
    gender_coverage: Score
    commenters: int
    comments: int


class AudienceInsightsModel:
    """Reads commenters' words and names. Pure: the same facts give the same result."""

    def __init__(self, tier: str = "embedded") -> None:
        self.identity: ModelIdentity = identity_of(SLOT, tier)

    def predict(self, creators: Sequence[CreatorFacts]) -> list[AudienceInsights]:
        """One result for each creator, in order."""
        return [_read(creator) for creator in creators]


@serve.deployment(max_ongoing_requests=CALLS_MAX, max_queued_requests=2 * CALLS_MAX)
class AudienceInsightsDeployment:
    """Batches callers and keeps the event loop free while the model computes."""

    def __init__(self, tier: str = "embedded") -> None:
        self._model = AudienceInsightsModel(tier)

    async def __call__(self, creators: list[CreatorFacts]) -> list[AudienceInsights]:
        return await self._read(creators)

    async def identity(self) -> ModelIdentity:
        """Which model answers here."""
        return self._model.identity

    @serve.batch(max_batch_size=CALLS_MAX, batch_wait_timeout_s=BATCH_WAIT_S)
    async def _read(self, calls: list[list[CreatorFacts]]) -> list[list[AudienceInsights]]:
        results = iter(await asyncio.to_thread(self._model.predict, [one for creators in calls for one in creators]))
        return [list(islice(results, len(creators))) for creators in calls]


def _read(creator: CreatorFacts) -> AudienceInsights:
    posts = posts_of(creator)
    voices = voices_of(posts, creator.username)
    spoken = {name: language for name, said in voices.items() if (language := _main_language(said)) is not None}
    in_captions = {post.id: countries_in(post.caption) for post in posts}
    located = {name: found for name, said in voices.items() if (found := country_of(said, in_captions)) is not None}
    gendered = [gender for name in voices if (gender := gender_of(name)) is not None]
    return AudienceInsights(
        languages=_languages(Counter(spoken.values())),
        countries=_countries(located, spoken),
        gender=_gender(gendered.count("female"), len(gendered), len(voices)),
        interests=_interests(voices),
        age=Distribution((), 0, "none", AGE_REASON),
        language_coverage=_coverage(
            len(spoken), len(voices), "commenters whose language could be told / all commenters"
        ),
        country_coverage=_coverage(
            len(located), len(voices), "commenters with a flag, place or telling language / all"
        ),
        gender_coverage=_coverage(len(gendered), len(voices), "commenters with a telling first name / all commenters"),
        commenters=len(voices),
        comments=sum(map(len, voices.values())),
    )


def _main_language(said: Sequence[tuple[PostFacts, CommentFacts]]) -> str | None:
    counts = Counter(comment.language for _, comment in said if comment.language != "und")
    return min(counts, key=lambda language: (-counts[language], language)) if counts else None


def _languages(counts: Counter[str]) -> Distribution:
    method = (
        "each commenter's most frequent comment language; interval: Wilson, widened by the detector's error of "
        f"{LANGUAGE_ERROR:.0%} as if all of it fell on this language"
    )
    n = sum(counts.values())
    if n < COMMENTERS_LEAST:
        return Distribution((), n, method, _too_few(n, COMMENTERS_LEAST, "commenters with a known language"))

    def share(label: str, count: float) -> Share:
        low, high = wilson(count, n)
        wide = (low * (1 - LANGUAGE_ERROR), high + LANGUAGE_ERROR * (1 - high))
        return Share(label, count / n, round(count), wide)

    return Distribution(_shares(counts, share), n, method)


def _countries(located: Mapping[str, tuple[str, float]], spoken: Mapping[str, str]) -> Distribution:
    n = len(located)
    if n < COMMENTERS_LEAST:
        what = "commenters with a flag, a place name or a language of one country"
        return Distribution((), n, audience_countries.METHOD, _too_few(n, COMMENTERS_LEAST, what))
    shown = [(spoken.get(name, "und"), country) for name, (country, weight) in located.items() if weight == 1]
    sizes = Counter(spoken.values())
    # Who only left a flag and an emoji has no known language, but has shown a country.
    sizes["und"] = sum(language == "und" for language, _ in shown)
    told = {share.label: share for share in country_shares(shown, +sizes)}
    counts = {label: share.share for label, share in told.items()}

    def share(label: str, value: float) -> Share:
        if label in told and abs(value - told[label].share) < 1e-12:
            return told[label]
        # OTHER also takes the labels past SHARES_MAX.
        return Share(label, value, 0, wilson(min(value * n, n), n))

    return Distribution(_shares(counts, share), n, audience_countries.METHOD)


def _gender(female: int, n: int, commenters: int) -> Distribution:
    method = (
        "first names in usernames by how they are given (36 public sources of names; Van Buskirk et al., ICWSM 2023), "
        "corrected for the error on usernames of public figures (Rogan & Gladen 1978), which the interval carries, as if all nicknames that are names by chance were of one gender; it speaks "
        "of commenters whose username holds a first name"
    )
    if n < NAMED_LEAST:
        return Distribution((), n, method, _too_few(n, NAMED_LEAST, "commenters with a telling first name"))
    value, (low, high) = corrected_share(female, n, FEMALE_NAMES_RIGHT, MALE_NAMES_RIGHT)
    # Of those whose username holds no first name, ACCIDENT_RATE seem to have one; these may all be women's or all men's.
    told = n / commenters
    accidental = min(0.9, ACCIDENT_RATE * (1 - told) / ((1 - ACCIDENT_RATE) * told))
    low = min(value, max(0.0, (low - accidental) / (1 - accidental)))
    high = max(value, min(1.0, high / (1 - accidental)))
    shares = [Share("female", value, female, (low, high)), Share("male", 1 - value, n - female, (1 - high, 1 - low))]
    return Distribution(tuple(sorted(shares, key=lambda one: (-one.share, one.label))), n, method)


def _interests(voices: Voices) -> Distribution:
    """What the posts are about that people comment on: each commenter's votes go to the categories of those posts."""
    method = (
        "categories of the posts that each commenter wrote under, each commenter one vote in all; it tells what of this "
        "creator's posts draws people, not their other interests; interval: bootstrap over posts"
    )
    votes: dict[str, dict[str, float]] = defaultdict(lambda: defaultdict(float))
    category_of: dict[str, str] = {}
    commenters = 0
    for said in voices.values():
        posts = {post.id: post.category for post, _ in said if post.category is not None}
        commenters += bool(posts)
        for post_id, category in posts.items():
            category_of[post_id] = category
            votes[post_id][category] += 1 / len(posts)
    if commenters < COMMENTERS_LEAST or len(votes) < INTEREST_POSTS_LEAST:
        reason = (
            f"not inferable: {commenters} commenters under {len(votes)} posts with a category; at least {COMMENTERS_LEAST} "
            f"under {INTEREST_POSTS_LEAST} are needed"
        )
        return Distribution((), commenters, method, reason)
    labels = sorted(set(category_of.values()))
    table = np.asarray([[votes[post].get(label, 0.0) for label in labels] for post in sorted(votes)])
    drawn = table[resamples(len(table))].sum(axis=1)
    drawn = drawn / np.maximum(drawn.sum(axis=1, keepdims=True), 1e-12)
    totals = table.sum(axis=0)
    shares = []
    for column, label in enumerate(labels):
        value = float(totals[column] / totals.sum())
        low, high = interval_of(drawn[:, column], len(table))
        shares.append(Share(label, value, round(float(totals[column])), (min(low, value), max(high, value))))
    shares.sort(key=lambda one: (-one.share, one.label))
    return Distribution(tuple(shares), commenters, method)


def _shares(counts: Mapping[str, float], share: Callable[[str, float], Share]) -> tuple[Share, ...]:
    """The SHARES_MAX largest labels, then the sum of the others as OTHER."""
    ranked = sorted(
        ((label, count) for label, count in counts.items() if label != OTHER), key=lambda row: (-row[1], row[0])
    )
    rest = counts.get(OTHER, 0.0) + sum(count for _, count in ranked[SHARES_MAX:])
    shares = [share(label, count) for label, count in ranked[:SHARES_MAX]]
    if rest > 1e-9:
        shares.append(share(OTHER, rest))
    return tuple(sorted(shares, key=lambda one: (-one.share, one.label)))


def _coverage(known: int, n: int, method: str) -> Score:
    if n == 0:
        return Score(None, 0, method, reason="no comment by anyone but the creator was read")
    return Score(known / n, n, method, wilson(known, n))


def _too_few(n: int, n_least: int, what: str) -> str:
    return f"not inferable: {n} {what}; at least {n_least} are needed"
