"""BLEU (Papineni et al. 2002), as pycocoevalcap counts it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from looksay.metrics.ngrams import MAX_N, Counts, NGram, Tokens, check_pairs, count_ngrams

# pycocoevalcap's constants: a precision of 0 is a very small number, 0 of 0 a smaller one.
TINY, SMALL = 1e-15, 1e-9


@dataclass(frozen=True)
class BleuReferences:
    """What BLEU needs of one picture's references."""

    lengths: tuple[int, ...]
    most: Counts  # in any one of them

    @classmethod
    def prepare(cls, references: Sequence[Tokens], counts: Sequence[Counts]) -> BleuReferences:
        most: dict[NGram, int] = {}
        for of_one in counts:
            for ngram, count in of_one.items():
                if count > most.get(ngram, 0):
                    most[ngram] = count
        return cls(tuple(map(len, references)), most)

    def compare(self, candidate: Tokens, counts: Counts) -> list[int]:
        """MAX_N numbers of right n-grams, MAX_N numbers of n-grams, length, reference's length.

        The reference's length is the one closest to the candidate's, the shorter of two.
        """
        length = len(candidate)
        right = [0] * MAX_N
        for ngram, count in counts.items():
            right[len(ngram) - 1] += min(count, self.most.get(ngram, 0))
        all_of_them = [max(0, length - n) for n in range(MAX_N)]
        closest = min(self.lengths, key=lambda other: (abs(other - length), other))
        return [*right, *all_of_them, length, closest]


def bleu(
    references: Sequence[Sequence[Tokens]], candidates: Sequence[Tokens]
) -> tuple[np.ndarray, np.ndarray]:
    """BLEU-1 to BLEU-4 of the whole corpus, (4,), and of each picture, (pictures, 4); 0 to 1.

    The corpus score adds n-grams and lengths up before it divides: it is no mean of the others.
    """
    check_pairs(references, candidates)
    prepared = [
        BleuReferences.prepare(of_one, [count_ngrams(tokens) for tokens in of_one])
        for of_one in references
    ]
    return score_bleu(prepared, candidates, [count_ngrams(tokens) for tokens in candidates])


def score_bleu(
    references: Sequence[BleuReferences], candidates: Sequence[Tokens], counts: Sequence[Counts]
) -> tuple[np.ndarray, np.ndarray]:
    """The same for references prepared and candidates counted before."""
    table = bleu_table(references, candidates, counts)
    return bleu_of_sums(table.sum(axis=0, keepdims=True))[0], bleu_of_sums(table)


def bleu_table(
    references: Sequence[BleuReferences], candidates: Sequence[Tokens], counts: Sequence[Counts]
) -> np.ndarray:
    """What each picture adds to the corpus score: rows of `BleuReferences.compare`."""
    rows = [
        reference.compare(candidate, of_one)
        for reference, candidate, of_one in zip(references, candidates, counts, strict=True)
    ]
    return np.array(rows, dtype=np.float64)


def bleu_of_sums(table: np.ndarray) -> np.ndarray:
    """BLEU-1 to MAX_N, (rows, MAX_N), from rows of `bleu_table` or sums of them."""
    right, all_of_them = table[:, :MAX_N], table[:, MAX_N : 2 * MAX_N]
    length, closest = table[:, -2:-1], table[:, -1:]
    products = np.cumprod((right + TINY) / (all_of_them + SMALL), axis=1)
    means = products ** (1 / np.arange(1, MAX_N + 1))
    ratio = (length + TINY) / (closest + SMALL)
    return means * np.exp(np.minimum(0, 1 - 1 / ratio))
