"""Captions to words and back, for any language that a model is trained on.

A word is a run of letters, digits and combining marks, with single apostrophes and hyphens inside
it kept ("man's", "t-shirt", "l'homme"). Scripts that put no spaces between words have each
character as a word of its own, with the marks on it, as captioning does for Chinese: to find Thai
words, for instance, would take a dictionary.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from functools import cache

# The blocks of those scripts: Thai, Lao, Myanmar, Khmer, Han with its iteration mark and zero,
# kana, Bopomofo. Hangul has spaces.
UNSPACED = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3005-\u3007\u3040-\u312f\u31a0-\u31ff"
    "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uff66-\uff9f\U0001b000-\U0001b16f\U00020000-\U0003ffff"
)
FIRST_UNSPACED = re.compile(rf"[{UNSPACED}]")

# Letters, digits and signs as wide as a Chinese character, and katakana half as wide.
OTHER_WIDTH = re.compile("[\uff01-\uff9f]+")

# Typographic variants of the apostrophe and the hyphen; invisible characters that split no word.
VARIANTS = str.maketrans({"’": "'", "‘": "'", "ʼ": "'", "‐": "-", "‑": "-"})
INVISIBLE = dict.fromkeys(map(ord, "\u00ad\u2060\ufeff\u200e\u200f"))

# Flickr8k writes "a man 's hat" and "does n't": one word each, whatever the spaces.
DETACHED = re.compile(r"(?<=[^\W\d_]) +('(?:s|re|ve|ll|d|m)|n't)(?![\w'-])")

ASCII_WORD = re.compile(r"[a-z0-9]+(?:['-][a-z0-9]+)*")


def split_words(caption: str) -> list[str]:
    """The words of a caption: as `normalize` writes them, lower case, without punctuation.

    Lower case rather than case folding, which would write the German "straße" as "strasse".
    Turkish capitals without a dot come out with one, as in English: the language is not known here.
    """
    if caption.isascii():
        text = caption.lower()
        if "'" in text:  # few have one, and to look at every space takes longer than all the rest
            text = DETACHED.sub(r"\1", text)
        return ASCII_WORD.findall(text)
    text = normalize(caption).lower().translate(VARIANTS).translate(INVISIBLE)
    return _any_word().findall(DETACHED.sub(r"\1", unicodedata.normalize("NFC", text)))


def normalize(caption: str) -> str:
    """One spelling of what reads the same: composed (NFC), and all characters of usual width.

    Not NFKC, which would take meaning along: it makes "1⁄2" of "½", "m2" of "m²", "TM" of "™". Of
    what it does only the widths are taken. The Turkish "İ" becomes "I", as its lower case is
    "i" with a second dot otherwise.
    """
    text = OTHER_WIDTH.sub(lambda found: unicodedata.normalize("NFKC", found[0]), caption)
    return unicodedata.normalize("NFC", text).replace("İ", "I")


def divide(text: str) -> list[str]:
    """Normal text in pieces, in order: each character that is a word, and what is between them."""
    return [piece for piece in _unspaced_word().split(text) if piece and not piece.isspace()]


def join_words(words: Sequence[str]) -> str:
    """The words as a line of text: a space between two, none within a script that has none."""
    parts: list[str] = []
    for previous, word in zip(["", *words], words, strict=False):
        if previous and not (FIRST_UNSPACED.match(previous) and FIRST_UNSPACED.match(word)):
            parts.append(" ")
        parts.append(word)
    return "".join(parts)


@cache
def _any_word() -> re.Pattern[str]:
    """The pattern of a word in any script; made on first use, as it looks at all of Unicode."""
    letter = rf"(?![{UNSPACED}])[^\W_][{_marks()}\u200c\u200d]*"  # the joiners of Persian and Hindi
    part = rf"(?:{letter})+"
    return re.compile(rf"{_unspaced()}|{part}(?:['-]{part})*")


@cache
def _unspaced_word() -> re.Pattern[str]:
    return re.compile(f"({_unspaced()})")


def _unspaced() -> str:
    return rf"(?=[{UNSPACED}])[^\W_][{_marks()}]*"


@cache
def _marks() -> str:
    return _ranges(c for c in range(0x300, 0x1F000) if unicodedata.category(chr(c))[0] == "M")


def _ranges(codes: Iterable[int]) -> str:
    """Sorted code points as the inside of a character class."""
    spans: list[list[int]] = []
    for code in codes:
        if spans and code == spans[-1][1] + 1:
            spans[-1][1] = code
        else:
            spans.append([code, code])
    return "".join(f"{chr(first)}-{chr(last)}" for first, last in spans)
