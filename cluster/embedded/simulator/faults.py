"""Faults on purpose: by the prefix of a username, or on demand through /_control/faults."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

from cluster.embedded.simulator.cases import cases_of

Service = Literal["apify", "comments", "decodo", "images"]
Kind = Literal["429", "500", "402", "401", "503", "timeout", "408", "truncated", "failed", "aborted", "timedout"]
SERVICES: tuple[str, ...] = get_args(Service)
KINDS: tuple[str, ...] = get_args(Kind)
PLANNED_MAX = 1_000
FLAKY_CALLS = 2  # calls for a flaky name that fail
FLAKY_NAMES_MAX = 10_000

_BY_CASE: dict[str, Kind] = {
    "fault_429": "429",
    "fault_500": "500",
    "fault_402": "402",
    "fault_timeout": "timeout",
    "fault_408": "408",
    "fault_truncated": "truncated",
    "fault_failed": "failed",
    "fault_aborted": "aborted",
    "fault_timedout": "timedout",
}


@dataclass(slots=True)
class PlannedFault:
    """A fault on demand: for the next `count` calls, or with a probability; for one username or all."""

    service: str
    kind: str
    username: str | None = None
    count: int | None = None  # calls left; None for no end
    probability: float = 1.0

    def hits(self, service: str, username: str) -> bool:
        meant = self.service == service and self.username in (None, username) and self.count != 0
        return meant and (self.probability >= 1.0 or random.random() < self.probability)

    def as_json(self) -> dict[str, Any]:
        return {
            "service": self.service,
            "kind": self.kind,
            "username": self.username,
            "count": self.count,
            "probability": self.probability,
        }


@dataclass(slots=True)
class Faults:
    """All faults of one simulator."""

    planned: list[PlannedFault] = field(default_factory=list)
    _flaky_calls: Counter[tuple[str, str]] = field(default_factory=Counter)

    def next_for(self, service: Service, username: str) -> str | None:
        """The fault of this call, None for none. On-demand faults come first and use up their count."""
        for fault in self.planned:
            if fault.hits(service, username):
                if fault.count is not None:
                    fault.count -= 1
                return fault.kind
        return self._by_prefix(service, cases_of(username), username)

    def plan(self, fault: PlannedFault) -> None:
        """Add a fault; raises ValueError when too many are planned."""
        self.planned = [old for old in self.planned if old.count != 0]
        if len(self.planned) >= PLANNED_MAX:
            raise ValueError(f"{PLANNED_MAX} faults are planned already; DELETE /_control/faults first")
        self.planned.append(fault)

    def clear(self, service: str | None = None) -> None:
        """Forget the faults on demand of one service, or all of them and the flaky names' counts."""
        self.planned = [fault for fault in self.planned if service is not None and fault.service != service]
        if service is None:
            self._flaky_calls.clear()

    def _by_prefix(self, service: Service, cases: frozenset[str], username: str) -> str | None:
        if service == "images":
            return None  # the images' own prefixes say what their URLs answer
        if "fault_down" in cases or ("fault_apify" in cases and service != "decodo"):
            return "503"
        if "fault_flaky" in cases and service != "comments" and self._still_fails(service, username):
            return "429" if service == "apify" else "500"
        if service != "apify":
            return None
        return next((kind for case, kind in _BY_CASE.items() if case in cases), None)

    def _still_fails(self, service: str, username: str) -> bool:
        if len(self._flaky_calls) >= FLAKY_NAMES_MAX:
            self._flaky_calls.clear()
        self._flaky_calls[service, username] += 1
        return self._flaky_calls[service, username] <= FLAKY_CALLS
