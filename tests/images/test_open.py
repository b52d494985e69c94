"""Every kind of good picture comes out as the same upright RGB."""

from __future__ import annotations

import io
import struct
import warnings
import zlib
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from PIL import Image

from looksay import images
from looksay.errors import ImageError, UsageError


def difference(image, expected) -> float:
    """Mean absolute difference of two pictures of the same size."""
    assert image.mode == "RGB" and image.size == expected.size
    wanted = np.asarray(expected.convert("RGB"), dtype=float)
    return float(np.abs(np.asarray(image, dtype=float) - wanted).mean())


@pytest.mark.parametrize(
    ("format_name", "options", "tolerance"),
    [
        ("PNG", {}, 0),
        ("BMP", {}, 0),
        ("TIFF", {}, 0),
        ("TIFF", {"compression": "tiff_lzw"}, 0),
        ("PPM", {}, 0),
        ("WEBP", {"lossless": True}, 0),
        ("WEBP", {"quality": 95}, 4),
        ("JPEG", {"quality": 95}, 3),
        ("JPEG", {"quality": 95, "progressive": True}, 3),
    ],
)
def test_formats(photo, encode, format_name, options, tolerance):
    image = images.open_image(encode(photo, format_name, **options))
    assert difference(image, photo) <= tolerance


def test_grey_and_black_and_white(photo, encode):
    for mode in ("L", "1"):
        other = photo.convert(mode)
        assert difference(images.open_image(encode(other, "PNG")), other) == 0


def test_palette_with_and_without_a_transparent_colour(photo, encode):
    palette = photo.quantize(16)
    assert difference(images.open_image(encode(palette, "PNG")), palette) == 0
    corner = palette.getpixel((0, 0))
    image = images.open_image(encode(palette, "PNG", transparency=corner))
    assert image.getpixel((0, 0)) == (255, 255, 255)
    assert image.getpixel((95, 63)) == palette.convert("RGB").getpixel((95, 63))


def test_palette_with_a_transparency_byte_a_colour(photo, encode):
    data = encode(photo.quantize(16), "PNG", transparency=bytes([0] * 8 + [255] * 8))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert images.open_image(data).size == (96, 64)


def test_transparency_is_laid_on_white(photo, encode):
    clear = photo.copy()
    clear.putalpha(Image.linear_gradient("L").resize(photo.size))
    image = images.open_image(encode(clear, "PNG"))
    assert min(image.getpixel((0, 0))) >= 250
    white = Image.new("RGBA", photo.size, "white")
    assert difference(image, Image.alpha_composite(white, clear)) < 1


def test_grey_with_alpha(encode):
    image = images.open_image(encode(Image.new("LA", (4, 4), (0, 0)), "PNG"))
    assert image.getpixel((1, 1)) == (255, 255, 255)


def test_cmyk_as_adobe_writes_it(photo, encode):
    """Adobe (and Pillow) store CMYK inverted in JPEG; read straight it would be a negative."""
    data = encode(photo.convert("CMYK"), "JPEG", quality=95)
    assert b"Adobe" in data
    assert difference(images.open_image(data), photo) < 5


def test_cmyk_tiff(photo, encode):
    assert difference(images.open_image(encode(photo.convert("CMYK"), "TIFF")), photo) < 2


def test_grey_of_16_bits(encode):
    ramp = np.linspace(0, 65535, 64 * 32).reshape(32, 64).astype(np.uint16)
    grey = np.asarray(images.open_image(encode(Image.fromarray(ramp), "PNG")), dtype=float)
    assert np.abs(grey - ramp[..., None] / 257).max() <= 1  # a clipped one is white nearly all over


def test_floating_point_tiff(encode):
    ramp = np.linspace(0, 1, 64 * 32).reshape(32, 64).astype(np.float32)
    grey = np.asarray(images.open_image(encode(Image.fromarray(ramp), "TIFF")), dtype=float)
    assert np.abs(grey - 255 * ramp[..., None]).max() <= 1


def test_first_frame_of_an_animation(photo, encode):
    frames = [photo, Image.new("RGB", photo.size, "white")]
    for format_name in ("GIF", "WEBP", "PNG"):
        data = encode(frames[0], format_name, save_all=True, append_images=frames[1:])
        assert difference(images.open_image(data), photo) < 12, format_name


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("format_name", ["JPEG", "PNG", "WEBP", "TIFF"])
def test_exif_rotation(photo, encode, format_name, orientation):
    """The stored pixels are turned so that the tag turns them back."""
    undo = {2: 0, 3: 3, 4: 1, 5: 5, 6: 2, 7: 6, 8: 4}  # the inverse, as Image.Transpose
    stored = photo.transpose(undo[orientation]) if orientation > 1 else photo
    exif = Image.Exif()
    exif[0x0112] = orientation
    options = {"lossless": True} if format_name == "WEBP" else {}
    data = encode(stored, format_name, exif=exif, **options)
    image = images.open_image(data)
    assert difference(image, photo) < 8
    assert difference(images.open_image(image), photo) < 8  # not turned a second time
    assert photo.width != photo.height and images.picture_size(data, "it") == photo.size


@pytest.mark.parametrize("data", [b"", b"no picture", b"\xff\xd8\xff\xe0", b"II*\x00\x08\x00"])
def test_the_size_of_what_is_no_picture(data):
    with pytest.raises(ImageError, match="it.jpg"):
        images.picture_size(data, "it.jpg")


