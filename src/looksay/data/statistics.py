"""What a data set's captions are like, in numbers: how many, how long, of which words.

A word is one as models see it (`looksay.text.split_words`), so that the numbers answer what a
recipe asks: `text.min_count`, `text.max_words`, `text.max_tokens` (which counts `<end>` too: one
more than a caption's words).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import fmean, median

from looksay.data.records import Record
from looksay.errors import DataError
from looksay.text import max_tokens, split_words

PERCENTILES = (90, 95, 98, 99)
MIN_COUNTS = (1, 2, 5, 10)
NUM_COMMON = 20


@dataclass(frozen=True, kw_only=True)
class SplitStatistics:
    """A split: its pictures, captions and words, and the share of its words (0 to 1) that no
    training caption has; None for training itself and where there is none."""

    name: str
    images: int
    captions: int
    words: int
    unknown_share: float | None


@dataclass(frozen=True, kw_only=True)
class VocabularyStatistics:
    """The different words seen `min_count` times or more, and their share of all words, 0 to 1."""

    min_count: int
    words: int
    share: float


@dataclass(frozen=True, kw_only=True)
class LengthStatistics:
    """Lengths of captions in words. percentiles: per cent -> the length that so many captions do
    not exceed. counts: length -> captions, in order of length."""

    mean: float
    median: float
    percentiles: dict[int, int]
    shortest: int
    longest: int
    counts: dict[int, int]


@dataclass(frozen=True, kw_only=True)
class DataStatistics:
    """captions_per_image: captions -> pictures that have so many, in order. common_words: the most
    frequent words and how often each is seen; equally frequent ones in alphabetical order."""

    images: int
    captions: int
    words: int
    splits: tuple[SplitStatistics, ...]
    captions_per_image: dict[int, int]
    vocabulary: tuple[VocabularyStatistics, ...]
    lengths: LengthStatistics
    common_words: dict[str, int]


def data_statistics(records: Sequence[Record]) -> DataStatistics:
    """The statistics of these records. Raises DataError where there is no caption."""
    counts: dict[str, Counter[str]] = {}  # split -> how often each word is seen
    lengths: list[int] = []
    for record in records:
        of_split = counts.setdefault(record.split, Counter())
        for words in map(split_words, record.captions):
            of_split.update(words)
            lengths.append(len(words))
    if not lengths:
        raise DataError("There are no captions to make statistics of.")
    all_counts = sum(counts.values(), Counter())
    common = sorted(all_counts.items(), key=lambda item: (-item[1], item[0]))
    return DataStatistics(
        images=len(records),
        captions=len(lengths),
        words=all_counts.total(),
        splits=tuple(_split(split, records, counts) for split in _in_usual_order(counts)),
        captions_per_image=_in_order(len(record.captions) for record in records),
        vocabulary=tuple(_vocabulary(all_counts, min_count) for min_count in MIN_COUNTS),
        lengths=_lengths(lengths),
        common_words=dict(common[:NUM_COMMON]),
    )


def _in_usual_order(splits: Iterable[str]) -> list[str]:
    """Train, dev, test, then any others as they come."""
    usual = ("train", "dev", "test")
    return sorted(splits, key=lambda s: usual.index(s) if s in usual else len(usual))


def _split(
    name: str, records: Sequence[Record], counts: dict[str, Counter[str]]
) -> SplitStatistics:
    chosen = [record for record in records if record.split == name]
    return SplitStatistics(
        name=name,
        images=len(chosen),
        captions=sum(len(record.captions) for record in chosen),
        words=counts[name].total(),
        unknown_share=_unknown_share(name, counts),
    )


def _unknown_share(split: str, counts: dict[str, Counter[str]]) -> float | None:
    if split == "train" or "train" not in counts:
        return None
    unknown = sum(n for word, n in counts[split].items() if word not in counts["train"])
    return unknown / max(1, counts[split].total())


def _vocabulary(counts: Counter[str], min_count: int) -> VocabularyStatistics:
    kept = [count for count in counts.values() if count >= min_count]
    return VocabularyStatistics(
        min_count=min_count, words=len(kept), share=sum(kept) / max(1, counts.total())
    )


def _lengths(lengths: list[int]) -> LengthStatistics:
    return LengthStatistics(
        mean=fmean(lengths),
        median=median(lengths),
        percentiles={p: max_tokens(lengths, percentile=p) for p in PERCENTILES},
        shortest=min(lengths),
        longest=max(lengths),
        counts=_in_order(lengths),
    )


def _in_order(numbers: Iterable[int]) -> dict[int, int]:
    """How often each number occurs, from the smallest on."""
    return dict(sorted(Counter(numbers).items()))
