"""From a photograph to its regions: whichever way a model's settings ask for.

B pictures, N boxes and R regions of one, P places, D feature size.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from PIL import Image

from looksay.errors import FeatureError
from looksay.features.regions.boxes import boxes_of_view, choose_regions
from looksay.runtime import Graph, open_graph
from looksay.runtime.regions import DETECTOR, PROPOSALS, RegionSettings


class Finder(Protocol):
    """Finds boxes in photographs, in two steps so that the first can run in threads of its own."""

    def look(self, photo: Image.Image) -> Any:
        """What `find` needs of an upright RGB photograph."""
        ...

    def find(self, photos: Sequence[Any]) -> list[np.ndarray]:
        """The boxes (N, 6) of each photograph by falling score; some may reach beyond it."""
        ...


def open_finder(
    settings: RegionSettings,
    detector: Path | None,
    open_graph: Callable[..., Graph] = open_graph,
    **engine: Any,
) -> Finder:
    """The finder that the settings ask for; `engine` is for `open_graph`.

    detector: its ONNX file, where there is one. MissingExtraError where proposals lack OpenCV,
    FeatureError for published features, which no photograph can be searched for.
    """
    if settings.source == DETECTOR and detector is not None:
        from looksay.features.regions.detector import Detector

        return Detector(open_graph(detector, **engine), settings, detector)
    if settings.source == PROPOSALS:
        from looksay.features.regions.proposals import Proposals

        return Proposals(settings)
    raise FeatureError(
        "published region features cannot be found in a photograph; "
        "use features.regions=detector or features.regions=proposals"
    )


def regions_of(
    boxes_N6: np.ndarray, settings: RegionSettings, view: str = "plain", size: int = 1
) -> np.ndarray:
    """The regions (R, 6) of a view of a picture, from the boxes found in the picture."""
    return choose_regions(boxes_of_view(boxes_N6, view, size), settings)


def pool_regions(graph: Graph, features_BPD: np.ndarray, regions_BR6: np.ndarray) -> np.ndarray:
    """The features (B, R, D) of regions, from a backbone's grid; 0 where a row is padding.

    graph: RoI-align, see `looksay.export.roi_align`.
    """
    boxes_BR4 = np.ascontiguousarray(regions_BR6[..., :4], np.float32)
    # submitted, so that several threads may do so
    return graph.submit({"features": features_BPD, "boxes": boxes_BR4}).result()["regions"]
