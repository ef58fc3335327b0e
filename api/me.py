"""The caller's own account."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, Field

from api.auth import Caller
from api.guard import GUARDED, services_of, signed_in
from api.problems import refusals

router = APIRouter(tags=["auth"], responses=refusals(*GUARDED))


class Me(BaseModel):
    """Who the token belongs to."""

    user_id: UUID | None = Field(examples=["0198c6c2-7a52-7c0e-9d43-3f0a52d7b9a1"])
    email: str | None = Field(examples=["demo@local.test"])
    role: str = Field(examples=["free"])


@router.get("/api/v1/auth/me")
async def me(request: Request, caller: Annotated[Caller, Depends(signed_in)]) -> Me:
    """The signed-in user, with the role that decides what the token may do."""
    role = await services_of(request).roles.of(caller)
    return Me(user_id=caller.user_id, email=caller.claims.get("email"), role=role.value)
