"""Which fields hold a photograph's description, whose it is, and how ours is written.

The description stands in XMP (dc:description) and, in JPEG and TIFF, in IPTC (Caption-Abstract);
the same text is the accessibility text of the IPTC's Core schema. The description's writer
(photoshop:CaptionWriter) tells that it is looksay's, and by a part of the text's SHA-256 that
nobody has edited it since.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass

import looksay
from looksay.errors import EmbedError
from looksay.library.embed.exiftool import Tags

# Pillow's name of a format: the suffix that ExifTool takes it by.
SUFFIXES = {"JPEG": ".jpg", "PNG": ".png", "WEBP": ".webp", "TIFF": ".tif", "AVIF": ".avif"}
_WITH_IPTC = ("JPEG", "TIFF")

DESCRIPTION = "XMP-dc:Description"
ALT_TEXT = "XMP-iptcCore:AltTextAccessibility"
WRITER = "XMP-photoshop:CaptionWriter"
IPTC_CAPTION = "IPTC:Caption-Abstract"
IPTC_CHARSET = "IPTC:CodedCharacterSet"
IPTC_DIGEST = "Photoshop:IPTCDigest"
EXIF_DESCRIPTION = "IFD0:ImageDescription"

OURS = (DESCRIPTION, ALT_TEXT, WRITER, IPTC_CAPTION)

_MARK = re.compile(r"looksay \S+ \(text ([0-9a-f]{8})\)\Z")
# What cameras write there, which describes nothing.
_OF_CAMERAS = re.compile(
    r"(?:(?:(?:olympus|konica|minolta|konica minolta|sony|samsung|nikon|canon|panasonic) )?"
    r"(?:digital camera|dsc)|exif_jpeg_picture|dcim\W.*|default|untitled|)\Z",
    re.IGNORECASE,
)


@dataclass(frozen=True, kw_only=True)
class Description:
    """What a photograph says of itself now.

    text: "" where it says nothing. ours: looksay wrote it, and nobody has changed it.
    """

    text: str
    ours: bool


def read_description(tags: Tags) -> Description:
    """The description among all that a file says, whoever wrote it and in whichever field."""
    texts = [_text(tags, name) for name in (DESCRIPTION, ALT_TEXT, IPTC_CAPTION)]
    others = [str(value) for name, value in tags.items() if name.startswith(f"{DESCRIPTION}-")]
    camera = _text(tags, EXIF_DESCRIPTION)
    if not _OF_CAMERAS.match(camera):
        others.append(camera)
    said = [text for text in [*texts, *others] if text]
    writer = _text(tags, WRITER)
    if not said:  # a writer without a text is somebody's, too
        return Description(text=f"(written by {writer})" if writer else "", ours=False)
    mark = _MARK.match(writer)
    ours = mark is not None and mark[1] == _digest(texts[0]) and set(said) == {texts[0]}
    return Description(text=said[0], ours=ours)


def arguments(text: str, kind: str, tags: Tags) -> list[str]:
    """What ExifTool is told to write the text into a file of that kind with these tags."""
    if not text or re.search(r"[\x00-\x1f\x7f]", text):
        raise EmbedError("The caption is no line of text, and was not written.")
    told = [
        f"-{DESCRIPTION}-x-default={text}",  # without x-default, other languages would go
        f"-{ALT_TEXT}-x-default={text}",
        f"-{WRITER}=looksay {looksay.__version__} (text {_digest(text)})",
    ]
    if kind in _WITH_IPTC:
        told += _iptc(text, tags)
    return told


def _iptc(text: str, tags: Tags) -> list[str]:
    told = [f"-{IPTC_CAPTION}={text}"]
    if not any(name.startswith("IPTC:") for name in tags):
        told.append(f"-{IPTC_CHARSET}=UTF8")
    elif tags.get(IPTC_CHARSET) != "UTF8" and not text.isascii():
        return []  # to declare UTF-8 now would garble the fields that are there
    if IPTC_DIGEST in tags:  # else editors take the XMP for outdated
        told.append(f"-{IPTC_DIGEST}=new")
    return told


def _text(tags: Tags, name: str) -> str:
    return str(tags.get(name, "")).strip()


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:8]
