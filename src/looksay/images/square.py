"""The resizing policy: every picture is stretched to a square, as the training photographs were."""

from __future__ import annotations

import numpy as np
from PIL import Image

from looksay.images.limits import DEFAULT_LIMITS, ImageLimits
from looksay.images.open import ImageSource, open_image

# Pictures more than twice this many times too large are first shrunk by averaging whole blocks of
# pixels. From 3 on the result cannot be told from plain bicubic (Pillow's own advice), at a
# fraction of its time.
_REDUCING_GAP = 3.0


def to_square(image: Image.Image, size: int) -> np.ndarray:
    """An RGB picture stretched to a square: uint8 (size, size, 3), antialiased bicubic.

    Sides up to six times `size` get exactly Pillow's bicubic resize.
    """
    if image.size != (size, size):
        image = image.resize((size, size), Image.Resampling.BICUBIC, reducing_gap=_REDUCING_GAP)
    return np.array(image, dtype=np.uint8)


def load_square(
    source: ImageSource, size: int, *, limits: ImageLimits = DEFAULT_LIMITS
) -> np.ndarray:
    """A picture straight to the model's input, uint8 (size, size, 3): the fast path.

    Large JPEGs are decoded at reduced scale. Raises ImageError as `open_image` does.
    """
    return to_square(open_image(source, limits=limits, at_least=size), size)
