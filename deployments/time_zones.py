"""What the languages and places around a creator tell about the time zone, before any posting hour is looked at."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from deployments.comments import comments_of
from deployments.places import LANGUAGE_HOMES, countries_in
from deployments.time_statistics import OFFSETS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from deployments.facts import PostFacts

HOME_WEIGHT = 20.0  # commenters that the published share of a language's speakers in its home counts for
OPEN_WEIGHT = 4.0  # commenters that "anywhere in the world" counts for
CAPTIONS_SHARE_LEAST = 0.5  # of the captions that must be in one language
# Standard time (UTC offset, hours) of most of each country's people; where several zones matter, their shares of the people.
# Zones of a quarter or half an hour that OFFSETS lacks stand at the nearest hour that it has.
_SEVERAL: Mapping[str, Mapping[float, float]] = {
    "US": {-5: 0.48, -6: 0.29, -7: 0.07, -8: 0.16}, "CA": {-5: 0.62, -8: 0.14, -7: 0.12, -4: 0.06, -6: 0.06},
    "BR": {-3: 0.93, -4: 0.07}, "MX": {-6: 0.92, -7: 0.06, -8: 0.02}, "RU": {3: 0.70, 5: 0.15, 7: 0.10, 10: 0.05},
    "AU": {10: 0.88, 8: 0.12}, "ID": {7: 0.80, 8: 0.18, 9: 0.02}, "KZ": {5: 1.0}, "ES": {1: 1.0}, "PT": {0: 1.0},
}  # fmt: skip
_ONE: Mapping[float, str] = {
    -6: "GT SV HN NI CR", -5: "CO PE EC PA JM CU", -4: "VE BO DO PR CL PY", -3: "AR UY", 0: "GB IE IS GH SN CI ML",
    1: "FR DE IT NL BE CH AT PL CZ SK HU SE NO DK HR SI RS BA AL MK ME LU MT NG DZ TN MA CM CD AO",
    2: "FI EE LV LT UA RO BG GR CY MD IL PS LB EG LY ZA ZW ZM MZ SD RW", 3: "TR SA IQ KW QA BH YE JO SY KE TZ ET UG SO BY",
    3.5: "IR AF", 4: "AE OM AZ GE AM MU", 5: "PK UZ TJ TM MV", 5.5: "IN LK NP", 6: "BD KG BT MM", 7: "TH VN KH LA",
    8: "CN TW HK SG MY PH BN MN", 9: "JP KR", 10: "PG", 12: "NZ FJ",
}  # fmt: skip
COUNTRY_OFFSETS = dict(_SEVERAL) | {code: {offset: 1.0} for offset, codes in _ONE.items() for code in codes.split()}


def offset_prior(posts: Sequence[PostFacts], username: str) -> dict[float, float]:
    """P(UTC offset) for each of OFFSETS, from the captions' language and the places that its speakers name in comments.

    A creator is taken to live where people who write the captions' language live: in that language's home (LANGUAGE_HOMES,
    counted as HOME_WEIGHT commenters), and where commenters who write it say that they are, each country of a commenter
    once. OPEN_WEIGHT commenters live anywhere, as the world's population does.
    """
    captions = Counter(post.language for post in posts if post.language not in (None, "und"))
    weights = dict.fromkeys(OFFSETS, 0.0)
    for offset, share in OFFSETS.items():
        weights[offset] += OPEN_WEIGHT * share
    if captions:
        language, count = min(captions.items(), key=lambda row: (-row[1], str(row[0])))
        if count >= CAPTIONS_SHARE_LEAST * captions.total():
            for country, weight in _countries(str(language), posts, username).items():
                for offset, share in COUNTRY_OFFSETS.get(country, {}).items():
                    weights[offset] += weight * share
    total = sum(weights.values())
    return {offset: weight / total for offset, weight in weights.items()}


def _countries(language: str, posts: Sequence[PostFacts], username: str) -> dict[str, float]:
    shown = {
        (comment.username.lower(), country)
        for post in posts
        for comment in comments_of(post, username)
        if comment.language == language
        for country in countries_in(comment.text)
    }
    weights: dict[str, float] = dict(Counter(country for _, country in shown))
    if language in LANGUAGE_HOMES:
        home, share = LANGUAGE_HOMES[language]
        weights[home] = weights.get(home, 0.0) + HOME_WEIGHT * share
    return weights
