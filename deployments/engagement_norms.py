"""What engagement rate accounts of a size show: from stored profiles where there are enough, from published figures before."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from deployments.statistics import MAD_TO_SD, Z_95, theil_sen

if TYPE_CHECKING:
    from collections.abc import Sequence

    from deployments.facts import Peer

BANDS_FILE = Path(__file__).parent / "data" / "engagement_bands.tsv"
PEERS_LEAST = 40  # a slope and a spread from fewer are less sure than the published figures
DECADES_LEAST = 0.7  # of followers that the peers must span for a slope; a factor of five
SD_LEAST = 0.15  # in log10: accounts of one size never agree better than a factor of 1.4
QUINTILE_Z = 0.8416  # the normal distribution's 80th percentile
FOLLOWERS_LEAST = 1_000  # the published figures begin here
# Publishers of engagement rates differ by a factor of 1.5 to 2 for one size (The Social Cat's middle for 10,000 to 50,000
# followers is 0.97 %, HypeAuditor's and Influencer Marketing Hub's yearly reports say 1.7 to 2.5 %): a standard error in log10.
PUBLISHED_ERROR = 0.15
MEDIAN_EFFICIENCY = 1.2533  # the standard error of a median over that of a mean, sqrt(pi / 2)


@dataclass(frozen=True, slots=True)
class Norm:
    """log10 of the engagement rate expected for a size, and the standard deviation around it, from n profiles.

    error is the standard error of log10_rate itself: how far the norm may be off.
    """

    log10_rate: float
    sd: float
    n: int
    method: str
    error: float

    @property
    def rate(self) -> float:
        """The expected engagement rate, a share of followers."""
        return float(10**self.log10_rate)

    @property
    def interval(self) -> tuple[float, float]:
        """The range that holds 95 % of accounts of this size."""
        half = Z_95 * self.sd
        return float(10 ** (self.log10_rate - half)), float(10 ** (self.log10_rate + half))

    def z(self, rate: float) -> float:
        """How many standard deviations a rate lies above (below: negative) what is expected."""
        # A rate of zero has no logarithm; a ten-thousandth of a percent stands for "nobody reacts".
        return (math.log10(max(rate, 1e-6)) - self.log10_rate) / self.sd


def norm_for(followers_count: int | None, peers: Sequence[Peer]) -> Norm | None:
    """The norm for an account of this size; None when followers are unknown or below both sources' reach.

    Peers: log10(rate) = a + b log10(followers) by Theil-Sen, spread by the MAD of the residuals, so that accounts with
    bought followers among the peers do not bend it. Before there are PEERS_LEAST: published bands (BANDS_FILE).
    """
    if not followers_count or followers_count < 1:
        return None
    usable = [peer for peer in peers if peer.followers_count > 0 and peer.engagement_rate > 0]
    if len(usable) >= PEERS_LEAST:
        fitted = _fitted(math.log10(followers_count), usable)
        if fitted is not None:
            return fitted
    return _published(followers_count)


def _fitted(log10_followers: float, peers: Sequence[Peer]) -> Norm | None:
    x = np.log10([peer.followers_count for peer in peers])
    y = np.log10([peer.engagement_rate for peer in peers])
    if np.ptp(x) < DECADES_LEAST or not x.min() - 0.5 <= log10_followers <= x.max() + 0.5:
        return None
    line = theil_sen(x, y)
    if line is None:
        return None
    slope, intercept, _ = line
    residuals = np.abs(y - intercept - slope * x)
    sd = max(SD_LEAST, MAD_TO_SD * float(np.median(residuals)))
    method = f"log-log fit (Theil-Sen) of engagement rate on followers over {len(peers)} stored profiles"
    # Of a straight line at this size: far from the middle of the peers it is less sure (Draper & Smith 1998, sec. 1.4).
    leverage = 1 / len(peers) + (log10_followers - x.mean()) ** 2 / float(((x - x.mean()) ** 2).sum())
    error = MEDIAN_EFFICIENCY * sd * math.sqrt(leverage)
    return Norm(intercept + slope * log10_followers, sd, len(peers), method, float(error))


def _published(followers_count: int) -> Norm | None:
    if followers_count < FOLLOWERS_LEAST:
        return None
    bands = _bands()
    p20, p40, p60, p80 = next((edges for most, edges in bands if followers_count < most), bands[-1][1])
    middle = (math.log10(p40) + math.log10(p60)) / 2 - 2  # percent to share
    sd = (math.log10(p80) - math.log10(p20)) / (2 * QUINTILE_Z)
    method = "published engagement bands by followers (thesocialcat.com), read as fifths"
    return Norm(middle, sd, 0, method, PUBLISHED_ERROR)


@lru_cache(maxsize=1)
def _bands() -> tuple[tuple[int, tuple[float, ...]], ...]:
    lines = BANDS_FILE.read_text(encoding="utf-8").splitlines()
    rows = [line.split("\t") for line in lines if line and not line.startswith("#")]
    return tuple((int(row[1]), tuple(float(edge) for edge in row[2:])) for row in rows)
