"""`/media/{key}`: the pictures of the embedded media folder."""

from __future__ import annotations

from fastapi import APIRouter, Depends, Request, Response

from api.guard import guard, services_of
from api.problems import Problem
from cluster.errors import NotFound

router = APIRouter(tags=["media"])
CACHE_CONTROL = "public, max-age=31536000, immutable"  # a key is the hash of its content


@router.get(
    "/media/{key:path}",
    dependencies=[Depends(guard)],
    response_class=Response,
    responses={200: {"content": {"image/webp": {}}}, 404: {"model": Problem}, 422: {"model": Problem}},
)
async def media(request: Request, key: str) -> Response:
    """A stored picture. With R2 configured the answers point at its CDN instead."""
    services = services_of(request)
    etag = f'"{key}"'
    data = await services.media.get(key)
    if data is None:
        raise NotFound("There is no such picture.", key=key[:80])
    headers = {"Cache-Control": CACHE_CONTROL, "ETag": etag, "X-Content-Type-Options": "nosniff"}
    if request.headers.get("If-None-Match") == etag:
        return Response(status_code=304, headers=headers)
    return Response(data, media_type="image/webp", headers=headers)
