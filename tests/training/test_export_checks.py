"""`looksay export` says what is missing or wrong before it builds a model or looks at a picture."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import pytest

pytest.importorskip("keras")
pytest.importorskip("onnx")

from looksay.cli.main import run as looksay  # noqa: E402
from looksay.features.backbone import Backbone  # noqa: E402
from looksay.features.backbones import BACKBONES  # noqa: E402
from looksay.features.store import FeatureStore  # noqa: E402
from looksay.text import SPECIALS, Vocabulary  # noqa: E402
from looksay.training import kept, run  # noqa: E402
from looksay.training.feature_sources import open_source  # noqa: E402
from looksay.training.recipe import load_recipe  # noqa: E402


@dataclasses.dataclass(frozen=True, kw_only=True)
class Toy(Backbone):
    def identity(self, weights):
        return {"name": self.name, "weights": "abc", "grid": [1, 1], "feature_size": 2}


@pytest.fixture
def place(tmp_path, monkeypatch) -> Path:
    """A folder with a run's files as far as they are looked at, its store and its photographs; any
    work is a failure."""
    size = {"image_size": 8, "grid": (1, 1), "feature_size": 2}
    toy = Toy(name="toy", **size, licence="CC0-1.0", preprocessing="none")
    monkeypatch.setitem(BACKBONES, "toy", toy)
    monkeypatch.setenv("LOOKSAY_CACHE", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)

    def work(*_, **__):
        raise AssertionError("it began to work")

    monkeypatch.setattr(kept, "build_seeing_model", work)
    monkeypatch.setattr(run, "prepare_features", work)
    recipe = load_recipe("default", ["features.backbone=toy", "text.min_count=1"])
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "recipe.json").write_text(json.dumps(recipe.as_dict()))
    (tmp_path / "run" / "best.weights.h5").touch()
    Vocabulary((*SPECIALS, "a", "dog", "runs")).save(tmp_path / "run" / "vocabulary.txt")
    FeatureStore(tmp_path / "store", open_source(recipe.features).identity())
    (tmp_path / "store" / "backbone.onnx").touch()
    write_photographs(tmp_path / "photos", "a dog runs")
    return tmp_path


def write_photographs(folder: Path, caption: str) -> None:
    folder.mkdir()
    lines = []
    for number, split in enumerate(("train", "dev")):
        (folder / f"{number}.jpg").touch()
        record = {"file_name": f"{number}.jpg", "captions": [caption], "split": split}
        lines.append(json.dumps(record))
    (folder / "metadata.jsonl").write_text("\n".join(lines))


def said(capsys, **changed: str) -> tuple[int, str]:
    """How an export ends, and its sentence."""
    options = {"run": "run", "bundle": "bundle", "data": "folder:photos", "features": "store"}
    options |= changed
    words = ["export", options.pop("run"), options.pop("bundle")]
    for name, value in options.items():
        words += [f"--{name}", value] if value else []
    capsys.readouterr()
    return looksay(words), capsys.readouterr().err


def test_what_is_right_gets_as_far_as_the_work(place, capsys):
    status, sentence = said(capsys)
    assert status == 1 and "it began to work" in sentence


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"features": ""}, "cache/features/toy-abc/backbone.onnx is not there; give the run's"),
        ({"features": "photos"}, "photos/backbone.onnx is not there; give the run's feature store"),
        ({"features": "others"}, "others"),
        ({"data": "folder:nowhere"}, "nowhere"),
        ({"data": "folder:cats"}, "run was trained on other captions; give its own --data"),
        ({"run": "photos"}, "photos is no training run"),
        ({"epoch": "3"}, "run keeps no epoch 3; it has none"),
        ({"bundle": "photos"}, "photos is not empty and no bundle; choose another folder"),
        ({"bundle": "run/recipe.json"}, "recipe.json is a file; choose a folder"),
    ],
)
def test_what_is_missing_or_wrong_is_said_before_any_work(place, capsys, changed, words):
    write_photographs(place / "cats", "a cat sleeps")
    identity = {"name": "toy", "weights": "xyz", "grid": [1, 1], "feature_size": 2}
    FeatureStore(place / "others", identity)
    (place / "others" / "backbone.onnx").touch()
    status, sentence = said(capsys, **changed)
    assert status == 1 and sentence.startswith("looksay: ") and words in sentence
    assert "began to work" not in sentence and not (place / "bundle").exists()


def test_data_is_asked_for_at_once(place, capsys):
    status, sentence = said(capsys, data="")
    assert status == 2 and "--data" in sentence
