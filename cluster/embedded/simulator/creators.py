"""Creators with their posts. Posting times hang on the current UTC day; all else is a function of the username."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import lru_cache
from random import Random
from typing import TYPE_CHECKING

from cluster.embedded.simulator.biographies import Page, page_of
from cluster.embedded.simulator.captions import TONES, Caption, CaptionPlan, compose, phrases
from cluster.embedded.simulator.people import make_person
from cluster.embedded.simulator.personas import Persona, persona_of
from cluster.embedded.simulator.rhythm import posting_times
from cluster.embedded.simulator.scenes import SCENES
from cluster.embedded.simulator.shortcodes import owner_of, post_id, shortcode_of, stable_number
from cluster.embedded.simulator.topics import topics

if TYPE_CHECKING:
    from datetime import datetime

CREATORS_KEPT_MAX = 1_000
POSTS_SHOWN = 12  # latest posts in a profile, at most
COMMENTS_RICH_MIN = 40
_KINDS = ("Image", "Video", "Sidecar")
_KIND_EFFECT = {"Image": 1.0, "Video": 1.22, "Sidecar": 1.12}
_SIZES = {
    "Image": ((1080, 1080), (1080, 1350), (1080, 720)),
    "Video": ((1080, 1920), (1080, 1350)),
    "Sidecar": ((1080, 1350), (1080, 1080)),
}
_BEST_HOUR_EFFECT = 1.25  # likes of a post within two hours of the creator's best hour
_SPONSORED_EFFECT = 0.78

_SONGS = (
    ("Luna Verde", "Slow Sunday"),
    ("The Low Tides", "Harbour Lights"),
    ("Kaya & Finn", "Gold"),
    ("DJ Ocre", "Calor"),
)


@dataclass(frozen=True, slots=True)
class CreatorPost:
    """One post with its planted truth. index counts from 0 (newest); likes_count is None where likes are hidden."""

    index: int
    id: str
    shortcode: str
    owner: str
    coauthors: tuple[str, ...]
    kind: str
    caption: Caption
    category: str
    taken_at: datetime
    likes_count: int | None
    comments_count: int
    views_count: int | None
    width_px: int
    height_px: int
    scene: str
    alt_text: str | None
    tagged: tuple[str, ...]
    song: tuple[str, str] | None
    comments_disabled: bool


@dataclass(frozen=True, slots=True)
class Creator:
    """Everything there is to know about one creator; posts come newest first."""

    persona: Persona
    page: Page
    today: datetime
    instagram_id: str
    posts: tuple[CreatorPost, ...]

    @property
    def username(self) -> str:
        return self.persona.username

    @property
    def exists(self) -> bool:
        return not self.persona.cases & {"missing", "missingempty"}

    @property
    def is_private(self) -> bool:
        return "private" in self.persona.cases


@lru_cache(maxsize=CREATORS_KEPT_MAX)
def creator_of(username: str, today: datetime) -> Creator:
    """The creator behind a canonical username; today is the UTC midnight that posting times hang on."""
    persona = persona_of(username)
    posts = _posts(persona, today)
    if username.startswith("joint_b_"):
        partner = "joint_a_" + username.removeprefix("joint_b_")
        shared = creator_of(partner, today).posts[0]
        posts = tuple(sorted((shared, *posts[1:]), key=lambda post: post.taken_at, reverse=True))
    return Creator(
        persona=persona,
        page=page_of(persona),
        today=today,
        instagram_id=str(10_000_000 + stable_number("user", username, bits=33)),
        posts=posts,
    )


def post_of(shortcode: str, today: datetime) -> tuple[Creator, CreatorPost] | None:
    """The post behind a shortcode with its owner; None where there is no such public post."""
    owner = owner_of(shortcode)
    if owner is None:
        return None
    creator = creator_of(owner[0], today)
    post = next((post for post in creator.posts if post.shortcode == shortcode), None)
    return (creator, post) if post is not None and creator.exists and not creator.is_private else None


def _posts(persona: Persona, today: datetime) -> tuple[CreatorPost, ...]:
    count = min(POSTS_SHOWN, persona.posts_count)
    if persona.cases & {"private", "missing", "missingempty"} or count == 0:
        return ()
    times = posting_times(persona.rhythm, today, count, Random(stable_number("times", persona.username)))
    plans = _plans(persona, count)
    scenes = _scenes(persona, [plan.category for plan in plans])
    rows = zip(times, plans, scenes, strict=True)
    return tuple(_post(persona, index, taken_at, plan, scene) for index, (taken_at, plan, scene) in enumerate(rows))


def _plans(persona: Persona, count: int) -> list[CaptionPlan]:
    """What each post is about, in which language and tone; a subject's sentences are used up before one comes again."""
    rng = Random(stable_number("plans", persona.username))
    turns: Counter[tuple[str, str, str]] = Counter()
    plans: list[CaptionPlan] = []
    for _ in range(count):
        category, language = _draw(persona.category_shares, rng), _draw(persona.language_shares, rng)
        sponsored = rng.random() < persona.sponsored_share
        tone = rng.choices(TONES, weights=persona.tone_weights)[0]
        about = phrases(language).topics[category].tones
        unsaid = [other for other in TONES[:2] if turns[language, category, other] < len(about[other])]
        if unsaid and (turns[language, category, tone] >= len(about[tone]) or (sponsored and tone == "negative")):
            tone = rng.choice(unsaid)
        others = [name for name, _ in persona.language_shares if name != language]
        plans.append(
            CaptionPlan(
                category=category,
                language=language,
                second_language=others[0] if others and rng.random() < 0.15 else None,
                tone=tone,
                sponsored=sponsored,
                country=persona.country,
                friends=tuple(make_person(persona.country, 0.5, rng).username for _ in range(2)),
                turn=turns[language, category, tone],
                short="thin" in persona.cases,
            )
        )
        turns[language, category, tone] += 1
    return plans


