"""n-gram counts, document frequencies and their file."""

from __future__ import annotations

import math

import pytest

from looksay.errors import DataError
from looksay.metrics import DocumentFrequencies
from looksay.metrics.ngrams import count_ngrams


def test_counts():
    assert count_ngrams(["a", "a", "b"]) == {
        ("a",): 2,
        ("b",): 1,
        ("a", "a"): 1,
        ("a", "b"): 1,
        ("a", "a", "b"): 1,
    }
    assert count_ngrams([]) == {}


def test_frequencies_count_pictures_not_captions():
    frequencies = DocumentFrequencies.build([[["a", "dog"], ["a", "dog"]], [["a", "cat"]]])
    assert frequencies.num_images == 2
    assert frequencies.counts[("a",)] == 2 and frequencies.counts[("a", "dog")] == 1
    assert frequencies.idf(("a",)) == 0
    assert frequencies.idf(("dog",)) == frequencies.idf(("zebra",)) == pytest.approx(math.log(2))
    with pytest.raises(DataError):
        DocumentFrequencies.build([])


def test_file(tmp_path):
    frequencies = DocumentFrequencies.build([[["ein", "mädchen"]], [["一", "只"], []]])
    frequencies.save(tmp_path / "frequencies.json")
    assert DocumentFrequencies.load(tmp_path / "frequencies.json") == frequencies


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"format": 2}', '{"format": 1}'])
def test_damaged_files_are_refused_by_name(tmp_path, content):
    path = tmp_path / "frequencies.json"
    with pytest.raises(DataError, match="frequencies.json"):
        DocumentFrequencies.load(path)
    path.write_text(content)
    with pytest.raises(DataError, match="frequencies.json"):
        DocumentFrequencies.load(path)
