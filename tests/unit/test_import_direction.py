"""Imports point one way: cluster ← deployments ← actors ← api; nobody imports loadtests or tests."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LAYERS = ("cluster", "deployments", "actors", "api")
OUTSIDE = ("loadtests", "tests")
OWN = {*LAYERS, *OUTSIDE}


def imports_of(source):
    """(line, top-level package) of every import, also of those inside functions and TYPE_CHECKING blocks."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name.partition(".")[0]) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"line {node.lineno}: relative import"
            yield node.lineno, (node.module or "").partition(".")[0]


def wrong_imports(layer, source):
    allowed = set(LAYERS[: LAYERS.index(layer) + 1])
    return [(line, name) for line, name in imports_of(source) if name in OWN - allowed]


@pytest.mark.parametrize("layer", LAYERS)
def test_a_layer_imports_only_itself_and_those_below(layer):
    wrong = {
        str(path.relative_to(ROOT)): found
        for path in sorted((ROOT / layer).rglob("*.py"))
        if (found := wrong_imports(layer, path.read_text()))
    }

    assert wrong == {}


def test_the_check_sees_imports_in_every_place():
    source = "import os\nimport api.app\nfrom tests import x\ndef f():\n    from deployments.facts import y\n"

    assert wrong_imports("cluster", source) == [(2, "api"), (3, "tests"), (5, "deployments")]
    assert wrong_imports("api", source) == [(3, "tests")]


def test_all_top_level_packages_are_known():
    packages = {path.parent.name for path in ROOT.glob("*/__init__.py")}

    assert packages == OWN
