"""Some hundreds of malformed pictures, made from the photographs that the package ships.

Every run makes the same ones: all chance comes from a seed. A name says what was done.
"""

from __future__ import annotations

import io
import random
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path

from PIL import Image

import looksay

DEMO = Path(looksay.__file__).parent / "demo"
FLIPS, CUTS, LIES = 16, 8, 8  # of each kind, of each format
SMALL = (96, 64)

FORMATS: dict[str, tuple[str, dict[str, object]]] = {
    "baseline.jpg": ("JPEG", {"quality": 80}),
    "progressive.jpg": ("JPEG", {"quality": 80, "progressive": True}),
    "truecolour.png": ("PNG", {}),
    "lossy.webp": ("WEBP", {"quality": 60}),
    "lossless.webp": ("WEBP", {"lossless": True}),
    "palette.gif": ("GIF", {}),
    "plain.bmp": ("BMP", {}),
    "lzw.tif": ("TIFF", {"compression": "tiff_lzw"}),
    "deflate.tif": ("TIFF", {"compression": "tiff_adobe_deflate"}),
    "plain.ppm": ("PPM", {}),
}


def hostile_pictures() -> Iterator[tuple[str, bytes]]:
    """Names and bytes: mutations of good files, and files that are lies from the start."""
    chance = random.Random(7)
    for name, data in good_pictures().items():
        yield from _mutations(name, data, chance)
    yield from _bombs()
    yield from _disguises()
    yield from _oddities()


def good_pictures() -> dict[str, bytes]:
    """A small photograph in each format."""
    photographs = [Image.open(path).convert("RGB").resize(SMALL) for path in sorted(DEMO.iterdir())]
    return {
        name: encode(photographs[number % len(photographs)], kind, **options)
        for number, (name, (kind, options)) in enumerate(FORMATS.items())
    }


