"""The README's table is the one that the recipes and the figures make."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

pytest.importorskip("keras")

ROOT = Path(__file__).parents[1]


def test_the_readme_has_the_generated_table():
    path = ROOT / "benchmarks" / "recipe_table.py"
    spec = importlib.util.spec_from_file_location("recipe_table", path)
    table = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(table)
    readme = table.README.read_text(encoding="utf-8")
    assert table.placed(readme) == readme, "run python benchmarks/recipe_table.py --write"
    assert "tutorial_attention on inception_v3" in readme
