"""Every architecture, small, and pictures for it: made of numbers from a seed."""

from __future__ import annotations

import inspect
import os
from typing import Any

import numpy as np

from looksay.models import MODELS, CaptionModel, build_model, model_options
from looksay.text import END, START, UNK

VOCABULARY, PLACES, FEATURES = 11, 4, 6
# Every architecture as it is, and with everything on that a recipe can switch on; the latter alone
# on the backends that take their time over each small operation.
_SWITCHED = (False, True) if os.environ.get("KERAS_BACKEND") != "jax" else (True,)
VARIANTS = [(name, full) for name in MODELS for full in _SWITCHED]

_SHARED = inspect.signature(CaptionModel.__init__).parameters


def small_options(architecture: str, *, full: bool = False, dropout: float = 0.0) -> dict[str, Any]:
    """Options for a small model; sizes all differ, so that mixed-up dimensions cannot fit."""
    defaults = model_options(architecture)
    sizes = [name for name in defaults if name.endswith("_size")]
    options: dict[str, Any] = {
        name: 7 + i if defaults[name] or full else 0 for i, name in enumerate(sizes)
    }
    options |= {name: dropout for name in defaults if name.endswith("_dropout")}
    if full:
        # whatever an architecture leaves out unless asked: numbers of things, and switches
        own = {name: default for name, default in defaults.items() if name not in _SHARED}
        options |= {name: True for name, default in own.items() if default is False}
        numbers = [name for name, default in own.items() if type(default) is int and not default]
        options |= {name: options.get(name) or 2 for name in numbers}
        options |= {"label_smoothing": 0.1, "attention_penalty": 0.5}
    return options


def small_model(
    architecture: str, *, full: bool = False, dropout: float = 0.0, **options: Any
) -> CaptionModel:
    """A small model, always the same, with weights large enough that everything matters."""
    import keras

    keras.utils.set_random_seed(0)
    sizes = {"vocabulary_size": VOCABULARY, "feature_size": FEATURES}
    options = {**sizes, **small_options(architecture, full=full, dropout=dropout), **options}
    model = build_model(architecture, **options)
    rng = np.random.default_rng(3)
    for variable in model.trainable_variables:
        value = keras.ops.convert_to_numpy(variable).astype(np.float32)
        variable.assign(value + rng.normal(0, 0.4, value.shape))
    return model


def small_inputs(
    num_pictures: int = 3, num_captions: int = 2, num_words: int = 5, seed: int = 0
) -> dict[str, np.ndarray]:
    """features (B, R, D) and tokens (B, C, T), each caption starting with `<start>`."""
    rng = np.random.default_rng(seed)
    tokens = rng.integers(UNK + 1, VOCABULARY, (num_pictures, num_captions, num_words), np.int32)
    tokens[:, :, 0] = START
    features = rng.normal(size=(num_pictures, PLACES, FEATURES)).astype(np.float32)
    return {"features": features, "tokens": tokens}


def picture_targets(model: CaptionModel, num_pictures: int) -> dict[str, np.ndarray]:
    """What the model learns from of each picture beside its captions: shares that add up to 1."""
    rng = np.random.default_rng(5)
    sizes = {name: model.options[f"{name}_size"] for name in model.picture_targets}
    return {
        name: rng.dirichlet(np.ones(size), num_pictures).astype(np.float32)
        for name, size in sizes.items()
    }


def targets_of(tokens_BCT: np.ndarray) -> np.ndarray:
    """What follows each token: the next one, and `<end>` at last."""
    targets = np.roll(tokens_BCT, -1, 2)
    targets[:, :, -1] = END
    return targets
