"""The README's tables are the ones that their scripts make."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

import pytest

pytest.importorskip("keras")

BENCHMARKS = Path(__file__).parents[1] / "benchmarks"
RESULTS = list((BENCHMARKS / "comparison").glob("*-[0-9].json"))


@pytest.mark.parametrize(
    ("script", "row"),
    [
        ("recipe_table", "tutorial_attention on inception_v3"),
        pytest.param(
            "comparison_table",
            "(`show_attend_tell`)",
            marks=pytest.mark.skipif(not RESULTS, reason="nothing was compared yet"),
        ),
    ],
)
def test_the_readme_has_the_generated_table(script, row, monkeypatch):
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    table, parts = importlib.import_module(script), importlib.import_module("readme_part")
    readme = parts.README.read_text(encoding="utf-8")
    made = parts.placed(readme, table.NAME, table.SCRIPT, table.make_table())
    assert made == readme, f"run python benchmarks/{script}.py --write"
    assert row in readme
    for name in ("recipe_table", "comparison_table", "comparison", "readme_part"):
        sys.modules.pop(name, None)
