"""`looksay point`: attention put by hand, boxes from a file or a detector, figures out."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import looksay as package
from looksay.captioner.boxes import Boxes
from looksay.captioner.caption import CaptionError
from looksay.errors import ImageError

NAMES = ("a.png", "b.png", "c.png")
WORDS = ("a", "dog")
DATA = ("--data", "folder:photos", "--splits", "splits.json")
BOXES = {
    "images": [
        {"id": number, "file_name": name, "width": 40, "height": 20}
        for number, name in enumerate(NAMES)
    ],
    "categories": [{"id": 18, "name": "dog"}, {"id": 1, "name": "person"}],
    "annotations": [
        {"image_id": 0, "category_id": 18, "bbox": [0, 0, 20, 10]},
        {"image_id": 1, "category_id": 18, "bbox": [0, 0, 20, 10]},
        {"image_id": 2, "category_id": 1, "bbox": [0, 0, 40, 20]},  # no dog there
    ],
}


class Looking:
    """Says "a dog" of each picture. In a.png the dog is looked at in the upper left quarter, in the
    others in the lower right one; over a grid, or over two regions."""

    def __init__(self, over_regions: bool = False, unreadable: str = "") -> None:
        self.over_regions, self.unreadable = over_regions, unreadable

    def caption_many(self, sources, *, batch_size, **decoding):
        for path in map(Path, sources):
            if path.name == self.unreadable:
                error = ImageError(f"{path} is damaged.")
                yield CaptionError(image=str(path), error=error, model="by hand")
            else:
                yield self._caption(path.name == "a.png")

    def _caption(self, upper: bool) -> package.Caption:
        attention = np.full((2, 2, 2), 0.25)
        attention[1] = [[1, 0], [0, 0]] if upper else [[0, 0], [0, 1]]
        regions = None
        if self.over_regions:
            corners = np.array([[0, 0, 0.5, 0.5], [0.5, 0.5, 1, 1]])
            regions = Boxes(corners, ("", ""), np.zeros(2))
            attention = attention.reshape(2, 4)[:, [0, 3]]
        return package.Caption(
            text=" ".join(WORDS),
            words=WORDS,
            log_prob=-1.0,
            log_probs=np.zeros(2),
            end_log_prob=0.0,
            attention=attention,
            end_attention=None,
            score=-1.0,
            model="by hand",
            regions=regions,
        )


@pytest.fixture(autouse=True)
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """photos/ of three dev pictures, boxes.json, and a model that says "a dog" of all."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "photos").mkdir()
    rows = ["image,caption", *(f"{name},some words" for name in NAMES)]
    for name in NAMES:
        Image.new("RGB", (40, 20)).save(tmp_path / "photos" / name)
    Path("photos/captions.csv").write_text("\n".join(rows))
    splits = {"format": 1, "splits": {"dev": list(NAMES)}}
    Path("splits.json").write_text(json.dumps(splits))
    Path("boxes.json").write_text(json.dumps(BOXES))
    use(monkeypatch, Looking())


def use(monkeypatch: pytest.MonkeyPatch, captioner: Looking) -> None:
    monkeypatch.setattr(package, "load", lambda *models, **how: captioner)


@pytest.mark.parametrize("over_regions", [False, True])
def test_figures_of_boxes_in_a_file(looksay, monkeypatch, over_regions):
    use(monkeypatch, Looking(over_regions))
    result = looksay("point", *DATA, "--boxes", "boxes.json", "--json", "--output", "out")
    assert result.status == 0 and result.err == ""
    (found,) = result.records
    assert (found["images"], found["images_with_words"], found["words"]) == (3, 2, 2)
    chance = 0.5 if over_regions else 0.25
    assert found["scores"] == pytest.approx(
        {
            "pointing": 0.5,
            "random place": chance,
            "picture's centre": 1,
            "attention inside": 0.5,
            "even attention": chance,
            "pointing - random place": 0.5 - chance,
            "pointing - picture's centre": -0.5,
            "attention inside - even attention": 0.5 - chance,
        }
    )
    assert found["intervals"]["pointing"] == [0, 1] and found["resamples"] == 1000
    assert list(found["classes"]) == ["dog"]
    assert json.loads(Path("out/pointing.json").read_text()) == found
    words = json.loads(Path("out/words.json").read_text())
    assert [(w["image"], w["word"], w["pointing"]) for w in words] == [
        ("a.png", "dog", 1),
        ("b.png", "dog", 0),
    ]


