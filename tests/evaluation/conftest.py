"""An evaluation of a few made-up pictures, and its report."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from looksay.data import Record
from looksay.evaluation import Evaluation, evaluate_captions
from looksay.evaluation.report import About, Thumbnails, pack_looks, write_report

CAPTIONS = {
    "beach/dog.jpg": ("a dog runs on the beach", ("a dog runs on the beach", "the dog is running")),
    "cat.jpg": ("a cat sits", ("two cats sit on a red sofa", "cats on a sofa")),
    "ball.jpg": ("a red ball lies in the grass", ("a ball in the grass", "a red ball")),
    "men.jpg": ("men sit at a table", ("three men eat soup", "people in a kitchen")),
}


@pytest.fixture
def records(tmp_path: Path) -> list[Record]:
    """Pictures of 300 by 200 pixels, each of one colour."""
    found = []
    for number, (name, (_, references)) in enumerate(CAPTIONS.items()):
        path = tmp_path / "photos" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (300, 200), (90 + 30 * number, 150, 120)).save(path)
        found.append(Record(path, references, "dev", name))
    return found


@pytest.fixture
def evaluation(records: list[Record]) -> Evaluation:
    captions = {name: caption for name, (caption, _) in CAPTIONS.items()}
    return evaluate_captions(records, captions).with_statistics(resamples=20)


@pytest.fixture
def about() -> About:
    made = datetime.datetime(2030, 1, 2, 3, 4, tzinfo=datetime.UTC)
    return About(subject="toy", data="folder:photos", split="dev", made=made, command="looksay x")


@pytest.fixture
def spotlights() -> Callable[[int], np.ndarray]:
    """Attention of so many words over 9 by 9 places: the first looks at the upper left, the second
    at the lower right, and so on in turn."""

    def make(num_words: int) -> np.ndarray:
        grids = np.full((num_words, 9, 9), 0.001)
        grids[::2, 1, 1] = grids[1::2, 7, 7] = 0.92
        return grids

    return make


@pytest.fixture
def report(tmp_path, records, evaluation, about, spotlights) -> Path:
    """The report's file, in which every caption but that of men.jpg has attention."""
    looks = {
        name: pack_looks(caption.split(), spotlights(len(caption.split())))
        for name, (caption, _) in CAPTIONS.items()
        if name != "men.jpg"
    }
    path = tmp_path / "report.html"
    write_report(path, evaluation, records, about, thumbnails=Thumbnails(96), looks=looks)
    return path
