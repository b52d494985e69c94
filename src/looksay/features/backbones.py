"""The backbones by name: EfficientNet-Lite, and those of `keras.applications`.

`name:layer` is the backbone up to one of its layers, as `vgg16:block4_conv3`.
"""

from __future__ import annotations

from functools import cache

from looksay.errors import RecipeError, nearest
from looksay.features.backbone import Backbone
from looksay.features.keras_applications import APPLICATIONS
from looksay.features.lite_backbones import LITES

BACKBONES: dict[str, Backbone] = {**LITES, **APPLICATIONS}


@cache
def get_backbone(name: str) -> Backbone:
    """The backbone of that name; RecipeError names the nearest and those that exist.

    A layer of its own takes Keras to find out its grid.
    """
    base, colon, layer = name.partition(":")
    backbone = BACKBONES.get(base)
    if backbone is None:
        raise RecipeError(
            f"there is no backbone {base!r}{nearest(base, BACKBONES)}; "
            f"looksay knows {', '.join(sorted(BACKBONES))}"
        )
    if not colon:
        return backbone
    return backbone.at_layer(layer)


__all__ = ["BACKBONES", "Backbone", "get_backbone"]
