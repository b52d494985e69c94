"""Opening photographs safely, one resizing policy, and finding them in folders."""

from looksay.images.find import SUFFIXES, find_images
from looksay.images.limits import ImageLimits
from looksay.images.open import ImageSource, open_image
from looksay.images.square import load_square, to_square

__all__ = [
    "SUFFIXES",
    "ImageLimits",
    "ImageSource",
    "find_images",
    "load_square",
    "open_image",
    "to_square",
]
