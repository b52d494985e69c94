"""The one way a picture gets into looksay."""

from __future__ import annotations

import contextlib
import io
import os
import threading
from typing import Any, BinaryIO

import numpy as np
from PIL import Image

from looksay.errors import ImageError, ImageKindError, ImageTooLargeError
from looksay.images.busy import busy_work
from looksay.images.colours import lies_on_its_side, to_rgb
from looksay.images.limits import DEFAULT_LIMITS, ImageLimits
from looksay.images.quiet import quiet
from looksay.images.read import picture_format, read_file, read_stream

ImageSource = (
    str | os.PathLike[str] | bytes | bytearray | memoryview | BinaryIO | Image.Image | np.ndarray
)

# What errors call a picture that came as bytes.
BYTES_NAME = "the picture given as bytes"

# Pictures of more pixels than this are decoded one at a time, however many threads there are:
# each takes up to 12 bytes a pixel while it is flattened and turned.
_GIANT_PIXELS = 32_000_000
_one_giant = threading.Lock()

_TIFF_WIDTH, _TIFF_LENGTH = 256, 257  # tags (TIFF 6.0)


def open_image(
    source: ImageSource,
    *,
    limits: ImageLimits = DEFAULT_LIMITS,
    at_least: int | None = None,
) -> Image.Image:
    """Opens a picture of any common kind as an upright RGB image, fully loaded.

    JPEG, PNG, WebP, GIF (first frame), BMP, TIFF, PPM, and AVIF where Pillow can; grey, palette,
    CMYK and 16-bit pixels; transparency is laid on white; EXIF rotation is applied. Sizes are
    checked against the limits before anything is decoded. Safe to call from many threads.

    Args:
        source: a path, a file's bytes, a binary stream, a Pillow image (left as it is) or a uint8
            array of shape (H, W), (H, W, 3) or (H, W, 4).
        limits: how many bytes and pixels are allowed.
        at_least: the smallest side wanted, in pixels. A JPEG much larger than that is decoded at
            1/2, 1/4 or 1/8 of its size, which is several times faster; no side gets shorter than
            `at_least` by it. None: full size.

    Raises:
        ImageError: with a sentence that names the file and says what is wrong with it: missing,
            a folder, empty, no picture, truncated or damaged, too large.
    """
    if isinstance(source, np.ndarray):
        return _from_array(source, limits)
    if isinstance(source, Image.Image):
        return _from_pillow(source, limits)
    if isinstance(source, (str, os.PathLike)):
        return _decode(read_file(source, limits), os.fspath(source), limits, at_least)
    if isinstance(source, (bytes, bytearray, memoryview)):
        return _decode(bytes(source), BYTES_NAME, limits, at_least)
    if hasattr(source, "read"):
        name = str(getattr(source, "name", "") or "the picture in the stream")
        return _decode(read_stream(source, name, limits), name, limits, at_least)
    raise ImageError(
        f"A picture cannot be made from {type(source).__name__}; give a path, bytes, a binary "
        f"stream, a Pillow image or a uint8 array."
    )


def picture_size(
    data: bytes, name: str, *, limits: ImageLimits = DEFAULT_LIMITS
) -> tuple[int, int]:
    """The width and height that `open_image` would give, from the file's header alone.

    Raises ImageError, with `name` in its sentence, where the bytes are no picture that can be read.
    """
    format_name = picture_format(data, name, limits)
    _need_decoder(format_name, name)
    _check_work(data, name, format_name)
    try:
        with quiet(), Image.open(io.BytesIO(data), formats=[format_name]) as image:
            width, height = image.size
            if format_name == "TIFF":  # some Pillows say its upright size already, some do not
                tags = getattr(image, "tag_v2")  # noqa: B009 - TIFF pictures only have it
                width, height = tags[_TIFF_WIDTH], tags[_TIFF_LENGTH]
            return (height, width) if lies_on_its_side(image) else (width, height)
    except Exception as error:  # as in _decode
        raise ImageError(_damaged(name, format_name, error)) from error


