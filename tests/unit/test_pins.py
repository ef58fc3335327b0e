"""constraints.txt pins everything that is installed for us, and nothing else decides a version."""

from __future__ import annotations

import re
from importlib.metadata import PackageNotFoundError, distribution

from packaging.requirements import Requirement

from cluster.serve_config import ROOT


def normalised(name):
    return re.sub(r"[-_.]+", "-", name).lower()


def pins():
    lines = (ROOT / "constraints.txt").read_text().split()
    assert all(re.fullmatch(r"[\w.-]+==[\w.]+", line) for line in lines), "only NAME==VERSION, no hosts, no ranges"
    return {normalised(name): version for name, _, version in (line.partition("==") for line in lines)}


def needed(name, extras=frozenset()):
    """Every distribution that a fresh installation brings, with its version."""
    found = {}
    waiting = [(name, extras)]
    seen = set()
    while waiting:
        name, extras = waiting.pop()
        if (normalised(name), extras) in seen:
            continue
        seen.add((normalised(name), extras))
        try:
            installed = distribution(name)
        except PackageNotFoundError:
            continue  # for another platform
        found[normalised(name)] = installed.version.partition("+")[0]
        for text in installed.requires or ():
            requirement = Requirement(text)
            if requirement.marker is None or any(requirement.marker.evaluate({"extra": e}) for e in (*extras, "")):
                waiting.append((requirement.name, frozenset(requirement.extras)))
    found.pop("following")
    return found


def test_every_installed_dependency_is_pinned_at_its_version():
    pinned = pins()
    found = needed("following", frozenset({"dev"}))

    assert {name: version for name, version in found.items() if pinned.get(name) != version} == {}
    assert len(found) > 100
