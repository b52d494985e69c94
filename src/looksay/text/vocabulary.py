"""The words a model knows and their tokens."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

from looksay.errors import UsageError, VocabularyError
from looksay.files import replace_file
from looksay.text.words import join_words

PAD, START, END, UNK = 0, 1, 2, 3
SPECIALS = ("<pad>", "<start>", "<end>", "<unk>")


class Vocabulary:
    """Words in a fixed order; a word's place is its token. The first four are `SPECIALS`.

    The file has a word a line, in UTF-8, and the line's number counted from 0 is the token, so that
    a bundle's vocabulary can be read, compared and repaired with any editor.

    Raises VocabularyError for a word that is empty, doubled or has a space in it, and when the
    first four are not the specials.
    """

    def __init__(self, words: Iterable[str]):
        self.words: tuple[str, ...] = tuple(words)
        _check(self.words)
        self._tokens = {w: t for t, w in enumerate(self.words) if t >= len(SPECIALS)}

    @classmethod
    def build(
        cls,
        captions: Iterable[Sequence[str]],
        *,
        max_words: int | None = None,
        min_count: int = 1,
    ) -> Vocabulary:
        """The most frequent words of the captions (of training captions only, see the design).

        At most `max_words`, the specials not counted; each seen `min_count` times or more. Words
        equally frequent are in alphabetical order, so the result depends on nothing else.
        """
        if max_words is not None and max_words < 1:
            raise UsageError(f"A vocabulary of {max_words} words is none; give 1 or more.")
        counts = Counter(word for caption in captions for word in caption)
        for special in SPECIALS:  # their spelling in a caption teaches nothing
            counts.pop(special, None)
        frequent = [word for word, count in counts.items() if count >= min_count]
        frequent.sort(key=lambda word: (-counts[word], word))
        return cls((*SPECIALS, *frequent[:max_words]))

    def __len__(self) -> int:
        return len(self.words)

    def __contains__(self, word: object) -> bool:
        return word in self._tokens

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Vocabulary) and self.words == other.words

    def __hash__(self) -> int:
        return hash(self.words)

    def __repr__(self) -> str:
        return f"Vocabulary({len(self)} words)"

    def token(self, word: str) -> int:
        """The word's token; UNK for a word not known, the spelling of a special among them."""
        return self._tokens.get(word, UNK)

    def encode(self, words: Iterable[str], *, max_tokens: int | None = None) -> list[int]:
        """The words' tokens and END. Words too many for `max_tokens` go, END stays."""
        if max_tokens is not None and max_tokens < 1:
            raise UsageError(f"A caption cannot be limited to {max_tokens} tokens; give 1 or more.")
        tokens = [self._tokens.get(word, UNK) for word in words]
        if max_tokens is not None:
            del tokens[max_tokens - 1 :]
        return [*tokens, END]

    def decode(self, tokens: Iterable[int]) -> list[str]:
        """The words up to END, without the specials. VocabularyError for a token out of range."""
        words = []
        for token in map(int, tokens):
            if token == END:
                break
            if not 0 <= token < len(self.words):
                raise VocabularyError(
                    f"Token {token} is outside this vocabulary of {len(self)} words; "
                    "the vocabulary and the model do not belong together."
                )
            if token >= len(SPECIALS):
                words.append(self.words[token])
        return words

    def join(self, words: Sequence[str]) -> str:
        """The words as a line of text; no spaces between those of Chinese, Thai and the like."""
        return join_words(words)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the file, whole or not at all."""
        replace_file(Path(path), ("\n".join(self.words) + "\n").encode())

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Vocabulary:
        """Read a saved vocabulary. VocabularyError, naming the file, where it is damaged."""
        try:
            text = Path(path).read_bytes().decode()
            return cls(text.replace("\r\n", "\n").removesuffix("\n").split("\n"))
        except OSError as error:
            raise VocabularyError(f"The vocabulary {path} cannot be read: {error}.") from error
        except UnicodeDecodeError as error:
            raise VocabularyError(f"The vocabulary {path} is not UTF-8 text.") from error
        except VocabularyError as error:
            raise VocabularyError(f"The vocabulary {path} is damaged. {error}") from error


def _check(words: tuple[str, ...]) -> None:
    if words[: len(SPECIALS)] != SPECIALS:
        raise VocabularyError(f"A vocabulary begins with {' '.join(SPECIALS)}; this one does not.")
    seen: set[str] = set()
    for token, word in enumerate(words):
        if word.split() != [word]:
            raise VocabularyError(f"Word {token}, {word!r}, is empty or has a space in it.")
        if word in seen:
            raise VocabularyError(f"Word {token}, {word!r}, stands there twice.")
        seen.add(word)
