"""Captions to words, words to tokens, and back."""

from looksay.text.language import is_language_tag
from looksay.text.lengths import max_tokens
from looksay.text.vocabulary import END, PAD, SPECIALS, START, UNK, Vocabulary
from looksay.text.words import join_words, split_words

__all__ = [
    "END",
    "PAD",
    "SPECIALS",
    "START",
    "UNK",
    "Vocabulary",
    "is_language_tag",
    "join_words",
    "max_tokens",
    "split_words",
]
