"""From a planted truth to what the models see: posts with counts and comments, follower counts, a profile."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from random import Random
from typing import TYPE_CHECKING

from deployments.facts import CommentFacts, CreatorFacts, PostFacts, Snapshot
from deployments.language import LanguageModel
from loadtests.planting import people_of, words

if TYPE_CHECKING:
    from deployments.facts import Peer
    from loadtests.planting import Plant

OBSERVED_AT = datetime(2026, 5, 20, 9, tzinfo=UTC)
EMOJI = ("😍", "🔥🔥", "❤️", "👏👏👏", "😂😂", "🙌", "💯", "🥰🥰", "✨", "👀", "🤍", "😭😭")
ALIASES = (
    "pixel", "cosmo", "mango", "velvet", "storm", "koala", "noodle", "cactus", "lagoon", "turbo", "maple", "pepper",
    "cloud", "matcha", "honey", "rocket", "tulip", "bandit", "sky", "peanut", "disco", "lemon", "echo", "falcon",
    "polar", "nomad", "bubble", "saffron", "panda", "zen", "cookie", "urban", "vegan", "luna", "wave", "hiker",
    "film", "daily", "rose", "ink",
)  # fmt: skip
CATEGORIES = ("Food", "Travel", "Fashion", "Fitness", "Technology", "Beauty")
KINDS = ("image", "video", "sidecar")
LANGUAGES_KEPT_MAX = 200_000
CREATOR_TAGS = 4
BEST_HOURS = 3.0
VIRAL = (3.0, 8.0)
BOT_TEXTS = 6  # different texts that one seller of comments uses for a customer


@dataclass(frozen=True, slots=True)
class _Voice:
    """Somebody who comments."""

    username: str
    language: str
    country: str


def creator_from(plant: Plant, name: str, sample: int = 0, peers: tuple[Peer, ...] = ()) -> CreatorFacts:
    """A sample of this creator's posts; name and sample seed it, so that the same call gives the same facts."""
    random, own = Random(f"{name}/{sample}"), Random(f"{name}/profile")
    times = _times(plant, random)
    audience = _Audience(plant, name, random)
    tags = [random.choice(ALIASES) + str(index) for index in range(CREATOR_TAGS)]
    posts = tuple(
        _post(plant, f"{name}{index:03d}", (index, at), tags, audience, random) for index, at in enumerate(times)
    )
    return CreatorFacts(
        username=name,
        full_name="Planted",
        biography="x" * own.randrange(0, 150),
        followers_count=plant.followers,
        following_count=plant.following,
        posts_count=plant.posts + own.randrange(0, 900),
        has_profile_picture=True,
        is_verified=False,
        is_business=own.random() < 0.4,
        is_private=False,
        posts=posts,
        snapshots=_snapshots(plant, Random(f"{name}/history")),
        peers=peers,
        observed_at=OBSERVED_AT,
    )


def expected_engagement_rate(plant: Plant) -> float:
    """The mean of (likes + comments) / followers that the plant's posts are drawn from, without trend and tricks on likes."""
    viral = 1 + plant.viral_share * (sum(VIRAL) / 2 - 1)
    return plant.rate * viral * plant.real_followers / plant.followers


def hours_apart(one: float, other: float) -> float:
    """The distance of two hours of day, 0 to 12."""
    apart = abs(one - other) % 24
    return min(apart, 24 - apart)


@lru_cache(maxsize=1)
def _detector() -> LanguageModel:
    return LanguageModel()


@lru_cache(maxsize=LANGUAGES_KEPT_MAX)
def _detected(text: str) -> str:
    return _detector().predict([text])[0].code


def _times(plant: Plant, random: Random) -> list[datetime]:
    """Posting times, newest first: Gamma gaps between days, hours around the creator's own."""
    times: list[datetime] = []
    hours = 20.0
    for _ in range(plant.posts):
        day = OBSERVED_AT - timedelta(hours=hours)
        local = random.gauss(plant.hour, plant.hour_spread) % 24
        moment = day.replace(hour=0, minute=0) + timedelta(hours=local - plant.utc_offset_h)
        times.append(min(moment, OBSERVED_AT - timedelta(hours=1)))
        hours += random.gammavariate(plant.gap_shape, plant.gap_hours / plant.gap_shape)
    return sorted(times, reverse=True)


def _post(
    plant: Plant, post_id: str, when: tuple[int, datetime], tags: list[str], audience: _Audience, random: Random
) -> PostFacts:
    index, at = when
    likes, comments = _counts(plant, at, random)
    used = [tag for tag in tags if random.random() < 0.4]
    if plant.rising_tag is not None and random.random() < plant.rising_tag[index < plant.posts / 2]:
        used.append("rising")
    written = tuple(audience.comment(at) for _ in range(min(comments, plant.comments_read)))
    return PostFacts(
        id=post_id,
        kind=random.choice(KINDS),
        caption=_said(plant.language, random),
        taken_at=at,
        likes_count=None if random.random() < plant.hidden_share else likes,
        comments_count=comments,
        hashtags=tuple(used),
        comments=audience.with_pod(written, at),
        language=plant.language,
        category=random.choice(CATEGORIES),
    )


