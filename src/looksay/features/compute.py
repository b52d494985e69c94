"""What an extraction runs on pictures: the backbone's graph, and RoI-align after it.

B pictures, P places, R regions of one, D feature size, S side of the picture in pixels.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from looksay.errors import FeatureError
from looksay.features.backbone import Backbone
from looksay.features.regions.finder import Finder, open_finder, pool_regions, regions_of
from looksay.images import ImageSource, load_square, open_image
from looksay.runtime import Graph, open_graph
from looksay.runtime.regions import RegionSettings

COMPUTE_BATCH = 4  # pictures a run of the graph: small enough for the processor's caches


class Loaded(NamedTuple):
    """A view of a picture, ready for the backbone: its pixels are uint8 (S, S, 3)."""

    path: Path
    view: str
    pixels: np.ndarray

    @classmethod
    def plain(cls, path: Path, photograph: ImageSource, size: int) -> Loaded:
        """The plain view of a photograph, which lies at the path or came from elsewhere."""
        return cls(path, "plain", load_square(photograph, size))


class GridCompute:
    """A backbone's features of any number of pictures; its graph is compiled when first needed.

    precision: "f32" gives the same features on every machine. threads: at most so many processor
    threads, set before the first picture; None: as many as there are.
    """

    threads: int | None = None

    def __init__(self, path: Path, backbone: Backbone, precision: str = "f32") -> None:
        self._path, self._backbone, self._precision = path, backbone, precision
        self._graph: Graph | None = None

    @property
    def image_size(self) -> int:
        """The side in pixels of the pictures that it takes."""
        return self._backbone.image_size

    def __call__(self, loaded: Sequence[Loaded]) -> tuple[np.ndarray, ...]:
        """What the store keeps of the pictures: the features (B, P, D)."""
        if self._graph is None:
            self._graph = open_graph(
                self._path, precision=self._precision, throughput=True, threads=self.threads
            )
        images_BSS3 = np.stack([one.pixels for one in loaded])
        starts = range(0, len(images_BSS3), COMPUTE_BATCH)
        graph = self._graph
        runs = [graph.submit({"images": images_BSS3[i : i + COMPUTE_BATCH]}) for i in starts]
        features = np.concatenate([run.result()["features"] for run in runs])
        if features.shape[1:] != (self._backbone.num_places, self._backbone.feature_size):
            raise FeatureError(f"{self._path} is the graph of another backbone; delete it")
        return (features,)


class RegionCompute:
    """Regions of pictures and their features, cut out of the backbone's grid.

    region_graph: RoI-align's file. A picture is searched once for all its views in a chunk: where
    its boxes lie in a view is known (`boxes_of_view`). threads: as GridCompute's.
    """

    threads: int | None = None

    def __init__(
        self,
        grid: GridCompute,
        region_graph: Path,
        settings: RegionSettings,
        detector: Path | None,
    ) -> None:
        self._grid, self._region_graph, self._settings = grid, region_graph, settings
        self._detector = detector
        self._tools: tuple[Finder, Graph] | None = None

    def __call__(self, loaded: Sequence[Loaded]) -> tuple[np.ndarray, ...]:
        """What the store keeps: features (B, R, D) and boxes (B, R, 6)."""
        if self._tools is None:
            if self.threads is not None:
                self._grid.threads = self.threads
            how: dict[str, Any] = {"precision": "f32", "threads": self.threads}
            finder = open_finder(self._settings, self._detector, throughput=True, **how)
            self._tools = finder, open_graph(self._region_graph, **how)
        finder, graph = self._tools
        (features_BPD,) = self._grid(loaded)
        found = _find(finder, (one.path for one in loaded), self._settings)
        regions_BR6 = np.stack(
            [
                regions_of(found[one.path], self._settings, one.view, len(one.pixels))
                for one in loaded
            ]
        )
        return pool_regions(graph, features_BPD, regions_BR6), regions_BR6


def _find(
    finder: Finder, paths: Iterable[Path], settings: RegionSettings
) -> dict[Path, np.ndarray]:
    """The boxes found in each photograph."""
    unique = list(dict.fromkeys(paths))

    def look(path: Path) -> object:
        return finder.look(open_image(path, at_least=settings.detector_size))

    with ThreadPoolExecutor(2) as pool:
        looked = list(pool.map(look, unique))
    return dict(zip(unique, finder.find(looked), strict=True))
