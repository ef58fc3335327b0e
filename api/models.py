"""The model cards: which artefact answers each slot, and how good it was measured to be."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Depends
from pydantic import BaseModel

from api.guard import guard
from deployments.registry import cards

router = APIRouter(tags=["system"])


class ModelList(BaseModel):
    """A card for each model slot."""

    models: list[dict[str, Any]]


@router.get("/api/v1/models", dependencies=[Depends(guard)])
async def models() -> ModelList:
    """Every model with its artefact, licence and measured quality."""
    return ModelList(models=[dict(card) for card in cards()])
