"""What captions are like beside their scores: how long, how varied, how new.

A word is a token as the metrics count it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

from looksay.errors import DataError
from looksay.metrics import tokenize_caption
from looksay.metrics.ngrams import MAX_N, Tokens


@dataclass(frozen=True, kw_only=True)
class CaptionLanguage:
    """mean_length: words a caption. vocabulary: different words used. Shares are 0 to 1.

    distinct: of all captions' n-grams the share that differ, for n = 1 to 4 (Li et al. 2016,
    https://arxiv.org/abs/1510.03055); it falls with the number of captions, so compare sets of one
    size. novel: the share of captions that no training caption equals word for word; None where no
    training captions are known. repeated: the share of words that stand in their caption before.
    """

    mean_length: float
    vocabulary: int
    distinct: tuple[float, ...]
    novel: float | None
    repeated: float

    def lines(self) -> list[tuple[str, str]]:
        """Name and value of each, for people."""
        distinct = [
            (f"distinct-{n + 1}", f"{100 * share:.2f}%") for n, share in enumerate(self.distinct)
        ]
        novel = [] if self.novel is None else [("novel captions", f"{100 * self.novel:.2f}%")]
        return [
            ("mean length", f"{self.mean_length:.2f} words"),
            ("vocabulary", f"{self.vocabulary:,} words"),
            *distinct,
            *novel,
            ("repeated words", f"{100 * self.repeated:.2f}%"),
        ]

    def as_dict(self) -> dict[str, Any]:
        return {
            "mean_length": self.mean_length,
            "vocabulary": self.vocabulary,
            **{f"distinct-{n + 1}": share for n, share in enumerate(self.distinct)},
            "novel": self.novel,
            "repeated": self.repeated,
        }


def describe_language(
    captions: Iterable[str], training: Iterable[str] | None = None
) -> CaptionLanguage:
    """What captions, as written, are like. `training` are the training captions, as written.

    Raises DataError where there are no captions.
    """
    tokens = list(map(tokenize_caption, captions))
    if not tokens:
        raise DataError("There are no captions to describe.")
    words = sum(map(len, tokens))
    return CaptionLanguage(
        mean_length=words / len(tokens),
        vocabulary=len(set(chain.from_iterable(tokens))),
        distinct=tuple(_distinct(tokens, n) for n in range(1, MAX_N + 1)),
        novel=None if training is None else _novel(tokens, training),
        repeated=sum(len(of_one) - len(set(of_one)) for of_one in tokens) / max(1, words),
    )


def _distinct(tokens: Sequence[Tokens], n: int) -> float:
    ngrams = [
        tuple(of_one[start : start + n])
        for of_one in tokens
        for start in range(len(of_one) - n + 1)
    ]
    return len(set(ngrams)) / max(1, len(ngrams))


def _novel(tokens: Sequence[Tokens], training: Iterable[str]) -> float:
    known = {tuple(tokenize_caption(caption)) for caption in training}
    return sum(tuple(of_one) not in known for of_one in tokens) / len(tokens)
