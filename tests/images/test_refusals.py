"""What cannot be opened is refused with a sentence that names the file."""

from __future__ import annotations

import builtins

import pytest

from looksay import images
from looksay.errors import ImageError


def refusal(path, **options) -> str:
    with pytest.raises(ImageError) as caught:
        images.open_image(path, **options)
    sentence = str(caught.value)
    assert str(path) in sentence and sentence.endswith(".") and "\n" not in sentence
    return sentence


@pytest.mark.parametrize(
    ("format_name", "options"),
    [
        ("JPEG", {}),
        ("JPEG", {"progressive": True}),
        ("PNG", {}),
        ("GIF", {}),
        ("WEBP", {}),
        ("WEBP", {"lossless": True}),
        ("BMP", {}),
        ("TIFF", {}),
        ("TIFF", {"compression": "tiff_lzw"}),
    ],
)
@pytest.mark.parametrize("kept", [0.05, 0.5, 0.9, 0.99])
@pytest.mark.parametrize("at_least", [None, 30])
def test_truncated(photo, encode, tmp_path, format_name, options, kept, at_least):
    data = encode(photo.resize((480, 320)), format_name, **options)
    path = tmp_path / "half.jpg"
    path.write_bytes(data[: int(len(data) * kept)])
    sentence = refusal(path, at_least=at_least)
    assert "truncated" in sentence or "cut short" in sentence
    assert "again" in sentence


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is empty (0 bytes)"),
        (b"A dog runs.\n", "holds text"),
        ("Ein Hund läuft über die Wiese. ".encode() * 90, "holds text"),
        (b"<!DOCTYPE html><title>404</title>", "web page"),
        (b"<?xml version='1.0'?><svg/>", "SVG"),
        (b"%PDF-1.7\n", "PDF"),
        (b"\x00\x01\x02\x03" * 99, "unknown format"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n", "holds text"),
        (b"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00", "HEIC"),
        (b"\xff\xd8\xff", "JPEG"),
        (b"BMW and others\n", "BMP"),
    ],
)
def test_no_picture(tmp_path, content, words):
    path = tmp_path / "photo.jpg"
    path.write_bytes(content)
    assert words in refusal(path)


def test_folder_missing_and_impossible_names(tmp_path):
    assert "is a folder" in refusal(tmp_path)
    assert "does not exist" in refusal(tmp_path / "none.jpg")
    with pytest.raises(ImageError, match="cannot be read"):
        images.open_image("zero\0byte.jpg")
    with pytest.raises(ImageError, match="cannot be read"):
        images.open_image("long" * 2000)


def test_unreadable(tmp_path, monkeypatch):
    path = tmp_path / "secret.jpg"
    path.write_bytes(b"x")

    def refuse(*_):
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(builtins, "open", refuse)  # chmod stops no administrator
    assert "may not be read" in refusal(path)


def test_stream_in_text_mode(tmp_path):
    path = tmp_path / "text"
    path.write_text("words")
    with path.open() as stream, pytest.raises(ImageError, match="binary mode"):
        images.open_image(stream)
