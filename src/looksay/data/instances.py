"""Boxes of objects in COCO's instances format (Lin et al. 2014), by picture and class.

    {"images": [{"id": 9, "file_name": "name.jpg", "width": 640, "height": 480}],
     "categories": [{"id": 1, "name": "person"}],
     "annotations": [{"image_id": 9, "category_id": 1, "bbox": [x, y, width, height]}]}

Boxes are in pixels there. Those of crowds count as any other.
"""

from __future__ import annotations

import math
from collections import defaultdict
from pathlib import Path
from typing import Any

import numpy as np

from looksay.data.reading import get_field, read_json
from looksay.errors import DataError

Boxes = dict[str, np.ndarray]
"""Boxes (N, 4) by class: x0, y0, x1, y1 as shares of the picture."""


def load_boxes(path: Path) -> dict[str, Boxes]:
    """The boxes of each picture by its file's name; a picture without any has an empty dict.

    DataError, naming the entry, for what is not in the format.
    """
    content = read_json(path, _without_outlines)
    sizes: dict[int | str, tuple[str, int, int]] = {}
    for number, entry in enumerate(get_field(content, "images", list, str(path)), 1):
        where = f"{path}, image {number}"
        width, height = (get_field(entry, side, int, where) for side in ("width", "height"))
        if width < 1 or height < 1:
            raise DataError(f"{where}: a picture of {width} by {height} pixels has no boxes.")
        name = get_field(entry, "file_name", str, where)
        sizes[get_field(entry, "id", (int, str), where)] = name, width, height
    classes = {
        get_field(entry, "id", (int, str), where): get_field(entry, "name", str, where)
        for number, entry in enumerate(get_field(content, "categories", list, str(path)), 1)
        for where in [f"{path}, category {number}"]
    }
    found: dict[str, defaultdict[str, list[list[float]]]] = {
        name: defaultdict(list) for name, _, _ in sizes.values()
    }
    for number, entry in enumerate(get_field(content, "annotations", list, str(path)), 1):
        where = f"{path}, annotation {number}"
        image = get_field(entry, "image_id", (int, str), where)
        category = get_field(entry, "category_id", (int, str), where)
        if image not in sizes or category not in classes:
            raise DataError(f"{where}: image {image} or category {category} is not listed.")
        name, width, height = sizes[image]
        x, y, wide, high = _numbers(get_field(entry, "bbox", list, where), where)
        corners = [x / width, y / height, (x + wide) / width, (y + high) / height]
        found[name][classes[category]].append(corners)
    return {
        name: {kind: np.clip(np.array(boxes), 0, 1) for kind, boxes in of_one.items()}
        for name, of_one in found.items()
    }


def _without_outlines(entry: dict[str, Any]) -> dict[str, Any]:
    """Outlines are most of the file, and not wanted."""
    entry.pop("segmentation", None)
    return entry


def _numbers(values: list[Any], where: str) -> list[float]:
    right = len(values) == 4 and all(
        isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)
        for value in values
    )
    if not right or values[2] < 0 or values[3] < 0:
        raise DataError(f"{where}: 'bbox' must be x, y, width and height in pixels, not {values}.")
    return values
