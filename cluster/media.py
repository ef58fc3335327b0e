"""Where pictures are kept: a folder, or Cloudflare R2 (any S3 server)."""

from __future__ import annotations

import asyncio
import os
import re
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, ParamSpec, Protocol, TypeVar

from cluster.errors import InvalidInput, SetupError, Unavailable

if TYPE_CHECKING:
    from collections.abc import Callable

    from mypy_boto3_s3 import S3Client

    from cluster.settings import R2Settings, Settings

P = ParamSpec("P")
T = TypeVar("T")

CONTENT_TYPE = "image/webp"
FOLDER = "media"  # inside the data folder, and the first part of the path it is served under
_KEY = re.compile(r"([0-9a-f]{2})/\1[0-9a-f]{62}\.webp")
_HASH = re.compile(r"[0-9a-f]{64}")
_FOREVER = "public, max-age=31536000, immutable"  # a key names its content, so what lies under it never changes
_CONNECTIONS_MAX = 16


class MediaUnavailable(Unavailable):
    """The picture store does not answer or has no room."""

    code = "media_unavailable"


class MediaStore(Protocol):
    """Pictures under content-addressed keys such as `ab/abcdef….webp` (see key_of).

    Every method raises InvalidInput for a key of another form; those that await raise MediaUnavailable when the store fails.
    """

    async def put(self, key: str, data: bytes, content_type: str = CONTENT_TYPE) -> None:
        """Keep data under key, whole or not at all; the same key again is the same picture."""

    async def get(self, key: str) -> bytes | None:
        """The bytes under key, None when there are none."""

    async def exists(self, key: str) -> bool:
        """Whether there is anything under key."""

    async def delete(self, key: str) -> None:
        """Remove what is under key; nothing there is no error."""

    def url(self, key: str) -> str:
        """Where a browser gets it: a path (`/media/{key}`, to be joined to the public URL) or an absolute URL."""


def key_of(content_hash: str) -> str:
    """The key of a WebP picture with this SHA-256 (64 lower-case hex digits); raises InvalidInput for another text."""
    if not _HASH.fullmatch(content_hash):
        raise InvalidInput("A content hash has 64 hex digits", value=content_hash[:80])
    return f"{content_hash[:2]}/{content_hash}.webp"


def open_media(settings: Settings) -> MediaStore:
    """R2 where a bucket is set, else the folder `media` in the data folder.

    Raises SetupError when R2's settings are incomplete or the folder cannot be made.
    """
    if settings.r2.bucket:
        return R2Store(settings.r2)
    return FolderStore(settings.home / FOLDER)


