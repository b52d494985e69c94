"""A trunk whose last layers are trained together with the decoder (fine-tuning).

What is kept on disk is the output of the layer before them (`features.trained_from`), so that the
frozen part of the network is computed once for all epochs; the layers after it are a part of the
model. Batch normalisation keeps its statistics: it is folded in, or runs as in inference.

B pictures, P places of the kept features, R of the trunk's output, D its feature size.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import keras
import numpy as np
from keras import ops

from looksay.errors import RecipeError
from looksay.export.bundle import architecture_name, model_config, save_rounded_weights
from looksay.export.process import export_backbone
from looksay.features.backbones import get_backbone
from looksay.models import MODELS, CaptionModel, build_model
from looksay.models.base import Carry, Memory, Tensor
from looksay.training.feature_options import FeatureOptions

TRUNK_WEIGHTS = "trunk.weights.h5"


def build_seeing_model(
    architecture: str,
    options: FeatureOptions,
    *,
    vocabulary_size: int,
    feature_size: int,
    **own: Any,
) -> CaptionModel:
    """The model of a recipe: a decoder, behind the trained part of the trunk where there is one.

    feature_size: D. own: the architecture's options.
    """
    sizes = {"vocabulary_size": vocabulary_size, "feature_size": feature_size}
    decoder = build_model(architecture, **sizes, **own)
    if not options.trained_from:
        return decoder
    if keras.backend.backend() == "torch":
        raise RecipeError(
            "features.trained_from needs a learning rate for each part of the model, which Keras "
            "has not on Torch: set KERAS_BACKEND to tensorflow or jax"
        )
    model = _looking_through(MODELS[architecture])(
        trunk=_tail(get_backbone(options.backbone).trunk(options.weights), options.trained_from),
        **model_config(decoder),
    )
    model.build()
    return model


def _looking_through(kind: type[CaptionModel]) -> type[CaptionModel]:
    """An architecture that looks at a picture through layers of its own, `trunk`."""

    class LookingThrough(kind):  # type: ignore[valid-type, misc]
        def __init__(self, *, trunk: keras.Model, **options: Any) -> None:
            super().__init__(**options)
            self.trunk = trunk

        def encode(
            self, features_BPD: Tensor, mask_BP: Tensor, training: bool = False
        ) -> tuple[Memory, Carry]:
            kept_B = ops.reshape(features_BPD, (-1, *self.trunk.input_shape[1:]))
            # normalisation as in inference, whatever the decoder does
            seen_B = self.trunk(kept_B, training=False)
            _, rows, columns, size = self.trunk.output_shape
            seen_BRD = ops.reshape(seen_B, (-1, rows * columns, size))
            return super().encode(seen_BRD, ops.ones_like(seen_BRD[:, :, 0]), training)

    LookingThrough.__name__ = kind.__name__  # Keras names a model's weights after it
    return LookingThrough


def _tail(network: keras.Model, layer: str) -> keras.Model:
    """The network from the output of a layer on; it shares the network's layers."""
    try:
        return keras.Model(network.get_layer(layer).output, network.output, name="trunk")
    except ValueError:
        raise RecipeError(
            f"features.trained_from: what follows {layer!r} needs other layers too, so that "
            f"{network.name} can't be divided there; take a layer where blocks meet, such as the "
            "end of a stage"
        ) from None


def trunk_variables(model: CaptionModel) -> list[keras.Variable]:
    """The weights of the trained part of the trunk; none where it is frozen."""
    trunk = getattr(model, "trunk", None)
    return [] if trunk is None else list(trunk.weights)


def decoder_weights(model: CaptionModel) -> list[keras.Variable]:
    """The weights of the model that are not the trunk's, as the architecture alone has them."""
    trunk = {id(variable) for variable in trunk_variables(model)}
    return [variable for variable in model.weights if id(variable) not in trunk]


def put_back(tail: keras.Model, network: keras.Model) -> None:
    """Give the network the weights that its last layers have got in training."""
    for layer in tail.layers:
        if layer.weights:  # not where it begins, which is no layer of the network
            network.get_layer(layer.name).set_weights(layer.get_weights())


def split_model(model: CaptionModel, options: FeatureOptions, folder: Path) -> CaptionModel:
    """The decoder by itself; into `folder` the whole trunk goes, as weights (rounded to float16,
    trunk.weights.h5) and as a graph (backbone.onnx)."""
    backbone = get_backbone(options.backbone)
    network = backbone.trunk(options.weights)
    put_back(model.trunk, network)
    save_rounded_weights(network, folder / TRUNK_WEIGHTS)
    export_backbone(backbone, folder / "backbone.onnx", str(folder / TRUNK_WEIGHTS))
    decoder = build_model(architecture_name(model), **model_config(model))
    decoder.set_weights([np.asarray(v) for v in map(ops.convert_to_numpy, decoder_weights(model))])
    return decoder
