"""Splits by the pictures' names."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from looksay.data.splits import split_by_name, split_name
from looksay.errors import UsageError

NAMES = [f"picture {i}.jpg" for i in range(2000)]


def test_shares_are_kept_roughly():
    splits = list(split_by_name(NAMES, dev_share=0.1, test_share=0.05).values())
    assert 160 <= splits.count("dev") <= 240
    assert 70 <= splits.count("test") <= 130


def test_more_pictures_move_none_of_the_others():
    few, many = split_by_name(NAMES[:500], seed=3), split_by_name(NAMES, seed=3)
    assert few.items() <= many.items()
    assert few != split_by_name(NAMES[:500], seed=4)


def test_no_change_between_versions():
    splits = split_by_name(NAMES[:40], seed=0)
    assert [i for i, name in enumerate(NAMES[:40]) if splits[name] == "dev"] == [11, 21]


@settings(deadline=None)
@given(st.sets(st.text(min_size=1), min_size=2, max_size=6), st.integers())
def test_few_pictures_still_have_training_and_dev(names, seed):
    assert {"train", "dev"} <= set(split_by_name(names, seed=seed).values())


def test_all_for_training_and_a_single_picture():
    assert set(split_by_name(NAMES, dev_share=0).values()) == {"train"}
    for seed in range(20):
        assert split_by_name(["a.jpg"], seed=seed, dev_share=0.5) == {"a.jpg": "train"}
    assert split_by_name([]) == {}


@pytest.mark.parametrize("shares", [(-0.1, 0), (1, 0), (0.6, 0.4), (0, 1.5)])
def test_shares_that_leave_nothing_are_refused(shares):
    with pytest.raises(UsageError):
        split_by_name(NAMES, dev_share=shares[0], test_share=shares[1])


def test_names_of_splits():
    assert [split_name(n) for n in ("Val ", "validation", "Training", "restval", "")] == [
        "dev",
        "dev",
        "train",
        "restval",
        "",
    ]
