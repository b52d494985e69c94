"""Published bottom-up features (Anderson et al. 2018, https://arxiv.org/abs/1707.07998): which
files there are, and whose picture an entry is.

N boxes of a picture, D feature size.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from looksay.data.coco import coco_number
from looksay.errors import FeatureError
from looksay.runtime.regions import NO_CLASS

# No detector's output comes near: what is larger is no file of features.
MOST_BOXES, MOST_FEATURES = 1000, 1 << 16
_THINNEST = 1e-3  # a published box counts, however thin; one without width would be padding


@dataclass(frozen=True, eq=False)
class PublishedRegions:
    """One picture's entry: its id, boxes (N, 6) as shares of it, and features (N, D)."""

    image_id: str
    boxes: np.ndarray
    features: np.ndarray


class RegionFile(Protocol):
    """Published features, wherever they lie."""

    feature_size: int

    def identity(self) -> dict[str, Any]:
        """What tells these features from others, for the store's key."""
        ...

    def read(self, wanted: Mapping[str, Path]) -> Iterator[PublishedRegions]:
        """The entries of the wanted pictures, each once; `wanted` gives an id its photograph."""
        ...


def open_region_file(path: str | Path) -> RegionFile:
    """The reader for a TSV file, a folder of TSV files, or a folder with a file a picture.

    FeatureError where it is none of these.
    """
    from looksay.features.regions.array_folder import ArrayFolder
    from looksay.features.regions.tsv_file import TsvFiles

    path = Path(path).expanduser()
    if path.is_file():
        return TsvFiles([path])
    if not path.is_dir():
        raise FeatureError(
            f"there are no published features at {path}; give a TSV file or a folder with "
            "--set features.regions_file=PATH"
        )
    parts = sorted(one for one in path.iterdir() if ".tsv" in one.name and one.is_file())
    return TsvFiles(parts) if parts else ArrayFolder(path)


def image_id(name: str) -> str:
    """The id that published features give a picture, from its file's name or from their own.

    A number without leading zeros where the name is one, as COCO's are
    (COCO_val2014_000000391895.jpg is 391895); else the name without its suffix.
    """
    stem = Path(name.strip()).stem if "." in name else name.strip()
    number = coco_number(stem)
    if number is None and stem.isascii() and stem.isdigit():
        number = int(stem)
    return stem if number is None else str(number)


def as_shares(
    boxes_N4: np.ndarray,
    size: tuple[float, float],
    scores_N: np.ndarray | None = None,
    classes_N: np.ndarray | None = None,
) -> np.ndarray:
    """Boxes (N, 6) from corners in pixels of a picture of `size` (width, height). ValueError where
    something among them is no finite number, or the picture has no size."""
    if not all(side >= 1 for side in size):
        raise ValueError(f"its picture is {size[0]:g} x {size[1]:g}")
    given = (boxes_N4, scores_N, classes_N)
    if not all(np.isfinite(values).all() for values in given if values is not None):
        raise ValueError("some of its boxes, scores or classes are no numbers")
    count = len(boxes_N4)
    boxes = np.zeros((count, 6), np.float32)
    boxes[:, :4] = np.clip(boxes_N4 / np.array([*size, *size], np.float32), 0, 1)
    boxes[:, :2] = np.minimum(boxes[:, :2], 1 - _THINNEST)
    boxes[:, 2:4] = np.maximum(boxes[:, 2:4], boxes[:, :2] + _THINNEST)
    boxes[:, 4] = 0 if scores_N is None else scores_N
    boxes[:, 5] = NO_CLASS if classes_N is None else classes_N
    return boxes


def check_features(features: np.ndarray, where: str) -> np.ndarray:
    """Features as float32 (N, D); FeatureError, beginning with `where`, for anything else."""
    if features.ndim != 2 or features.dtype.kind != "f":
        raise FeatureError(f"{where}: its features are {features.dtype} of {features.shape}")
    if not 1 <= features.shape[0] <= MOST_BOXES or not 1 <= features.shape[1] <= MOST_FEATURES:
        raise FeatureError(f"{where}: features of {features.shape} are no picture's regions")
    features = features.astype(np.float32)
    if not np.isfinite(features).all():
        raise FeatureError(f"{where}: some of its features are no numbers")
    return features