def test_damaged_exif_is_no_reason_to_refuse(photo, encode):
    broken = b"Exif\x00\x00MM\x00*\x00\x00\x00\x08\x00\x09" + b"\x01\x12\xff\xff" * 5
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert images.open_image(encode(photo, "JPEG", exif=broken)).size == photo.size


def test_sources(photo, encode, tmp_path):
    data = encode(photo, "PNG")
    path = tmp_path / "no suffix at all"
    path.write_bytes(data)
    pixels = np.asarray(photo)
    with open(path, "rb") as file:
        for source in (
            path,
            str(path),
            data,
            bytearray(data),
            memoryview(data),
            file,
            photo,
            io.BytesIO(data),
            pixels,
            np.dstack([pixels, np.full((64, 96), 255, "u1")]),
        ):
            assert difference(images.open_image(source), photo) == 0, type(source)
    grey = pixels[:, :, 0]
    assert difference(images.open_image(grey), Image.fromarray(grey)) == 0
    assert difference(images.open_image(grey[..., None]), Image.fromarray(grey)) == 0


def test_the_callers_picture_stays_as_it_was(photo, encode):
    lazy = Image.open(io.BytesIO(encode(photo.resize((960, 640)), "JPEG")))
    images.open_image(lazy, at_least=64).paste("black", (0, 0, 64, 64))
    assert lazy.size == (960, 640) and lazy.getpixel((0, 0)) != (0, 0, 0)


@pytest.mark.parametrize(
    "bad",
    [
        np.zeros((4, 4, 3)),
        np.zeros((4, 4, 2), "u1"),
        np.zeros(4, "u1"),
        np.zeros((0, 4, 3), "u1"),
        7,
        None,
    ],
)
def test_what_no_picture_can_be_made_from(bad):
    with pytest.raises(ImageError, match="give"):
        images.open_image(bad)


@pytest.mark.parametrize("size", [(1600, 1200), (1200, 1600), (1999, 700), (521, 521), (90, 800)])
@pytest.mark.parametrize("mode", ["RGB", "L", "CMYK"])
def test_reduced_scale_is_never_below_at_least(photo, encode, size, mode):
    data = encode(photo.resize(size).convert(mode), "JPEG")
    image = images.open_image(data, at_least=260)
    assert min(image.size) >= min(260, *size)
    assert image.width / image.height == pytest.approx(size[0] / size[1], rel=0.01)
    assert (image.size == size) == (min(size) < 520)


def test_reduced_scale_is_upright_too(photo, encode):
    exif = Image.Exif()
    exif[0x0112] = 6
    stored = photo.transpose(Image.Transpose.ROTATE_90).resize((1280, 1920))
    image = images.open_image(encode(stored, "JPEG", exif=exif), at_least=60)
    assert image.size == (240, 160)
    assert difference(image.resize(photo.size), photo) < 6


def test_many_threads_agree_and_leave_the_warning_filters_alone(photo, encode):
    exif = b"Exif\x00\x00MM\x00*\x00\x00\x00\x08\x00\x09" + b"\x01\x12\xff\xff" * 5
    data = encode(photo.resize((400, 300)), "JPEG", exif=exif)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with ThreadPoolExecutor(8) as pool:
            squares = list(pool.map(lambda _: images.load_square(data, 64), range(200)))
        assert all(np.array_equal(square, squares[0]) for square in squares)
        with pytest.raises(UserWarning):
            warnings.warn("still heard", UserWarning, stacklevel=1)


def test_limits_are_checked_before_anything_is_decoded(photo, encode, monkeypatch):
    monkeypatch.setattr("PIL.ImageFile.ImageFile.load", lambda _: pytest.fail("was decoded"))
    limits = images.ImageLimits(max_pixels=96 * 64 - 1)
    for format_name in ("PNG", "JPEG", "GIF", "WEBP", "BMP", "TIFF"):
        with pytest.raises(ImageError, match=r"too many pixels \(96 x 64 .* raise max_pixels"):
            images.open_image(encode(photo, format_name), limits=limits)


@pytest.mark.parametrize("side", [13_000, 60_000])
def test_decompression_bombs(side):
    """A header that promises 169 or 3600 megapixels; Pillow warns at 89, fails at 179."""
    header = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    chunk = b"IHDR" + header
    bomb = b"\x89PNG\r\n\x1a\n\x00\x00\x00\x0d" + chunk
    bomb += struct.pack(">I", zlib.crc32(chunk)) + b"\x00\x00\x00\x00IDAT"
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(ImageError, match="bytes .*too many pixels"):
            images.open_image(bomb)


def test_limits_on_bytes_hold_for_every_source(photo, encode, tmp_path):
    data = encode(photo, "BMP")
    path = tmp_path / "large.bmp"
    path.write_bytes(data)
    limits = images.ImageLimits(max_bytes=len(data) - 1)
    for source in (path, data, io.BytesIO(data)):
        with pytest.raises(ImageError, match="too large .* raise max_bytes"):
            images.open_image(source, limits=limits)
    assert images.open_image(path, limits=images.ImageLimits(max_bytes=len(data)))


def test_limits_on_pixels_hold_for_decoded_sources(photo):
    limits = images.ImageLimits(max_pixels=100)
    for source in (photo, np.asarray(photo)):
        with pytest.raises(ImageError, match="too many pixels"):
            images.open_image(source, limits=limits)


def test_impossible_limits():
    with pytest.raises(UsageError, match="max_pixels"):
        images.ImageLimits(max_pixels=0)
