"""n-grams of tokens, and in how many pictures' references each of them stands."""

from __future__ import annotations

import json
import math
import os
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from looksay.errors import DataError
from looksay.json_text import parse_json

MAX_N = 4  # all metrics here count n-grams of 1 to 4 tokens

Tokens = Sequence[str]
NGram = tuple[str, ...]
Counts = Mapping[NGram, int]


def count_ngrams(tokens: Tokens) -> Counts:
    """How often each n-gram of 1 to `MAX_N` tokens stands in the caption."""
    shifted = [tokens[start:] for start in range(MAX_N)]
    return Counter(
        chain.from_iterable(zip(*shifted[:n], strict=False) for n in range(1, MAX_N + 1))
    )


def check_pairs(references: Sequence[Sequence[Tokens]], candidates: Sequence[Tokens]) -> None:
    """Raises DataError unless every candidate has one reference or more, and there is one."""
    if len(references) != len(candidates):
        raise DataError(
            f"{len(candidates)} captions cannot be scored for {len(references)} images."
        )
    if not candidates:
        raise DataError("There are no captions to score.")
    if not all(references):
        raise DataError("A picture without reference captions cannot be scored.")


@dataclass(frozen=True)
class DocumentFrequencies:
    """Among the references of `num_images` pictures, how many pictures' have each n-gram.

    Build it from training captions to compare scores between sets, or to score a single picture:
    frequencies from the evaluated set, as the reference implementation has them, do neither.
    """

    counts: Counts
    num_images: int

    @classmethod
    def build(cls, references: Iterable[Sequence[Tokens]]) -> DocumentFrequencies:
        """Count over the tokens of each picture's captions."""
        return cls.from_counts([count_ngrams(tokens) for tokens in of_one] for of_one in references)

    @classmethod
    def from_counts(cls, references: Iterable[Sequence[Counts]]) -> DocumentFrequencies:
        """The same from n-grams counted before."""
        counts: Counter[NGram] = Counter()
        num_images = 0
        for of_one in references:
            counts.update(set().union(*of_one))
            num_images += 1
        if not num_images:
            raise DataError("There are no captions to count document frequencies in.")
        return cls(counts, num_images)

    def idf(self, ngram: NGram) -> float:
        """The n-gram's weight, log(pictures / pictures with it); one not seen counts as seen once.

        Never below 0, also where one object of frequencies is asked about other captions.
        """
        return math.log(self.num_images / max(1, self.counts.get(ngram, 0)))

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write a JSON file that `load` reads."""
        counts = {" ".join(ngram): count for ngram, count in sorted(self.counts.items())}
        content = {"format": 1, "num_images": self.num_images, "counts": counts}
        Path(path).write_text(json.dumps(content, ensure_ascii=False), encoding="utf-8")

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> DocumentFrequencies:
        """Read a saved file. DataError, naming it, where it is damaged."""
        try:
            content = parse_json(Path(path).read_text(encoding="utf-8"))
            if content["format"] != 1:
                raise ValueError(f"format {content['format']!r}")
            counts = {tuple(ngram.split(" ")): int(n) for ngram, n in content["counts"].items()}
            return cls(counts, int(content["num_images"]))
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise DataError(f"{path} holds no document frequencies ({error}).") from error
