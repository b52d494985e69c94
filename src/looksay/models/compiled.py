"""The one place that speaks to a backend: a function of tensors, compiled, NumPy in and out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
from keras import tree


def compiled(model: keras.Model, function: Callable[..., Any]) -> Callable[..., Any]:
    """`function`, which calls parts of `model` without training them, as the backend runs it best.

    Arguments and results are nests of NumPy arrays. Weights are read at each call, so that a
    model that has learnt since is used as it is.
    """
    backend = keras.backend.backend()
    run = {"tensorflow": _tensorflow, "jax": _jax, "torch": _torch}[backend](model, function)

    def numpy_function(*arguments: Any) -> Any:
        tensors = tree.map_structure(keras.ops.convert_to_tensor, arguments)
        return tree.map_structure(_to_numpy, run(*tensors))

    return numpy_function


def _to_numpy(tensor: Any) -> np.ndarray:
    return np.asarray(keras.ops.convert_to_numpy(tensor))


def _tensorflow(_: keras.Model, function: Callable[..., Any]) -> Callable[..., Any]:
    import tensorflow

    return tensorflow.function(function, reduce_retracing=True)


def _jax(model: keras.Model, function: Callable[..., Any]) -> Callable[..., Any]:
    import jax

    @jax.jit
    def stateless(values: list, arguments: tuple) -> Any:
        # weights are arguments: as constants they would be those of the first call for ever
        with keras.StatelessScope(state_mapping=list(zip(model.variables, values, strict=True))):
            return function(*arguments)

    return lambda *arguments: stateless([v.value for v in model.variables], arguments)


def _torch(_: keras.Model, function: Callable[..., Any]) -> Callable[..., Any]:
    import torch

    return torch.no_grad()(function)
