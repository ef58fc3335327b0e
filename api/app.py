"""The composition root: the Serve application with its ingress and models."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from fastapi import Depends, FastAPI
from ray import serve
from ray.exceptions import RayError
from starlette.middleware.cors import CORSMiddleware

from actors.profile_refresh import ensure_profile_refresh
from api import health, me, media, models, problems, profile, search
from api.authorization import MATRIX
from api.guard import guard
from api.middleware import BodyLimit, RequestScope
from api.services import open_services
from cluster import telemetry
from cluster.settings import Settings

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from ray.serve import Application

ACTOR_CHECK_S = 5.0
ROUTERS = (search.router, profile.router, media.router, health.router, models.router, me.router)
DESCRIPTION = """Judge an Instagram creator before you pay one. A username goes in; out come five sections, every number
explained: `{value, confidence | interval, n, method, model, fallback}`."""

log = telemetry.get_logger(__name__)


def create_app(settings: Settings, *, in_serve: bool = True) -> FastAPI:
    """The ASGI application. in_serve=False: outside a Serve replica, without background actors.

    Raises AssertionError for a route that has no row in the authorisation matrix.
    """

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with open_services(settings) as services:
            app.state.services = services
            app.state.health_lock = asyncio.Lock()
            keeper = asyncio.create_task(_keep_actors(settings)) if in_serve else None
            yield
            if keeper is not None:
                keeper.cancel()
                await asyncio.gather(keeper, return_exceptions=True)

    app = FastAPI(
        title="Following",
        version=version("following"),
        description=DESCRIPTION,
        lifespan=lifespan,
        dependencies=[Depends(guard)],
        redirect_slashes=False,  # a redirect would name the replica's own address
    )
    for router in ROUTERS:
        app.include_router(router)
    problems.install(app)
    app.add_middleware(BodyLimit, bytes_max=settings.server.body_bytes_max)
    app.add_middleware(RequestScope, returns_id=not in_serve)
    if settings.server.cors_origins:  # tokens travel in a header, so no credentials are needed
        app.add_middleware(
            CORSMiddleware, allow_origins=settings.server.cors_origins, allow_methods=["*"], allow_headers=["*"]
        )
    _assert_matrix_covers(app)
    problems.document(app, ROUTERS)
    return app


async def _keep_actors(settings: Settings) -> None:
    """Bring the background actors back whenever they are gone for good."""
    while True:
        try:
            actor = await asyncio.to_thread(ensure_profile_refresh, settings)  # asks Ray, and waits
            await actor.state.remote()
        except (RayError, RuntimeError, ValueError, OSError) as error:  # a dead or unreachable actor
            log.warning("actor_away", error=repr(error))
        await asyncio.sleep(ACTOR_CHECK_S)


def _assert_matrix_covers(app: FastAPI) -> None:
    paths = app.openapi()["paths"]
    served = {(method.upper(), path) for path, methods in paths.items() for method in methods}
    documented = {(method, path.replace(":path", "")) for method, path in MATRIX}
    assert served == documented, served ^ documented


@serve.deployment(name="Ingress")
@serve.ingress()
class Ingress:
    """Answers HTTP. The models are bound so that they are deployed with it; refreshes reach them by name."""

    def __init__(self, *_models: Any) -> None:
        self._settings = Settings.load()
        telemetry.configure("ingress", self._settings.server.log_level, self._settings.home / "logs")

    def __serve_build_asgi_app__(self) -> FastAPI:
        return create_app(self._settings)


def build(_arguments: dict[str, str]) -> Application:
    """The application as serve_config.yaml names it; settings come from the environment."""
    from api.deployed_models import bind_models

    ingress: Any = Ingress
    application: Application = ingress.bind(*bind_models(Settings.load().models))
    return application
