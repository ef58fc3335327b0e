"""`/media/{key}`: the pictures of the embedded media folder."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from api.guard import services_of
from api.problems import refusals
from cluster.errors import InvalidInput, NotFound
from cluster.media import CONTENT_TYPE, MediaUnavailable

router = APIRouter(tags=["media"])
CACHE_CONTROL = "public, max-age=31536000, immutable"  # a key is the hash of its content


@router.get(
    "/media/{key:path}",
    response_class=Response,
    responses={
        200: {"content": {CONTENT_TYPE: {"schema": {"type": "string", "format": "binary"}, "example": "RIFF…WEBP"}}},
        304: {"description": "Not Modified: the caller's copy is good for ever."},
        **refusals(NotFound, InvalidInput, MediaUnavailable),
    },
)
async def media(request: Request, key: str) -> Response:
    """A stored picture. With R2 configured the answers point at its CDN instead."""
    services = services_of(request)
    etag = f'"{key}"'
    data = await services.media.get(key)
    if data is None:
        raise NotFound("There is no such picture.", key=key[:80])
    headers = {"Cache-Control": CACHE_CONTROL, "ETag": etag, "X-Content-Type-Options": "nosniff"}
    known = request.headers.get("If-None-Match", "").split(",")
    if any(tag.strip().removeprefix("W/") in (etag, "*") for tag in known):
        return Response(status_code=304, headers=headers)
    return Response(data, media_type=CONTENT_TYPE, headers=headers)
