"""The section `[features]` of a recipe: what a model sees of a picture."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from looksay.errors import RecipeError, UsageError, nearest
from looksay.features.backbones import get_backbone
from looksay.features.views import check_views
from looksay.runtime.regions import DETECTOR, FILE, SOURCES, RegionSettings

NO_REGIONS = "none"
BUFFER_PICTURES = 2048  # 0.4 GB of the default backbone's features
PRECISIONS = ("f32", "bf16")
# what a setting is for: without that it would be silently ignored
_ONLY_FOR = {
    "detector": (DETECTOR,),
    "detector_names": (DETECTOR,),
    "score_threshold": (DETECTOR,),
    "regions_file": (FILE,),
    "min_regions": (DETECTOR,),
    "nms_threshold": (DETECTOR, "proposals"),
    "max_regions": SOURCES,
    "precision": (NO_REGIONS, DETECTOR, "proposals"),
    "trained_from": (NO_REGIONS,),
}


@dataclass(frozen=True, kw_only=True)
class FeatureOptions:
    """backbone: a name of `looksay.features.backbones`. weights: "imagenet", "none" (random) or a
    file. views: what training sees of a picture, see `looksay.features.views`. precision: what
    features are computed in; "bf16" is faster where the processor has it, "f32" gives the same
    features on every machine. trained_from: a layer of the backbone: what follows it is trained
    together with the decoder (see `looksay.training.trunk`), and what is kept on disk is that
    layer's output; "" leaves the whole backbone as it is. streamed: training pictures stay in their
    WebDataset shards, which are read in every epoch; no features but dev's are kept on disk.
    buffer_pictures: how many pictures' features streaming holds in memory, to shuffle them.

    regions: "none" is the backbone's grid. "detector" takes what an ONNX detector of YOLOX's layout
    (`detector`, its file) finds; "proposals" what OpenCV's selective search does; both cut the
    backbone's features out by RoI-align, and the whole picture is the last region. "file" takes
    published features (`regions_file`: a TSV, or a folder of TSV, npz or npy files), and such a
    model captions no plain photographs. detector_names: a file with a class a line (COCO's 80 need
    none). The other settings are those of `looksay.runtime.regions.RegionSettings`.
    """

    backbone: str = "efficientnet_lite2"
    weights: str = "imagenet"
    streamed: bool = False
    buffer_pictures: int = BUFFER_PICTURES
    views: tuple[str, ...] = ("plain",)
    precision: str = "f32"
    trained_from: str = ""
    regions: str = NO_REGIONS
    detector: str = ""
    detector_names: str = ""
    regions_file: str = ""
    max_regions: int = 36
    min_regions: int = 10
    score_threshold: float = 0.2
    nms_threshold: float = 0.5

    def __post_init__(self) -> None:
        get_backbone(self.kept)
        object.__setattr__(self, "views", check_views(self.views))
        if self.precision not in PRECISIONS:
            raise RecipeError(
                f"features.precision is {self.precision!r}{nearest(self.precision, PRECISIONS)}; "
                f"it must be one of {', '.join(PRECISIONS)}"
            )
        choices = (NO_REGIONS, *SOURCES)
        if self.regions not in choices:
            raise RecipeError(
                f"features.regions is {self.regions!r}{nearest(self.regions, choices)}; it must be "
                f"one of {', '.join(choices)}"
            )
        self._check_combination()
        if self.regions != NO_REGIONS:
            try:
                RegionSettings(source=self.regions, **self.region_values())
            except UsageError as error:
                raise RecipeError(f"features.{error}") from error

    def _check_combination(self) -> None:
        for name, sources in _ONLY_FOR.items():
            default = type(self).__dataclass_fields__[name].default
            if getattr(self, name) != default and self.regions not in sources:
                raise RecipeError(
                    f"features.{name} has no effect where features.regions is {self.regions!r}; "
                    f"it belongs to features.regions={' or '.join(sources)}"
                )
        if self.streamed and self.regions != NO_REGIONS:
            raise RecipeError(
                f"features.regions={self.regions} needs photographs on a disk, and "
                "features.streamed leaves them in their shards; leave out one of the two"
            )
        if self.buffer_pictures != BUFFER_PICTURES and not self.streamed:
            raise RecipeError(
                "features.buffer_pictures has no effect where features.streamed is false"
            )
        if self.regions == DETECTOR and not self.detector:
            raise RecipeError(
                "features.regions='detector' needs the detector: --set features.detector=FILE.onnx"
            )
        if self.regions == FILE and not self.regions_file:
            raise RecipeError(
                "features.regions='file' needs the published features: --set "
                "features.regions_file=PATH"
            )
        if self.regions == FILE and self.views != ("plain",):
            raise RecipeError(
                f"features.views is {', '.join(self.views)}, and published features have the plain "
                "view only: --set 'features.views=[\"plain\"]'"
            )

    @property
    def kept(self) -> str:
        """The backbone whose features are kept on disk: as far as it is not trained."""
        return f"{self.backbone}:{self.trained_from}" if self.trained_from else self.backbone

    def region_values(self) -> dict[str, Any]:
        """The settings that `RegionSettings` has under the same names."""
        names = ("max_regions", "min_regions", "score_threshold", "nms_threshold")
        return {name: getattr(self, name) for name in names}
