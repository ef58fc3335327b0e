"""The model cards: which artefact answers each slot, and how good it was measured to be."""

from __future__ import annotations

import asyncio
from typing import Any

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict

from api.guard import services_of
from deployments.registry import cards

router = APIRouter(tags=["system"])


class ModelList(BaseModel):
    """A card for each model slot."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "models": [
                    {
                        "slot": "sentiment",
                        "tier": "embedded",
                        "name": "multilingual-e5-small+sentiment",
                        "revision": "1.0.4+4f9c21d0a1b2",
                        "device": "cpu",
                        "licences": ["MIT", "Apache-2.0"],
                        "size_bytes": 91_500_000,
                        "artefacts": [],
                        "quality": [],
                    }
                ]
            }
        }
    )

    models: list[dict[str, Any]]


@router.get("/api/v1/models")
async def models(request: Request) -> ModelList:
    """Every model with its artefact, licence and measured quality."""
    known: ModelList | None = getattr(request.app.state, "models", None)
    if known is None:  # reads the artefacts' files, which do not change while a replica lives
        settings = services_of(request).settings.models
        known = request.app.state.models = ModelList(models=await asyncio.to_thread(cards, settings))
    return known
