"""Samples of captions: how many, which, and that no picture is on both sides."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from looksay.data import DataReport, Dataset, Record, load_data, sample_captions
from looksay.data.splits import split_by_name
from looksay.errors import DataError, UsageError


def make(num_pictures: int, num_captions: int = 3, **splits: str) -> Dataset:
    """Pictures whose captions stand a round apart in the file: a picture's k-th in round k."""
    records = [
        Record(
            Path(f"{i}.jpg"),
            tuple(f"Caption {k} of {i}." for k in range(num_captions)),
            splits.get(f"p{i}", "train"),
            places=tuple(k * num_pictures + i for k in range(num_captions)),
        )
        for i in range(num_pictures)
    ]
    return Dataset(tuple(records), DataReport(images=num_pictures), "coco:set")


def captions(dataset: Dataset) -> list[str]:
    return [caption for record in dataset.records for caption in record.captions]


@settings(deadline=None)
@given(
    st.integers(1, 30),
    st.integers(0, 90),
    st.sampled_from(["random", "first"]),
    st.integers(),
    st.floats(0, 0.99),
)
def test_so_many_captions_and_no_leak(num_pictures, count, order, seed, dev_share):
    dataset = make(num_pictures)
    count = min(count, 3 * num_pictures) or 1
    sample = sample_captions(dataset, count, order=order, seed=seed, dev_share=dev_share)
    drawn = captions(sample)
    assert len(drawn) == len(set(drawn)) == count == sample.report.captions
    assert set(drawn) <= set(captions(dataset))
    assert len({record.name for record in sample.records}) == len(sample.records)
    assert "train" in sample.splits
    assert ("dev" in sample.splits) == (dev_share > 0 and len(sample.records) > 1)


def test_the_first_captions_are_those_of_the_file(tmp_path):
    sample = sample_captions(make(4), 6, order="first", dev_share=0)
    assert {record.name: len(record.captions) for record in sample.records} == {
        "0.jpg": 2,
        "1.jpg": 2,
        "2.jpg": 1,
        "3.jpg": 1,
    }
    assert sample.records[0].places == (0, 4)


def test_without_places_the_records_have_their_order():
    dataset = make(4)
    records = tuple(replace(record, places=()) for record in dataset.records)
    sample = sample_captions(replace(dataset, records=records), 4, order="first", dev_share=0)
    assert [len(record.captions) for record in sample.records] == [3, 1]


def test_places_are_forgotten_where_captions_were_removed():
    record = make(1).records[0]
    assert replace(record, captions=record.captions[:2]).places == ()
    assert replace(record, captions=("x", "y", "z")).places == record.places


def test_a_fifth_of_the_pictures_is_held_out_whatever_split_them_before():
    names = [f"{i}.jpg" for i in range(1000)]
    before = split_by_name(names, seed=0, dev_share=0.3)
    dataset = make(1000, 1, **{f"p{name[:-4]}": split for name, split in before.items()})
    num_train = dataset.splits["train"]
    sample = sample_captions(dataset, num_train)
    assert sample.splits["dev"] == round(0.2 * num_train)
    assert {before[record.name] for record in sample.records} == {"train"}
    again = split_by_name(names, seed=0, dev_share=0.44)  # the nearest fifth, were seeds shared
    in_dev = [again[record.name] for record in sample.split("dev")]
    assert 0.1 < Counter(in_dev)["dev"] / len(in_dev) < 0.3


def test_no_change_between_versions_and_machines():
    sample = sample_captions(make(20), 8, seed=5)
    places = {place: r.split for r in sample.records for place in r.places}
    assert list(places) == [21, 3, 27, 48, 10, 51, 32, 35]
    assert [place for place, split in places.items() if split == "dev"] == [10, 51]
    assert sample.records == sample_captions(make(20), 8, seed=5).records
    assert sample.records != sample_captions(make(20), 8, seed=6).records


def test_draws_are_even():
    drawn = Counter(
        caption[8]
        for seed in range(30)
        for caption in captions(sample_captions(make(40), 30, seed=seed))
    )
    assert all(240 < count < 360 for count in drawn.values()) and len(drawn) == 3


def test_the_report_says_what_was_drawn():
    sample = sample_captions(make(10), 9, seed=7, dev_share=0.25)
    kept, drawn = sample.report.sentences()
    assert kept == f"{len(sample.records)} pictures with 9 captions kept."
    assert drawn == (
        "9 of 30 training captions drawn, at random with seed 7; "
        f"{sample.splits['dev']} of their pictures held out as dev."
    )
    sample = sample_captions(make(10), 9, order="first")
    assert "9 of 30 training captions drawn, the first in" in sample.report.sentences()[1]


@pytest.mark.parametrize(
    ("count", "options", "reason"),
    [
        (
            31,
            {},
            "31 captions cannot be drawn from the 30 training captions of coco:set; ask for 1",
        ),
        (0, {}, "ask for 1 to 30"),
        (-5, {}, "ask for 1 to 30"),
        (5, {"order": "frist"}, r"'frist' is no order .*did you mean 'first'.*random, first"),
        (5, {"dev_share": 1.0}, "leaves nothing to train on"),
        (5, {"dev_share": -0.1}, "give a fraction"),
        (5, {"dev_share": float("nan")}, "give a fraction"),
    ],
)
def test_what_makes_no_sense_is_refused(count, options, reason):
    with pytest.raises(UsageError, match=reason):
        sample_captions(make(10), count, **options)


def test_there_must_be_training_captions():
    with pytest.raises(DataError, match=r"no split 'train'; it has dev \(1\)"):
        sample_captions(make(1, p0="dev"), 1)


def test_the_real_data(shared_data):
    dataset = load_data(f"coco:{shared_data / 'coco2017-mini'}", sample=100)
    assert dataset.report.captions == 100 and set(dataset.splits) == {"train", "dev"}
    first = load_data(
        f"flickr8k:{shared_data / 'flickr8k'}", sample=1000, sample_order="first", sample_seed=1
    )
    assert first.report.captions == 1000 and 195 < len(first.records) < 260
