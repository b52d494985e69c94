"""Pictures to features of regions: find boxes, compute the backbone's grid, cut the boxes out.

B pictures, R regions, P places, D feature size, S side of the square picture in pixels.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

from looksay.captioner.features import FeatureExtractor, Features, OpenGraph, Wait
from looksay.captioner.loading import Picture
from looksay.errors import BundleError
from looksay.runtime import Bundle, Graph
from looksay.runtime.regions import DETECTOR, FILE, region_mask

if TYPE_CHECKING:
    from looksay.features.regions.finder import Finder


class RegionExtractor(FeatureExtractor):
    """Pictures to the features of their regions, by a bundle's graphs.

    BundleError where the model knows published features only.
    """

    def __init__(self, bundle: Bundle, open_graph: OpenGraph):
        super().__init__(bundle, open_graph)
        settings = bundle.regions
        assert settings is not None, "such a bundle has regions"
        if settings.source == FILE:
            raise BundleError(
                f"The model {bundle.name!r} was trained on published region features, which a "
                "plain photograph does not have; take a model whose regions come from a detector "
                "or from proposals."
            )
        self._settings = settings

    @property
    def least_side(self) -> int:
        """The side in pixels below which `look` sees less than it could."""
        return self._settings.detector_size

    def look(self, photo: Image.Image) -> Any:
        """What finding regions needs of a photograph; may run in any thread."""
        return self._finder.look(photo)

    def start_pictures(self, pictures: Sequence[Picture], *, many: bool) -> Wait:
        grid = super().start_pictures(pictures, many=many)
        return self._cut_out(grid, [picture.looks[self] for picture in pictures])

    def start_squares(self, images_BSS3: np.ndarray, *, many: bool) -> Wait:
        grid = super().start_squares(images_BSS3, many=many)
        return self._cut_out(grid, [self.look(Image.fromarray(image)) for image in images_BSS3])

    def _cut_out(self, grid: Wait, looks: Sequence[Any]) -> Wait:
        """Find the regions while the backbone runs."""
        from looksay.features.regions.finder import pool_regions, regions_of

        found = self._finder.find(looks)
        empty = np.zeros((0, self._settings.max_regions, 6), np.float32)
        regions = [regions_of(boxes, self._settings) for boxes in found]
        regions_BR6 = np.stack(regions) if regions else empty

        def wait() -> Features:
            values_BRD = pool_regions(self._region_graph, grid().values_BRD, regions_BR6)
            return Features(values_BRD, region_mask(regions_BR6), regions_BR6)

        return wait

    @cached_property
    def _finder(self) -> Finder:
        from looksay.features.regions.finder import open_finder

        is_detector = self._settings.source == DETECTOR
        path = self._bundle.graph("detector") if is_detector else None
        return open_finder(self._settings, path, self._open_graph)

    @cached_property
    def _region_graph(self) -> Graph:
        # float32: it takes no time, and bfloat16 cannot tell neighbouring points of a box
        return self._open_graph(self._bundle.graph("regions"), precision="f32")
