"""A page's bytes as text, and the way back that changes no byte but those meant."""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass
from pathlib import Path

from looksay.errors import PageError

MAX_PAGE_BYTES = 50_000_000

_BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
# Where a browser looks for it: https://html.spec.whatwg.org/#prescan-a-byte-stream
_DECLARED = re.compile(
    rb"""<meta[^>]{0,200}?charset\s*=\s*["']?\s*([\w.:-]{1,40})""", re.IGNORECASE
)
_PRESCANNED_BYTES = 1024


@dataclass(frozen=True, kw_only=True)
class PageText:
    """A page as text. A byte order mark stays in it as the character that it is."""

    text: str
    encoding: str

    def encode(self, text: str) -> bytes:
        """The bytes of an edited text; what the encoding lacks becomes a character reference."""
        return text.encode(self.encoding, "xmlcharrefreplace")


def read_page(path: Path) -> bytes:
    """A page's bytes. PageError where it cannot be read or is no page."""
    try:
        if path.stat().st_size > MAX_PAGE_BYTES:
            raise PageError(
                f"{path} is larger than {MAX_PAGE_BYTES // 10**6} MB; that is no page written by "
                "hand, and it was not looked at."
            )
        return path.read_bytes()
    except OSError as error:
        raise PageError(f"{path} cannot be read: {error.strerror or error}.") from error


def decode_page(data: bytes) -> PageText:
    """The text, in the encoding that its mark or its `<meta>` declares, else UTF-8, else the one of
    Western Windows, else Latin-1: the first that gives back the very same bytes."""
    for encoding in _candidates(data):
        try:
            text = data.decode(encoding)
            if text.encode(encoding) == data:
                return PageText(text=text, encoding=encoding)
        except (UnicodeError, LookupError):
            continue
    raise AssertionError("Latin-1 reads and writes all bytes")


def _candidates(data: bytes) -> list[str]:
    marked = [encoding for mark, encoding in _BYTE_ORDER_MARKS if data.startswith(mark)]
    declared = [] if marked else _declared(data)
    return [*marked, *declared, "utf-8", "cp1252", "latin-1"]


def _declared(data: bytes) -> list[str]:
    found = _DECLARED.search(data[:_PRESCANNED_BYTES])
    if found is None:
        return []
    try:
        name = codecs.lookup(found[1].decode("ascii")).name
    except LookupError:
        return []
    if name.startswith(("utf-16", "utf-32", "utf-7")):  # its own declaration could not be read
        return ["utf-8"]
    return ["cp1252"] if name in ("iso8859-1", "ascii") else [name]  # as browsers do
