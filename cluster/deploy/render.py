"""Prints the RayService manifest with an image, the pinned Ray version and serve_config.yaml filled in."""

from __future__ import annotations

import sys
from importlib.metadata import version
from pathlib import Path
from typing import Any

import yaml

from cluster.serve_config import PRODUCTION_FILE

MANIFEST = Path(__file__).parent / "rayservice.yaml"


def render(image: str) -> dict[str, Any]:
    """The manifest as KubeRay takes it; image: registry, name and tag."""
    manifest: dict[str, Any] = yaml.safe_load(MANIFEST.read_text())
    manifest["spec"]["serveConfigV2"] = PRODUCTION_FILE.read_text()
    cluster = manifest["spec"]["rayClusterConfig"]
    cluster["rayVersion"] = version("ray")
    for group in (cluster["headGroupSpec"], *cluster["workerGroupSpecs"]):
        for container in group["template"]["spec"]["containers"]:
            container["image"] = image
    return manifest


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: python -m cluster.deploy.render IMAGE")
    yaml.safe_dump(render(sys.argv[1]), sys.stdout, sort_keys=False)
