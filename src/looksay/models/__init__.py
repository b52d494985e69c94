"""The captioning architectures, one file each, by name."""

from __future__ import annotations

import inspect
from typing import Any

from looksay.errors import RecipeError, nearest
from looksay.models.base import CaptionModel
from looksay.models.show_attend_tell import ShowAttendTell
from looksay.models.tutorial_attention import TutorialAttention

MODELS: dict[str, type[CaptionModel]] = {
    "show_attend_tell": ShowAttendTell,
    "tutorial_attention": TutorialAttention,
}


def model_options(architecture: str) -> dict[str, Any]:
    """What a recipe may set of an architecture, with the default of each."""
    if architecture not in MODELS:
        raise RecipeError(
            f"there is no architecture {architecture!r}{nearest(architecture, MODELS)}; "
            f"looksay knows {', '.join(MODELS)}"
        )
    own = inspect.signature(MODELS[architecture].__init__).parameters
    shared = inspect.signature(CaptionModel.__init__).parameters
    sizes = ("self", "kwargs", "vocabulary_size", "feature_size")  # the data's, not the recipe's
    return {name: p.default for name, p in {**own, **shared}.items() if name not in sizes}


def build_model(
    architecture: str, *, vocabulary_size: int, feature_size: int, **options: Any
) -> CaptionModel:
    """A model with its weights made; RecipeError for an option that the architecture lacks."""
    known = model_options(architecture)
    for name in options:
        if name not in known:
            raise RecipeError(
                f"{architecture} has no option {name!r}{nearest(name, known)}; "
                f"it has {', '.join(known)}"
            )
    model = MODELS[architecture](
        vocabulary_size=vocabulary_size, feature_size=feature_size, **options
    )
    model.build()
    return model


__all__ = ["MODELS", "CaptionModel", "build_model", "model_options"]
