"""Regions by an ONNX detector, on the engines that run every graph.

B pictures, N boxes of one. No Keras here: captioning uses it.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from looksay.errors import BundleError
from looksay.features.regions.letterbox import Letterbox, letterbox
from looksay.features.regions.yolox import num_anchors, yolox_boxes, yolox_input
from looksay.runtime import Graph
from looksay.runtime.regions import RegionSettings


class Detector:
    """Finds what it knows in photographs. `look` may run in any thread, `find` in one at a time.

    graph: takes one letterboxed picture (1, 3, S, S), gives (1, A, 5 + C); see
    `looksay.features.regions.yolox`. path: its file, for errors.
    """

    def __init__(self, graph: Graph, settings: RegionSettings, path: Path) -> None:
        self._graph, self._settings, self._path = graph, settings, path
        if len(graph.inputs) != 1 or len(graph.outputs) != 1:
            raise BundleError(
                f"{path} has {len(graph.inputs)} inputs and {len(graph.outputs)} outputs; a "
                f"detector of the layout {settings.layout} has one of each"
            )

    def look(self, photo: Image.Image) -> Letterbox:
        """An upright RGB photograph as the detector wants it."""
        return letterbox(photo, self._settings.detector_size)

    def find(self, photos: Sequence[Letterbox]) -> list[np.ndarray]:
        """The boxes (N, 6) of each photograph by falling score, as many as there are."""
        (name,), (output,) = self._graph.inputs, self._graph.outputs
        try:
            # one by one: detectors are exported for single pictures, and `submit` keeps all busy
            runs = [self._graph.submit({name: yolox_input(photo.pixels)}) for photo in photos]
            outputs = [run.result()[output] for run in runs]
        except Exception as error:  # the engines' errors share no narrower class
            raise BundleError(
                f"{self._path} cannot run on a picture of {self._settings.detector_size} pixels: "
                f"{str(error).strip().splitlines()[-1]}"
            ) from error
        return [self._boxes(one, photo) for one, photo in zip(outputs, photos, strict=True)]

    def _boxes(self, output_1AK: np.ndarray, photo: Letterbox) -> np.ndarray:
        settings = self._settings
        anchors = num_anchors(settings.detector_size)
        if output_1AK.ndim != 3 or output_1AK.shape[:2] != (1, anchors) or output_1AK.shape[2] < 6:
            raise BundleError(
                f"{self._path} gives {output_1AK.shape}; a detector of the layout "
                f"{settings.layout} gives (1, {anchors}, 5 + classes) of a picture of "
                f"{settings.detector_size} pixels"
            )
        return yolox_boxes(output_1AK[0], photo, settings.nms_threshold)