def _draw(shares: tuple[tuple[str, float], ...], rng: Random) -> str:
    return rng.choices([name for name, _ in shares], weights=[share for _, share in shares])[0]


def _scenes(persona: Persona, categories: list[str]) -> list[str]:
    """A scene for each post: it suits the category where possible, and none comes twice."""
    free = Random(stable_number("scenes", persona.username)).sample(sorted(SCENES), len(SCENES))
    chosen: list[str] = []
    for category in categories:
        suiting = [scene for scene in free if scene in topics()[category].scenes]
        chosen.append(suiting[0] if suiting else free[0])
        free.remove(chosen[-1])
    return chosen


def _post(persona: Persona, index: int, taken_at: datetime, plan: CaptionPlan, scene: str) -> CreatorPost:
    rng = Random(stable_number("post", persona.username, index))
    caption = compose(plan, rng)
    kind = rng.choices(_KINDS, weights=persona.kind_weights)[0]
    width, height = rng.choice(_SIZES[kind])
    likes, comments = _reaction(persona, index, kind, taken_at, caption, rng)
    views = int(likes * rng.uniform(8, 22)) if kind == "Video" else None
    is_joint = persona.username.startswith("joint_a_") and index == 0
    people = tuple(make_person(persona.country, 0.5, rng).username for _ in range(rng.choice((0, 0, 0, 1, 2))))
    return CreatorPost(
        index=index,
        id=post_id(persona.username, index),
        shortcode=shortcode_of(persona.username, index),
        owner=persona.username,
        coauthors=("joint_b_" + persona.username.removeprefix("joint_a_"),) if is_joint else (),
        kind=kind,
        caption=caption,
        category=plan.category,
        taken_at=taken_at,
        likes_count=None if "hidden" in persona.cases else likes,
        comments_count=comments,
        views_count=views,
        width_px=width,
        height_px=height,
        scene=scene,
        alt_text=_alt_text(persona, scene, taken_at, rng),
        tagged=(*people, caption.sponsor) if caption.sponsor and rng.random() < 0.7 else people,
        song=rng.choice(_SONGS) if kind == "Video" and rng.random() < 0.6 else None,
        comments_disabled=comments == 0,
    )


def _reaction(
    persona: Persona, index: int, kind: str, taken_at: datetime, caption: Caption, rng: Random
) -> tuple[int, int]:
    """Likes and comments: the creator's base times the effects of type, hour, trend and sponsorship, log-normal."""
    base = persona.followers_count * persona.engagement_rate / (1 + persona.comment_ratio)
    factor = rng.lognormvariate(0.0, persona.likes_spread)
    ratio = persona.comment_ratio * rng.lognormvariate(0.0, 0.3)
    if "bought" not in persona.cases:  # sold likes come in equal parcels whatever is posted
        local_hour = (taken_at.hour + taken_at.minute / 60 + persona.rhythm.utc_offset_h) % 24
        factor *= _KIND_EFFECT[kind]
        factor *= _BEST_HOUR_EFFECT if abs(local_hour - persona.rhythm.hour) <= 2 else 1.0
        factor *= 1 + persona.engagement_trend * (0.5 - index / POSTS_SHOWN)
        factor *= _SPONSORED_EFFECT if caption.sponsor else 1.0
    likes = max(1, int(base * max(0.1, factor)))
    comments = max(1, int(likes * ratio))
    if "thin" in persona.cases:
        return likes, rng.randrange(1, 3)
    if "rich" in persona.cases:
        comments = max(COMMENTS_RICH_MIN, comments)
    elif "pod" in persona.cases:
        comments = max(persona.pod_size + 2, comments)
    elif rng.random() < 0.01:
        comments = 0
    return likes, comments


def _alt_text(persona: Persona, scene: str, taken_at: datetime, rng: Random) -> str | None:
    chance = rng.random()
    if chance < 0.35:
        return None
    objects = SCENES[scene].objects
    seen = objects[0] if len(objects) == 1 else ", ".join(objects[:-1]) + " and " + objects[-1]
    if chance < 0.7:
        return f"Photo by {persona.full_name} on {taken_at:%B %d, %Y}. May be an image of {seen}."
    return f"Photo shared by {persona.full_name} in {rng.choice(persona.country.cities)}. May be an image of {seen}."
