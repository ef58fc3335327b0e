"""What unit tests share: models that take a second to load."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from deployments.encoder import Encoder


@pytest.fixture(scope="session")
def encoder() -> Encoder:
    """The real text encoder, one thread."""
    from deployments.encoder import Encoder

    return Encoder(threads=1)
