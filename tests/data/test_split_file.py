"""Split files: written, read again, damaged."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from looksay.data.split_file import read_splits, write_splits
from looksay.errors import DataError

SPLITS = {"b.jpg": "train", "süd/a.jpg": "train", "c.jpg": "dev", "d.jpg": "test"}


def test_what_is_written_is_read(tmp_path):
    path = tmp_path / "splits.json"
    write_splits(path, SPLITS, data="folder:photos", seed=3, dev_share=0.2, test_share=0.1)
    assert read_splits(path) == SPLITS
    assert json.loads(path.read_text(encoding="utf-8")) == {
        "format": 1,
        "data": "folder:photos",
        "seed": 3,
        "dev_share": 0.2,
        "test_share": 0.1,
        "splits": {"train": ["b.jpg", "süd/a.jpg"], "dev": ["c.jpg"], "test": ["d.jpg"]},
    }


def test_the_order_of_names_changes_nothing(tmp_path):
    write_splits(tmp_path / "a", SPLITS)
    write_splits(tmp_path / "b", dict(reversed(SPLITS.items())))
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


@given(
    st.dictionaries(
        st.text(st.characters(exclude_categories=["Cs"]), min_size=1),
        st.sampled_from(["train", "dev", "test", "restval"]),
        min_size=1,
    )
)
def test_any_names_come_back(tmp_path_factory, splits):
    path = tmp_path_factory.mktemp("splits") / "splits.json"
    write_splits(path, splits)
    assert read_splits(path) == splits


def test_a_file_written_by_hand_needs_little(tmp_path):
    path = tmp_path / "splits.json"
    path.write_text(
        '\ufeff{"format": 1, "splits": {"Train": ["a.jpg", "a.jpg"], "val": ["b.jpg"]}}'
    )
    assert read_splits(path) == {"a.jpg": "train", "b.jpg": "dev"}


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("", "not JSON"),
        ('{"format": 1, "splits": {"train": ["a.j', "not JSON"),
        ("[]", "no split file"),
        ('{"splits": {"train": ["a.jpg"]}}', "no split file"),
        ('{"format": 1, "train": ["a.jpg"]}', "no split file"),
        ('{"format": 1, "splits": ["a.jpg"]}', "no split file"),
        ('{"format": 2, "splits": {"train": ["a.jpg"]}}', "format 2, and this looksay reads"),
        ('{"format": "x", "splits": {}}', 'format "x"'),
        ('{"format": 1, "splits": {}}', "no picture"),
        ('{"format": 1, "splits": {"train": []}}', "no picture"),
        ('{"format": 1, "splits": {"train": "a.jpg"}}', "'train' is no list"),
        ('{"format": 1, "splits": {"dev": ["a.jpg", 3]}}', "'dev' is no list"),
        ('{"format": 1, "splits": {"dev": [""]}}', "'dev' is no list"),
        ('{"format": 1, "splits": {" ": ["a.jpg"]}}', "' ' is no list"),
        (
            '{"format": 1, "splits": {"train": ["a.jpg"], "val": ["b.jpg", "a.jpg"]}}',
            "a.jpg is in the splits 'train' and 'dev'",
        ),
    ],
)
def test_damaged_files_are_said(tmp_path, content, reason):
    path = tmp_path / "splits.json"
    path.write_text(content)
    with pytest.raises(DataError, match=f"splits.json.*{reason}"):
        read_splits(path)


def test_files_that_cannot_be_read_or_written(tmp_path):
    for place in (tmp_path, tmp_path / "none.json"):
        with pytest.raises(DataError, match="cannot be read"):
            read_splits(place)
    with pytest.raises(DataError, match="cannot be written"):
        write_splits(tmp_path, SPLITS)
