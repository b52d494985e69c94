"""An image on a page: where it stands, what it says, and where a text for it would go."""

from __future__ import annotations

import html
import re
from collections.abc import Sequence
from dataclasses import dataclass

_MARKDOWN_SIGNS = re.compile(r"([\\\[\]*_`<>&|~!])")


@dataclass(frozen=True, kw_only=True)
class Slot:
    """The part of the source, `[start:end]`, that a text replaces, and what goes around it.

    quote: the quotation mark that ends the text in HTML; None in Markdown.
    """

    start: int
    end: int
    before: str = ""
    after: str = ""
    quote: str | None

    def fill(self, text: str) -> str:
        """What stands there afterwards, with the signs escaped that would mean something."""
        if self.quote is None:
            return self.before + _MARKDOWN_SIGNS.sub(r"\\\1", text) + self.after
        escaped = html.escape(text, quote=False).replace('"', "&quot;")
        if self.quote == "'":
            escaped = escaped.replace("&quot;", '"').replace("'", "&#39;")
        return self.before + escaped + self.after


@dataclass(frozen=True, kw_only=True)
class Place:
    """One image on a page.

    Args:
        offset: where it begins in the text.
        line: the line that is, from 1 on.
        sources: the addresses of its picture, the likeliest first; empty where it has none.
        alt: its text; None where it has none, which is another thing than an empty one.
        decorative: the page says that there is nothing to be said.
        otherwise_named: it has its text elsewhere (`aria-label`).
        templated: a template makes its text, or whole attributes.
        alone_in_link: it is all that a link has, so that the link cannot be understood without it.
        size: the width and height that the page gives it, in pixels; None where it says none.
        slot: where the text goes; None where that cannot be told.
    """

    offset: int
    line: int
    sources: tuple[str, ...]
    alt: str | None
    decorative: bool = False
    otherwise_named: bool = False
    templated: bool = False
    alone_in_link: bool = False
    size: tuple[int | None, int | None] = (None, None)
    slot: Slot | None


@dataclass(frozen=True, kw_only=True)
class Images:
    """The images of a page, as they stand in it, and the address that its addresses start from."""

    places: tuple[Place, ...]
    base: str = ""


class Lines:
    """Which line a place is in."""

    def __init__(self, text: str) -> None:
        ends = [found.end() for found in re.finditer(r"\r\n|\r|\n", text)]
        self.starts: Sequence[int] = [0, *ends]

    def number(self, offset: int) -> int:
        """From 1 on."""
        import bisect

        return bisect.bisect_right(self.starts, offset)
