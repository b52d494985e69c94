"""Statistics of captions: of few, counted by hand, and of Flickr8k."""

from __future__ import annotations

from pathlib import Path

import pytest

from looksay.data import Record, load_data
from looksay.data.statistics import data_statistics
from looksay.errors import DataError


def record(name: str, split: str, *captions: str) -> Record:
    return Record(Path(name), captions, split, name)


RECORDS = [
    record("d.jpg", "test", "A cat sleeps ."),
    record("a.jpg", "train", "A dog .", "Dogs run .", "A dog runs on the grass ."),
    record("b.jpg", "train", "The dog"),
]


def test_few_captions_counted_by_hand():
    statistics = data_statistics(RECORDS)
    assert (statistics.images, statistics.captions, statistics.words) == (3, 5, 15)
    train, test = statistics.splits
    assert (train.name, train.images, train.captions, train.words) == ("train", 2, 4, 12)
    assert (test.name, test.images, test.captions, test.words) == ("test", 1, 1, 3)
    assert train.unknown_share is None and test.unknown_share == pytest.approx(2 / 3)
    assert statistics.captions_per_image == {1: 2, 3: 1}
    assert [(v.min_count, v.words) for v in statistics.vocabulary] == [
        (1, 10),
        (2, 3),
        (5, 0),
        (10, 0),
    ]
    assert [v.share for v in statistics.vocabulary[:2]] == [1, pytest.approx(8 / 15)]
    assert list(statistics.common_words.items())[:4] == [
        ("a", 3),
        ("dog", 3),
        ("the", 2),
        ("cat", 1),
    ]


def test_lengths_counted_by_hand():
    lengths = data_statistics(RECORDS).lengths
    assert (lengths.shortest, lengths.longest, lengths.mean, lengths.median) == (2, 6, 3, 2)
    assert lengths.counts == {2: 3, 3: 1, 6: 1}
    lengths = data_statistics([record("a.jpg", "x", *["dog " * n for n in range(1, 101)])]).lengths
    assert lengths.percentiles == {90: 90, 95: 95, 98: 98, 99: 99}


def test_without_training_no_word_is_unknown():
    (split,) = data_statistics(RECORDS[:1]).splits
    assert split.unknown_share is None


def test_captions_without_words_count_as_empty():
    statistics = data_statistics([record("a.jpg", "train", "...")])
    assert statistics.words == 0 and statistics.lengths.longest == 0
    assert [v.share for v in statistics.vocabulary] == [0, 0, 0, 0]


def test_no_captions_are_an_error():
    with pytest.raises(DataError, match="no captions"):
        data_statistics([])


def test_the_real_data(shared_data):
    dataset = load_data(f"flickr8k:{shared_data / 'flickr8k'}")
    statistics = data_statistics(dataset.split("train"))
    assert (statistics.images, statistics.captions) == (6000, 30000)
    assert statistics.captions_per_image == {5: 6000}
    assert statistics.lengths.longest == 36
    assert [v.words for v in statistics.vocabulary] == [7762, 4535, 2547, 1660]
    assert list(statistics.common_words)[:3] == ["a", "in", "the"]
