"""Folders with a file of features a picture: `ID.npz` or `ID.npy`.

Read as arrays only: NumPy's files can hold pickles, which are refused. Known layouts:

    ID.npz   `feat` or `features` (N, D), or `x` (N, D) or (D, N), with `bbox` or `boxes` (N, 4) in
             pixels, and `image_w`, `image_h`, where they have them
    ID.npy   the features (N, D)

Boxes that the file lacks are looked for in the folder beside, whose name ends in `_box` where this
one's ends in `_att` (Luo's ImageCaptioning.pytorch). Without boxes each region is the picture.
"""

from __future__ import annotations

import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from looksay.errors import FeatureError
from looksay.features.regions.published import (
    PublishedRegions,
    as_shares,
    check_features,
    image_id,
)
from looksay.images import open_image

SUFFIXES = (".npz", ".npy")
MOST_BYTES = 256 << 20  # of one picture's arrays, unpacked
_FEATURES, _BOXES = ("features", "feat", "x"), ("bbox", "boxes", "box")


class ArrayFolder:
    """See the module, and `looksay.features.regions.published`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._files = _by_id(folder)
        if not self._files:
            raise FeatureError(
                f"{folder} has no published features: no .tsv, .npz or .npy files lie in it"
            )
        beside = folder.with_name(f"{folder.name.removesuffix('_att')}_box")
        has_boxes = folder.name.endswith("_att") and beside.is_dir()
        self._boxes = _by_id(beside) if has_boxes else {}
        first = self._files[min(self._files)]
        self.feature_size = _features(_load(first), first).shape[1]

    def identity(self) -> dict[str, Any]:
        """The folder's name: reading 100,000 files to tell one from another would take hours."""
        return {"kind": "arrays", "folder": self.folder.resolve().name, "boxes": bool(self._boxes)}

    def read(self, wanted: Mapping[str, Path]) -> Iterator[PublishedRegions]:
        """The wanted entries; FeatureError where a file is damaged or no such features."""
        for name, photo in wanted.items():
            if name in self._files:
                path = self._files[name]
                arrays = _load(path)
                features = _features(arrays, path)
                boxes = self._boxes_of(name, arrays, photo, len(features))
                yield PublishedRegions(name, boxes, features)

    def _boxes_of(
        self, name: str, arrays: Mapping[str, np.ndarray], photo: Path, count: int
    ) -> np.ndarray:
        path, corners = self._files[name], _first(arrays, _BOXES)
        if corners is None and name in self._boxes:
            path = self._boxes[name]
            corners = next(iter(_load(path).values()))
        if corners is None:
            return as_shares(np.tile(np.array([0, 0, 1, 1], np.float32), (count, 1)), (1, 1))
        if corners.shape != (count, 4) or corners.dtype.kind not in "fiu":
            raise FeatureError(
                f"{path}: its boxes are {corners.dtype} of {corners.shape}, not ({count}, 4)"
            )
        try:
            if "image_w" in arrays and "image_h" in arrays:
                size = float(arrays["image_w"]), float(arrays["image_h"])
            else:
                size = open_image(photo).size
            return as_shares(corners.astype(np.float32), size)
        except (TypeError, ValueError) as error:
            raise FeatureError(f"{path}: {error}; get it again") from error


def _by_id(folder: Path) -> dict[str, Path]:
    return {
        image_id(path.name): path for path in sorted(folder.iterdir()) if path.suffix in SUFFIXES
    }


def _load(path: Path) -> dict[str, np.ndarray]:
    """The arrays of a file by name; objects (pickles) among them are left out, unread."""
    try:
        if path.suffix == ".npz":
            with zipfile.ZipFile(path) as archive:
                size = sum(entry.file_size for entry in archive.infolist())
        else:
            size = path.stat().st_size
        if size > MOST_BYTES:
            raise FeatureError(f"{path} unpacks to {size / 1e6:,.0f} MB: it is no picture's")
        if path.suffix == ".npy":
            return {"features": np.load(path, allow_pickle=False)}
        with np.load(path, allow_pickle=False) as archive:
            known = {*_FEATURES, *_BOXES, "image_w", "image_h", "num_bbox"}
            # a box file of Luo's may be an archive of one array of any name
            names = [name for name in archive.files if name in known] or archive.files
            arrays = {name: archive[name] for name in names}
            if not all(isinstance(array, np.ndarray) for array in arrays.values()):
                raise ValueError("NumPy gives the bytes of what is no array")
            return arrays
    except FeatureError:
        raise
    except Exception as error:  # damaged archives raise nearly anything
        raise FeatureError(
            f"{path} is damaged, or holds Python objects, which are not read; get it again"
        ) from error


def _features(arrays: Mapping[str, np.ndarray], path: Path) -> np.ndarray:
    features = _first(arrays, _FEATURES)
    if features is None:
        raise FeatureError(f"{path} has no array called {', '.join(_FEATURES)}")
    corners = _first(arrays, _BOXES)
    count = None if corners is None else len(corners)
    if features.ndim == 2 and count not in (None, len(features)) and features.shape[1] == count:
        features = features.T
    return check_features(features, str(path))


def _first(arrays: Mapping[str, np.ndarray], names: tuple[str, ...]) -> np.ndarray | None:
    return next((arrays[name] for name in names if name in arrays), None)
