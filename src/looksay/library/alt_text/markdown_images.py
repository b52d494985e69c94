"""The images of a Markdown page: its own, and those of the HTML in it.

The parser (CommonMark, with tables) says in which lines a block stands and what an inline element
is; where in the block's text an element stands, two of its rules are made to note down. That text
is found again in the lines of the source, where quotes and lists have signs before it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from looksay.errors import MissingExtraError, PageError
from looksay.library.alt_text.html_images import find_html_images
from looksay.library.alt_text.masking import is_masked
from looksay.library.alt_text.places import Images, Lines, Place, Slot

if TYPE_CHECKING:
    from markdown_it.token import Token


def find_markdown_images(masked: str, lines: Lines) -> Images:
    """The images of a page whose templates are masked; what stands in code is none."""
    if "![" not in masked and "<im" not in masked.lower():
        return Images(places=())
    _check_brackets(masked)
    places: list[Place] = []
    blocks = _Blocks(masked, lines)
    for token in _parser().parse(masked):
        if token.type == "html_block" and token.map:
            places += _html(masked, lines, *blocks.span(token.map))
        elif token.type == "inline" and token.map:
            places += _inline(token, masked, lines, blocks)
    return Images(places=tuple(sorted(places, key=lambda place: place.offset)))


def _check_brackets(masked: str) -> None:
    """PageError where the parser would take minutes: from each bracket that begins a link and never
    ends it goes on to the end of the block."""
    for block in _BLOCK_GAP.split(masked):
        unclosed = 0
        if block.count("[") * len(block) > _MOST_STEPS:
            for sign in _BRACKET.findall(block):
                unclosed = unclosed + 1 if sign == "[" else max(unclosed - 1, 0)
        if unclosed * len(block) > _MOST_STEPS:
            raise PageError(
                f"it has {unclosed:,} brackets in one block that never end; that is no page "
                "written by hand, and it was not looked at."
            )


_BLOCK_GAP = re.compile(r"\n[ \t]*\n")
_BRACKET = re.compile(r"[\[\]]")
_MOST_STEPS = 10**9  # about two seconds


def _parser() -> Any:
    try:
        from markdown_it import MarkdownIt
    except ImportError as error:
        raise MissingExtraError(
            'Reading pages needs two libraries; install them with: pip install "looksay[alt-text]"'
        ) from error
    from markdown_it.rules_inline import html_inline, image

    parser = MarkdownIt("commonmark").enable("table")
    parser.inline.ruler.at("image", _noting(image))
    parser.inline.ruler.at("html_inline", _noting(html_inline))
    return parser


def _noting(rule: Callable[[Any, bool], bool]) -> Callable[[Any, bool], bool]:
    """The rule, which also notes where in the block's text its element stands."""

    def run(state: Any, silent: bool) -> bool:
        start = state.pos
        is_image = state.src.startswith("![", start)
        label_end = state.md.helpers.parseLinkLabel(state, start + 1, False) if is_image else -1
        state.pos = start
        if not rule(state, silent):
            return False
        if not silent:
            state.tokens[-1].meta["span"] = (start, label_end, state.pos)
        return True

    return run


def _html(masked: str, lines: Lines, start: int, end: int) -> tuple[Place, ...]:
    return find_html_images(masked[start:end], lines, start).places


def _inline(token: Token, masked: str, lines: Lines, blocks: _Blocks) -> Iterator[Place]:
    assert token.map is not None
    found = blocks.find(token.content, token.map)
    begins, _ = blocks.span(token.map)
    in_link = _links(token)
    for number, child in enumerate(token.children or ()):
        if child.type not in ("image", "html_inline"):
            continue
        start, label_end, end = child.meta["span"]
        if child.type == "image":
            place = _image(
                child, token.content, (start, label_end, end), found, lines, masked, begins
            )
            yield replace(place, alone_in_link=number in in_link)
        elif child.content[:4].lower() == "<img" and (at := found(start)) is not None:
            stop = found(end - 1)
            if stop is not None:
                for place in _html(masked, lines, at, stop + 1):
                    yield replace(place, alone_in_link=number in in_link)


