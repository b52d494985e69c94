"""Text as SQLite's full-text index takes it: words apart, also in scripts that write none.

SQLite's `unicode61` finds words between spaces and punctuation. Chinese, Japanese, Thai and their
neighbours have no spaces, so each of their characters is made a word of its own; searched for side
by side, they are a phrase. The space put between them is one that no caption holds, so that it can
be taken out again.
"""

from __future__ import annotations

import re
import unicodedata

from looksay.text.words import UNSPACED

JOINT = "\x1f"  # "unit separator": a control character, which `clean` takes out of texts
_BETWEEN = re.compile(f"(?<=[{UNSPACED}])(?=[^\\s])|(?<=[^\\s])(?=[{UNSPACED}])")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")


def clean(text: str) -> str:
    """The text in Unicode's composed form (NFC), control characters turned into spaces."""
    return unicodedata.normalize("NFC", _CONTROL.sub(" ", text))


def split(text: str) -> str:
    """Clean text with a joint at either side of each character that is a word of its own."""
    return _BETWEEN.sub(JOINT, text)


def join(text: str) -> str:
    """`split` taken back."""
    return text.replace(JOINT, "")


def has_word(text: str) -> bool:
    """Whether there is anything in it to search for: a letter or a digit."""
    return any(unicodedata.category(character)[0] in "LN" for character in text)
