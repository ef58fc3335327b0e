"""Who may call what: one row for each route. A route without a row does not start, and a test walks all rows."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from cluster.errors import Forbidden, Unauthenticated

if TYPE_CHECKING:
    from api.auth import Caller


class Role(StrEnum):
    """A caller's part. free, standard and premium follow the plan; support reads and moves no money."""

    ANONYMOUS = "anonymous"
    FREE = "free"
    STANDARD = "standard"
    PREMIUM = "premium"
    SUPPORT = "support"
    ADMIN = "admin"
    SERVICE = "service"


ANYONE = frozenset(Role)
USERS = frozenset({Role.FREE, Role.STANDARD, Role.PREMIUM, Role.SUPPORT, Role.ADMIN})


@dataclass(frozen=True, slots=True)
class Rule:
    """Which roles may call a route, and which rows of data they then see."""

    roles: frozenset[Role]
    rows: str  # what row-level security leaves of the data


MATRIX: dict[tuple[str, str], Rule] = {
    ("GET", "/api/health"): Rule(ANYONE, "none"),
    ("GET", "/api/health/live"): Rule(ANYONE, "none"),
    ("GET", "/api/v1/models"): Rule(ANYONE, "none"),
    ("GET", "/media/{key:path}"): Rule(ANYONE, "pictures by the hash of their content"),
    ("GET", "/api/v1/search/creator/{username:path}"): Rule(USERS, "creators the caller has access to"),
    ("GET", "/api/v1/search/creator/{username:path}/events"): Rule(USERS, "jobs the caller asked for"),
    ("GET", "/api/v1/search/jobs/{job_id}"): Rule(USERS, "jobs the caller asked for"),
    ("POST", "/api/v1/search/events/ticket"): Rule(USERS, "none"),
    ("GET", "/api/profile/{username:path}"): Rule(USERS, "creators the caller has access to"),
    ("GET", "/api/profile/{username:path}/posts"): Rule(USERS, "creators the caller has access to"),
    ("GET", "/instagram/profile/{username:path}"): Rule(USERS, "creators the caller has access to"),
    ("GET", "/instagram/profile/{username:path}/posts"): Rule(USERS, "creators the caller has access to"),
    ("GET", "/api/v1/auth/me"): Rule(USERS, "the caller"),
}


def is_public(method: str, route: str) -> bool:
    """Whether the route answers everybody, so that it need not be known who calls."""
    rule = MATRIX.get((method, route))
    return rule is not None and rule.roles == ANYONE


def authorize(method: str, route: str, caller: Caller | None, role: Role) -> None:
    """Let the call through or raise Unauthenticated or Forbidden; an unknown route lets nobody through."""
    rule = MATRIX.get((method, route))
    if rule is not None and role in rule.roles:
        return
    if caller is None:
        raise Unauthenticated
    raise Forbidden(role=role.value, route=f"{method} {route}")
