"""A stored creator under its older names: the same answer and gate as search, and its posts page by page."""

from __future__ import annotations

import base64
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

import orjson
from fastapi import APIRouter, Depends, Header, Query, Request, Response
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, Field

from api import examples
from api.auth import Caller
from api.compose import compose_post
from api.guard import GUARDED, services_of, signed_in
from api.lookup import access_of
from api.problems import refusals
from api.search import IDEMPOTENCY_KEY_LENGTH_MAX, JSON, LOOKUP_REFUSALS, PENDING, search_creator
from api.sections import CreatorAnswer, PostOut
from cluster.errors import Forbidden, InvalidInput, InvalidUsername
from cluster.records import parse_username
from cluster.stores.post_pages import PostCursor, page_of_posts

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from api.services import Services
    from cluster.stores.access import StoredAccess

PAGE_SIZE_MAX = 100
PAGES_MAX = 1_000  # of one stream
NDJSON = "application/x-ndjson"
ANSWERS: dict[int | str, dict[str, Any]] = {
    200: {"content": {JSON: {"example": examples.creator_answer()}}},
    202: PENDING,
    **LOOKUP_REFUSALS,
}
PAGES: dict[int | str, dict[str, Any]] = {
    200: {
        "content": {
            JSON: {"example": examples.post_page()},
            NDJSON: {"schema": {"$ref": "#/components/schemas/PostOut"}, "example": examples.post_page()["posts"][0]},
        }
    },
    **refusals(*GUARDED, InvalidUsername),
}

router = APIRouter(tags=["profile"], responses=refusals(*GUARDED))
CurrentCaller = Annotated[Caller, Depends(signed_in)]


class PostPage(BaseModel):
    """Posts, newest first. next_cursor is null on the last page."""

    posts: list[PostOut]
    next_cursor: str | None = Field(None, description="Pass it as `cursor` to read on.")


@router.get(
    "/api/profile/{username:path}/posts",
    response_model=PostPage,
    responses=PAGES,
)
@router.get("/instagram/profile/{username:path}/posts", response_model=PostPage, responses=PAGES, deprecated=True)
async def profile_posts(
    request: Request,
    username: str,
    caller: CurrentCaller,
    cursor: Annotated[str | None, Query(max_length=200)] = None,
    limit: Annotated[int, Query(ge=1, le=PAGE_SIZE_MAX)] = 24,
    stream: Annotated[bool, Query(description="All posts behind the cursor, as one JSON line each.")] = False,
) -> Response:
    """A creator's stored posts with every model's result; free, for whoever has access."""
    services = services_of(request)
    name = parse_username(username)
    granted = await access_of(services, caller, name)
    if granted is None:
        raise Forbidden(
            "You have no access to this creator; look the creator up with the search route first.", username=name
        )
    if stream:
        return StreamingResponse(_lines(services, caller, granted, _parse_cursor(cursor)), media_type=NDJSON)
    page = await _page(services, caller, granted, _parse_cursor(cursor), limit)
    return Response(page.model_dump_json(), media_type=JSON)


@router.get(
    "/api/profile/{username:path}",
    response_model=CreatorAnswer,
    responses=ANSWERS,
)
@router.get("/instagram/profile/{username:path}", response_model=CreatorAnswer, responses=ANSWERS, deprecated=True)
async def profile(
    request: Request,
    username: str,
    caller: CurrentCaller,
    refresh: Annotated[bool, Query(description="Fetch anew, for the price; needs Idempotency-Key.")] = False,
    wait: Annotated[
        float | None, Query(ge=0, allow_inf_nan=False, description="Seconds to wait for a new creator.")
    ] = None,
    idempotency_key: Annotated[str | None, Header(min_length=1, max_length=IDEMPOTENCY_KEY_LENGTH_MAX)] = None,
) -> Response:
    """The five sections, as from the search route."""
    return await search_creator(request, username, caller, refresh, wait, idempotency_key)


async def _lines(
    services: Services, caller: Caller, granted: StoredAccess, after: PostCursor | None
) -> AsyncIterator[bytes]:
    for _ in range(PAGES_MAX):
        page = await _page(services, caller, granted, after, PAGE_SIZE_MAX)
        for post in page.posts:
            yield post.model_dump_json().encode() + b"\n"
        if page.next_cursor is None:
            return
        after = _parse_cursor(page.next_cursor)


async def _page(
    services: Services, caller: Caller, granted: StoredAccess, after: PostCursor | None, limit: int
) -> PostPage:
    async with services.database.as_user(caller.claims) as db:
        page = await page_of_posts(db, granted.profile_id, after=after, limit=limit)
    return PostPage(
        posts=[compose_post(post, page.followers_count, services.base_url) for post in page.posts],
        next_cursor=_cursor_text(page.next) if page.next else None,
    )


def _cursor_text(cursor: PostCursor) -> str:
    taken_at = cursor.taken_at.isoformat() if cursor.taken_at else None
    return base64.urlsafe_b64encode(orjson.dumps([taken_at, cursor.instagram_post_id])).decode().rstrip("=")


def _parse_cursor(text: str | None) -> PostCursor | None:
    if text is None:
        return None
    try:
        taken_at, post_id = orjson.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
        if not isinstance(post_id, str) or "\0" in post_id:  # which Postgres keeps in no text
            raise ValueError
        return PostCursor(datetime.fromisoformat(taken_at).astimezone(UTC) if taken_at else None, post_id)
    except (ValueError, TypeError, OverflowError) as error:
        raise InvalidInput("The cursor is not one that this route gave out.", cursor=text[:80]) from error
