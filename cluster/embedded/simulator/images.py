"""Serves the pictures, with what expired, wrong, oversized and redirecting URLs answer."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from fastapi import APIRouter, Request, Response

from cluster.embedded.simulator.cases import cases_of
from cluster.embedded.simulator.creators import creator_of
from cluster.embedded.simulator.pictures import bomb, post_picture, profile_picture

if TYPE_CHECKING:
    from cluster.embedded.simulator.world import World

MAKERS_MAX = 2  # pictures in the making: more threads would keep the profiles waiting for the interpreter
PRIVATE_TARGETS = ("http://169.254.169.254/latest/meta-data/", "http://10.0.0.1/internal.jpg", "http://[::1]/x.jpg")
_HTML = "<!doctype html><title>Login • Instagram</title><p>Please log in to continue."


def routes(world: World) -> APIRouter:
    """GET /images/{owner}/{name}.jpg, where name is a post's number or `profile`."""
    router = APIRouter()
    makers = asyncio.Semaphore(MAKERS_MAX)

    async def picture(request: Request) -> Response:
        owner, name = request.path_params["owner"], request.path_params["name"]
        world.count("images", owner)
        kind = world.faults.next_for("images", owner)
        if kind == "timeout":
            await asyncio.sleep(world.hang_s)
        if kind is not None:
            return Response("the picture cannot be served", int(kind) if kind.isdigit() else 504)
        special = _special(owner, name)
        if special is not None:
            return special
        async with makers:
            data = await asyncio.to_thread(_picture, world, owner, name)
        if data is None:
            return Response("no such picture", 404)
        return Response(data, media_type="image/jpeg", headers={"Cache-Control": "max-age=1209600"})

    router.add_route("/images/{owner}/{name}.jpg", picture, methods=["GET", "HEAD"])
    return router


def _special(owner: str, name: str) -> Response | None:
    cases = cases_of(owner)
    number = int(name) if name.isdigit() else 0
    if "expired" in cases:
        gone = number % 2 == 1
        return Response("URL signature expired" if not gone else "gone", 410 if gone else 403)
    if "notimage" in cases:
        return Response(_HTML, media_type="text/html")
    if "bigimage" in cases:
        return Response(bomb(), media_type="image/png")
    if "redirect" in cases:
        return Response(status_code=302, headers={"Location": PRIVATE_TARGETS[number % len(PRIVATE_TARGETS)]})
    return None


def _picture(world: World, owner: str, name: str) -> bytes | None:
    if name == "profile":
        return profile_picture(owner)
    posts = creator_of(owner, world.today()).posts
    post = next((post for post in posts if str(post.index) == name and post.owner == owner), None)
    if post is None:
        return None
    return post_picture(owner, post.index, post.scene, post.width_px, post.height_px)
