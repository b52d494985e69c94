"""Batches: every picture once an epoch, in an order that (seed, epoch) alone decides."""

from __future__ import annotations

import numpy as np
import pytest

from looksay.text import END, PAD, START

pytest.importorskip("keras")

from looksay.models.staircase import places  # noqa: E402
from looksay.training.batches import CaptionBatches  # noqa: E402
from looksay.training.staircases import (  # noqa: E402
    LENGTH_STEP,
    choose_staircases,
    falling,
    smallest_cover,
)

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


def tokens_of(inputs) -> np.ndarray:
    """What the model is given, (B, C, T)."""
    columns = inputs["columns"]
    most = max(column.shape[1] for column in columns)
    return np.stack([np.pad(c, ((0, 0), (0, most - c.shape[1]))) for c in columns], 1)


def unpacked(inputs, targets_BN) -> np.ndarray:
    """The targets as (B, C, T)."""
    table = places([column.shape[1] for column in inputs["columns"]])
    return np.pad(targets_BN, ((0, 0), (0, 1)))[:, table]


def test_every_picture_comes_once_with_its_own_captions():
    seen = []
    for inputs, targets in epoch(make()):
        pictures = inputs["features"][:, 0, 0].astype(int) % NUM
        for picture, of_picture in zip(pictures, unpacked(inputs, targets), strict=True):
            words = set(of_picture[of_picture > END])
            assert words == {10 + picture}
            assert (of_picture == END).sum() == picture % 3 + 1
            seen.append(picture)
    assert sorted(seen) == list(range(NUM))


def test_inputs_are_the_targets_moved_on_by_one():
    for inputs, targets in epoch(make()):
        targets, tokens = unpacked(inputs, targets), tokens_of(inputs)
        assert (tokens[:, :, 0] == START).all()
        for column, length in enumerate(c.shape[1] for c in inputs["columns"]):
            assert length % LENGTH_STEP == 0
            np.testing.assert_array_equal(
                tokens[:, column, 1:length], targets[:, column, : length - 1]
            )


def test_the_longest_captions_come_first_and_steps_are_few():
    batches, shapes = make(batch_pictures=2), set()
    for inputs, targets in epoch(batches):
        lengths = (unpacked(inputs, targets) != PAD).sum(2)
        assert (np.diff(lengths, axis=1) <= 0).all()
        shapes.add(targets.shape)
    assert len(shapes) <= len(batches.staircases)


@pytest.mark.parametrize("size", [2, 4, 5, NUM, 40])
def test_the_number_of_batches_never_changes_and_one_is_not_full_at_most(size):
    batches = make(batch_pictures=size)
    for _ in range(5):
        sizes = [len(targets) for _, targets in epoch(batches)]
        assert len(sizes) == -(-NUM // size) and sum(s < size for s in sizes) <= 1
        batches.on_epoch_end()


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


def test_a_long_caption_among_those_that_take_turns_always_fits():
    captions = [[[10, END]] * 4 + [[10] * 30 + [END]] for _ in range(6)]
    features = np.zeros((6, 1, 1), np.float16)
    batches = CaptionBatches(
        features, [[i] for i in range(6)], captions, batch_pictures=2, captions_per_picture=2
    )
    for _ in range(6):
        assert sum((targets != PAD).sum() for _, targets in epoch(batches)) >= 6 * 4
        batches.on_epoch_end()


def test_captions_beyond_the_limit_take_turns():
    batches = make(captions_per_picture=1)
    assert len(batches[0][0]["columns"]) == 1
    for inputs, targets in epoch(batches):
        assert ((targets == END).sum(1) == 1).all()
        assert len(inputs["features"]) == len(targets)


def test_without_shuffling_the_pictures_come_as_they_are_listed():
    batches = make(shuffle=False)
    for _ in range(2):
        shown = [inputs["features"][:, 0, 0].astype(int) % NUM for inputs, _ in epoch(batches)]
        np.testing.assert_array_equal(np.concatenate(shown), np.arange(NUM))
        batches.on_epoch_end()


def test_the_tutorials_mistakes_can_be_made():
    right, wrong = make(pad_to=30), make(pad_to=30, start_is_target=True)
    for one, other in zip(epoch(right), epoch(wrong), strict=True):
        targets, mistaken, tokens = unpacked(*one), unpacked(*other), tokens_of(other[0])
        assert targets.shape[2] == 30
        assert (mistaken[:, :, 0] == START).all() and (tokens[:, :, :2] == START).all()
        np.testing.assert_array_equal(mistaken[:, :, 1:], targets[:, :, :-1])


def test_staircases_cover_everything_save_padding_and_are_few():
    rng = np.random.default_rng(0)
    lengths = np.minimum(rng.geometric(0.12, (3000, 5)) + 4, 40)
    staircases = choose_staircases(lengths, 60)
    assert (staircases[-1] == 42).all() and 2 < len(staircases) <= 7
    assert (np.diff(staircases, axis=1) <= 0).all() and (staircases % LENGTH_STEP == 0).all()
    number = smallest_cover(staircases, lengths)
    assert (falling(lengths) <= staircases[number]).all()
    assert np.bincount(number).min() > 0
    assert staircases[number].sum() < 0.75 * 42 * 5 * 3000
    np.testing.assert_array_equal(staircases, choose_staircases(lengths, 60))
    # too few pictures for shapes of their own
    assert len(choose_staircases(lengths[:30], 60)) == 1


def test_masks_go_with_the_features_by_their_view():
    """Row n of the masks has n % 4 + 1 regions; a picture's views differ in them."""
    masks = (np.arange(4) <= np.arange(2 * NUM)[:, None] % 4).astype(np.float32)
    views = set()
    for index in range(2):
        batches = make(masks=masks, first_epoch=index)
        for inputs, _ in epoch(batches):
            rows = inputs["features"][:, 0, 0].astype(int)
            views |= set(rows >= NUM)
            assert inputs["mask"].dtype == np.float32
            np.testing.assert_array_equal(inputs["mask"].sum(1), rows % 4 + 1)
    assert views == {False, True}


def test_a_grid_needs_no_mask():
    batches = make()
    assert batches.masks_of(np.arange(3)) is None and "mask" not in batches[0][0]
