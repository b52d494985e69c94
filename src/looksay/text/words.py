"""Captions to words and back, for any language that a model is trained on.

A word is a run of letters, digits and combining marks, with single apostrophes and hyphens inside
it kept ("man's", "t-shirt", "l'homme"). Languages that write no spaces between words have each
Chinese character or Japanese kana as a word of its own; Thai, Lao and Khmer are not divided, as
that takes a dictionary.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from functools import cache

# Han ideographs with their iteration mark and zero, hiragana, katakana. Hangul has spaces.
CJK = (
    "\u3005\u3007\u3041-\u3096\u309d\u309e\u30a1-\u30fa\u30fc-\u30fe\u31f0-\u31ff"
    "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uff66-\uff9d\U00020000-\U000323af"
)

# Typographic variants of the apostrophe and the hyphen; invisible characters that split no word.
VARIANTS = str.maketrans({"’": "'", "‘": "'", "ʼ": "'", "＇": "'", "‐": "-", "‑": "-"})
INVISIBLE = dict.fromkeys(map(ord, "\u00ad\u2060\ufeff\u200e\u200f"))

# Flickr8k writes "a man 's hat" and "does n't": one word each, whatever the spaces.
DETACHED = re.compile(r"(?<=[^\W\d_]) +('(?:s|re|ve|ll|d|m)|n't)(?![\w'-])")

ASCII_WORD = re.compile(r"[a-z0-9]+(?:['-][a-z0-9]+)*")
FIRST_CJK = re.compile(rf"[{CJK}]")


def split_words(caption: str) -> list[str]:
    """The words of a caption: composed (NFC), lower case, without punctuation.

    Lower case rather than case folding, which would write the German "straße" as "strasse".
    """
    if caption.isascii():
        return ASCII_WORD.findall(DETACHED.sub(r"\1", caption.lower()))
    text = unicodedata.normalize("NFC", caption).lower().translate(VARIANTS).translate(INVISIBLE)
    return _any_word().findall(DETACHED.sub(r"\1", unicodedata.normalize("NFC", text)))


def join_words(words: Sequence[str]) -> str:
    """The words as a line of text: a space between two, none between Chinese or Japanese ones."""
    parts: list[str] = []
    for previous, word in zip(["", *words], words, strict=False):
        if previous and not (FIRST_CJK.match(previous) and FIRST_CJK.match(word)):
            parts.append(" ")
        parts.append(word)
    return "".join(parts)


@cache
def _any_word() -> re.Pattern[str]:
    """The pattern of a word in any script; made on first use, as it looks at all of Unicode."""
    marks = _ranges(c for c in range(0x300, 0x1F000) if unicodedata.category(chr(c))[0] == "M")
    letter = rf"(?![{CJK}])[^\W_][{marks}\u200c\u200d]*"  # the joiners of Persian and Hindi
    part = rf"(?:{letter})+"
    return re.compile(rf"[{CJK}][{marks}]*|{part}(?:['-]{part})*")


def _ranges(codes: Iterable[int]) -> str:
    """Sorted code points as the inside of a character class."""
    spans: list[list[int]] = []
    for code in codes:
        if spans and code == spans[-1][1] + 1:
            spans[-1][1] = code
        else:
            spans.append([code, code])
    return "".join(f"{chr(first)}-{chr(last)}" for first, last in spans)
