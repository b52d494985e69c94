"""Opening photographs safely, one resizing policy, and finding them in folders."""

from looksay.images.find import SUFFIXES, FolderError, find_images, is_picture_name
from looksay.images.limits import DEFAULT_LIMITS, ImageLimits
from looksay.images.open import ImageSource, open_image, picture_size
from looksay.images.read import open_file, read_file
from looksay.images.square import load_square, to_square
from looksay.images.tars import Span, find_archive, is_tar_name, tar_members

__all__ = [
    "DEFAULT_LIMITS",
    "SUFFIXES",
    "FolderError",
    "ImageLimits",
    "ImageSource",
    "Span",
    "find_archive",
    "find_images",
    "is_picture_name",
    "is_tar_name",
    "load_square",
    "open_file",
    "open_image",
    "picture_size",
    "read_file",
    "tar_members",
    "to_square",
]
