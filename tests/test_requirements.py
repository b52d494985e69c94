"""The locked dependencies are those that pyproject.toml asks for, each with its hash."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

pytest.importorskip("packaging")

from packaging.requirements import Requirement  # noqa: E402
from packaging.utils import canonicalize_name  # noqa: E402

ROOT = Path(__file__).resolve().parents[1]
PLATFORM = {"platform_machine": "x86_64", "sys_platform": "linux", "python_version": "3.11"}
LEFT_OUT = {"torch"}  # its wheels from the package index bring gigabytes of CUDA


def locked() -> dict[str, tuple[str, str]]:
    """The version and the hashes of each."""
    text = (ROOT / "requirements" / "ci.txt").read_text("utf-8")
    found = re.findall(r"^([\w.-]+)==(\S+) \\\n((?:    --hash=\S+(?: \\)?\n)+)", text, re.M)
    assert len(found) == len(re.findall(r"^\w\S*==", text, re.M)), "one has no hashes"
    return {canonicalize_name(name): (version, hashes) for name, version, hashes in found}


def test_what_is_asked_for_is_locked():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    extras = project["optional-dependencies"].values()
    asked = [Requirement(line) for lines in (project["dependencies"], *extras) for line in lines]
    lock = locked()
    for requirement in asked:
        if requirement.name in LEFT_OUT:
            continue
        if requirement.marker is None or requirement.marker.evaluate(PLATFORM):
            version, _ = lock[canonicalize_name(requirement.name)]
            assert requirement.specifier.contains(version), requirement
    assert not LEFT_OUT & set(lock)


def test_every_hash_is_a_sha256():
    for name, (_, hashes) in locked().items():
        assert re.fullmatch(r"(?:    --hash=sha256:[0-9a-f]{64}(?: \\)?\n)+", hashes), name
