"""Example answers for the API's documentation, composed from a stored creator by the same code as real ones.

`python -m tests.stored_creators` writes creator.json anew; a test holds it to what composing gives.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

CREATOR_FILE = Path(__file__).with_name("creator.json")


@cache
def creator_answer() -> dict[str, Any]:
    """A complete answer about one creator."""
    answer: dict[str, Any] = json.loads(CREATOR_FILE.read_text(encoding="utf-8"))
    return answer


def post_page() -> dict[str, Any]:
    """A last page of posts."""
    return {"posts": creator_answer()["posts"][:1], "next_cursor": None}