def _decode(data: bytes, name: str, limits: ImageLimits, at_least: int | None) -> Image.Image:
    format_name = picture_format(data, name, limits)
    _need_decoder(format_name, name)
    _check_work(data, name, format_name)
    try:
        with quiet(), Image.open(io.BytesIO(data), formats=[format_name]) as image:
            _check_pixels(image.size, name, limits)
            if at_least is not None and format_name == "JPEG":
                image.draft(image.mode, (at_least, at_least))
            with _turn(image.size):
                image.load()
                return to_rgb(image)
    except ImageError:
        raise
    except Image.DecompressionBombError as error:  # over 179 megapixels, Pillow's own limit
        raise ImageTooLargeError(
            f"{name} has too many pixels for Pillow; shrink it, or raise both max_pixels and "
            f"PIL.Image.MAX_IMAGE_PIXELS."
        ) from error
    except MemoryError as error:
        raise ImageTooLargeError(f"{name} does not fit into memory; shrink it.") from error
    except Exception as error:  # decoders raise nearly anything on damaged bytes
        raise ImageError(_damaged(name, format_name, error)) from error


def _damaged(name: str, format_name: str, error: Exception) -> str:
    if "truncated" in str(error).lower():
        return (
            f"{name} is truncated: part of the {format_name} picture is missing; "
            f"copy or download it again."
        )
    return (
        f"{name} is damaged or cut short: its {format_name} data cannot be decoded; "
        f"copy or download it again."
    )


def _need_decoder(format_name: str, name: str) -> None:
    """Loads Pillow's decoder where it is not yet; an ImageError where this Pillow has none."""
    if format_name not in Image.OPEN:
        Image.preinit()
    if format_name not in Image.OPEN:
        Image.init()
    if format_name not in Image.OPEN:
        kind = "HEIC" if format_name == "HEIF" else format_name
        raise ImageKindError(
            f"{name} is a {kind} picture, which the installed Pillow cannot read; "
            f"save it as JPEG or PNG."
        )


def _turn(size: tuple[int, int]) -> contextlib.AbstractContextManager[Any]:
    return _one_giant if size[0] * size[1] > _GIANT_PIXELS else contextlib.nullcontext()


def _check_pixels(size: tuple[int, int], name: str, limits: ImageLimits) -> None:
    width, height = size
    if width * height > limits.max_pixels:
        raise ImageTooLargeError(
            f"{name} has too many pixels ({width} x {height} = {width * height / 1e6:,.0f} "
            f"megapixels; the limit is {limits.max_pixels / 1e6:,.0f}); shrink it or raise "
            f"max_pixels."
        )
    if width < 1 or height < 1:
        raise ImageError(f"{name} has no pixels ({width} x {height}); give another picture.")


def _check_work(data: bytes, name: str, format_name: str) -> None:
    too_much = busy_work(data, format_name)
    if too_much:
        raise ImageError(
            f"{name} is made to keep a reader busy: its {format_name} picture has {too_much}, "
            f"which no camera or program writes; save it anew."
        )


def _from_pillow(image: Image.Image, limits: ImageLimits) -> Image.Image:
    name = str(getattr(image, "filename", "") or "the picture")
    _check_pixels(image.size, name, limits)
    try:
        with quiet():
            return to_rgb(image.copy())  # copy() loads; the caller's image stays as it was
    except Exception as error:
        raise ImageError(_damaged(name, image.format or "decoded", error)) from error


def _from_array(array: np.ndarray, limits: ImageLimits) -> Image.Image:
    good_shape = array.ndim == 2 or (array.ndim == 3 and array.shape[2] in (1, 3, 4))
    if array.dtype != np.uint8 or not good_shape:
        raise ImageError(
            f"An array of shape {array.shape} and type {array.dtype} is no picture; give uint8 "
            f"(0 to 255) of shape (H, W), (H, W, 3) or (H, W, 4)."
        )
    _check_pixels((array.shape[1], array.shape[0]), "the array", limits)
    if array.ndim == 3 and array.shape[2] == 1:
        array = array[:, :, 0]
    return to_rgb(Image.fromarray(np.ascontiguousarray(array)))
