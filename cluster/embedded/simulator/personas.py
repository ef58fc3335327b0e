"""Who a creator is, as a pure function of the username: origin, languages, subject, size, audience, habits.

Followers are drawn per tier on a logarithmic scale, and the engagement rate falls with them as published medians do
(nano about 5 %, micro 2.5 %, mid 1.7 %, macro 1.2 %, mega 0.9 %: HypeAuditor's and Influencer Marketing Hub's
yearly reports), with log-normal spread.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from random import Random

from cluster.embedded.simulator.captions import languages
from cluster.embedded.simulator.cases import cases_of, name_without_cases
from cluster.embedded.simulator.people import Country, countries, given_names
from cluster.embedded.simulator.rhythm import KINDS, Rhythm, make_rhythm
from cluster.embedded.simulator.shortcodes import stable_number
from cluster.embedded.simulator.topics import topic_words, topics

PERSONAS_KEPT_MAX = 5_000
_TIERS = {  # name: weight, fewest and most followers
    "nano": (25, 1_200, 10_000),
    "micro": (36, 10_000, 100_000),
    "mid": (20, 100_000, 500_000),
    "macro": (11, 500_000, 1_000_000),
    "mega": (8, 1_000_000, 30_000_000),
}
_RATES = (
    (1_000, 0.06),
    (5_000, 0.045),
    (30_000, 0.025),
    (220_000, 0.017),
    (700_000, 0.012),
    (4e6, 0.009),
    (4e7, 0.008),
)
_VERIFIED = {"nano": 0.0, "micro": 0.02, "mid": 0.18, "macro": 0.6, "mega": 0.93}
_RHYTHM_WEIGHTS = (34, 20, 10, 28, 8)
_POD_SIZE = 10


@dataclass(frozen=True, slots=True)
class Persona:
    """One creator without dates.

    engagement_rate is (likes + comments) / followers, a fraction. category_shares and language_shares say how often a
    post has that category or language; audience holds (country code, share) pairs; all shares sum to one.
    """

    username: str
    cases: frozenset[str]
    full_name: str
    gender: str
    country: Country
    language: str
    language_shares: tuple[tuple[str, float], ...]
    category: str
    category_shares: tuple[tuple[str, float], ...]
    tier: str
    followers_count: int
    following_count: int
    posts_count: int
    is_verified: bool
    is_business: bool
    engagement_rate: float
    engagement_trend: float  # relative change over the shown posts, newest against oldest
    likes_spread: float  # standard deviation of the logarithm of likes
    comment_ratio: float  # comments per like
    bought_share: float  # of the commenters and likes
    pod_size: int
    sponsored_share: float
    tone_weights: tuple[float, float, float]  # positive, neutral, negative
    kind_weights: tuple[float, float, float]  # Image, Video, Sidecar
    audience: tuple[tuple[str, float], ...]
    female_share: float  # of the audience
    rhythm: Rhythm


@lru_cache(maxsize=PERSONAS_KEPT_MAX)
def persona_of(username: str) -> Persona:
    """The persona behind a canonical username; first names and subjects in the name are taken at their word."""
    cases = cases_of(username)
    rng = Random(stable_number("persona", username))
    country, gender, first = _origin(username, rng)
    language, language_shares = _languages(country, rng)
    category, category_shares = _subjects(username, rng)
    tier, followers = _followers(cases, rng)
    rate = _engagement_rate(followers, rng)
    bought = rng.uniform(0.55, 0.8) if "bought" in cases else 0.0 if "rich" in cases else rng.betavariate(1.2, 40)
    positive, negative = rng.uniform(0.4, 0.68), rng.uniform(0.06, 0.22)
    kinds = [rng.uniform(0.5, 2.0) * share for share in (0.42, 0.33, 0.25)]
    return Persona(
        username=username,
        cases=cases,
        full_name=_full_name(username, first, country, rng),
        gender=gender,
        country=country,
        language=language,
        language_shares=language_shares,
        category=category,
        category_shares=category_shares,
        tier=tier,
        followers_count=followers,
        following_count=_following(followers, cases, rng),
        posts_count=_posts_count(cases, rng),
        is_verified=True if "rich" in cases else rng.random() < _VERIFIED[tier] and "bought" not in cases,
        is_business="rich" in cases or ("thin" not in cases and rng.random() < 0.45),
        engagement_rate=rate * (0.18 if "bought" in cases else 1.0),
        engagement_trend=rng.gauss(0.0, 0.25),
        likes_spread=0.025 if "bought" in cases else rng.uniform(0.22, 0.5),
        comment_ratio=_comment_ratio(cases, followers, rng),
        bought_share=round(bought, 3),
        pod_size=_POD_SIZE if "pod" in cases else 0,
        sponsored_share=rng.choice((0.0, 0.05, 0.1, 0.2, 0.3)),
        tone_weights=(positive, 1 - positive - negative, negative),
        kind_weights=(kinds[0] / sum(kinds), kinds[1] / sum(kinds), kinds[2] / sum(kinds)),
        audience=_audience(country, language, rng),
        female_share=round(rng.uniform(0.2, 0.85), 2),
        rhythm=make_rhythm(
            "bursty" if "burst" in cases else rng.choices(KINDS, weights=_RHYTHM_WEIGHTS)[0], country.utc_offset_h, rng
        ),
    )


def _words(username: str) -> list[str]:
    return [word for word in re.split(r"[^a-z]+", name_without_cases(username)) if word]


def _origin(username: str, rng: Random) -> tuple[Country, str, str]:
    """Country, gender and first name: of a first name in the username, else drawn."""
    for word in _words(username):
        bearers = given_names().get(word)
        if bearers:
            code, gender = rng.choice(bearers)
            return countries()[code], gender, word.title()
    country = rng.choices(list(countries().values()), weights=[row.weight for row in countries().values()])[0]
    gender = rng.choice(("female", "male"))
    return country, gender, rng.choice(country.female if gender == "female" else country.male)


def _full_name(username: str, first: str, country: Country, rng: Random) -> str:
    """A name as people enter it: first and last, first only, or the words of the username."""
    words = _words(username)
    if first.lower() in words and len(words) > 1 and words[0] == first.lower() and rng.random() < 0.6:
        return " ".join(word.title() for word in words)
    last = rng.choice(country.surnames).replace(".", " ")
    return rng.choice((f"{first} {last}", f"{first} {last}", first, f"{first} {last[0]}."))


def _languages(country: Country, rng: Random) -> tuple[str, tuple[tuple[str, float], ...]]:
    spoken = {code: share for code, share in country.languages.items() if code in languages()} or {"en": 1.0}
    main = rng.choices(list(spoken), weights=list(spoken.values()))[0]
    if rng.random() >= 0.22:
        return main, ((main, 1.0),)
    others = [code for code in (*spoken, "en", "es") if code != main and code in languages()] or [main]
    share = round(rng.uniform(0.2, 0.4), 2)
    return main, ((main, 1 - share), (others[0], share))


def _subjects(username: str, rng: Random) -> tuple[str, tuple[tuple[str, float], ...]]:
    named = next((topic_words()[word] for word in _words(username) if word in topic_words()), None)
    rows = list(topics().values())
    main = named or rng.choices([row.name for row in rows], weights=[row.weight for row in rows])[0]
    second, third = rng.sample([row.name for row in rows if row.name != main], 2)
    share = rng.uniform(0.6, 0.85)
    return main, ((main, share), (second, (1 - share) * 0.7), (third, (1 - share) * 0.3))


def _followers(cases: frozenset[str], rng: Random) -> tuple[str, int]:
    tiers = {name: row[0] for name, row in _TIERS.items()}
    if "rich" in cases or "joint" in cases:
        tiers = {"mid": 1, "macro": 1}
    elif "bought" in cases:
        tiers = {"micro": 2, "mid": 1}  # sellers' customers: large enough that a bought crowd shows
    elif "thin" in cases:
        tiers = {"nano": 1}
    tier = rng.choices(list(tiers), weights=list(tiers.values()))[0]
    _, fewest, most = _TIERS[tier]
    return tier, int(math.exp(rng.uniform(math.log(fewest), math.log(most))))


def _engagement_rate(followers: int, rng: Random) -> float:
    """The published median of this size, interpolated in log-log space, times a log-normal factor."""
    size = math.log(followers)
    for (left, rate_left), (right, rate_right) in pairwise(_RATES):
        if size <= math.log(right):
            share = (size - math.log(left)) / (math.log(right) - math.log(left))
            median = math.exp(math.log(rate_left) + share * (math.log(rate_right) - math.log(rate_left)))
            return median * rng.lognormvariate(0.0, 0.32)
    return _RATES[-1][1] * rng.lognormvariate(0.0, 0.32)


def _comment_ratio(cases: frozenset[str], followers: int, rng: Random) -> float:
    ratio = rng.lognormvariate(math.log(0.045 if followers < 10_000 else 0.022), 0.45)
    if "bought" in cases:
        return ratio * 0.25
    return max(ratio, 0.06) if "pod" in cases else ratio


def _following(followers: int, cases: frozenset[str], rng: Random) -> int:
    if "bought" in cases:
        return rng.randrange(3_500, 7_500)
    median = {3: 900, 4: 750, 5: 620, 6: 420}.get(int(math.log10(followers)), 280)
    return max(1, min(7_500, int(rng.lognormvariate(math.log(median), 0.6))))


def _posts_count(cases: frozenset[str], rng: Random) -> int:
    usual = max(12, int(rng.lognormvariate(math.log(420), 0.9)))
    for case, count in (("noposts", 0), ("fewposts", 5), ("thin", 3)):
        if case in cases:
            return count
    return usual


def _audience(home: Country, language: str, rng: Random) -> tuple[tuple[str, float], ...]:
    """Home first, then countries that share the language, then a tail of others."""
    shares = {home.code: rng.uniform(0.45, 0.7)}
    kin = [row for row in countries().values() if language in row.languages and row.code != home.code]
    others = [row for row in countries().values() if row.code != home.code and row not in kin]
    rest = 1 - shares[home.code]
    near = rng.sample(kin, min(len(kin), 3))
    far = rng.sample(others, 3)
    weights = {row.code: rng.uniform(0.6, 1.4) * (2.0 if row in near else 1.0) for row in (*near, *far)}
    for code, weight in weights.items():
        shares[code] = rest * weight / sum(weights.values())
    return tuple(sorted(((code, round(share, 4)) for code, share in shares.items()), key=lambda pair: -pair[1]))
