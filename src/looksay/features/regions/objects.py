"""Objects in photographs, by a detector: what it finds, by class, as boxes.

N boxes of a class.
"""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

import numpy as np

from looksay.errors import FeatureError, MissingExtraError
from looksay.features.regions.boxes import clip
from looksay.features.regions.detector import Detector
from looksay.features.regions.detector_file import detector_settings
from looksay.images import open_image
from looksay.runtime import open_graph


class ObjectFinder:
    """Finds the objects of a photograph by a detector.

    threshold: the least score of a box. class_names: a text file with a class a line, where they
    are not COCO's 80. `engine` is for `open_graph`.

    FeatureError for a file that is no detector, or whose classes have no names.
    """

    def __init__(
        self, detector: Path, *, threshold: float, class_names: Path | None = None, **engine: Any
    ) -> None:
        if not _has_onnx():
            raise MissingExtraError(
                "reading a detector's file needs ONNX: pip install 'looksay[train]'"
            )
        self._settings = detector_settings(detector, class_names, score_threshold=threshold)
        if not self._settings.class_names:
            raise FeatureError(
                f"{detector} has other classes than COCO's 80; name them in a text file, one a "
                "line, and give it with --class-names"
            )
        self._detector = Detector(open_graph(detector, **engine), self._settings, detector)

    def __call__(self, photo: Any) -> dict[str, np.ndarray]:
        """The boxes (N, 4) of each class in a photograph, anything that `open_image` takes: x0, y0,
        x1, y1 as shares of it. ImageError where it cannot be read."""
        opened = open_image(photo, at_least=self._settings.detector_size)
        (boxes_N6,) = self._detector.find([self._detector.look(opened)])
        sure = clip(boxes_N6[boxes_N6[:, 4] >= self._settings.score_threshold])
        return {
            self._settings.class_names[number]: sure[sure[:, 5] == number, :4].astype(np.float64)
            for number in np.unique(sure[:, 5]).astype(int)
        }


def _has_onnx() -> bool:
    try:
        return importlib.util.find_spec("onnx") is not None
    except ValueError:  # blocked by a None in sys.modules
        return False
