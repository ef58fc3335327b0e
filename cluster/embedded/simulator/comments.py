"""Comments under a post: who writes, in which language, and what."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from random import Random
from typing import TYPE_CHECKING

from cluster.embedded.simulator.captions import languages, phrases
from cluster.embedded.simulator.people import Person, city_in, countries, make_person, numbered_account
from cluster.embedded.simulator.shortcodes import stable_number

if TYPE_CHECKING:
    from cluster.embedded.simulator.creators import Creator, CreatorPost

COMMENTS_PER_POST_MAX = 200  # that the simulator makes, whatever the post's count says
REGULARS = 40  # followers who comment again and again
POD_PRESENCE = 0.92  # share of a pod's members who comment on a post
_KINDS = ("positive", "generic", "question", "place", "negative")
_WEIGHTS = {
    "ordinary": (40, 30, 14, 8, 8),
    "rich": (34, 10, 12, 42, 2),
    "bought": (6, 90, 2, 1, 1),
    "thin": (5, 95, 0, 0, 0),
}


@dataclass(frozen=True, slots=True)
class CreatorComment:
    """One comment with the commenter's planted country and gender ('' for accounts without a person)."""

    id: str
    username: str
    text: str
    language: str
    posted_at: datetime
    likes_count: int
    country: str
    gender: str


def comments_of(creator: Creator, post: CreatorPost, count_max: int) -> list[CreatorComment]:
    """The post's comments, newest first; at most count_max, COMMENTS_PER_POST_MAX and the post's own count."""
    if post.comments_disabled:
        return []
    rng = Random(stable_number("comments", post.id))
    writers = _pod_writers(creator, rng)
    made: list[CreatorComment] = []
    for number in range(min(post.comments_count or 0, COMMENTS_PER_POST_MAX)):
        person = writers[number] if number < len(writers) else _writer(creator, rng)
        made.append(_comment(creator, post, person, number, rng))
    # Pod members comment early, so all of them must be among the comments that a short answer shows.
    shown = made[: max(0, count_max)]
    return sorted(shown, key=lambda comment: comment.posted_at, reverse=True)


def _writer(creator: Creator, rng: Random) -> Person:
    if "thin" in creator.persona.cases or rng.random() < creator.persona.bought_share:
        return numbered_account(rng)
    regulars = _regulars(
        creator.username, creator.persona.audience, creator.persona.female_share, "rich" in creator.persona.cases
    )
    if rng.random() < 0.25:
        return regulars[min(int(rng.expovariate(0.15)), REGULARS - 1)]
    return _person(creator, rng)


def _person(creator: Creator, rng: Random) -> Person:
    codes = [code for code, _ in creator.persona.audience]
    code = rng.choices(codes, weights=[share for _, share in creator.persona.audience])[0]
    return make_person(countries()[code], creator.persona.female_share, rng, legible="rich" in creator.persona.cases)


@lru_cache(maxsize=1_000)
def _regulars(
    username: str, audience: tuple[tuple[str, float], ...], female_share: float, legible: bool
) -> tuple[Person, ...]:
    rng = Random(stable_number("regulars", username))
    codes, weights = [code for code, _ in audience], [share for _, share in audience]
    return tuple(
        make_person(countries()[code], female_share, rng, legible=legible)
        for code in rng.choices(codes, weights=weights, k=REGULARS)
    )


def _pod_writers(creator: Creator, rng: Random) -> list[Person]:
    if not creator.persona.pod_size:
        return []
    home = creator.persona.country
    pod_rng = Random(stable_number("pod", creator.username))
    pod = [make_person(home, 0.5, pod_rng) for _ in range(creator.persona.pod_size)]
    return [member for member in pod if rng.random() < POD_PRESENCE]


def _comment(creator: Creator, post: CreatorPost, person: Person, number: int, rng: Random) -> CreatorComment:
    language = _language(creator, person, rng)
    text = _text(creator, person, language, rng)
    age_s = max(60.0, (creator.today - post.taken_at).total_seconds())
    after_s = min(rng.expovariate(1 / (8 * 3600)), age_s * rng.uniform(0.2, 0.99))
    return CreatorComment(
        id=str(17_800_000_000_000_000 + stable_number(post.id, number, bits=50)),
        username=person.username,
        text=text,
        language=language,
        posted_at=(post.taken_at + timedelta(seconds=after_s)).replace(microsecond=0),
        likes_count=int(rng.expovariate(0.4)),
        country=person.country,
        gender=person.gender,
    )


def _language(creator: Creator, person: Person, rng: Random) -> str:
    if not person.country:
        return "en" if rng.random() < 0.7 else creator.persona.language
    spoken = countries()[person.country].languages
    choice = rng.choices(list(spoken), weights=list(spoken.values()))[0]
    if choice not in languages() or rng.random() < 0.12:
        return creator.persona.language if rng.random() < 0.5 else "en"
    return choice


def _text(creator: Creator, person: Person, language: str, rng: Random) -> str:
    texts = phrases(language).generic
    style = next((case for case in ("rich", "thin") if case in creator.persona.cases), "ordinary")
    if not person.country and style == "ordinary":
        style = "bought"
    kind = rng.choices(_KINDS, weights=_WEIGHTS[style])[0]
    pool = texts[f"comments_{kind}"]
    line = rng.choice(pool[:4] if style == "bought" else pool)
    if kind == "place" and person.country:
        home = countries()[person.country]
        line = line.format(place=city_in(home, language, rng), flag=home.flag)
    elif kind == "place":
        line = rng.choice(texts["comments_generic"])
    elif person.country and rng.random() < (0.35 if style == "rich" else 0.05):
        line = f"{line} {countries()[person.country].flag}"
    if kind in {"positive", "question"} and rng.random() < 0.15:
        line = f"@{creator.username} {line}"
    if kind == "positive" and rng.random() < 0.4:
        line += " " + rng.choice(("❤️", "🔥", "😍", "🙌", "👏👏", "✨", "💯"))
    return line
