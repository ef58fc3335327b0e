"""A small Serve application for the tests of the head: what it takes to see HTTP, HAProxy and failures."""

from __future__ import annotations

import os

from fastapi import FastAPI
from ray import serve


def _create():
    app = FastAPI()

    @app.get("/pid")
    async def pid():
        return {"pid": os.getpid()}

    return app


@serve.deployment(name="Ingress")
@serve.ingress(_create)
class Tiny:
    """Tells its process."""


@serve.deployment(name="Ingress")
class Broken:
    """Fails to start."""

    def __init__(self):
        raise RuntimeError("no artefact in /models: get it with `make models`")


def build(_arguments):
    return Tiny.bind()


def build_broken(_arguments):
    return Broken.bind()
