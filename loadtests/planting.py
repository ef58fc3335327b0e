"""Creators with planted truth, for evaluation only: what is planted, how strongly, and in which world.

Nothing here comes from the upstream simulator or from the models' own tests. Even a world's habits (what engagement is usual,
how much likes vary, how many comments are mere emoji) are drawn anew for each seed, so that a model cannot have been fitted
to them. loadtests/planted_posts.py turns a Plant into what the models see.
"""

from __future__ import annotations

import math
import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from deployments.engagement import TIERS, tier_of

if TYPE_CHECKING:
    from random import Random

WORDS_FILE = Path(__file__).parent / "data" / "planting_words.toml"
ORDINARY = "ordinary"
FRAUDS = (
    "bought followers",
    "bought likes",
    "bought comments",
    "engagement pod",
    "boosted posts",
    "follower jump",
    "whole package",
)
THIN = "thin"
EFFECTS = {  # what `effect` means for each kind, and the range that it is drawn from
    "bought followers": ("share of followers bought", 0.15, 0.95),
    "bought likes": ("share of likes bought", 0.2, 0.97),
    "bought comments": ("share of comments bought", 0.15, 0.95),
    "engagement pod": ("share of read comments by the pod", 0.1, 0.95),
    "boosted posts": ("likes of a boosted post / usual", 3.0, 25.0),
    "follower jump": ("followers gained at once / before", 0.05, 1.5),
    "whole package": ("share of followers bought", 0.35, 0.92),
}
FOLLOWERS_LEAST, FOLLOWERS_MOST = 1_000, 20_000_000
ABROAD_SHARE = 0.08  # of creators who live in a country that has nothing to do with their language
OFFSETS_H = {
    "US": -5, "GB": 0, "AU": 10, "CA": -5, "IN": 5.5, "MX": -6, "ES": 1, "AR": -3, "CO": -5, "BR": -3, "PT": 0, "FR": 1,
    "BE": 1, "DE": 1, "AT": 1, "CH": 1, "IT": 1, "EG": 2, "SA": 3, "AE": 4, "MA": 1, "NP": 5.75, "TR": 3, "RU": 3, "KZ": 5,
    "UA": 2, "JP": 9, "ID": 7, "MY": 8, "PL": 1, "TH": 7,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class World:
    """What is usual in one world. Rates are shares of followers, spreads standard deviations of natural logarithms."""

    rate_at_1k: float
    rate_at_1m: float
    rate_spread: float
    comments_per_like: float
    comments_per_like_spread: float
    emoji_share: float  # of comments without a word
    short_share: float  # of comments that would fit any post
    place_share: float  # of comments that name a town or show a flag
    named_share: float  # of usernames that hold a first name


@dataclass(frozen=True, slots=True)
class Plant:
    """One creator's planted truth; a sample of posts is drawn from it as often as wanted.

    rate is the expected (likes + comments) / real followers of a post before trends. regulars write regular_share of the
    comments. Hours are local; gap_hours is the mean time between posts, gap_shape the Gamma law's (1 random, more regular).
    """

    kind: str
    effect: float
    followers: int
    following: int
    real_followers: int
    language: str
    country: str
    languages: tuple[tuple[str, float], ...]  # written by commenters
    countries: tuple[tuple[str, float], ...]  # of commenters
    home_pull: float  # how much more often a commenter lives in the creator's country than others of the same language
    female_share: float
    rate: float
    likes_spread: float
    viral_share: float
    comments_per_like: float
    emoji_share: float
    short_share: float
    place_share: float
    named_share: float
    regulars: int
    regular_share: float
    posts: int
    comments_read: int
    hidden_share: float  # of posts that hide their likes
    hour: float
    hour_spread: float
    best_hour: float  # around which posts earn best_hour_lift times as much
    best_hour_lift: float
    gap_hours: float
    gap_shape: float
    trend_per_week: float  # of ln(likes)
    rising_tag: tuple[float, float] | None  # its share of the older and of the newer half of the posts
    bought_followers: float
    bought_likes: float
    bought_comments: float
    package_spread: float  # of bought likes from post to post
    pod_members: int
    pod_presence: float
    boosted_share: float
    boost: float
    jump: float
    snapshots: int

    @property
    def tier(self) -> str:
        return tier_of(self.followers) or "unknown"

    @property
    def is_fraud(self) -> bool:
        return self.kind in FRAUDS

    @property
    def utc_offset_h(self) -> float:
        return OFFSETS_H[self.country]


@cache
def words() -> dict[str, dict[str, Any]]:
    """By language: short, said, a, b, people, places, female, male, last."""
    return tomllib.loads(WORDS_FILE.read_text(encoding="utf-8"))


def make_world(random: Random) -> World:
    """One world; the ranges of rates hold what is published for Instagram between 2019 and 2025."""
    return World(
        rate_at_1k=random.uniform(0.03, 0.075),
        rate_at_1m=random.uniform(0.007, 0.018),
        rate_spread=random.uniform(0.5, 1.0),
        comments_per_like=random.uniform(0.015, 0.06),
        comments_per_like_spread=random.uniform(0.4, 0.8),
        emoji_share=random.uniform(0.08, 0.3),
        short_share=random.uniform(0.1, 0.35),
        place_share=random.uniform(0.03, 0.12),
        named_share=random.uniform(0.3, 0.75),
    )


def make_plant(world: World, kind: str, random: Random) -> Plant:
    """A creator of this kind in this world; sizes are even over the tiers, languages even over all there are."""
    frauds = _frauds(kind, random)
    followers = _followers(random)
    bought = frauds["bought_followers"]
    jump = frauds["jump"]
    real = max(50, round(followers * (1 - bought) / (1 + jump)))
    language = random.choice(sorted(words()))
    people = words()[language]["people"]
    country = random.choices(list(people), list(people.values()))[0]
    if random.random() < ABROAD_SHARE:
        country = random.choice(sorted(OFFSETS_H))
    languages = _languages(language, random)
    thin = kind == THIN
    hour = random.choice((random.gauss(8.0, 1.0), random.gauss(12.8, 1.5), random.gauss(19.3, 1.8))) % 24
    pull = random.uniform(1.0, 4.0)
    return Plant(
        kind=kind,
        effect=frauds.pop("effect"),
        followers=followers,
        following=max(5, round(math.exp(random.gauss(6.2, 0.8)))),
        real_followers=real,
        language=language,
        country=country,
        languages=languages,
        countries=_countries(country, languages, pull),
        home_pull=pull,
        female_share=random.uniform(0.08, 0.95),
        rate=min(0.4, usual_rate(world, real) * math.exp(random.gauss(0.0, world.rate_spread))),
        likes_spread=random.uniform(0.18, 0.7),
        viral_share=random.choice((0.0, 0.0, 0.04, 0.08)),
        comments_per_like=math.exp(random.gauss(math.log(world.comments_per_like), world.comments_per_like_spread)),
        emoji_share=min(0.6, world.emoji_share * random.uniform(0.3, 2.0)),
        short_share=min(0.6, world.short_share * random.uniform(0.3, 2.0)),
        place_share=world.place_share * random.uniform(0.4, 2.0),
        named_share=world.named_share,
        regulars=random.randrange(6, 60),
        regular_share=random.uniform(0.0, 0.45),
        posts=_posts(thin=thin, random=random),
        comments_read=random.randrange(0, 4) if thin else random.randrange(6, 16),
        hidden_share=random.choices((0.0, random.uniform(0.1, 0.6), 1.0), (0.88, 0.07, 0.05))[0],
        hour=hour,
        hour_spread=random.uniform(0.4, 4.0),
        best_hour=(hour + random.uniform(-3.0, 3.0)) % 24,
        best_hour_lift=random.choice((1.0, 1.0, random.uniform(1.2, 2.2))),
        gap_hours=24 * math.exp(random.uniform(math.log(1.0), math.log(8))),
        gap_shape=math.exp(random.uniform(math.log(0.6), math.log(10))),
        trend_per_week=random.choice((0.0, 0.0, random.uniform(0.02, 0.25), -random.uniform(0.02, 0.25))),
        rising_tag=(random.uniform(0.0, 0.2), random.uniform(0.5, 1.0)) if random.random() < 0.3 else None,
        snapshots=random.randrange(4, 10) if kind == "follower jump" or random.random() < 0.4 else 0,
        **frauds,
    )


def usual_rate(world: World, followers: int) -> float:
    """The world's median engagement rate for a size: a straight line through both logarithms."""
    slope = math.log10(world.rate_at_1m / world.rate_at_1k) / 3
    return float(world.rate_at_1k * 10 ** (slope * (math.log10(max(100, followers)) - 3)))


def _followers(random: Random) -> int:
    bounds = [max(FOLLOWERS_LEAST, least) for _, least in TIERS] + [FOLLOWERS_MOST]
    tier = random.randrange(len(TIERS))
    return round(math.exp(random.uniform(math.log(bounds[tier]), math.log(bounds[tier + 1] - 1))))


def _posts(*, thin: bool, random: Random) -> int:
    if thin:
        return random.randrange(1, 6)
    return 12 if random.random() < 0.75 else random.randrange(13, 50)


def _frauds(kind: str, random: Random) -> dict[str, Any]:
    """How strongly each trick is planted; 0 for those that are not."""
    planted: dict[str, Any] = {
        "effect": 0.0,
        "bought_followers": 0.0,
        "bought_likes": 0.0,
        "bought_comments": 0.0,
        "package_spread": random.uniform(0.0, 0.12),
        "pod_members": 0,
        "pod_presence": 0.0,
        "boosted_share": 0.0,
        "boost": 1.0,
        "jump": 0.0,
    }
    if kind not in EFFECTS:
        return planted
    _, low, high = EFFECTS[kind]
    effect = random.uniform(low, high)
    planted["effect"] = effect
    if kind == "bought followers":
        planted["bought_followers"] = effect
    elif kind == "bought likes":
        planted["bought_likes"] = effect
    elif kind == "bought comments":
        planted["bought_comments"] = effect
    elif kind == "engagement pod":
        # Ten comments are read on average: the pod's size follows from the share of them that it shall write.
        planted["pod_presence"] = random.uniform(0.45, 1.0)
        planted["pod_members"] = max(2, round(effect * 10 / planted["pod_presence"]))
    elif kind == "boosted posts":
        planted["boosted_share"] = random.uniform(0.08, 0.4)
        planted["boost"] = effect
    elif kind == "follower jump":
        planted["jump"] = effect
    else:
        planted["bought_followers"] = effect
        planted["bought_likes"] = random.uniform(0.2, 0.9)
        planted["bought_comments"] = random.uniform(0.2, 0.8)
    return planted


def _languages(home: str, random: Random) -> tuple[tuple[str, float], ...]:
    """The shares of commenters who write each language: home first, often English, sometimes a third."""
    shares = {home: random.uniform(0.5, 1.0)}
    rest = 1 - shares[home]
    others = random.sample([language for language in sorted(words()) if language != home], 2)
    if home != "en" and random.random() < 0.7:
        others[0] = "en"
    split = random.uniform(0.3, 1.0)
    shares[others[0]] = rest * split
    shares[others[1]] = shares.get(others[1], 0.0) + rest * (1 - split)
    return tuple(shares.items())


def people_of(language: str, home: str, pull: float) -> dict[str, float]:
    """Where people who write a language live, by weight; the creator's country `pull` times as often as elsewhere."""
    people = words()[language]["people"]
    return {code: weight * (pull if code == home else 1.0) for code, weight in people.items()}


def _countries(home: str, languages: tuple[tuple[str, float], ...], pull: float) -> tuple[tuple[str, float], ...]:
    shares: dict[str, float] = {}
    for language, share in languages:
        weights = people_of(language, home, pull)
        for code, weight in weights.items():
            shares[code] = shares.get(code, 0.0) + share * weight / sum(weights.values())
    return tuple(sorted(shares.items(), key=lambda row: -row[1]))
