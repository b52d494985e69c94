"""From a caption to the text that a screen reader says.

As W3C and WebAIM advise: short, no "image of", since the reader says that it is one. It begins with
a capital letter, as text on a page does, and has no full stop, since a caption of this kind is a
phrase more often than a sentence.
https://www.w3.org/WAI/tutorials/images/tips/, https://webaim.org/techniques/alttext/
"""

from __future__ import annotations

import re

from looksay.text.words import FIRST_UNSPACED

MAX_LENGTH = 125  # what screen readers of old cut at, and what advice still names

_SAYS_IMAGE = re.compile(
    r"(?:this is |there is )?(?:an?|the)? ?(?:(?:black and white|close ?up|colou?r) )?"
    r"(?:image|picture|photo|photograph|photography|shot)s? (?:of|shows|showing) (?=\w)",
    re.IGNORECASE,
)
# Words that want another one behind them: a text cut there sounds torn.
_DANGLING = frozenset(
    "a an the and or but nor of in on at to by for from with without into onto upon over under "
    "above below behind beside near next through across along around between among against toward "
    "towards up down off out as than that which who whose while where when is are was were be "
    "being has have had his her its their my your our this these those some two three four five "
    "several many very".split()
)


def to_alt_text(caption: str, max_length: int = MAX_LENGTH) -> str:
    """The caption as alternative text of at most so many characters; "" where nothing is left.

    What is too long ends with the last word that fits and can end a phrase.
    """
    text = " ".join(caption.split())
    text = _SAYS_IMAGE.sub("", text, count=1) if _SAYS_IMAGE.match(text) else text
    text = text.rstrip(" .。．")
    if len(text) > max_length:
        text = _cut(text, max_length)
    return text[:1].upper() + text[1:]


def _cut(text: str, max_length: int) -> str:
    # a script without spaces can end at any of its characters, one endless word has to
    if FIRST_UNSPACED.match(text[max_length]) or " " not in text[: max_length + 1]:
        return text[:max_length].rstrip()
    words = text[: max_length + 1].split(" ")[:-1]  # the last one is torn, or does not fit
    while words and words[-1].strip(",;:").casefold() in _DANGLING:
        words.pop()
    return " ".join(words).rstrip(",;: ")
