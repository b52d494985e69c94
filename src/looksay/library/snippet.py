"""The part of a caption that a search found, and where in it the words are."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from looksay.library.tokens import join

OPEN, CLOSE = "\x02", "\x03"  # no text in the index holds control characters
_MOST_CHARACTERS, _BEFORE = 200, 60
_MARKED = re.compile(f"{OPEN}([^{CLOSE}]*){CLOSE}")


@dataclass(frozen=True)
class Snippet:
    """A line of text; `matches` are the places of the words found, from and to, in characters."""

    text: str
    matches: tuple[tuple[int, int], ...] = ()

    def mark(self, before: str, after: str, *, escape: Callable[[str], str] = str) -> str:
        """The text with something around each word found; `escape` is done to all of its parts."""
        parts, end = [], 0
        for first, last in self.matches:
            parts += [escape(self.text[end:first]), before, escape(self.text[first:last]), after]
            end = last
        return "".join([*parts, escape(self.text[end:])])


def cut_snippet(caption: str, alternatives: str) -> Snippet:
    """Of a caption and its alternatives, a line each, with marks around the words: the caption, or
    the first alternative where only that has the words."""
    lines = [caption, *alternatives.split("\n")]
    line = next((line for line in lines if OPEN in line), caption)
    return _shorten(_read(join(line)))


def _read(marked: str) -> Snippet:
    matches, marks = [], 0
    for number, found in enumerate(_MARKED.finditer(marked)):
        first = found.start() - 2 * number
        matches.append((first, first + len(found[1])))
        marks = number + 1
    text = marked.replace(OPEN, "").replace(CLOSE, "")
    assert len(text) == len(marked) - 2 * marks
    return Snippet(text, tuple(matches))


def _shorten(snippet: Snippet) -> Snippet:
    """The surroundings of the first word found, where the caption is very long."""
    text, matches = snippet.text, snippet.matches
    if len(text) <= _MOST_CHARACTERS:
        return snippet
    start = max(0, (matches[0][0] if matches else 0) - _BEFORE)
    end = min(len(text), start + _MOST_CHARACTERS)
    before, after = "…" if start else "", "…" if end < len(text) else ""
    shift = len(before) - start
    inside = tuple((a + shift, b + shift) for a, b in matches if start <= a and b <= end)
    return Snippet(before + text[start:end] + after, inside)