class FolderStore:
    """Pictures in a folder; threads keep the event loop free."""

    def __init__(self, folder: Path) -> None:
        """Make the folder if it is missing; raises SetupError when that fails."""
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise SetupError(f"The media folder cannot be made: {error}", folder=str(folder)) from error
        self._folder = folder

    async def put(self, key: str, data: bytes, content_type: str = CONTENT_TYPE) -> None:
        _require_webp(content_type)
        await self._in_thread(_write_whole, self._file(key), data)

    async def get(self, key: str) -> bytes | None:
        return await self._in_thread(_read_if_there, self._file(key))

    async def exists(self, key: str) -> bool:
        return await self._in_thread(Path.is_file, self._file(key))

    async def delete(self, key: str) -> None:
        await self._in_thread(_remove_if_there, self._file(key))

    def url(self, key: str) -> str:
        return f"/{FOLDER}/{_checked(key)}"

    def _file(self, key: str) -> Path:
        return self._folder / _checked(key)

    async def _in_thread(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        try:
            return await asyncio.to_thread(function, *args, **kwargs)
        except OSError as error:
            raise MediaUnavailable(f"The media folder fails: {error}", folder=str(self._folder)) from error


class R2Store:
    """Pictures in a bucket. boto3's client is safe to share between threads, and blocks, so it runs in them."""

    def __init__(self, settings: R2Settings) -> None:
        """Open the client; no call is made yet. Raises SetupError when the settings are incomplete."""
        if not settings.bucket:
            raise SetupError("Set R2_BUCKET, or unset all of R2_* to keep pictures in the media folder")
        self._bucket = settings.bucket
        self._client = _s3_client(settings)
        self._public_url = settings.public_url.rstrip("/") if settings.public_url else None

    async def put(self, key: str, data: bytes, content_type: str = CONTENT_TYPE) -> None:
        _require_webp(content_type)
        await self._call(
            lambda: self._client.put_object(
                Bucket=self._bucket, Key=_checked(key), Body=data, ContentType=content_type, CacheControl=_FOREVER
            )
        )

    async def get(self, key: str) -> bytes | None:
        def read() -> bytes:
            with self._client.get_object(Bucket=self._bucket, Key=_checked(key))["Body"] as body:
                return body.read()

        return await self._call(read)

    async def exists(self, key: str) -> bool:
        found = await self._call(lambda: self._client.head_object(Bucket=self._bucket, Key=_checked(key)))
        return found is not None

    async def delete(self, key: str) -> None:
        await self._call(lambda: self._client.delete_object(Bucket=self._bucket, Key=_checked(key)))

    def url(self, key: str) -> str:
        """Under the bucket's public URL; without one, the path of our own route, since a signed URL would expire."""
        return f"{self._public_url or f'/{FOLDER}'}/{_checked(key)}"

    async def _call(self, function: Callable[[], T]) -> T | None:
        """What function returns, None where the server says that there is no such key."""
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            return await asyncio.to_thread(function)
        except ClientError as error:
            # A HEAD has no body, hence the bare number; a missing bucket must not look like a missing picture.
            if error.response["Error"]["Code"] in ("NoSuchKey", "404"):
                return None
            raise MediaUnavailable(f"R2 refuses: {error}", bucket=self._bucket) from error
        except BotoCoreError as error:
            raise MediaUnavailable(f"R2 does not answer: {error}", bucket=self._bucket) from error


def _s3_client(settings: R2Settings) -> S3Client:
    import boto3
    from botocore.config import Config

    endpoint_url = settings.endpoint_url
    if endpoint_url is None and settings.account_id:
        endpoint_url = f"https://{settings.account_id}.r2.cloudflarestorage.com"
    if not (endpoint_url and settings.access_key_id and settings.secret_access_key):
        raise SetupError(
            "R2_BUCKET is set, so set R2_ACCOUNT_ID (or R2_ENDPOINT_URL), R2_ACCESS_KEY_ID and R2_SECRET_ACCESS_KEY too"
        )
    client: S3Client = boto3.client(
        "s3",
        endpoint_url=endpoint_url,
        aws_access_key_id=settings.access_key_id,
        aws_secret_access_key=settings.secret_access_key.get_secret_value(),
        region_name="auto",
        config=Config(
            signature_version="s3v4",
            # boto3 sends CRC32 trailers unless told otherwise, and R2 refuses them.
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
            retries={"total_max_attempts": settings.retries_max, "mode": "standard"},
            connect_timeout=settings.timeout_s,
            read_timeout=settings.timeout_s,
            max_pool_connections=_CONNECTIONS_MAX,
        ),
    )
    return client


def _checked(key: str) -> str:
    if not _KEY.fullmatch(key):
        raise InvalidInput("A media key looks like ab/ab….webp with 64 hex digits", key=key[:80])
    return key


def _require_webp(content_type: str) -> None:
    if content_type != CONTENT_TYPE:
        raise InvalidInput("Only WebP pictures are kept", content_type=content_type)


def _write_whole(file: Path, data: bytes) -> None:
    """Write under another name and move: a reader or a crash never meets half a picture."""
    if file.is_file() and file.stat().st_size == len(data):
        return
    file.parent.mkdir(exist_ok=True)
    handle, name = tempfile.mkstemp(dir=file.parent, suffix=".part")
    try:
        with os.fdopen(handle, "wb") as part:
            part.write(data)
            part.flush()
            os.fsync(part.fileno())
        Path(name).chmod(0o644)  # mkstemp's 0600 would hide it from a web server under another user
        Path(name).replace(file)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def _read_if_there(file: Path) -> bytes | None:
    try:
        return file.read_bytes()
    except FileNotFoundError:
        return None


def _remove_if_there(file: Path) -> None:
    file.unlink(missing_ok=True)
