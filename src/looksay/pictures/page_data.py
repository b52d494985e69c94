"""What the script of a page is told of attention, see `lamp.js`.

T words, R regions; rows and columns of a grid.
"""

from __future__ import annotations

import json
from typing import Any

import numpy as np

from looksay.pictures.looked import looked, tell
from looksay.pictures.maps import light, spread
from looksay.pictures.regions import Regions, brightest

_REGIONS = (
    ("upper left", "top", "upper right"),
    ("left", "centre", "right"),
    ("lower left", "bottom", "lower right"),
)
_EVERYWHERE = "the whole picture"


def page_data(looks: np.ndarray, regions: Regions | None) -> dict[str, Any]:
    """Attention that `check_looks` has passed, ready for the script: weights and light as uint8.

    Over a grid `grids` (T, rows, columns); over regions `boxes`, `names`, `levels`
    (T, R) and `framed`. `where` tells in words what each word looks at, `looked` how much it looked
    at the picture at all, where the model can look away.
    """
    data = _of_grids(looks) if regions is None else _of_regions(looks, regions)
    shares = looked(looks)
    if shares is not None:
        pairs = zip(data["where"], shares, strict=True)
        data["where"] = [f"{where}, {tell(share)}" for where, share in pairs]
        data["looked"] = [round(share, 3) for share in shares]
    return data


def script_json(value: Any) -> str:
    """JSON that may stand within a script element: no text in it can end that."""
    return json.dumps(value, separators=(",", ":"), allow_nan=False).replace("<", "\\u003c")


def region(attention_RC: np.ndarray) -> str:
    """The part of the picture where a grid's weight peaks, in words: "upper left", "centre"."""
    smooth = spread(attention_RC, (60, 60))
    peak = float(smooth.max())
    if peak - float(smooth.min()) < float(smooth.mean()):
        return _EVERYWHERE  # nearly even, and shown so
    row, column = divmod(int(smooth.argmax()), smooth.shape[1])
    return _REGIONS[row // 20][column // 20]


def _of_grids(grids_TRC: np.ndarray) -> dict[str, Any]:
    """Each grid, its own peak being 255."""
    peaks_T = np.maximum(grids_TRC.max(axis=(1, 2), initial=0), 1e-12)
    whole_TRC = np.rint(grids_TRC * (255 / peaks_T[:, None, None])).astype(np.uint8)
    return {
        "grids": whole_TRC,
        "where": [region(grid_RC) for grid_RC in grids_TRC],
    }


def _of_regions(weights_TR: np.ndarray, regions: Regions) -> dict[str, Any]:
    """The boxes, how brightly each word lights each, and which it frames, brightest first."""
    framed = [brightest(weights_R) for weights_R in weights_TR]
    levels_TR = np.rint(255 * _lights(weights_TR)).astype(np.uint8)
    return {
        "boxes": np.round(regions.boxes.astype(float), 4).tolist(),
        "names": list(regions.names),
        "levels": levels_TR,
        "framed": framed,
        "where": [_named(shown, regions) for shown in framed],
    }


def _named(shown: list[int], regions: Regions) -> str:
    """What a word looks at, in words: the framed boxes' names, or where the brightest lies."""
    if not shown:
        return _EVERYWHERE
    names = dict.fromkeys(regions.names[number] for number in shown if regions.names[number])
    if names:
        return ", ".join(names)
    x0, y0, x1, y1 = regions.boxes[shown[0]]
    return _REGIONS[min(int(1.5 * (y0 + y1)), 2)][min(int(1.5 * (x0 + x1)), 2)]


def _lights(weights_TR: np.ndarray) -> np.ndarray:
    lights = [light(weights_R) for weights_R in weights_TR]
    return np.stack(lights) if lights else np.zeros(weights_TR.shape)
