"""The last evaluation, as JSON beside the weights: what `/api/v1/models` tells of each model's measured quality."""

from __future__ import annotations

import json
import os
import platform
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cluster.errors import SetupError

if TYPE_CHECKING:
    from deployments.evaluation.run import Evaluation

RECORD = Path(__file__).parents[1] / "weights" / "evaluation.json"


def record_of(evaluation: Evaluation) -> dict[str, Any]:
    """The evaluation as plain JSON: results (a record for each figure), missing, machine and measured_at."""
    measured_at = datetime.now(UTC).isoformat(timespec="seconds")
    machine = f"{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}"
    results = [{**asdict(one), "measured_at": measured_at, "machine": machine} for one in evaluation.measurements]
    return {"results": json.loads(json.dumps(results)), "missing": list(evaluation.missing)}


def write(record: dict[str, Any], path: Path = RECORD) -> None:
    """Replace what the file says of the same tasks, tiers and datasets; what was not measured now stays as it was.

    Raises SetupError where it cannot be written.
    """
    fresh = {_key(result) for result in record["results"]}
    kept = [result for result in read(path) if _key(result) not in fresh]
    results = sorted([*kept, *record["results"]], key=lambda result: [result["slot"], *_key(result)])
    try:
        path.write_text(json.dumps({"results": results}, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    except OSError as error:
        raise SetupError(
            f"The evaluation cannot be written to {path}: {error}. Name another file with --output."
        ) from error


def read(path: Path = RECORD) -> list[dict[str, Any]]:
    """The recorded figures; none where nothing was measured yet."""
    if not path.is_file():
        return []
    results: list[dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))["results"]
    return results


def evaluation_of(slot: str, tier: str, revision: str, path: Path = RECORD) -> list[dict[str, Any]]:
    """A slot's recorded figures in a tier; `current` says whether this very revision was measured, or an earlier one."""
    return [
        {**result, "current": result["model"]["revision"] == revision}
        for result in read(path)
        if result["slot"] == slot and result["model"]["tier"] == tier
    ]


def _key(result: dict[str, Any]) -> tuple[str, str, str]:
    return result["task"], result["model"]["tier"], result["dataset"]
