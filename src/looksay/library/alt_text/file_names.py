"""Alternative text that only names a file, or says that there is a picture."""

from __future__ import annotations

import re
from pathlib import PurePosixPath
from urllib.parse import unquote, urlsplit

_SUFFIX = r"\.(?:jpe?g|jfif|png|gif|webp|bmp|tiff?|avif|heic|heif|svg)"
_ENDS_IN_SUFFIX = re.compile(rf"\S{_SUFFIX}\Z", re.IGNORECASE)
# What cameras, phones, scanners and programs call pictures: a word and numbers, or numbers alone.
_COUNTED = re.compile(
    r"(?:(?:img|image|imag|dsc|dscf|dscn|dsci|pict?|picture|photo|foto|bild|imagen|mvimg|pxl|vid|"
    r"scan|gopr|gp|dji|wp|cimg|sam|hpim|kif|mov|screen ?shot|screenshot|untitled|unnamed|download|"
    r"whatsapp image|signal|figure|fig|unsplash|pexels)s?)?"
    r"[\W_]*\d[\d\W_]*(?:at|am|pm|copy|edited|kopie|[\d\W_])*\Z",
    re.IGNORECASE,
)
_HEXADECIMAL = re.compile(r"(?=\D*\d)[0-9a-f]{8,}(?:-[0-9a-f]{4,})*\Z", re.IGNORECASE)
_SAYS_NOTHING = frozenset(
    "image images img photo photos photograph picture pic graphic untitled unnamed placeholder "
    "thumbnail thumb spacer alt alttext alternativetext imagedescription imagealt null undefined "
    "none todo tbd foto bild imagen".split()
)


def names_a_file(alt: str, sources: tuple[str, ...]) -> bool:
    """Whether a text is no description: its file's name, a camera's number, "image".

    A word or two that a person may have written stay, even where the file has the same name
    ("Dog" of dog.jpg).
    """
    text = " ".join(alt.split())
    names = [_name(source) for source in sources]
    if text.casefold() in (name.casefold() for name in names):
        return bool(PurePosixPath(text).suffix) or _is_no_word(text)
    if any(text.casefold() == _stem(name).casefold() for name in names):
        return _is_no_word(text)
    if " " not in text and _ENDS_IN_SUFFIX.search(text):
        return True
    bare = re.sub(rf"{_SUFFIX}\Z", "", text, flags=re.IGNORECASE)
    if re.sub(r"[\W_]", "", bare).casefold() in _SAYS_NOTHING:
        return True
    return bool(_COUNTED.match(bare) or _HEXADECIMAL.match(bare))


def _name(source: str) -> str:
    try:
        path = urlsplit(source).path
    except ValueError:  # an address with a broken host
        path = source
    return unquote(path).replace("\\", "/").rsplit("/", 1)[-1]


def _stem(name: str) -> str:
    return re.sub(rf"{_SUFFIX}\Z", "", name, flags=re.IGNORECASE)


def _is_no_word(text: str) -> bool:
    """Whether it is written as file names are and sentences are not."""
    return bool(re.search(r"[_\d%]|\w-\w", text)) and " " not in text
