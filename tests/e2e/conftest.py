"""Talks to the suite's one real cluster as its users do: over HTTP, with tokens."""

from __future__ import annotations

from uuid import uuid4

import httpx
import pytest

from api.local_issuer import issue_token

LOOKUP_S_MAX = 120.0


class Person:
    """A signed-in user of the cluster."""

    def __init__(self, cluster, name):
        self.name = name
        self.token = issue_token(cluster.settings, name)
        self.http = httpx.AsyncClient(
            base_url=cluster.base_url, headers={"Authorization": f"Bearer {self.token}"}, timeout=LOOKUP_S_MAX
        )

    async def search(self, username, **query):
        return await self.http.get(f"/api/v1/search/creator/{username}", params={"wait": 110, **query})


@pytest.fixture
def unique():
    """A fresh username with a prefix, so that tests share a database without meeting."""
    return lambda prefix="": f"{prefix}t{uuid4().hex[:12]}"


@pytest.fixture
async def person(cluster):
    people = []

    def make(name=None):
        people.append(Person(cluster, name or f"user-{uuid4().hex[:8]}"))
        return people[-1]

    yield make
    for one in people:
        await one.http.aclose()


@pytest.fixture
async def alice(person):
    return person()


@pytest.fixture
async def anonymous(cluster):
    async with httpx.AsyncClient(base_url=cluster.base_url, timeout=30) as http:
        yield http
