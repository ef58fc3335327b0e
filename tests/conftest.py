"""Fixtures for all tests; heavy ones live in plugins of their own and import what they need when they run."""

from __future__ import annotations

import pytest

pytest_plugins = ["tests.fixtures_database", "tests.fixtures_cluster", "tests.fixtures_api"]


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    """Async tests run on asyncio, as the product does."""
    return "asyncio"
