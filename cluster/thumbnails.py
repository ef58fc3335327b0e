"""From a picture's URL to a stored thumbnail: guarded download, verified image, small WebP without metadata."""

from __future__ import annotations

import asyncio
import hashlib
import io
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Self

from cluster.clients.image_fetch import ImageFetcher
from cluster.image_decode import decode_image
from cluster.media import CONTENT_TYPE, key_of

if TYPE_CHECKING:
    from cluster.media import MediaStore
    from cluster.settings import MediaSettings

_WEBP_EFFORT = 4  # of 6; higher costs more time than it saves bytes


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

    def __init__(self, store: MediaStore, settings: MediaSettings, *, fetcher: ImageFetcher | None = None) -> None:
        self._store = store
        self._settings = settings
        self._fetcher = fetcher or ImageFetcher(settings)
        self._fetches = asyncio.Semaphore(settings.fetches_max)
        self._decodes = asyncio.Semaphore(settings.decodes_max)  # a decoded picture may take 160 MB

    async def make(self, url: str) -> Thumbnail:
        """Download, verify, shrink and store one picture.

        Raises MediaRefused, whose `reason` is one of cluster.image_decode.Refusal and whose `transient` says whether a
        later try may succeed; MediaUnavailable when the store fails.
        """
        async with self._fetches:
            downloaded = await self._fetcher.fetch(url)
            async with self._decodes:
                data, width_px, height_px = await asyncio.to_thread(shrink, downloaded, self._settings)
            content_hash = hashlib.sha256(data).hexdigest()
            key = key_of(content_hash)
            await self._store.put(key, data, CONTENT_TYPE)
        return Thumbnail(
            key=key,
            url=self._store.url(key),
            content_hash=content_hash,
            width_px=width_px,
            height_px=height_px,
            size_bytes=len(data),
            data=data,
        )

    async def aclose(self) -> None:
        """Close the connections."""
        await self._fetcher.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()


def shrink(data: bytes, settings: MediaSettings) -> tuple[bytes, int, int]:
    """A picture as a small WebP without metadata, its width and its height in pixels; raises MediaRefused."""
    image = decode_image(data, edge_px_max=settings.edge_px_max, pixels_max=settings.pixels_max)
    file = io.BytesIO()
    image.save(file, "WEBP", quality=settings.webp_quality, method=_WEBP_EFFORT)
    return file.getvalue(), image.width, image.height
