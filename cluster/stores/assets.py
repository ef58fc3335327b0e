"""Stored pictures: which file of the media store shows which post or profile, or why there is none."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from cluster.pg_values import storable_text, storable_text_or_none

if TYPE_CHECKING:
    from uuid import UUID

    from cluster.database import Connection
    from cluster.thumbnails import Thumbnail

Owner = Literal["post", "profile"]
_COLUMNS = {
    "post": ("posts", "cdn_thumbnail_url", "thumbnail_error"),
    "profile": ("profiles", "cdn_picture_url", "picture_error"),
}


async def save_asset(
    db: Connection, owner: Owner, owner_id: UUID, *, source_url: str | None, thumbnail: Thumbnail
) -> None:
    """Write down a stored picture and show it on its post or profile. The caller commits."""
    table, url_column, error_column = _COLUMNS[owner]
    await db.execute(
        f"""
        with asset as (
            insert into cdn_image_assets (
                {owner}_id, source_url, storage_key, content_hash, width_px, height_px, size_bytes, status
            )
            values ($1, $2, $3, $4, $5, $6, $7, 'stored')
            on conflict ({owner}_id) do update
                set source_url = excluded.source_url,
                    storage_key = excluded.storage_key,
                    content_hash = excluded.content_hash,
                    width_px = excluded.width_px,
                    height_px = excluded.height_px,
                    size_bytes = excluded.size_bytes,
                    status = 'stored',
                    error = null
        )
        update {table}
        set {url_column} = $8,
            {error_column} = null
        where id = $1
        """,  # noqa: S608 - names from the table above
        owner_id,
        storable_text_or_none(source_url),
        thumbnail.key,
        thumbnail.content_hash,
        thumbnail.width_px,
        thumbnail.height_px,
        thumbnail.size_bytes,
        thumbnail.url,
    )


async def save_failure(db: Connection, owner: Owner, owner_id: UUID, *, source_url: str | None, error: str) -> None:
    """Write down why a picture could not be stored; one that was stored before stays. The caller commits."""
    table, url_column, error_column = _COLUMNS[owner]
    await db.execute(
        f"""
        with asset as (
            insert into cdn_image_assets as stored ({owner}_id, source_url, status, error)
            values ($1, $2, 'failed', $3)
            on conflict ({owner}_id) do update
                set error = excluded.error
        )
        update {table}
        set {error_column} = $3
        where id = $1 and {url_column} is null
        """,  # noqa: S608
        owner_id,
        storable_text_or_none(source_url),
        storable_text(error) or "unknown",
    )
