"""Puts a refresh pipeline together from the settings, with the models behind their Serve handles."""

from __future__ import annotations

from contextlib import asynccontextmanager
from importlib import import_module
from typing import TYPE_CHECKING, Any

from ray import serve
from ray.exceptions import RayActorError

from actors.refresh_pipeline import RefreshPipeline
from cluster.clients.sources import open_sources
from cluster.media import open_media
from cluster.resilience import policies_of
from cluster.settings import MODEL_SLOTS
from cluster.thumbnails import Thumbnailer
from deployments.analysis import ENCODER, IMAGE_SLOT, Analysis
from deployments.registry import identity_of

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from ray.serve.handle import DeploymentHandle

    from cluster.database import Database
    from cluster.settings import Settings

APPLICATION = "following"
DEPLOYMENT_OF = {
    slot: f"{''.join(word.capitalize() for word in slot.split('_'))}Deployment" for slot in MODEL_SLOTS
} | {ENCODER: "TextEncoder"}


class DeployedModel:
    """A model behind its Serve deployment. The handle is looked up anew after a replica has died under a call."""

    def __init__(self, deployment: str) -> None:
        self._deployment = deployment
        self._handle: DeploymentHandle[Any] | None = None

    async def __call__(self, batch: list[Any], /) -> Sequence[Any]:
        if self._handle is None:
            self._handle = serve.get_deployment_handle(self._deployment, app_name=APPLICATION)
        try:
            results: Sequence[Any] = await self._handle.remote(batch)
        except RayActorError:
            self._handle = None
            raise
        return results


@asynccontextmanager
async def open_pipeline(settings: Settings, database: Database) -> AsyncIterator[RefreshPipeline]:
    """A pipeline that speaks to the running cluster; closes its connections at the end."""
    _import_results()
    async with open_sources(settings) as sources, Thumbnailer(open_media(settings), settings.media) as thumbnailer:
        models = {slot: DeployedModel(name) for slot, name in DEPLOYMENT_OF.items()}
        wanted = settings.models
        identities = {slot: identity_of(slot, wanted.tier_of(slot), wanted.cache_dir) for slot in MODEL_SLOTS}
        analysis = Analysis(models, identities, settings.models, policies_of(settings.resilience).model)
        yield RefreshPipeline(database, sources, thumbnailer, analysis, settings)


def _import_results() -> None:
    """A result's class is imported where it is unpickled: now, so that the first lookup is as fast as the next."""
    for slot in MODEL_SLOTS:
        import_module("deployments.visual_results" if slot == IMAGE_SLOT else f"deployments.{slot}")
