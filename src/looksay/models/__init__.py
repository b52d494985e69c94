"""The captioning architectures, one file each, by name."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from typing import Any

from looksay.errors import RecipeError, nearest
from looksay.models.base import CaptionModel


def _find_models() -> dict[str, type[CaptionModel]]:
    """The CaptionModel that each file of this folder defines, by the file's name: a new file is
    all that a new architecture takes."""
    found: dict[str, type[CaptionModel]] = {}
    for name in sorted(module.name for module in pkgutil.iter_modules(__path__)):
        module = importlib.import_module(f"{__name__}.{name}")
        for kind in vars(module).values():
            is_model = inspect.isclass(kind) and issubclass(kind, CaptionModel)
            if is_model and kind is not CaptionModel and kind.__module__ == module.__name__:
                found[name] = kind
    return found


MODELS = _find_models()


def model_options(architecture: str) -> dict[str, Any]:
    """What a recipe may set of an architecture, with the default of each."""
    if architecture not in MODELS:
        raise RecipeError(
            f"there is no architecture {architecture!r}{nearest(architecture, MODELS)}; "
            f"looksay knows {', '.join(MODELS)}"
        )
    # an architecture may be another one with options of its own; the most general ones last
    kinds = MODELS[architecture].__mro__
    options: dict[str, inspect.Parameter] = {}
    for kind in kinds[: kinds.index(CaptionModel) + 1]:
        options = options | {
            name: parameter
            for name, parameter in inspect.signature(kind).parameters.items()
            if name not in options
        }
    data = ("self", "kwargs", "vocabulary_size", "feature_size")  # not the recipe's to say
    return {name: p.default for name, p in options.items() if name not in data}


def build_model(
    architecture: str, *, vocabulary_size: int, feature_size: int, **options: Any
) -> CaptionModel:
    """A model with its weights made.

    Raises RecipeError for an option that the architecture lacks, or a value that it cannot have.
    """
    known = model_options(architecture)
    for name, value in options.items():
        if name not in known:
            raise RecipeError(
                f"{architecture} has no option {name!r}{nearest(name, known)}; "
                f"it has {', '.join(known)}"
            )
        _check_value(name, value, known[name])
    model = MODELS[architecture](
        vocabulary_size=vocabulary_size, feature_size=feature_size, **options
    )
    model.build()
    return model


def _check_value(name: str, value: Any, default: Any) -> None:
    """Switches are true or false; sizes are whole numbers, 0 only where it switches something off;
    all else are shares or weights of a loss."""
    if isinstance(default, bool):
        if type(value) is not bool:
            raise RecipeError(f"{name} is {value!r}; it must be true or false")
        return
    if isinstance(default, int):
        least = min(default, 1)
        if type(value) is not int or value < least:
            raise RecipeError(f"{name} is {value!r}; it must be a whole number, {least} or more")
        return
    most = float("inf") if name.endswith("_penalty") else 1.0
    if type(value) not in (int, float) or not 0.0 <= value < most:
        limits = "0 or more" if most > 1 else "from 0 to below 1"
        raise RecipeError(f"{name} is {value!r}; it must be a number {limits}")


__all__ = ["MODELS", "CaptionModel", "build_model", "model_options"]
