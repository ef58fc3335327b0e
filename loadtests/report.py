"""The one form of every benchmark's result: rows of baseline and ours, as JSON, Markdown and a picture."""

from __future__ import annotations

import json
import os
import platform
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil

if TYPE_CHECKING:
    from collections.abc import Callable

FOLDER = Path(__file__).parent / "reports"
VERSIONS = ("following", "ray", "fastapi", "asyncpg", "torch", "numpy")
BAR_INCHES = 0.5


@dataclass(frozen=True, slots=True)
class Row:
    """One measured figure beside its baseline (None where there is none).

    ratio above 1 means that ours is better, whichever way better points. goal is the figure to reach, in the same unit.
    """

    name: str
    unit: str
    ours: float
    baseline: float | None = None
    goal: float | None = None
    higher_is_better: bool = False
    note: str = ""

    @property
    def ratio(self) -> float | None:
        """How many times better ours is than the baseline."""
        if not self.baseline or not self.ours:
            return None
        return round(self.ours / self.baseline if self.higher_is_better else self.baseline / self.ours, 3)

    @property
    def met(self) -> bool | None:
        """Whether the goal is reached; None without one."""
        if self.goal is None:
            return None
        return self.ours >= self.goal if self.higher_is_better else self.ours <= self.goal

    def record(self) -> dict[str, Any]:
        """The row as JSON."""
        return {**asdict(self), "ratio": self.ratio, "met": self.met}


@dataclass(frozen=True, slots=True)
class Report:
    """A benchmark's result; the top level repeats the first row."""

    name: str
    rows: list[Row]
    command: str
    details: dict[str, Any] = field(default_factory=dict)
    picture: Callable[[Path], None] | None = None  # draws the PNG instead of bars, where curves tell more

    def record(self) -> dict[str, Any]:
        """The report as one JSON object."""
        first = self.rows[0]
        return {
            "name": self.name,
            "unit": first.unit,
            "baseline": first.baseline,
            "ours": first.ours,
            "ratio": first.ratio,
            "rows": [row.record() for row in self.rows],
            "command": self.command,
            "machine": machine(),
            "measured_at": datetime.now(UTC).isoformat(timespec="seconds"),
            "details": self.details,
        }

    def write(self, folder: Path = FOLDER) -> list[Path]:
        """NAME.json, NAME.md and NAME.png in folder; returns their paths."""
        folder.mkdir(parents=True, exist_ok=True)
        record = self.record()
        paths = [folder / f"{self.name}.{ending}" for ending in ("json", "md", "png")]
        paths[0].write_text(json.dumps(record, indent=2, default=str) + "\n")
        paths[1].write_text(self._markdown(record))
        (self.picture or self._draw)(paths[2])
        return paths

    def _markdown(self, record: dict[str, Any]) -> str:
        where = record["machine"]
        lines = [
            f"# {self.name}",
            "",
            (
                f"`{self.command}` on {record['measured_at']}: {where['processor']}, {where['cores']} cores, "
                f"{where['memory_gib']} GiB, Python {where['python']}."
            ),
            "",
            "| what | unit | baseline | ours | ratio | goal | met | note |",
            "| --- | --- | ---: | ---: | ---: | ---: | --- | --- |",
        ]
        for row in self.rows:
            cells = (row.name, row.unit, row.baseline, row.ours, row.ratio, row.goal, row.met, row.note)
            lines.append("| " + " | ".join(map(cell, cells)) + " |")
        lines += ["", "Versions: " + ", ".join(f"{name} {number}" for name, number in where["versions"].items()), ""]
        for name, value in self.details.items():
            lines += [f"## {name}", "", "```json", json.dumps(value, indent=2, default=str), "```", ""]
        return "\n".join(lines)

    def _draw(self, path: Path) -> None:
        import matplotlib as mpl

        mpl.use("Agg")
        from matplotlib import pyplot as plt

        figure, axes = plt.subplots(len(self.rows), 1, figsize=(8, 1 + 2 * BAR_INCHES * len(self.rows)), squeeze=False)
        for axis, row in zip(axes[:, 0], self.rows, strict=True):
            bars = [("ours", row.ours), ("baseline", row.baseline), ("goal", row.goal)]
            shown = [(name, value) for name, value in bars if value is not None]
            axis.barh(
                [name for name, _ in shown], [value for _, value in shown], color=["#2b6cb0", "#a0aec0", "#68d391"]
            )
            axis.set_title(f"{row.name} ({row.unit})", fontsize=8, loc="left")
            axis.tick_params(labelsize=7)
        figure.tight_layout()
        figure.savefig(path, dpi=110)
        plt.close(figure)


def cell(value: object) -> str:
    """A table cell: four figures of a number, a word for a truth value, a dash for nothing."""
    if value is None:
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def machine() -> dict[str, Any]:
    """The machine and the versions that a figure belongs to."""
    processor = next(
        (
            line.split(":", 1)[1].strip()
            for line in Path("/proc/cpuinfo").read_text().splitlines()
            if "model name" in line
        ),
        platform.processor(),
    )
    return {
        "processor": processor,
        "cores": os.cpu_count(),
        "memory_gib": round(psutil.virtual_memory().total / 2**30, 1),
        "python": platform.python_version(),
        "kernel": platform.release(),
        "versions": {name: version(name) for name in VERSIONS},
    }
