"""Fills a feature store, so that another process comes in between.

slow_store.py extract FOLDER PHOTO...   through `extract_features`, two pictures at a time; after
                                        some it waits while there is a file `hold` beside FOLDER
slow_store.py append FOLDER NAME        row by row, with nothing else around it
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

import numpy as np

from looksay.features import extract
from looksay.features.extract import extract_features
from looksay.features.store import FeatureStore

IDENTITY = {"name": "toy", "weights": "abc", "grid": [2, 2], "feature_size": 3}
NUM_BEFORE_HOLD, NUM_APPENDED = 4, 100


def compute(loaded) -> tuple[np.ndarray, ...]:
    """Features (B, 4, 3) that tell the picture: its mean colour at each place."""
    colours = np.stack([one.pixels.mean((0, 1)) for one in loaded])
    return (np.broadcast_to(colours[:, None], (len(loaded), 4, 3)),)


def value_of(name: str, number: int) -> float:
    """What every value of an appended row is."""
    return number + (1000 if name == "b" else 0)


def main(what: str, folder: str, *rest: str) -> None:
    store = FeatureStore(folder, IDENTITY)
    if what == "extract":
        extract.CHUNK = 2
        hold = Path(folder).with_name("hold")

        def held(loaded) -> tuple[np.ndarray, ...]:
            while len(store) >= NUM_BEFORE_HOLD and hold.exists():
                time.sleep(0.01)
            return compute(loaded)

        done = extract_features(store, [*map(Path, rest)], ["plain"], held, image_size=8)
        assert not done.problems, done.problems
        return
    (name,) = rest
    for number in range(NUM_APPENDED):
        row = np.full((1, 4, 3), value_of(name, number), np.float32)
        store.append([(f"{name}{number:063x}", "plain")], row)


if __name__ == "__main__":
    main(*sys.argv[1:])