def test_the_table_has_chance_beside_each_figure(looksay):
    lines = looksay("point", *DATA, "--boxes", "boxes.json", "--resamples", 0).lines
    assert lines[0].startswith("3 pictures; 2 words in 2 of them")
    for words in ("pointing 50.00", "random place 25.00", "pointing - random place +25.00"):
        assert any(line.split() == words.split() for line in lines), words
    assert any(line.split()[:2] == ["dog", "2"] for line in lines)


def test_a_limit_takes_the_first_pictures(looksay):
    command = ("point", *DATA, "--boxes", "boxes.json", "--json", "--limit", 1)
    (found,) = looksay(*command).records
    assert found["images"] == 1 and found["scores"]["pointing"] == 1


def test_pictures_that_the_file_has_not_are_left_out_and_said(looksay):
    Path("boxes.json").write_text(
        json.dumps(
            {**BOXES, "images": BOXES["images"][:1], "annotations": BOXES["annotations"][:1]}
        )
    )
    result = looksay("point", *DATA, "--boxes", "boxes.json", "--json")
    assert result.status == 0 and result.records[0]["images"] == 1
    assert "2 of 3 pictures are not in boxes.json" in result.err


def test_a_detector_finds_the_boxes(looksay, monkeypatch):
    asked = {}

    def open_finder(detector, **how):
        asked.update(how, detector=detector)
        return lambda photo: {"dog": np.array([[0, 0, 0.5, 0.5]])} if photo.name == "a.png" else {}

    monkeypatch.setattr("looksay.features.regions.objects.ObjectFinder", open_finder)
    Path("yolox.onnx").touch()
    result = looksay("point", *DATA, "--detector", "yolox.onnx", "--threshold", 0.4, "--json")
    assert result.status == 0 and result.records[0]["words"] == 1
    assert (asked["detector"], asked["threshold"]) == (Path("yolox.onnx"), 0.4)
    assert asked["precision"] == "f32"


def test_a_picture_that_cannot_be_read_is_said_and_the_rest_measured(looksay, monkeypatch):
    use(monkeypatch, Looking(unreadable="b.png"))
    result = looksay("point", *DATA, "--boxes", "boxes.json", "--json")
    assert result.status == 1 and "b.png is damaged" in result.err
    assert result.records[0]["images"] == 2


@pytest.mark.parametrize(
    ("options", "status", "words"),
    [
        ((), 2, "either --boxes FILE or --detector FILE"),
        (("--boxes", "boxes.json", "--detector", "boxes.json"), 2, "either --boxes"),
        (("--boxes", "boxes.json", "--class-names", "boxes.json"), 2, "a detector's classes"),
        (("--detector", "none.onnx"), 2, "none.onnx"),
        (("--detector", "boxes.json"), 1, "boxes.json is no ONNX file, or is damaged"),
        (("--boxes", "none.json"), 1, "none.json cannot be read"),
        (("--boxes", "splits.json"), 1, "splits.json: there is no 'images'"),
        (("--boxes", "others.json"), 1, "lists none of the split's pictures (such as a.png)"),
        (("--boxes", "empty.json"), 1, "No word of the captions names a class"),
        (("bundle", "--model", "other", "--boxes", "boxes.json"), 2, "leave --model out"),
    ],
)
def test_what_is_wrong_is_a_sentence(looksay, options, status, words):
    if words.endswith("damaged"):
        pytest.importorskip("onnx")
    others = [{**image, "file_name": f"x{image['file_name']}"} for image in BOXES["images"]]
    Path("others.json").write_text(json.dumps({**BOXES, "images": others}))
    Path("empty.json").write_text(json.dumps({**BOXES, "annotations": []}))
    result = looksay("point", *DATA, *options)
    assert result.status == status and words in result.err
    assert "Traceback" not in result.err
