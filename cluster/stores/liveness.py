"""Does the database answer?"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cluster.database import Connection


async def database_answers(db: Connection) -> None:
    """Return when a statement has run; any role may ask. Raises the driver's errors."""
    await db.execute("select 1")
