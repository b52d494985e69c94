"""Pictures to features: the backbones of a captioner's bundles, each run once.

B pictures, S their side, R places, D feature size.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property
from typing import NamedTuple

import numpy as np

from looksay.captioner.loading import Looker, Picture
from looksay.errors import BundleError
from looksay.runtime import Bundle, Graph, Pending

# Fewer pictures than this are not worth preparing a second backbone that runs them in parallel.
FEW = 4

_MOST_AT_ONCE = 8  # pictures that a backbone takes in one run: more are not faster

OpenGraph = Callable[..., Graph]
"""`open_graph(path, throughput=...)`, the engine chosen already."""


class Features(NamedTuple):
    """What a model sees of B pictures: float32 values, and 1 in the mask where a place counts; of
    regions also their boxes (see `looksay.runtime.regions`)."""

    values_BRD: np.ndarray
    mask_BR: np.ndarray | None = None  # None: all places count
    boxes_BR6: np.ndarray | None = None

    def of(self, picture: int) -> Features:
        """What it sees of one of the pictures."""
        only = slice(picture, picture + 1)
        mask, boxes = self.mask_BR, self.boxes_BR6
        return Features(
            self.values_BRD[only],
            None if mask is None else mask[only],
            None if boxes is None else boxes[only],
        )

    @classmethod
    def join(cls, parts: Sequence[Features]) -> Features:
        """The pictures of several, at least one and all of one model, behind each other."""
        masks = [part.mask_BR for part in parts if part.mask_BR is not None]
        boxes = [part.boxes_BR6 for part in parts if part.boxes_BR6 is not None]
        return cls(
            np.concatenate([part.values_BRD for part in parts]),
            np.concatenate(masks) if masks else None,
            np.concatenate(boxes) if boxes else None,
        )


Wait = Callable[[], Features]
"""Waits for features that are being computed."""


class FeatureExtractor:
    """Pictures to features by a bundle's backbone graph, opened when it is first needed.

    All that a captioner knows of how features come about is `image_size` and what starts them.
    """

    def __init__(self, bundle: Bundle, open_graph: OpenGraph):
        self._bundle, self._open_graph = bundle, open_graph

    @property
    def image_size(self) -> int:
        """The side S of the square pictures it takes."""
        return self._bundle.image_size

    @property
    def precision(self) -> str:
        """What it computes in, "f32" or "bf16"."""
        return self._graph.precision

    def start_pictures(self, pictures: Sequence[Picture], *, many: bool) -> Wait:
        """Start on pictures; `many` of them, now or soon, are run in parallel."""
        squares = np.stack([picture.pixels[self.image_size] for picture in pictures])
        return self._start_backbone(squares, many)

    def start_squares(self, images_BSS3: np.ndarray, *, many: bool) -> Wait:
        """Start on square uint8 pictures (B, S, S, 3)."""
        return self._start_backbone(images_BSS3, many)

    def _start_backbone(self, images_BSS3: np.ndarray, many: bool) -> Wait:
        graph = self._parallel_graph if many else self._graph
        size = min(max(len(images_BSS3) // graph.num_parallel, 1), _MOST_AT_ONCE)
        parts = range(0, len(images_BSS3), size)
        pending = [graph.submit({"images": images_BSS3[i : i + size]}) for i in parts]
        return lambda: self._gather(pending)

    def _gather(self, pending: Sequence[Pending]) -> Features:
        rows, columns = self._bundle.grid
        shape = rows * columns, self._bundle.feature_size
        if not pending:
            return Features(np.empty((0, *shape), np.float32))
        values_BRD = np.concatenate([run.result()["features"] for run in pending])
        if values_BRD.shape[1:] != shape:
            raise BundleError(
                f"The backbone of {self._bundle.path} gives features {values_BRD.shape[1:]} where "
                f"bundle.json says {shape}; get or export the bundle again."
            )
        return Features(values_BRD)

    @cached_property
    def _graph(self) -> Graph:
        return self._open_graph(self._bundle.graph("backbone"))

    @cached_property
    def _parallel_graph(self) -> Graph:
        return self._open_graph(self._bundle.graph("backbone"), throughput=True)


class Backbones:
    """The feature extractors of several bundles: those with the same backbone share one run."""

    def __init__(self, bundles: Sequence[Bundle], open_graph: OpenGraph):
        distinct: dict[tuple, FeatureExtractor] = {}
        self.extractors = tuple(
            distinct.setdefault(_identity(bundle), _extractor(bundle, open_graph))
            for bundle in bundles
        )

    @property
    def image_sizes(self) -> tuple[int, ...]:
        """The sides in which pictures are wanted, each once."""
        return tuple(dict.fromkeys(extractor.image_size for extractor in self.extractors))

    @property
    def lookers(self) -> tuple[Looker, ...]:
        """Those that want to see photographs whole, each once."""
        distinct = dict.fromkeys(self.extractors)
        return tuple(extractor for extractor in distinct if isinstance(extractor, Looker))

    def start(self, pictures: Sequence[Picture], many: bool) -> Callable[[], list[Features]]:
        """Start on pictures, at least one; waiting gives the features of each bundle."""
        waits = {
            extractor: extractor.start_pictures(pictures, many=many)
            for extractor in dict.fromkeys(self.extractors)
        }

        def wait() -> list[Features]:
            found = {extractor: wait() for extractor, wait in waits.items()}
            return [found[extractor] for extractor in self.extractors]

        return wait


def _extractor(bundle: Bundle, open_graph: OpenGraph) -> FeatureExtractor:
    if bundle.regions is None:
        return FeatureExtractor(bundle, open_graph)
    from looksay.captioner.regions import RegionExtractor

    return RegionExtractor(bundle, open_graph)


def _identity(bundle: Bundle) -> tuple:
    """Equal for bundles that make the same features of a picture."""
    graphs = [name for name in bundle.graphs if name not in ("encode", "step")]
    digests = tuple(bundle.digest(f"{name}.onnx") for name in graphs)
    return *digests, bundle.regions, bundle.image_size, bundle.grid, bundle.feature_size
