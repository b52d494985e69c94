"""Where a recipe's features come from: a backbone's grid, regions of it, or published regions."""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from looksay.errors import FeatureError, MissingExtraError
from looksay.export.process import export_backbone
from looksay.features.backbones import Backbone, get_backbone
from looksay.features.compute import GridCompute, RegionCompute
from looksay.features.extract import ComputeAll, Extraction, extract_features
from looksay.features.regions.detector_file import detector_digest, detector_settings
from looksay.features.regions.extract_published import extract_published
from looksay.features.regions.proposals import import_opencv
from looksay.features.regions.published import RegionFile, open_region_file
from looksay.features.store import FeatureStore
from looksay.runtime.regions import DETECTOR, FILE, PROPOSALS, RegionSettings
from looksay.training.feature_options import NO_REGIONS, FeatureOptions

logger = logging.getLogger(__name__)
BACKBONE_GRAPH, REGION_GRAPH = "backbone.onnx", "regions.onnx"


@dataclass(frozen=True, kw_only=True)
class FeatureSource:
    """What computes or reads the features, and the key of what it gives.

    backbone: whose features are kept. trunk: the whole of it, where its last layers are trained.
    precision: what the backbone computes in. regions: None of a grid. detector: the detector's
    file, where there is one. published: the reader, where features are read; the backbone is then
    not used.
    """

    backbone: Backbone
    weights: str
    trunk: Backbone | None = None
    precision: str = "f32"
    regions: RegionSettings | None = None
    detector: Path | None = None
    published: RegionFile | None = None

    def identity(self) -> dict[str, Any]:
        """What the features depend on, see `looksay.features.store`."""
        if self.regions is None:
            return self._backbone_identity()
        settings = self.regions.as_dict()
        del settings["class_names"]  # names change no feature
        if self.published is not None:
            used = {name: settings[name] for name in ("source", "max_regions")}
            regions = {**used, **self.published.identity()}
            size = self.published.feature_size
            return {"name": "published", "feature_size": size, "regions": regions}
        if self.detector is not None:
            settings["detector"] = detector_digest(self.detector)
        return {**self._backbone_identity(), "regions": settings}

    def _backbone_identity(self) -> dict[str, Any]:
        """float32 goes unnamed, as in stores of before there was a choice."""
        named = {} if self.precision == "f32" else {"precision": self.precision}
        return {**self.backbone.identity(self.weights), **named}

    @property
    def feature_size(self) -> int:
        """D, of what the decoder looks at."""
        found = self.seen if self.published is None else self.published
        return found.feature_size

    @property
    def seen(self) -> Backbone:
        """The backbone as the decoder sees it."""
        return self.trunk or self.backbone

    @property
    def layout(self) -> tuple[int, int] | RegionSettings:
        """What attention lies over: a grid's rows and columns, or how regions were found."""
        return self.seen.grid if self.regions is None else self.regions

    @property
    def licence(self) -> str:
        """The licence of what computed the features."""
        if self.published is not None:
            return "the published features' own"
        if self.detector is not None:
            return f"{self.backbone.licence}; the detector's own"
        return self.backbone.licence

    def graphs(self, folder: Path) -> dict[str, Path]:
        """What computing takes, in the store's folder, by the names that a bundle gives it."""
        if self.published is not None:
            return {}
        found = {BACKBONE_GRAPH: folder / BACKBONE_GRAPH}
        if self.regions is not None:
            found[REGION_GRAPH] = folder / REGION_GRAPH
        if self.detector is not None:
            found["detector.onnx"] = self.detector
        return found

    def make_graphs(self, folder: Path) -> None:
        """Export into the store's folder what computing takes and is not there yet."""
        if self.published is not None:
            return
        if not (folder / BACKBONE_GRAPH).exists():
            logger.info("exporting the backbone %s", self.backbone.name)
            export_backbone(self.backbone, folder / BACKBONE_GRAPH, self.weights)
        if self.regions is not None and not (folder / REGION_GRAPH).exists():
            from looksay.export.roi_align import write_roi_align

            write_roi_align(self.backbone.grid, self.backbone.feature_size, folder / REGION_GRAPH)

    def extract(
        self,
        store: FeatureStore,
        paths: Sequence[Path],
        views: Sequence[str],
        progress: bool,
        compute_all: ComputeAll | None = None,
    ) -> Extraction:
        """Bring what the store lacks into it; see `extract_features`."""
        if self.published is not None:
            return extract_published(store, paths, self.published, progress=progress)
        compute, size = self.compute(store.folder), self.backbone.image_size
        return extract_features(
            store,
            paths,
            views,
            compute,
            image_size=size,
            progress=progress,
            compute_all=compute_all,
        )

    def compute(self, folder: Path) -> GridCompute | RegionCompute:
        """What makes features of photographs with the graphs in the store's folder; FeatureError
        where only published features are known."""
        if self.published is not None:
            raise FeatureError(
                "the model was trained on published region features, which a plain photograph does "
                "not have"
            )
        grid = GridCompute(folder / BACKBONE_GRAPH, self.backbone, self.precision)
        if self.regions is None:
            return grid
        return RegionCompute(grid, folder / REGION_GRAPH, self.regions, self.detector)


def open_source(options: FeatureOptions) -> FeatureSource:
    """The source that a recipe asks for; FeatureError or MissingExtraError where it cannot be had,
    before any work."""
    grid: dict[str, Any] = {
        "backbone": get_backbone(options.kept),
        "trunk": get_backbone(options.backbone) if options.trained_from else None,
        "weights": options.weights,
        "precision": options.precision,
    }
    if options.regions == NO_REGIONS:
        return FeatureSource(**grid)
    settings, detector, published = None, None, None
    if options.regions == DETECTOR:
        detector = Path(options.detector).expanduser()
        names = Path(options.detector_names).expanduser() if options.detector_names else None
        settings = _detector_settings(detector, names, options)
    else:
        settings = RegionSettings(source=options.regions, **options.region_values())
    if options.regions == PROPOSALS:
        import_opencv()
    if options.regions == FILE:
        published = open_region_file(options.regions_file)
    return FeatureSource(**grid, regions=settings, detector=detector, published=published)


def folder_name(source: FeatureSource) -> str:
    """The name of a source's store: each backbone, its weights and kind of regions has its own."""
    identity = source.identity()
    if source.regions is None:
        precision = "" if source.precision == "f32" else f"-{source.precision}"
        return f"{identity['name'].replace(':', '-')}-{identity['weights'][:12]}{precision}"
    digest = hashlib.sha256(json.dumps(identity, sort_keys=True).encode()).hexdigest()
    return f"{identity['name'].replace(':', '-')}-regions-{digest[:12]}"


def _detector_settings(
    detector: Path, names: Path | None, options: FeatureOptions
) -> RegionSettings:
    try:
        return detector_settings(detector, names, **options.region_values())
    except ImportError as error:
        raise MissingExtraError(
            "training on a detector's regions needs onnx: pip install 'looksay[train]'"
        ) from error
