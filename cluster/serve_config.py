"""What Serve is told to run: serve_config.yaml, and for a local cluster its overlay."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from cluster.errors import SetupError

APPLICATION = "following"
ROOT = Path(__file__).resolve().parent.parent
PRODUCTION_FILE = ROOT / "serve_config.yaml"
LOCAL_FILE = ROOT / "serve_config.local.yaml"


def production_config() -> dict[str, Any]:
    """serve_config.yaml as it stands."""
    return _read(PRODUCTION_FILE)


def local_config(host: str, port: int) -> dict[str, Any]:
    """The production configuration with the local overlay, and the ingress at host:port."""
    config = merge(production_config(), _read(LOCAL_FILE))
    return merge(config, {"proxy_location": "HeadOnly", "http_options": {"host": host, "port": port}})


def merge(base: dict[str, Any], overlay: dict[str, Any]) -> dict[str, Any]:
    """Lay one configuration over another: mappings and lists of named items by name; null removes; the rest replaces.

    Raises SetupError for a named item of the overlay that the base does not have: a misspelt deployment.
    """
    merged = dict(base)
    for name, value in overlay.items():
        if value is None:
            merged.pop(name, None)
        elif isinstance(value, dict) and isinstance(merged.get(name), dict):
            merged[name] = merge(merged[name], value)
        elif _named(value) and _named(merged.get(name)):
            merged[name] = _merge_named(merged[name], value)
        else:
            merged[name] = value
    return merged


def validate(config: dict[str, Any]) -> None:
    """Check a configuration against Serve's own schema (imports ray: about a second).

    Raises SetupError with what is wrong.
    """
    from pydantic import ValidationError
    from ray.serve.schema import ServeDeploySchema

    try:
        ServeDeploySchema.model_validate(config)
    except ValidationError as error:
        raise SetupError("Serve does not accept the configuration.", reason=str(error)) from error


def _merge_named(base: list[dict[str, Any]], overlay: list[dict[str, Any]]) -> list[dict[str, Any]]:
    by_name = {item["name"]: item for item in overlay}
    unknown = set(by_name) - {item["name"] for item in base}
    if unknown:
        raise SetupError("The overlay names what the configuration does not have.", unknown=sorted(unknown))
    return [merge(item, by_name.get(item["name"], {})) for item in base]


def _named(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(item, dict) and "name" in item for item in value)


def _read(path: Path) -> dict[str, Any]:
    try:
        loaded = yaml.safe_load(path.read_text())
    except (OSError, yaml.YAMLError) as error:
        raise SetupError("A Serve configuration cannot be read.", file=str(path), reason=str(error)) from error
    if not isinstance(loaded, dict):
        raise SetupError("A Serve configuration must be a mapping.", file=str(path))
    return loaded
