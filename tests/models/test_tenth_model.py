"""The worked example of CONTRIBUTING.md is one file and one recipe, and keeps the contract."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("keras")

ROOT = Path(__file__).parents[2]
NAME = "multimodal_rnn"


@pytest.fixture(scope="module")
def environment(tmp_path_factory) -> dict[str, str]:
    """One in which looksay is a copy that has the example's two files."""
    folder = tmp_path_factory.mktemp("tenth")
    shutil.copytree(
        ROOT / "src" / "looksay",
        folder / "src" / "looksay",
        ignore=shutil.ignore_patterns("__pycache__", "bundles"),
    )
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    files = re.findall(r"^`(src/\S+)`:\n\n```\w+\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)
    assert [Path(path).name for path, _ in files] == [f"{NAME}.py", "multimodal-rnn.toml"]
    for path, contents in files:
        assert not (folder / path).exists()
        (folder / path).write_text(contents, encoding="utf-8")
    return {**os.environ, "PYTHONPATH": str(folder / "src"), "PYTEST_ADDOPTS": ""}


def run(environment, *arguments) -> str:
    done = subprocess.run(
        [sys.executable, "-m", *map(str, arguments)],
        env=environment, capture_output=True, text=True, cwd=ROOT, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_it_keeps_the_contract(environment):
    tests = ROOT / "tests" / "contract" / "test_contract.py"
    said = run(environment, "pytest", tests, "-k", NAME, "-p", "no:cacheprovider")
    passed = re.search(r"(\d+) passed", said) or re.search(r"^(\.+) ", said, re.MULTILINE)
    assert passed, said  # and something was run at all


def test_its_recipe_and_graphs_are_found(environment):
    said = run(environment, "looksay", "describe", "multimodal-rnn", "--shapes")
    assert "multimodal" in said and "logits" in said
    tests = ROOT / "tests" / "training" / "test_run.py"
    assert "1 passed" in run(environment, "pytest", tests, "-k", "multimodal-rnn", "-v")
    if os.environ.get("KERAS_BACKEND", "tensorflow") == "tensorflow":
        tests = ROOT / "tests" / "export" / "test_graphs.py"
        assert " passed" in run(environment, "pytest", tests, "-k", NAME, "-v")
