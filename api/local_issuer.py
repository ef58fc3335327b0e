"""The token issuer of a local run: HS256 with a random key that never leaves this machine.

It is off when SUPABASE_URL is set: then Supabase's tokens are the only ones.
"""

from __future__ import annotations

import os
import secrets
import time
from typing import TYPE_CHECKING
from uuid import NAMESPACE_URL, UUID, uuid5

import jwt

from cluster.errors import SetupError

if TYPE_CHECKING:
    from pathlib import Path

    from cluster.settings import Settings

ISSUER = "urn:following:local"
ALGORITHM = "HS256"
KEY_FILE = "token.key"
KEY_BYTES = 32


def issue_token(settings: Settings, user: str = "demo") -> str:
    """A signed access token for the local user of that name; the same name is always the same user id.

    Raises SetupError when SUPABASE_URL is set.
    """
    if settings.auth.url:
        raise SetupError("The local token issuer is off because SUPABASE_URL is set; sign in there instead.")
    now = int(time.time())
    claims = {
        "iss": ISSUER,
        "aud": settings.auth.audience,
        "sub": str(local_user_id(user)),
        "role": "authenticated",
        "email": f"{user}@local.test",
        "session_id": secrets.token_hex(16),
        "aal": "aal1",
        "is_anonymous": False,
        "iat": now,
        "exp": now + settings.auth.local_token_ttl_s,
    }
    return jwt.encode(claims, local_key(settings.home), algorithm=ALGORITHM)


def local_user_id(user: str) -> UUID:
    """The stable id of a local user."""
    return uuid5(NAMESPACE_URL, f"{ISSUER}:{user}")


def local_key(home: Path) -> str:
    """The issuer's key (hex), made on first use in a file that only its owner can read."""
    path = home / KEY_FILE
    try:
        home.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        key = path.read_text().strip()
        if len(key) != 2 * KEY_BYTES:
            raise SetupError("The token key is damaged; delete it and issue new tokens.", path=str(path)) from None
        return key
    key = secrets.token_hex(KEY_BYTES)
    with os.fdopen(descriptor, "w") as file:
        file.write(key)
    return key
