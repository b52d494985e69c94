"""Batches: every picture once an epoch, in an order that (seed, epoch) alone decides."""

from __future__ import annotations

import numpy as np
import pytest

from looksay.text import END, PAD, START

pytest.importorskip("keras")

from looksay.training.batches import LENGTH_STEP, CaptionBatches  # noqa: E402

NUM = 23


def make(**options) -> CaptionBatches:
    """Picture p has p % 3 + 1 captions of token 10 + p and features that are all p."""
    rng = np.random.default_rng(0)
    captions = [
        [[10 + p] * int(rng.integers(1, 12)) + [END] for _ in range(p % 3 + 1)] for p in range(NUM)
    ]
    features = np.repeat(np.arange(2 * NUM, dtype=np.float16)[:, None, None], 4, 1)
    rows = [[p, NUM + p] for p in range(NUM)]
    options = {"batch_pictures": 4, "seed": 1, **options}
    return CaptionBatches(features, rows, captions, **options)


def epoch(batches: CaptionBatches) -> list:
    return [batches[index] for index in range(len(batches))]


def test_every_picture_comes_once_with_its_own_captions():
    seen = []
    for inputs, targets in epoch(make()):
        pictures = inputs["features"][:, 0, 0].astype(int) % NUM
        for picture, of_picture in zip(pictures, targets, strict=True):
            words = set(of_picture[of_picture > END])
            assert words == {10 + picture}
            assert (of_picture == END).sum() == picture % 3 + 1
            seen.append(picture)
    assert sorted(seen) == list(range(NUM))


def test_inputs_are_the_targets_moved_on_by_one():
    for inputs, targets in epoch(make()):
        assert (inputs["tokens"][:, :, 0] == START).all()
        np.testing.assert_array_equal(inputs["tokens"][:, :, 1:], targets[:, :, :-1])
        assert targets.shape[2] % LENGTH_STEP == 0
        assert (targets != PAD).any((0, 1))[: targets.shape[2] - LENGTH_STEP].all()


def same(first: list, second: list) -> bool:
    return all(
        a[1].shape == b[1].shape
        and (a[1] == b[1]).all()
        and (a[0]["features"] == b[0]["features"]).all()
        for a, b in zip(first, second, strict=True)
    )


def test_the_order_is_a_function_of_seed_and_epoch():
    first, second = make(), make()
    assert same(epoch(first), epoch(second))
    first.on_epoch_end()
    assert same(epoch(first), epoch(make(first_epoch=1)))
    assert not same(epoch(first), epoch(second))
    assert not same(epoch(make(seed=2)), epoch(second))


def test_both_views_are_shown_in_time():
    batches, seen = make(), set()
    for _ in range(8):
        for inputs, _ in epoch(batches):
            seen |= set(inputs["features"][:, 0, 0].astype(int))
        batches.on_epoch_end()
    assert seen == set(range(2 * NUM))


def test_captions_beyond_the_limit_take_turns():
    batches = make(captions_per_picture=1)
    assert batches[0][1].shape[1] == 1
    for inputs, targets in epoch(batches):
        assert ((targets == END).sum((1, 2)) == 1).all()
        assert len(inputs["features"]) == len(targets)


def test_without_shuffling_the_pictures_come_as_they_are_listed():
    batches = make(shuffle=False)
    for _ in range(2):
        shown = [inputs["features"][:, 0, 0].astype(int) % NUM for inputs, _ in epoch(batches)]
        np.testing.assert_array_equal(np.concatenate(shown), np.arange(NUM))
        batches.on_epoch_end()


def test_the_tutorials_mistakes_can_be_made():
    right, wrong = make(pad_to=30), make(pad_to=30, start_is_target=True)
    for (_, targets), (inputs, mistaken) in zip(epoch(right), epoch(wrong), strict=True):
        assert targets.shape[2] == 30
        assert (mistaken[:, :, 0] == START).all() and (inputs["tokens"][:, :, :2] == START).all()
        np.testing.assert_array_equal(mistaken[:, :, 1:], targets[:, :, :-1])
