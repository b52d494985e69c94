"""`looksay models` on toy bundles."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1]))
from half_replaced import leave_half_replaced  # noqa: E402


@pytest.fixture
def runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the bundles `one` and `two`, and none shipped."""
    pytest.importorskip("onnx")
    from toy_bundle import write_toy_bundle

    figures = {"dev": {"BLEU-4": 0.2311, "CIDEr-D": 0.5765}}
    write_toy_bundle(tmp_path / "runs" / "one", name="first", figures=figures)
    write_toy_bundle(tmp_path / "runs" / "two", name="second")
    monkeypatch.setattr("looksay.cli.models.SHIPPED", tmp_path / "none")
    return tmp_path / "runs"


def test_a_folder_of_bundles_is_listed_with_sizes_and_figures(looksay, runs):
    result = looksay("models", runs)
    assert result.status == 0 and result.err == ""
    first, second = result.out.split("\n\n")
    assert first.startswith("first\n") and second.startswith("second\n")
    for part in ("toy on toy", "8 px", "2 x 2 places", "dev BLEU-4 0.2311", "CC0-1.0"):
        assert part in first
    assert str(runs / "one") in first


def test_json_for_programs(looksay, runs):
    (model,) = json.loads(looksay("models", runs / "two", "--format", "json").out)
    assert model["name"] == "second" and model["grid"] == [2, 2]
    graphs = sum(
        (runs / "two" / f"{g}.onnx").stat().st_size for g in ("backbone", "encode", "step")
    )
    assert model["graph_bytes"] == graphs < model["bytes"]


def test_a_damaged_bundle_is_a_line_and_the_rest_is_listed(looksay, runs):
    with open(runs / "one" / "step.onnx", "r+b") as file:
        file.write(b"?")
    result = looksay("models", runs)
    assert result.status == 1
    assert "step.onnx" in result.err and "second" in result.out and "first" not in result.out


@pytest.mark.skipif(os.name == "nt", reason="there is no SIGKILL")
def test_a_bundle_whose_replacement_was_killed_is_listed(looksay, runs):
    leave_half_replaced(runs / "one", runs / "two")
    assert looksay("models", runs / "one").out.startswith("second\n")


def test_a_folder_without_bundles_is_said(looksay, runs, tmp_path):
    result = looksay("models", tmp_path)
    assert result.status == 1 and str(tmp_path) in result.err


def test_the_shipped_models_need_no_folder(looksay, runs, monkeypatch):
    monkeypatch.setattr("looksay.cli.models.SHIPPED", runs)
    result = looksay("models")
    assert result.status == 0 and "first" in result.out and "second" in result.out
