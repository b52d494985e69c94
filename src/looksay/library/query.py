"""What people type into a search box, made into expressions of SQLite's full-text index.

Words are wanted; "words in quotes" are wanted side by side; a minus before either leaves out what
has it; OR between two takes either. All else is literal text: no query is an error of syntax.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from looksay.errors import UsageError
from looksay.library.tokens import JOINT, clean, has_word, split

MAX_CHARACTERS, MAX_TERMS = 1000, 64

_QUOTES = str.maketrans(dict.fromkeys("“”„‟«»″＂「」『』", '"'))
_PIECE = re.compile(r'(?P<minus>-?)"(?P<phrase>[^"]*)"?|(?P<word>[^\s"]+)')

# Words that tell nothing of a picture in the languages that captions are most often in. A
# photograph is found without them, but comes first with them.
_EVERYDAY = frozenset(
    # English
    "a an and are as at be by for from has have his her in is it its of on or that the their "
    "there this to was were while with "
    # German
    "das dem den der des die ein eine einem einen einer eines im in ist sind und von vor mit auf "
    "am an zu zum zur bei "
    # French, Spanish
    "au aux avec ce dans de des du elle en est et il la le les leur sur un une "
    "con del el en es las los por que se su una unos y".split()
)


@dataclass(frozen=True)
class Term:
    """A word, or words in quotes."""

    text: str
    quoted: bool

    @property
    def telling(self) -> bool:
        return self.quoted or self.text.casefold() not in _EVERYDAY

    def exact(self) -> str:
        """The term as FTS5 takes it: a string, in which nothing has a meaning of its own."""
        return _string(split(self.text))

    def loose(self) -> str:
        """The same or, of a run of characters without spaces, any two of it side by side."""
        characters = split(self.text).split(JOINT)
        if self.quoted or len(characters) < 3:
            return self.exact()
        pairs = (JOINT.join(pair) for pair in zip(characters, characters[1:], strict=False))
        return " OR ".join([self.exact(), *(_string(pair) for pair in pairs if has_word(pair))])


@dataclass(frozen=True)
class Query:
    """A parsed query: of every group in `wanted` any term, none of those in `excluded`."""

    wanted: tuple[tuple[Term, ...], ...]
    excluded: tuple[Term, ...]

    @property
    def every(self) -> str:
        """An expression for captions with every word."""
        return _all(self.wanted)

    @property
    def telling(self) -> str:
        """An expression for captions with every word that tells something."""
        return _all(self._telling)

    @property
    def some(self) -> str:
        """An expression for captions with at least one such word."""
        return " OR ".join(term.loose() for group in self._telling for term in group)

    @property
    def none(self) -> str:
        """An expression for captions with any word to be left out; empty where there is none."""
        return " OR ".join(term.exact() for term in self.excluded)

    @property
    def _telling(self) -> tuple[tuple[Term, ...], ...]:
        telling = tuple(group for group in self.wanted if any(term.telling for term in group))
        return telling or self.wanted


def parse_query(text: str) -> Query:
    """Reads what somebody typed.

    Raises UsageError where there is nothing in it to search for, or far too much.
    """
    if len(text) > MAX_CHARACTERS:
        raise UsageError(f"The query is longer than {MAX_CHARACTERS} characters; shorten it.")
    wanted: list[tuple[Term, ...]] = []
    excluded: list[Term] = []
    either = False
    for minus, term in _pieces(clean(text.translate(_QUOTES))):
        if term is None:
            either = bool(wanted)
        elif minus:
            excluded.append(term)
        elif either:
            wanted[-1] += (term,)
            either = False
        else:
            wanted.append((term,))
    if not wanted and not excluded:
        raise UsageError("There is no word to search for; name what the photograph should show.")
    if sum(map(len, wanted)) + len(excluded) > MAX_TERMS:
        raise UsageError(f"The query has more than {MAX_TERMS} words; shorten it.")
    return Query(tuple(wanted), tuple(excluded))


def _pieces(text: str) -> Iterator[tuple[bool, Term | None]]:
    """Each term and whether it is left out; None for an OR."""
    for piece in _PIECE.finditer(text):
        word, minus = piece["word"], bool(piece["minus"])
        if word == "OR":
            yield False, None
            continue
        quoted = word is None
        content = piece["phrase"] if quoted else word
        if not quoted and content.startswith("-"):
            minus, content = True, content[1:]
        if has_word(content):
            yield minus, Term(content.strip(), quoted)


def _all(groups: tuple[tuple[Term, ...], ...]) -> str:
    return " AND ".join("(" + " OR ".join(term.exact() for term in group) + ")" for group in groups)


def _string(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'
