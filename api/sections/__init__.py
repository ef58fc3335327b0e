"""The five sections of an answer (meta, overview, audience, engagement, content and posts): the product's public shape."""

from __future__ import annotations

from pydantic import Field

from api.sections.audience import Audience
from api.sections.content import Content
from api.sections.engagement import EngagementSection
from api.sections.meta import Meta
from api.sections.overview import Overview
from api.sections.posts import PostOut
from api.sections.scores import Section

__all__ = ["CreatorAnswer", "PostOut"]


class CreatorAnswer(Section):
    """Everything about one creator.

    Every score says how it came about (`method`, `model`, `n`) and how far to trust it (`confidence` or `interval`). What
    cannot be told is null and says why; nothing is made up.
    """

    meta: Meta
    overview: Overview
    audience: Audience
    engagement: EngagementSection
    content: Content
    posts: tuple[PostOut, ...] = Field(description="Every stored post, newest first.")
