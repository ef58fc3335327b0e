"""In which countries a creator's commenters live, told from few who show it and many who only show a language."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING

import numpy as np

from deployments.places import LANGUAGE_HOMES
from deployments.scores import Share
from deployments.statistics import DRAWS, SEED, interval_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from deployments.statistics import Floats

OTHER = "other"
SHOWN_LEAST = 5  # commenters of one language who show a country, for the others of that language
HOME_WEIGHT = 20.0  # commenters that the published share of a language's speakers in its home counts for
JEFFREYS = 0.5
METHOD = (
    "flags and place names in comments, and languages whose speakers live in one country; commenters are weighed by language "
    "(post-stratification, Holt & Smith 1979), as in some languages everybody counts and in others only who shows a place; "
    "other: elsewhere or not told; interval: 95 % of draws from the Dirichlet posteriors, upwards as if all not told lived there"
)


def country_shares(shown: Sequence[tuple[str, str]], spoken: Mapping[str, int]) -> list[Share]:
    """Each country's share of the commenters whose language is known, not sorted, with OTHER; empty without commenters.

    shown holds (language, country) of each commenter with a flag or place, spoken how many commenters each language has.
    Within a language with a home (LANGUAGE_HOMES) its published share there counts for HOME_WEIGHT commenters beside those
    who show a place. Other languages take the countries of those who do; languages with fewer than SHOWN_LEAST of them are
    taken together, and where even these are too few, their commenters are OTHER.
    """
    seen: dict[str, Counter[str]] = defaultdict(Counter)
    for language, country in shown:
        seen[language][country] += 1
    strata = _strata(seen, spoken)
    if not strata:
        return []
    labels = sorted({country for _, counts in strata for country in counts} | {OTHER})
    sizes = np.asarray([size for size, _ in strata], dtype=float)
    table = np.asarray([[counts.get(label, 0.0) for label in labels] for _, counts in strata])
    random = np.random.default_rng([SEED, int(sizes.sum()), len(labels)])
    draws = _draws(random, sizes, table)
    # A country that nobody showed may be behind some of those who are not told; so may each that is named.
    untold = draws[:, labels.index(OTHER)]
    values = (sizes / sizes.sum()) @ (table / table.sum(axis=1, keepdims=True))
    evidence = Counter(country for _, country in shown)
    shares = []
    for column, label in enumerate(labels):
        value = float(values[column])
        low, _ = interval_of(draws[:, column])
        _, high = interval_of(draws[:, column] if label == OTHER else np.minimum(1.0, draws[:, column] + untold))
        if value > 1e-9:
            shares.append(Share(label, value, evidence[label], (min(low, value), max(high, value))))
    return shares


def _strata(seen: Mapping[str, Counter[str]], spoken: Mapping[str, int]) -> list[tuple[float, dict[str, float]]]:
    """Groups of commenters: how many there are, and the countries that stand for them."""
    strata: list[tuple[float, dict[str, float]]] = []
    rest, rest_size = Counter[str](), 0
    for language, size in sorted(spoken.items()):
        counts: dict[str, float] = dict(seen.get(language, {}))
        if language in LANGUAGE_HOMES:
            home, share = LANGUAGE_HOMES[language]
            counts[home] = counts.get(home, 0.0) + HOME_WEIGHT * share
            counts[OTHER] = counts.get(OTHER, 0.0) + HOME_WEIGHT * (1 - share)
        elif sum(counts.values()) < SHOWN_LEAST:
            rest.update(seen.get(language, {}))
            rest_size += size
            continue
        strata.append((size, counts))
    if rest_size:
        enough = sum(rest.values()) >= SHOWN_LEAST
        strata.append((rest_size, dict(rest) if enough else {OTHER: float(max(1, sum(rest.values())))}))
    return strata


def _draws(random: np.random.Generator, sizes: Floats, table: Floats) -> Floats:
    """Shares of each label, (DRAWS, labels): a Dirichlet draw of the languages times one of the countries within each."""
    groups = random.dirichlet(sizes + JEFFREYS, DRAWS)
    drawn = np.zeros((DRAWS, table.shape[1]))
    for column, counts in enumerate(table):
        drawn += groups[:, [column]] * random.dirichlet(counts + JEFFREYS / len(counts), DRAWS)
    return drawn
