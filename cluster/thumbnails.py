"""From a picture's URL to a stored thumbnail: guarded download, verified image, small WebP without metadata."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cluster.media import MediaStore
    from cluster.settings import MediaSettings


@dataclass(frozen=True, slots=True)
class Thumbnail:
    """A stored picture. url is the store's (a path for the media folder); content_hash is the SHA-256 of data.

    data is the WebP itself, so that the visual model needs no second download.
    """

    key: str
    url: str
    content_hash: str
    width_px: int
    height_px: int
    size_bytes: int
    data: bytes = field(repr=False)


class Thumbnailer:
    """Makes thumbnails, at most settings.fetches_max at once. Close it, or use it as an async context manager."""

    def __init__(self, store: MediaStore, settings: MediaSettings) -> None: ...

    async def make(self, url: str) -> Thumbnail:
        """Download, verify, shrink and store one picture.

        Raises MediaRefused, whose `reason` is a stable code (see image_fetch and image_decode) and whose `transient`
        says whether a later try may succeed; MediaUnavailable when the store fails.
        """
        raise NotImplementedError

    async def aclose(self) -> None:
        """Close the connections."""
