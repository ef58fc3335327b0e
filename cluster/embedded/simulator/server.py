"""The simulator as one ASGI application; each service is a module with its routes."""

from __future__ import annotations

from fastapi import FastAPI

from cluster.embedded.simulator import apify, control, decodo, images
from cluster.embedded.simulator.world import World

SERVICES = (control, apify, decodo, images)


def create_app(world: World | None = None) -> FastAPI:
    """The application around a world (a fresh one without delay when none is given)."""
    world = world or World()
    app = FastAPI(title="Following's upstream simulator", openapi_url=None)
    for service in SERVICES:
        app.include_router(service.routes(world))
    app.state.world = world
    return app
