"""Training that starts from a bundle's weights instead of random ones: to go on with a model, or to
take one over to a user's own photographs and words."""

from __future__ import annotations

import inspect
import json
from collections.abc import Iterable
from pathlib import Path

import keras
import numpy as np

from looksay.errors import TrainingError
from looksay.export.bundle import architecture_name, load_bundle_model
from looksay.models import CaptionModel, model_options
from looksay.runtime import SHIPPED, Bundle
from looksay.runtime.manifest import VOCABULARY
from looksay.text import SPECIALS, Vocabulary
from looksay.training.recipe import Recipe
from looksay.training.trunk import TRUNK_WEIGHTS, decoder_weights

# Which axis of a weight goes by the word; every model calls these two layers so.
WORD_AXES = {"embedding/embeddings": 0, "logits/kernel": 1, "logits/bias": 0}


def start_from(
    model: CaptionModel, vocabulary: Vocabulary, name: str, *, partly: bool = False
) -> int:
    """Give `model` the weights of a bundle; returns how many of the words the bundle knew.

    name: the bundle's folder, or "default" for the shipped one. Embeddings and the output's columns
    go by the word, so that the vocabularies may differ; a new word keeps its random start. Raises
    TrainingError where the bundle's model does not fit, see `check_start`, which tells of `partly`.
    """
    source = check_start(model, name, partly=partly)
    theirs = Vocabulary.load(_folder(name) / VOCABULARY)  # its hash was checked with the model's
    known = [word for word in vocabulary.words if word in theirs]
    specials = list(range(len(SPECIALS)))  # the same in every vocabulary
    rows = specials + [vocabulary.token(word) for word in known]
    rows_there = specials + [theirs.token(word) for word in known]
    for variable, given in _shared(model, source):
        value = keras.ops.convert_to_numpy(given)
        axis = WORD_AXES.get(_short(variable))
        if axis is not None:
            taken = np.take(value, rows_there, axis)
            value = keras.ops.convert_to_numpy(variable).copy()
            np.moveaxis(value, axis, 0)[rows] = np.moveaxis(taken, axis, 0)
        variable.assign(value)
    return len(rows)


def start_settings(name: str, recipe: Recipe) -> list[str]:
    """The recipe's settings that starting from a bundle takes: the bundle itself, the weights of
    its trunk where they were trained with it, and the sizes of its model where the recipe goes on
    with that model (the same architecture, not `start_partly`). BundleError where there is no
    bundle."""
    bundle = Bundle.open(_folder(name))
    settings = [f"training.start_from={json.dumps(name)}"]
    if TRUNK_WEIGHTS in bundle.config["files"]:
        settings.append(f"features.weights={json.dumps(str(bundle.file(TRUNK_WEIGHTS)))}")
    if recipe.architecture == bundle.config["architecture"] and not recipe.training.start_partly:
        settings += [f"model.{key}={json.dumps(size)}" for key, size in _sizes(bundle).items()]
    return settings


def _sizes(bundle: Bundle) -> dict[str, int]:
    """What shapes a bundle's model. Its rates and its loss are the recipe's to say."""
    own = bundle.config.get("model")
    if not isinstance(own, dict):
        return {}  # `check_start` says what is wrong
    known = model_options(bundle.config["architecture"])
    shared = inspect.signature(CaptionModel).parameters
    return {
        key: own[key]
        for key, default in known.items()
        if key in own and key not in shared and isinstance(default, int)
    }


def check_start(model: CaptionModel, name: str, *, partly: bool = False) -> CaptionModel:
    """The bundle's own model. TrainingError where it is of another architecture or size than
    `model`, apart from the number of words.

    partly: sizes and parts may differ, and what both have in one size is taken over.
    """
    folder = _folder(name)
    source = load_bundle_model(folder)
    there, here = architecture_name(source), architecture_name(model)
    if there != here:
        raise TrainingError(
            f"{folder} is a {there}, and the recipe trains a {here}: it can't start from those "
            "weights; take a recipe of the same architecture"
        )
    if not partly:
        _check_sizes(model, source, folder)
    return source


def _check_sizes(model: CaptionModel, source: CaptionModel, folder: Path) -> None:
    ours, theirs = _by_name(decoder_weights(model)), _by_name(source.weights)
    for path in ours | theirs:
        there, here = (of[path] if path in of else None for of in (theirs, ours))
        if there is None or here is None or _size(there) != _size(here):
            raise TrainingError(
                f"{folder} is of another size than the recipe's model ({path} is {_told(there)} "
                f"there, {_told(here)} here): give the recipe the sizes that "
                f"{folder / 'recipe.json'} has, or take over what fits with "
                "--set training.start_partly=true"
            )


def _told(variable: keras.Variable | None) -> str:
    return "missing" if variable is None else str(tuple(variable.shape))


def _shared(
    model: CaptionModel, source: CaptionModel
) -> list[tuple[keras.Variable, keras.Variable]]:
    """The decoder's weights that a bundle's model has too, by name and size, each with its."""
    theirs = _by_name(source.weights)
    ours = _by_name(decoder_weights(model))
    return [
        (variable, theirs[path])
        for path, variable in ours.items()
        if path in theirs and _size(theirs[path]) == _size(variable)
    ]


def _by_name(weights: Iterable[keras.Variable]) -> dict[str, keras.Variable]:
    """Weights by their path without the model's own name, of which Keras numbers the second."""
    return {variable.path.partition("/")[2]: variable for variable in weights}


def _folder(name: str) -> Path:
    return SHIPPED if name == "default" else Path(name)


def _short(variable: keras.Variable) -> str:
    """The names of a weight's layer and of the weight."""
    return "/".join(variable.path.split("/")[-2:])


def _size(variable: keras.Variable) -> tuple[int, ...]:
    """A weight's shape without the axis that goes by the word."""
    axis = WORD_AXES.get(_short(variable))
    return tuple(size for number, size in enumerate(variable.shape) if number != axis)
