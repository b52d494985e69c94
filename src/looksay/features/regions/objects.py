"""Objects in photographs, by a detector: what it finds, by class, as boxes.

N boxes of a class.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from looksay.errors import FeatureError, MissingExtraError
from looksay.features.regions.boxes import clip
from looksay.features.regions.detector import Detector
from looksay.features.regions.detector_file import detector_settings
from looksay.images import open_image
from looksay.runtime import open_graph


def detect_objects(
    detector: Path,
    photos: Iterable[Any],
    *,
    threshold: float,
    class_names: Path | None = None,
    **engine: Any,
) -> Iterator[dict[str, np.ndarray]]:
    """Of each photograph the boxes (N, 4) of each class that score `threshold` or more, as shares
    of the photograph. class_names: a text file with a class a line, where they are not COCO's 80;
    `engine` is for `open_graph`.

    FeatureError for a file that is no detector, or whose classes have no names; ImageError for a
    photograph that cannot be read.
    """
    if importlib.util.find_spec("onnx") is None:
        raise MissingExtraError(
            "reading a detector's file needs ONNX: pip install 'looksay[train]'"
        )
    settings = detector_settings(detector, class_names, score_threshold=threshold)
    if not settings.class_names:
        raise FeatureError(
            f"{detector} has other classes than COCO's 80; name them in a text file, one a line, "
            "and give it with --class-names"
        )
    finder = Detector(open_graph(detector, **engine), settings, detector)
    for photo in photos:
        opened = open_image(photo, at_least=settings.detector_size)
        (boxes_N6,) = finder.find([finder.look(opened)])
        sure = clip(boxes_N6[boxes_N6[:, 4] >= threshold])
        yield {
            settings.class_names[number]: sure[sure[:, 5] == number, :4].astype(np.float64)
            for number in np.unique(sure[:, 5]).astype(int)
        }
