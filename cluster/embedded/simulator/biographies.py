"""A creator's public page besides the posts: biography, links, business category, pages of related creators."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random
from typing import TYPE_CHECKING

from unidecode import unidecode

from cluster.embedded.simulator.captions import phrases
from cluster.embedded.simulator.cases import CASES
from cluster.embedded.simulator.people import city_in, given_names
from cluster.embedded.simulator.shortcodes import stable_number
from cluster.embedded.simulator.topics import topics

if TYPE_CHECKING:
    from cluster.embedded.simulator.personas import Persona

BIOGRAPHY_LENGTH_MAX = 150  # characters, Instagram's own limit
_RELATED_FEWEST, _RELATED_MOST = 8, 12


@dataclass(frozen=True, slots=True)
class Link:
    """A link in a biography."""

    title: str
    url: str


@dataclass(frozen=True, slots=True)
class Page:
    """What the head of a profile shows. business_category is None for private persons."""

    biography: str
    links: tuple[Link, ...]
    business_category: str | None
    related: tuple[str, ...]


def page_of(persona: Persona) -> Page:
    """The head of a persona's profile page."""
    rng = Random(stable_number("page", persona.username))
    handle = unidecode(persona.full_name).lower().replace(" ", "").replace(".", "") or "me"
    links: list[Link] = []
    if "rich" in persona.cases or ("thin" not in persona.cases and rng.random() < 0.55):
        links.append(Link(rng.choice(("My page", "Shop", "YouTube", "Newsletter")), f"https://{handle}.example/"))
        if rng.random() < 0.35:
            links.append(Link("All links", f"https://links.example/{persona.username}"))
    return Page(
        biography=_biography(persona, handle, rng),
        links=tuple(links),
        business_category=topics()[persona.category].business if persona.is_business else None,
        related=related_to(persona),
    )


def related_to(persona: Persona) -> tuple[str, ...]:
    """Eight to twelve usernames of ordinary creators of the same subject, most of the same country.

    They come from a finite pool of first names and the subject's words, so that the graph of related creators has
    cycles and a crawl of it comes back to where it was.
    """
    if persona.cases & {"private", "thin", "missing", "missingempty"}:
        return ()
    rng = Random(stable_number("related", persona.username))
    count = _RELATED_MOST if "rich" in persona.cases else rng.randrange(_RELATED_FEWEST, _RELATED_MOST + 1)
    words = topics()[persona.category].words
    near = [*persona.country.female, *persona.country.male]
    far = [name.title() for name in given_names()]
    found: dict[str, None] = {}
    for _ in range(20 * count):
        if len(found) == count:
            break
        first = rng.choice(near if rng.random() < 0.75 else far).lower()
        name = f"{first}{rng.choice('._')}{rng.choice(words)}"
        if name != persona.username and not name.startswith(tuple(CASES)):
            found[name] = None
    return tuple(found)


def _biography(persona: Persona, handle: str, rng: Random) -> str:
    if "thin" in persona.cases or rng.random() < 0.04:
        return ""
    texts = phrases(persona.language)
    signs = topics()[persona.category].emoji
    city = city_in(persona.country, persona.language, rng)
    role = texts.topics[persona.category].role
    lines = [rng.choice((f"{role} {rng.choice(signs)}", f"{rng.choice(signs)} {role}", role))]
    if rng.random() < 0.6:
        lines.append(rng.choice((f"📍 {city}", f"📍 {city} {persona.country.flag}", f"{city} {persona.country.flag}")))
    lines += [line.format(place=city) for line in rng.sample(texts.generic["bio"], rng.randrange(1, 3))]
    if persona.is_business or rng.random() < 0.2:
        lines.append(f"✉️ hello@{handle}.example")
    if rng.random() < 0.15:
        lines.append(f"@{rng.choice(topics()[persona.category].brands)}")
    elif rng.random() < 0.15:
        lines.append(f"#{rng.choice(texts.topics[persona.category].tags)}")
    kept = lines[:1]
    for line in lines[1:]:
        if len("\n".join([*kept, line])) <= BIOGRAPHY_LENGTH_MAX:
            kept.append(line)
    return "\n".join(kept)
