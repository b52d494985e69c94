"""Opening photographs safely, one resizing policy, and finding them in folders."""

from looksay.images.find import SUFFIXES, FolderError, find_images
from looksay.images.limits import DEFAULT_LIMITS, ImageLimits
from looksay.images.open import ImageSource, open_image, picture_size
from looksay.images.read import read_file
from looksay.images.square import load_square, to_square

__all__ = [
    "DEFAULT_LIMITS",
    "SUFFIXES",
    "FolderError",
    "ImageLimits",
    "ImageSource",
    "find_images",
    "load_square",
    "open_image",
    "picture_size",
    "read_file",
    "to_square",
]