def _image(
    child: Token,
    content: str,
    span: tuple[int, int, int],
    found: Callable[[int], int | None],
    lines: Lines,
    masked: str,
    block_start: int,
) -> Place:
    start, label_end, end = span
    at, label, after = found(start), found(start + 2), found(label_end)
    offset = block_start if at is None else at
    alt = _plain(child)
    source = str(child.attrs.get("src", ""))
    if is_masked(unquote(source)):  # the parser writes odd characters as %EE%80%80
        source = unquote(source)
    return Place(
        offset=offset,
        line=lines.number(offset),
        sources=(source,) if source else (),
        alt=alt,
        templated=is_masked(alt),
        slot=_slot(content, span, label, after, masked),
    )


def _slot(
    content: str, span: tuple[int, int, int], label: int | None, after: int | None, masked: str
) -> Slot | None:
    """Where the text goes. A reference that is its image's text too keeps its name behind it."""
    start, label_end, end = span
    if label is None or after is None or masked[after : after + 1] != "]":
        return None
    text, rest = content[start + 2 : label_end], content[label_end + 1 : end]
    if rest.startswith("("):
        return Slot(start=label, end=after, quote=None)
    if rest == "":  # ![name]
        return Slot(start=label, end=after, after=f"][{text}", quote=None)
    if rest == "[]":  # ![name][]
        return Slot(start=label, end=after + 2, after=f"][{text}", quote=None)
    return Slot(start=label, end=after, quote=None)


def _plain(token: Token) -> str:
    """The text of an image as a reader hears it."""
    parts = []
    for child in token.children or ():
        if child.type == "image":
            parts.append(_plain(child))
        elif child.type in ("softbreak", "hardbreak"):
            parts.append(" ")
        elif child.type != "html_inline":
            parts.append(child.content)
    return "".join(parts)


def _links(token: Token) -> set[int]:
    """The numbers of the elements that are all that their link has."""
    alone: set[int] = set()
    begun: int | None = None
    for number, child in enumerate(token.children or ()):
        if child.type == "link_open":
            begun = number
        elif child.type == "link_close" and begun is not None:
            inside = range(begun + 1, number)
            if len(inside) == 1:
                alone.update(inside)
            begun = None
    return alone


class _Blocks:
    """From a block's own text to its place in the source."""

    def __init__(self, masked: str, lines: Lines) -> None:
        self._masked, self._starts = masked, [*lines.starts, len(masked)]
        self._searched: dict[int, int] = {}  # line: how far; cells of a table share one

    def span(self, lines: list[int]) -> tuple[int, int]:
        """The part of the source that a block's lines are."""
        return self._starts[lines[0]], self._starts[min(lines[1], len(self._starts) - 1)]

    def find(self, content: str, lines: list[int]) -> Callable[[int], int | None]:
        """A function from a place in the block's text to the same place in the source; None where
        it cannot be told."""
        pieces = []  # (start in the text, its length, start in the source)
        begun = 0
        for number, piece in enumerate(content.split("\n"), lines[0]):
            bare = piece.strip()
            at = self._search(bare, number)
            if at is not None:
                pieces.append((begun + piece.index(bare), len(bare), at))
            begun += len(piece) + 1

        def place(offset: int) -> int | None:
            for start, length, at in pieces:
                if start <= offset < start + length:
                    return at + offset - start
            return None

        return place

    def _search(self, bare: str, line: int) -> int | None:
        if not bare or line + 1 >= len(self._starts):
            return None
        start, end = self._starts[line], self._starts[line + 1]
        at = self._masked.find(bare, max(start, self._searched.get(line, start)), end)
        if at < 0:
            return None
        self._searched[line] = at + len(bare)
        return at


_SUFFIXES = re.compile(r"\.(md|markdown|mdown|mkd)\Z", re.IGNORECASE)


def is_markdown(name: str) -> bool:
    """Whether a file of that name is read as Markdown."""
    return _SUFFIXES.search(name) is not None
