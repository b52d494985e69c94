"""Which words of a caption name an object of which class."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

FILE = Path(__file__).with_name("class_words.txt")
NOTHING = "nothing"


class Named(NamedTuple):
    """A word of a caption, by its place, that names a class; of several words the last one, which
    is their noun."""

    place: int
    word: str
    class_name: str


class ClassWords:
    """Finds the words that name some of these classes, in the singular or plural.

    A class is named by its own name, and where that is one of COCO's also by the words of
    class_words.txt. Names are told apart without regard to case.
    """

    def __init__(self, classes: Iterable[str]) -> None:
        self._given = {name.lower(): name for name in classes}
        self._meant = dict(_coco_words())
        for name in self._given.keys() - set(self._meant.values()):
            self._meant |= {tuple(form.split()): name for form in _forms(name)}
        self._longest = max(map(len, self._meant))

    def find(self, words: Sequence[str]) -> list[Named]:
        """The words that name a class, in the caption's order; longer phrases go first, so that a
        hot dog is no dog."""
        lowered = [word.lower() for word in words]
        found: list[Named] = []
        start = 0
        while start < len(words):
            for length in range(min(self._longest, len(words) - start), 0, -1):
                phrase = tuple(lowered[start : start + length])
                if phrase in self._meant:
                    name = self._given.get(self._meant[phrase])
                    if name is not None:
                        found.append(Named(start + length - 1, " ".join(phrase), name))
                    start += length
                    break
            else:
                start += 1
        return found


@lru_cache(maxsize=1)
def _coco_words() -> dict[tuple[str, ...], str]:
    """COCO's class, or "nothing", by the words that name it."""
    meant: dict[tuple[str, ...], str] = {}
    for line in FILE.read_text(encoding="utf-8").splitlines():
        if line.startswith("#"):
            continue
        head, _, words = line.partition(":")
        name = head.partition("/")[0]
        entries = [*([] if name == NOTHING else [head]), *words.split(",")]
        for entry in filter(None, map(str.strip, entries)):
            for form in _forms(entry, both=name != NOTHING or " " in entry):
                meant[tuple(form.split())] = name
    return meant


def _forms(entry: str, both: bool = True) -> tuple[str, ...]:
    """Singular and plural of an entry; `both` False: what stands there alone."""
    singular, _, plural = entry.partition("/")
    if not both:
        return (singular,)
    return singular, plural or _plural(singular)


def _plural(word: str) -> str:
    if word.endswith(("s", "x", "z", "ch", "sh")):
        return word + "es"
    if word.endswith("y") and word[-2:-1] not in "aeiou":
        return word[:-1] + "ies"
    return word + "s"
