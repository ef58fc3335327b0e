"""What the database's own functions refuse, as the product's errors."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import asyncpg

from cluster.errors import Conflict, FollowingError, Forbidden, OptedOut, Overloaded, Unauthenticated

if TYPE_CHECKING:
    from collections.abc import Iterator

# SQLSTATEs of our own class, raised in migrations/.
_REFUSALS: dict[str, type[FollowingError]] = {
    "FW401": Unauthenticated,
    "FW403": Forbidden,
    "FW409": Conflict,
    "FW451": OptedOut,
    "FW503": Overloaded,
}


@contextmanager
def refusals(**context: Any) -> Iterator[None]:
    """Around a call: raises the error that the database meant, with the context given. Others pass."""
    try:
        yield
    except asyncpg.PostgresError as error:
        kind = _REFUSALS.get(error.sqlstate or "")
        if kind is None:
            raise
        raise kind(**context) from error
