"""What a backbone is: the convolutional trunk that turns a picture into a grid of features."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from looksay.errors import FeatureError, RecipeError, nearest
from looksay.runtime.manifest import sha256

IMAGENET = "imagenet"
# what recipes of before 0.2 call the ImageNet weights, which then came from packages alone
SYNONYMS = {"package": IMAGENET, "none": None}


@dataclass(frozen=True, kw_only=True)
class Backbone:
    """What a backbone is called, what it takes and what it gives.

    Its graph takes uint8 pictures (B, S, S, 3), holds its own normalisation, and gives features
    (B, R, D): R places row by row, D values each. Preprocessing so exists once.

    image_size: side S of the square picture in pixels. grid: rows and columns of places.
    feature_size: D. preprocessing: in words; a part of what its features depend on. layer: whose
    output the features are; "" for the network's own.
    """

    name: str
    image_size: int
    grid: tuple[int, int]
    feature_size: int
    licence: str
    preprocessing: str
    layer: str = ""

    @property
    def num_places(self) -> int:
        return self.grid[0] * self.grid[1]

    def preprocess(self, images: Any) -> Any:
        """uint8 pictures (B, S, S, 3), an array or a symbolic tensor, as the trunk wants them."""
        raise NotImplementedError

    def network(self, weights: str | Path | None = IMAGENET) -> Any:
        """The whole Keras model without a classifier, from preprocessed pictures to a grid.

        weights: "imagenet", a file, or None for random ones. FeatureError where they cannot be had
        or belong to another network.
        """
        raise NotImplementedError

    def trunk(self, weights: str | Path | None = IMAGENET) -> Any:
        """The Keras model from preprocessed pictures to (B, rows, columns, D): the network as far
        as this backbone's layer. weights: see `network`."""
        import keras

        network = self.network(weights)
        if not self.layer:
            return network
        return keras.Model(network.input, network.get_layer(self.layer).output)

    def at_layer(self, layer: str) -> Self:
        """This backbone up to a layer, whose output has to be a grid. RecipeError otherwise."""
        network = self.network(None)
        names = [one.name for one in network.layers]
        if layer not in names:
            raise RecipeError(
                f"{self.name} has no layer {layer!r}{nearest(layer, names)}; its last ones are "
                f"{', '.join(names[-5:])}"
            )
        shape = network.get_layer(layer).output.shape
        if len(shape) != 4:
            raise RecipeError(f"{self.name}'s layer {layer!r} gives {shape}, which is no grid")
        return dataclasses.replace(
            self,
            name=f"{self.name}:{layer}",
            layer=layer,
            grid=tuple(shape[1:3]),
            feature_size=shape[3],
        )

    def build(self, weights: str | Path | None = IMAGENET) -> Any:
        """The whole Keras model, uint8 (B, S, S, 3) -> float32 (B, R, D)."""
        # Keras is imported here so that a backbone's name can be looked up without it
        import keras

        trunk = self.trunk(SYNONYMS.get(str(weights), weights))
        size = self.image_size
        images = keras.Input((size, size, 3), dtype="uint8", name="images")
        grid = trunk(self.preprocess(images))
        features = keras.layers.Reshape((self.num_places, self.feature_size))(grid)
        return keras.Model(images, features, name=self.name.replace(":", "_"))

    def weights_file(self, weights: str | Path | None) -> Path | None:
        """The file that `weights` means; None where there is none to read here."""
        return self.own_weights(weights)

    def own_weights(self, weights: str | Path | None) -> Path | None:
        """The file of weights other than ImageNet's, where `weights` means one."""
        weights = SYNONYMS.get(str(weights), weights)
        return None if weights in (None, IMAGENET) else Path(str(weights)).expanduser()

    def identity(self, weights: str | Path | None = IMAGENET) -> dict[str, Any]:
        """What its features depend on: architecture, weights (SHA-256 of the file),
        preprocessing. FeatureError where the file cannot be read."""
        path = self.weights_file(weights)
        if path is None:
            digest = SYNONYMS.get(str(weights), weights) or "random"
        else:
            try:
                digest = sha256(path)
            except OSError as error:
                raise FeatureError(
                    f"the weights file {path} cannot be read ({error.strerror})"
                ) from error
        return {
            "name": self.name,
            "weights": digest,
            "image_size": self.image_size,
            "grid": list(self.grid),
            "feature_size": self.feature_size,
            "preprocessing": f"stretched, bicubic, {self.preprocessing}, float16 weights",
        }