def encode(image: Image.Image, kind: str, **options: object) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def _mutations(name: str, data: bytes, chance: random.Random) -> Iterator[tuple[str, bytes]]:
    for number in range(FLIPS):
        flipped = bytearray(data)
        for _ in range(1 << (number % 6)):
            flipped[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
        yield f"flip{number}-{name}", bytes(flipped)
    for number in range(CUTS):
        yield f"cut{number}-{name}", data[: chance.randrange(1, len(data))]
    for number in range(LIES):  # a number in the first bytes, where sizes and counts stand
        lying = bytearray(data)
        place = chance.randrange(4, min(len(data), 200) - 4)
        lying[place : place + 4] = chance.choice(
            (b"\xff\xff\xff\xff", b"\x00\x00\x00\x00", b"\x7f\xff\xff\xff", b"\xff\xff\xff\x7f")
        )
        yield f"lie{number}-{name}", bytes(lying)
    middle = len(data) // 2
    yield f"hole-{name}", data[:middle] + bytes(64) + data[middle + 64 :]
    yield f"twice-{name}", data[:middle] + data
    yield f"tail-{name}", data + bytes(chance.randrange(256) for _ in range(5000))


def _bombs() -> Iterator[tuple[str, bytes]]:
    side = 50_000
    yield "bomb.png", png(side, side)
    yield "bomb-tall.png", png(1, 2**31 - 1)
    yield "bomb.bmp", b"BM" + struct.pack("<IIIIiiHHI", 54, 0, 54, 40, side, side, 1, 24, 0) + b"x"
    yield "bomb.gif", b"GIF89a" + struct.pack("<HHBBB", side, side, 0, 0, 0) + b";"
    # the frame is larger than the screen that the header promises
    yield (
        "bomb-frame.gif",
        b"GIF89a" + struct.pack("<HHBBB", 1, 1, 0, 0, 0)
        + b"," + struct.pack("<HHHHB", 0, 0, side, side, 0) + b"\x02\x01\x00\x00;",
    )  # fmt: skip
    yield "bomb.ppm", b"P6 %d %d 255\n" % (side, side)
    yield "bomb.jpg", many_scans(side, side, 1)
    yield "bomb-scans.jpg", many_scans(11_000, 11_000, 20_000)
    yield "bomb.tif", tiff(side, side)
    yield "bomb-strips.tif", tiff(9_000, 9_000)
    # within the limits, but a thousand times larger unpacked than packed
    yield "bomb-within.png", png(6_000, 6_000, rows=6_000)
    jpeg, few_bytes = good_pictures()["baseline.jpg"], 6_000_000
    yield "bomb-parts.jpg", jpeg[:2] + b"\xff\xe5\0\x02" * (few_bytes // 4) + jpeg[2:]
    yield "bomb-noise.jpg", jpeg[:2] + _segment(0xE5, b"") + b"\0" * few_bytes + jpeg[2:]
    yield "bomb-parts.png", png(8, 8, rows=8, extra=_chunk(b"teXt", b"") * (few_bytes // 12))
    yield "bomb-parts.gif", b"GIF89a" + bytes(7) + b"!\xfe" + b"\1a" * (few_bytes // 2) + b"\0;"
    yield "bomb-noise.gif", b"GIF89a" + bytes(7) + b"a" * few_bytes
    yield "bomb-text.png", png(8, 8, rows=8, extra=_chunk(b"zTXt", b"a\0\0" + _zeros(80_000_000)))
    yield (
        "bomb-profile.png",
        png(8, 8, rows=8, extra=_chunk(b"iCCP", b"a\0\0" + _zeros(80_000_000))),
    )


def _disguises() -> Iterator[tuple[str, bytes]]:
    svg = b"<svg xmlns='http://www.w3.org/2000/svg'><image href='file:///etc/passwd'/></svg>"
    jpeg = good_pictures()["baseline.jpg"]
    yield "svg.jpg", svg
    yield "svg-late.jpg", b"<?xml version='1.0'?>" + b" " * 900 + svg
    yield "laughs.jpg", b"<!DOCTYPE x [" + b"<!ENTITY a '&a;&a;'>" * 99 + b"]><svg>&a;</svg>"
    yield "pdf.jpg", b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj<</JS(app.alert(1))>>endobj"
    yield "html.jpg", b"<!DOCTYPE html><script>alert(1)</script>"
    yield "postscript.jpg", b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n(rm -rf) system"
    yield "zip.jpg", b"PK\x03\x04" + bytes(200)
    yield "elf.jpg", b"\x7fELF\x02\x01\x01" + bytes(200)
    yield "pickle.jpg", b"\x80\x04\x95\x1e\x00\x00\x00\x00\x00\x00\x00\x8c\x05posix\x8c\x06system"
    yield "text.jpg", "Ein Hund läuft. ".encode() * 50
    yield "empty.jpg", b""
    yield "one.jpg", b"\xff"
    yield "start.jpg", b"\xff\xd8\xff"
    yield "nothing.jpg", bytes(4096)
    yield "polyglot-html.jpg", jpeg + b"<html><script>alert(1)</script></html>"
    yield "polyglot-zip.jpg", jpeg + b"PK\x03\x04" + bytes(99)
    yield "polyglot-gif.jpg", b"GIF89a/*" + jpeg + b"*/=1;"
    yield "polyglot-comment.jpg", jpeg[:2] + _segment(0xFE, b"*/<script>//" * 99) + jpeg[2:]
    yield "png-in-name.jpg", good_pictures()["truecolour.png"]


def _oddities() -> Iterator[tuple[str, bytes]]:
    dot = Image.new("RGB", (1, 1), "red")
    for kind in ("JPEG", "PNG", "GIF", "WEBP", "BMP", "TIFF"):
        yield f"dot.{kind.lower()}", encode(dot, kind)
    yield "thread.png", encode(Image.new("RGB", (1, 10_000)), "PNG")
    yield "thread-wide.jpg", encode(Image.new("RGB", (10_000, 1)), "JPEG")
    yield "none.png", png(0, 0)
    jpeg = good_pictures()["baseline.jpg"]
    exif = b"Exif\0\0MM\0*\0\0\0\x08"
    yield "exif-huge.jpg", jpeg[:2] + _segment(0xE1, exif + bytes(65_000)) * 400 + jpeg[2:]
    loop = exif + b"\0\x01\x87\x69\0\x04\0\0\0\x01\0\0\0\x08\0\0\0\x08"  # a directory in itself
    yield "exif-loop.jpg", jpeg[:2] + _segment(0xE1, loop) + jpeg[2:]
    many = exif + b"\xff\xff" + b"\x01\x12\0\x03\xff\xff\xff\xff\xff\xff\xff\xff" * 5000
    yield "exif-many.jpg", jpeg[:2] + _segment(0xE1, many) + jpeg[2:]
    xmp = b"http://ns.adobe.com/xap/1.0/\0" + b"<x tiff:Orientation='" * 3000
    yield "xmp-orientation.jpg", jpeg[:2] + _segment(0xE1, xmp) + jpeg[2:]
    frames = [Image.new("P", (32, 32), number) for number in range(200)]
    yield "animated.gif", encode(frames[0], "GIF", save_all=True, append_images=frames[1:])
    yield (
        "animated.webp",
        encode(frames[0].convert("RGB"), "WEBP", save_all=True, append_images=frames[1:40]),
    )
    yield "animated.png", encode(frames[0], "PNG", save_all=True, append_images=frames[1:40])
    yield "deep.png", encode(Image.new("I;16", (32, 32), 40_000), "PNG")
    yield "floats.tif", encode(Image.new("F", (32, 32), float("nan")), "TIFF")
    yield "infinite.tif", encode(Image.new("F", (32, 32), float("inf")), "TIFF")
    yield "cmyk.jpg", encode(Image.new("CMYK", (32, 32)), "JPEG")
    yield "ascii.ppm", b"P3 4 4 255\n" + b"9" * 100_000
    yield "comment.ppm", b"P6 #" + b"x" * 1_000_000 + b"\n4 4 255\n" + bytes(48)


def png(width: int, height: int, rows: int = 0, extra: bytes = b"") -> bytes:
    """A PNG whose header promises so much, with so many rows of black pixels in it."""
    size = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    body = _zeros(rows * (1 + 3 * width)) if rows else b""
    return (
        b"\x89PNG\r\n\x1a\n"
        + _chunk(b"IHDR", size) + extra + _chunk(b"IDAT", body) + _chunk(b"IEND", b"")
    )  # fmt: skip


def tiff(width: int, height: int) -> bytes:
    """A TIFF of one strip that is not there."""
    tags = {256: width, 257: height, 258: 8, 259: 1, 262: 1, 273: 8, 277: 1, 278: height,
            279: 0xFFFFFFFF}  # fmt: skip
    entries = b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in tags.items())
    return b"II*\0" + struct.pack("<IH", 8, len(tags)) + entries + bytes(4)


def many_scans(width: int, height: int, scans: int) -> bytes:
    """A progressive JPEG of so many scans with nothing in them: each goes over the whole picture,
    and takes eleven bytes."""
    data = encode(Image.effect_noise((64, 64), 80).convert("RGB"), "JPEG", progressive=True)
    keep: dict[bytes, bytes] = {}
    place, first_scan = 2, b""
    while data[place + 1] != 0xD9:
        marker, length = data[place + 1], struct.unpack(">H", data[place + 2 : place + 4])[0]
        segment = data[place : place + 2 + length]
        place += 2 + length
        if marker == 0xDA:
            first_scan = first_scan or segment
            while data[place] != 0xFF or data[place + 1] == 0:
                place += 1
        elif marker == 0xC2:
            keep[b"frame"] = segment[:5] + struct.pack(">HH", height, width) + segment[9:]
        else:
            keep.setdefault(segment[:5] if marker == 0xC4 else segment[:2] + segment[4:5], segment)
    again = b"\xff\xda\x00\x08\x01\x01\x00\x01\x3f\x00\x00"
    return b"\xff\xd8" + b"".join(keep.values()) + first_scan + b"\0" + again * scans + b"\xff\xd9"


def _zeros(count: int) -> bytes:
    pack = zlib.compressobj(1)
    block = bytes(1 << 20)
    whole = [pack.compress(block[: min(len(block), count - n)]) for n in range(0, count, 1 << 20)]
    return b"".join(whole) + pack.flush()


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def _segment(marker: int, data: bytes) -> bytes:
    return b"\xff" + bytes([marker]) + struct.pack(">H", len(data) + 2) + data
