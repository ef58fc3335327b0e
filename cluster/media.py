"""Where pictures are kept: a folder, or Cloudflare R2 (any S3 server)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from cluster.errors import Unavailable

if TYPE_CHECKING:
    from cluster.settings import Settings


class MediaUnavailable(Unavailable):
    """The picture store does not answer or has no room."""

    code = "media_unavailable"


class MediaStore(Protocol):
    """Pictures under content-addressed keys such as `ab/abcdef….webp` (see key_of).

    Every method raises InvalidInput for a key of another form and MediaUnavailable when the store fails.
    """

    async def put(self, key: str, data: bytes, content_type: str = "image/webp") -> None:
        """Keep data under key; the same key again is the same picture."""

    async def get(self, key: str) -> bytes | None:
        """The bytes under key, None when there are none."""

    async def exists(self, key: str) -> bool:
        """Whether there is anything under key."""

    async def delete(self, key: str) -> None:
        """Remove what is under key; nothing there is no error."""

    def url(self, key: str) -> str:
        """Where a browser gets it: a path (`/media/{key}`, to be joined to the public URL) or an absolute URL."""


def key_of(content_hash: str) -> str:
    """The key of a WebP picture with this SHA-256 (64 hex digits)."""
    raise NotImplementedError


def open_media(settings: Settings) -> MediaStore:
    """R2 where a bucket is set, else the folder `media` in the data folder.

    Raises SetupError when R2's settings are incomplete or the folder cannot be made.
    """
    raise NotImplementedError
