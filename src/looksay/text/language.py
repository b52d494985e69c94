"""Which language captions are in, as a tag that a page's `lang` attribute takes."""

from __future__ import annotations

import re

# The shape of BCP 47 (RFC 5646); whether there is such a language, a registry would say.
TAG = re.compile(r"[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*")
MAX_LENGTH = 35  # what RFC 5646 (section 4.4.1) says to have room for


def is_language_tag(text: str) -> bool:
    """Whether the text has the shape of a language tag: "de", "zh-Hans", "pt-BR"."""
    return len(text) <= MAX_LENGTH and TAG.fullmatch(text) is not None
