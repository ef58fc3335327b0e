"""What the simulated services share: the clock, delays, faults and the record of calls."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from cluster.embedded.simulator.faults import Faults

CALLS_KEPT_MAX = 100_000  # different (service, subject) pairs that are counted


@dataclass(slots=True)
class World:
    """One running simulator. now_offset moves its clock; delay_s is how long a scraper run takes."""

    delay_s: float = 0.0
    hang_s: float = 60.0  # how long a call that never answers is held open
    slow_run_s: float = 3.0  # what fault_408 adds to a run
    now_offset: timedelta = timedelta()
    faults: Faults = field(default_factory=Faults)
    calls: Counter[tuple[str, str]] = field(default_factory=Counter)

    def now(self) -> datetime:
        return datetime.now(UTC) + self.now_offset

    def today(self) -> datetime:
        """The start of the current UTC day, to which posting times are anchored."""
        return self.now().replace(hour=0, minute=0, second=0, microsecond=0)

    def count(self, service: str, subject: str) -> None:
        """Record one call; services are named `apify.runs`, `decodo.scrape`, `images` and so on."""
        if (service, subject) in self.calls or len(self.calls) < CALLS_KEPT_MAX:
            self.calls[service, subject] += 1