def _counts(plant: Plant, at: datetime, random: Random) -> tuple[int, int]:
    """Likes and comments of one post, tricks included."""
    weeks_ago = (OBSERVED_AT - at).total_seconds() / 604_800
    base = plant.real_followers * plant.rate / (1 + plant.comments_per_like)
    base *= math.exp(-plant.trend_per_week * min(weeks_ago, 12))
    local_hour = (at.hour + at.minute / 60 + plant.utc_offset_h) % 24
    if hours_apart(local_hour, plant.best_hour) <= BEST_HOURS / 2:
        base *= plant.best_hour_lift
    usual = base * math.exp(random.gauss(-(plant.likes_spread**2) / 2, plant.likes_spread))
    if random.random() < plant.viral_share:
        usual *= random.uniform(*VIRAL)
    comments = usual * plant.comments_per_like * math.exp(random.gauss(-0.06, 0.35))
    if plant.bought_comments:
        comments /= 1 - plant.bought_comments
    package = base * plant.bought_likes / (1 - plant.bought_likes) * (1 + plant.package_spread * random.gauss(0, 1))
    boost = plant.boost if random.random() < plant.boosted_share else 1.0
    return max(0, round(usual * boost + max(0.0, package))), max(0, round(comments))


def _snapshots(plant: Plant, random: Random) -> tuple[Snapshot, ...]:
    """Follower counts at irregular fetches, oldest first; growth is noisy, and some accounts have a good week."""
    count, at, made = float(plant.followers), OBSERVED_AT, []
    growth = random.gauss(0.004, 0.004)
    jump_at = random.randrange(1, plant.snapshots) if plant.snapshots > 1 else 0
    for index in range(plant.snapshots):
        made.append(Snapshot(at, max(1, round(count)), plant.following, plant.posts))
        days = random.uniform(1.0, 12.0)
        rise = growth * days + random.gauss(0, 0.002) * math.sqrt(days)
        if random.random() < 0.05:
            rise += random.uniform(0.01, 0.1)  # a reel that went round
        if plant.jump and index == jump_at - 1:
            rise += math.log1p(plant.jump)
        count, at = count * math.exp(-rise), at - timedelta(days=days)
    return tuple(reversed(made))


class _Audience:
    """The people, robots and friends who comment under one creator's posts."""

    def __init__(self, plant: Plant, name: str, random: Random) -> None:
        self._plant, self._random = plant, random
        # Who the regulars and the pod are belongs to the creator, not to the sample of posts.
        own = Random(f"{name}/people")
        self._regulars = [self._person(own) for _ in range(plant.regulars)]
        self._pod = [self._person(own) for _ in range(plant.pod_members)]
        languages = (plant.language, "en")
        self._bot_texts = [
            own.choice(words()[own.choice(languages)]["short"])
            if own.random() < 0.6
            else _said(own.choice(languages), own)
            for _ in range(BOT_TEXTS)
        ]
        self._bot_digits = own.random()  # share of the robots whose names are numbered

    def comment(self, at: datetime) -> CommentFacts:
        """One comment under a post of this time."""
        random, plant = self._random, self._plant
        if random.random() < plant.bought_comments:
            return self._written(self._bot(), random.choice(self._bot_texts), at)
        is_regular = random.random() < plant.regular_share
        voice = random.choice(self._regulars) if is_regular else self._person(random)
        return self._written(voice.username, self._text(voice), at)

    def with_pod(self, written: tuple[CommentFacts, ...], at: datetime) -> tuple[CommentFacts, ...]:
        """The comments that are read, the pod's first: it writes within the hour."""
        present = [one for one in self._pod if self._random.random() < self._plant.pod_presence]
        early = tuple(self._written(one.username, self._text(one), at) for one in present)
        return (*early, *written)[: self._plant.comments_read] if early else written

    def _written(self, username: str, text: str, at: datetime) -> CommentFacts:
        later = timedelta(hours=self._random.expovariate(1 / 9))
        return CommentFacts(username, text, min(at + later, OBSERVED_AT), _detected(text))

    def _text(self, voice: _Voice) -> str:
        random, plant = self._random, self._plant
        draw = random.random()
        if draw < plant.emoji_share:
            line = random.choice(EMOJI)
        elif draw < plant.emoji_share + plant.short_share:
            line = random.choice(words()[voice.language]["short"])
        else:
            line = _said(voice.language, random)
        if random.random() < plant.place_share:
            towns = words()[voice.language]["places"].get(voice.country, [])
            line += f" {random.choice(towns)}" if towns and random.random() < 0.5 else f" {_flag(voice.country)}"
        return f"@{random.choice(ALIASES)}{random.randrange(99)} {line}" if random.random() < 0.06 else line

    def _person(self, random: Random) -> _Voice:
        plant = self._plant
        codes, shares = zip(*plant.languages, strict=True)
        language = random.choices(codes, shares)[0]
        people = people_of(language, plant.country, plant.home_pull)
        country = random.choices(list(people), list(people.values()))[0]
        return _Voice(self._username(language, random), language, country)

    def _username(self, language: str, random: Random) -> str:
        rows = words()[language]
        first = random.choice(rows["female" if random.random() < self._plant.female_share else "male"])
        last = random.choice(rows["last"])
        digits = random.choice(("", "", "", str(random.randrange(1, 99)), str(random.randrange(1970, 2012))))
        if random.random() < self._plant.named_share:
            joint = random.choice((".", "_", ""))
            return f"{first}{joint}{last}{digits}" if random.random() < 0.7 else f"{first}{digits or 7}"
        return f"{random.choice(ALIASES)}{random.choice(('.', '_', ''))}{last[: random.randrange(2, 9)]}{digits}"

    def _bot(self) -> str:
        if self._random.random() < self._bot_digits:
            return f"{self._random.choice(ALIASES)}{self._random.randrange(10**4, 10**8)}"
        return self._person(self._random).username


def _said(language: str, random: Random) -> str:
    """One or two sentences about the post; people who never met hardly write the same two."""
    rows = words()[language]
    count = 2 if random.random() < 0.7 else 1
    lines = random.sample(rows["said"], count)
    return ". ".join(line.format(a=random.choice(rows["a"]), b=random.choice(rows["b"])) for line in lines)


def _flag(country: str) -> str:
    return "".join(chr(0x1F1E6 + ord(letter) - ord("A")) for letter in country)
