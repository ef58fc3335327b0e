"""The picture of `following bench planted`: curves over the size of each effect, false alarms, coverage."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from loadtests.report import Row

OURS, OTHER, BASELINE, GOAL = "#2b6cb0", "#2f855a", "#a0aec0", "#e53e3e"
COLUMNS = 3


def draw(path: Path, *, rows: Sequence[Row], curves: Mapping[str, Mapping[str, Any]]) -> None:
    """One panel for each planted kind, then one for false alarms and one for coverage."""
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot as plt

    panels = len(curves) + 2
    figure, axes = plt.subplots(-(-panels // COLUMNS), COLUMNS, figsize=(13, 11))
    flat = list(axes.flat)
    for axis, (kind, curve) in zip(flat, curves.items(), strict=False):
        _curve(axis, kind, curve)
    flat[0].legend(fontsize=7, loc="upper left")
    alarms = [row for row in rows if row.name.startswith("false alarms")]
    _bars(flat[len(curves)], "False alarms among ordinary creators", alarms)
    coverage = [row for row in rows if "coverage" in row.name]
    _bars(flat[len(curves) + 1], "Coverage of 95 % intervals", coverage)
    for axis in flat[panels:]:
        axis.set_visible(False)
    figure.tight_layout()
    figure.savefig(path, dpi=110)
    plt.close(figure)


def _curve(axis: Any, kind: str, curve: Mapping[str, Any]) -> None:
    axis.plot(curve["effect"], curve["fraud_risk"], marker="o", color=OURS, label="fraud risk")
    axis.plot(curve["effect"], curve["authenticity"], marker="s", color=OTHER, label="authenticity")
    axis.plot(curve["effect"], curve["baseline"], marker="^", color=BASELINE, label="better simple rule")
    axis.plot(curve["effect"], curve["alarmed"], linestyle=":", color=OURS, label="share called elevated or high")
    axis.axhline(0.5, color="#cbd5e0", linewidth=1)
    axis.set_ylim(0, 1.03)
    axis.set_title(f"{kind} (AUC)", fontsize=9, loc="left")
    axis.set_xlabel(f"{curve['what']}\n(grey: {curve['baseline_rule']})", fontsize=7)
    axis.tick_params(labelsize=7)


def _bars(axis: Any, title: str, rows: Sequence[Row]) -> None:
    names = [
        row.name.removeprefix("false alarms").removesuffix(": coverage of 95 % intervals").strip(" ,") for row in rows
    ]
    axis.barh(names[::-1], [row.ours for row in rows][::-1], color=OURS)
    for height, row in enumerate(reversed(rows)):
        if row.goal is not None:
            axis.plot([row.goal, row.goal], [height - 0.4, height + 0.4], color=GOAL, linewidth=1)
        axis.text(row.ours, height, f"   {row.ours:.1%}", va="center", fontsize=7)
    axis.set_title(title, fontsize=9, loc="left")
    axis.tick_params(labelsize=7)
    axis.set_xlim(0, max(1e-3, *(max(row.ours, row.goal or 0) for row in rows)) * 1.25)
