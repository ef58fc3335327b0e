"""When a creator posts: weekdays, hours, bursts, in the creator's own time zone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from random import Random

KINDS = ("weekly", "daily", "weekend", "irregular", "bursty")
_DAYS_BACK_MAX = 1_500


@dataclass(frozen=True, slots=True)
class Rhythm:
    """The planted habit. weekdays count from 0 (Monday); hour is local time; gap_days the mean of irregular gaps."""

    kind: str
    hour: float
    hour_spread: float
    weekdays: tuple[int, ...]
    gap_days: float
    utc_offset_h: float


def make_rhythm(kind: str, utc_offset_h: float, rng: Random) -> Rhythm:
    """A rhythm of this kind with hours that people post at: mornings, noon, evenings."""
    hour = rng.choices((8.0, 12.5, 18.0, 19.5, 21.0), weights=(2, 2, 3, 4, 2))[0] + rng.uniform(-0.5, 0.5)
    weekdays = {
        "weekly": tuple(sorted(rng.sample(range(7), rng.randrange(1, 4)))),
        "weekend": (5, 6),
    }.get(kind, tuple(range(7)))
    spread = {"weekly": 0.5, "daily": 0.7, "weekend": 1.5, "irregular": 3.0, "bursty": 4.0}[kind]
    return Rhythm(kind, round(hour, 2), spread, weekdays, round(rng.uniform(1.5, 5.0), 2), utc_offset_h)


def posting_times(rhythm: Rhythm, today: datetime, count: int, rng: Random) -> list[datetime]:
    """As many times before today (a UTC midnight) as asked for, newest first."""
    if rhythm.kind == "bursty":
        return _in_bursts(rhythm, today, count, rng)
    if rhythm.kind == "irregular":
        return _at_random_days(rhythm, today, count, rng)
    return _on_weekdays(rhythm, today, count, rng)


def _local(rhythm: Rhythm, day: datetime, hour: float) -> datetime:
    """The UTC time of an hour of a local day."""
    return (day + timedelta(hours=hour - rhythm.utc_offset_h)).replace(microsecond=0)


def _hour(rhythm: Rhythm, rng: Random) -> float:
    return min(23.9, max(5.0, rng.gauss(rhythm.hour, rhythm.hour_spread)))


def _on_weekdays(rhythm: Rhythm, today: datetime, count: int, rng: Random) -> list[datetime]:
    times: list[datetime] = []
    for back in range(_DAYS_BACK_MAX):
        day = today - timedelta(days=back)
        if len(times) == count:
            break
        moment = _local(rhythm, day, _hour(rhythm, rng))
        if day.weekday() in rhythm.weekdays and moment < today - timedelta(hours=2) and rng.random() < 0.93:
            times.append(moment)
    return times


def _at_random_days(rhythm: Rhythm, today: datetime, count: int, rng: Random) -> list[datetime]:
    times: list[datetime] = []
    back = 2.0
    for _ in range(count):
        times.append(_local(rhythm, today - timedelta(days=int(back)), _hour(rhythm, rng)))
        back += 1.0 + rng.expovariate(1 / rhythm.gap_days)
    return times


def _in_bursts(rhythm: Rhythm, today: datetime, count: int, rng: Random) -> list[datetime]:
    times: list[datetime] = []
    moment = _local(rhythm, today - timedelta(days=rng.randrange(2, 9)), rhythm.hour)
    left = rng.randrange(3, 6)
    for _ in range(count):
        times.append(moment)
        left -= 1
        if left:
            moment -= timedelta(minutes=rng.randrange(20, 200))
        else:
            moment = (moment - timedelta(days=rng.uniform(14, 30))).replace(microsecond=0)
            left = rng.randrange(3, 6)
    return times
