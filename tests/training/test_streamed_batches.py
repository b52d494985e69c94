"""Batches out of shards: those of stored features, from a buffer that is bounded."""

from __future__ import annotations

import threading
import time

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from looksay.text import END, PAD

pytest.importorskip("keras")

from looksay.errors import DataError, TrainingError  # noqa: E402
from looksay.features.streaming import Chunk, read_ahead  # noqa: E402
from looksay.training import streamed_batches as streaming  # noqa: E402
from looksay.training.batches import CaptionBatches, feeding  # noqa: E402
from looksay.training.feature_buffer import FeatureBuffer  # noqa: E402
from looksay.training.streamed_batches import StreamedBatches  # noqa: E402

NUM, SHAPE = 23, (4, 2)
VIEWS = [[0, 1] if p % 4 else [0] for p in range(NUM)]  # every fourth picture in its plain view


def captions(num: int) -> list:
    rng = np.random.default_rng(0)
    return [
        [[10 + p] * int(rng.integers(1, 12)) + [END] for _ in range(p % 3 + 1)] for p in range(num)
    ]


def rows_of(numbers, views) -> np.ndarray:
    """The features of a picture's view: all places say which it is."""
    which = np.array(numbers) + NUM * np.array(views)
    return np.broadcast_to(which[:, None, None], (len(which), *SHAPE)).astype(np.float32)


def stored(**options) -> CaptionBatches:
    features = rows_of(range(NUM), [0] * NUM), rows_of(range(NUM), [1] * NUM)
    rows = [[p + NUM * view for view in of] for p, of in enumerate(VIEWS)]
    options = {"batch_pictures": 4, "seed": 1, **options}
    return CaptionBatches(
        np.concatenate(features).astype(np.float16), rows, captions(NUM), **options
    )


def streamed(*, read=None, num=NUM, views=VIEWS, shards=None, **options) -> StreamedBatches:
    def made(numbers, views):
        for start in range(0, len(numbers), 3):
            part = slice(start, start + 3)
            yield Chunk(list(numbers[part]), rows_of(numbers[part], views[part]), {})

    options = {"batch_pictures": 4, "seed": 1, "buffer_pictures": 10**6, **options}
    shards = np.arange(num) // 5 if shards is None else shards
    return StreamedBatches(
        read or made, SHAPE, views, captions(num), shards=shards, **options
    )  # fmt: skip


def epoch(batches) -> list:
    return [batches[index] for index in range(len(batches))]


def pictures_of(batches) -> list:
    """What an epoch shows: picture and view of each row, and what it is to say."""
    return sorted(
        (int(row), *sorted(target[target != PAD].tolist()))
        for inputs, targets in epoch(batches)
        for row, target in zip(inputs["features"][:, 0, 0], targets, strict=True)
    )


@pytest.mark.parametrize("shuffle", [True, False])
def test_with_room_for_all_the_batches_are_those_of_stored_features(shuffle):
    ours, theirs = streamed(shuffle=shuffle), stored(shuffle=shuffle)
    with feeding(ours):
        for _ in range(4):
            for one, other in zip(epoch(ours), epoch(theirs), strict=True):
                np.testing.assert_array_equal(one[0]["features"], other[0]["features"])
                np.testing.assert_array_equal(one[1], other[1])
                for a, b in zip(one[0]["columns"], other[0]["columns"], strict=True):
                    np.testing.assert_array_equal(a, b)
            ours.on_epoch_end()
            theirs.on_epoch_end()


@settings(max_examples=60, deadline=None)
@given(
    batch=st.integers(1, 7),
    room=st.integers(1, 30),
    cuts=st.lists(st.booleans(), min_size=NUM, max_size=NUM),
    seed=st.integers(0, 5),
    shuffle=st.booleans(),
)
def test_a_small_buffer_shows_every_picture_once_and_never_holds_more(
    batch, room, cuts, seed, shuffle
):
    """As many batches as ever, views and captions those of stored features; and no deadlock."""
    options = {"batch_pictures": batch, "seed": seed, "shuffle": shuffle}
    ours = streamed(buffer_pictures=room, shards=np.cumsum(cuts), **options)
    theirs = stored(**options)
    with feeding(ours):
        for _ in range(2):
            assert len(ours) == len(theirs) == -(-NUM // batch)
            assert pictures_of(ours) == pictures_of(theirs)
            sizes = [len(ours.pictures(index)) for index in range(len(ours))]
            assert sum(size < batch for size in sizes) <= 1
            ours.on_epoch_end()
            theirs.on_epoch_end()
    assert 0 < ours.most_held <= max(room, batch)


def test_the_order_is_a_function_of_seed_and_epoch():
    def shown(**options):
        with feeding(batches := streamed(buffer_pictures=8, **options)):
            return [inputs["features"][:, 0, 0].tolist() for inputs, _ in epoch(batches)]

    assert shown(first_epoch=1) == shown(first_epoch=1) != shown(first_epoch=2)
    assert shown(first_epoch=1) != shown(first_epoch=1, seed=2)
    with feeding(batches := streamed(buffer_pictures=8)):
        epoch(batches)
        batches.on_epoch_end()
        again = [inputs["features"][:, 0, 0].tolist() for inputs, _ in epoch(batches)]
    assert again == shown(first_epoch=1)


def test_shards_come_in_another_order_each_epoch_and_each_in_its_own():
    orders = []

    def read(numbers, views):
        orders.append(numbers)
        yield Chunk(list(numbers), rows_of(numbers, views), {})

    with feeding(batches := streamed(read=read)):
        for _ in range(4):
            epoch(batches)
            batches.on_epoch_end()
    assert len(orders) == len({tuple(order) for order in orders}) == 4
    for order in orders:
        assert sorted(order) == list(range(NUM))
        shards = np.array(order) // 5
        assert np.count_nonzero(np.diff(shards)) == shards.max()  # one behind another
        assert all(np.diff(np.array(order)[shards == n]).min() == 1 for n in set(shards))


def test_a_batch_may_be_asked_for_again_and_an_epoch_too():
    with feeding(batches := streamed(buffer_pictures=8)):
        first, again = batches[0], batches[0]
        np.testing.assert_array_equal(first[0]["features"], again[0]["features"])
        third = batches[2]
        whole = epoch(batches)
        np.testing.assert_array_equal(whole[2][0]["features"], third[0]["features"])
        np.testing.assert_array_equal(whole[0][0]["features"], first[0]["features"])


@settings(max_examples=40, deadline=None)
@given(
    broken=st.sets(st.integers(0, NUM - 1)),
    together=st.integers(1, 12),
    batch=st.integers(1, 5),
    room=st.integers(1, 12),
)
@example(broken={5}, together=12, batch=4, room=8)
def test_a_picture_that_cannot_be_read_counts_for_nothing_and_is_told_once(
    broken, together, batch, room
):
    """Nor is there a deadlock, however many come in a chunk."""

    def read(numbers, views):
        for start in range(0, len(numbers), together):
            chunk = dict(zip(numbers[start : start + together], views[start : start + together],
                             strict=True))  # fmt: skip
            good = {n: view for n, view in chunk.items() if n not in broken}
            told = {n: f"picture {n} is damaged." for n in chunk if n in broken}
            yield Chunk(list(good), rows_of(list(good), list(good.values())), told)

    said: list[str] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(streaming.logger, "warning", lambda text, *of: said.append(text % of))
        with feeding(batches := streamed(read=read, batch_pictures=batch, buffer_pictures=room)):
            for _ in range(2):
                shown = pictures_of(batches)
                assert len(shown) == NUM
                last = batches.pictures(len(batches) - 1)
                assert batches.seen(last).tolist() == [p not in broken for p in last]
                assert [of for of in shown if len(of) == 1] == [(0,)] * len(broken)
                assert {row % NUM for row, *words in shown if words} == set(range(NUM)) - broken
                batches.on_epoch_end()
    assert sorted(said) == sorted(f"picture {n} is damaged. It counts for nothing." for n in broken)


def test_why_there_is_no_batch_is_a_sentence_that_says_how_to_go_on():
    def read(numbers, views):
        yield Chunk(list(numbers[:8]), rows_of(numbers[:8], views[:8]), {})
        raise DataError("a.tar has changed.")

    batches = streamed(read=read, buffer_pictures=8)
    with pytest.raises(TrainingError, match="a.tar has changed. The epochs .* --resume goes on"):
        with feeding(batches):
            try:
                epoch(batches)
            except Exception as error:  # as TensorFlow does
                raise RuntimeError("in a graph") from error
    with pytest.raises(RuntimeError, match="something else"):
        with feeding(streamed()):
            raise RuntimeError("something else")


def test_photographs_that_end_too_early_do_not_hang():
    def read(numbers, views):
        yield Chunk(list(numbers[:8]), rows_of(numbers[:8], views[:8]), {})

    with feeding(batches := streamed(read=read)), pytest.raises(TrainingError, match="too early"):
        epoch(batches)


def test_making_goes_on_while_the_batch_before_is_trained_on():
    """And stops where there is no room."""
    made = []

    def read(numbers, views):
        for number, view in zip(numbers, views, strict=True):
            made.append(number)
            yield Chunk([number], rows_of([number], [view]), {})

    with feeding(batches := streamed(read=read, buffer_pictures=8)):
        batches[0]
        until = time.monotonic() + 30
        while len(made) < 13 and time.monotonic() < until:
            time.sleep(0.01)
        assert len(made) == 13  # eight, the four in whose place they come, and one that waits
        threads = [t for t in threading.enumerate() if t.name == "looksay-features"]
        assert threads
    assert not any(thread.is_alive() for thread in threads)


def test_reading_ahead_is_bounded_and_ends():
    made, closed = [], threading.Event()

    def items():
        try:
            for number in range(100):
                made.append(number)
                yield number
        finally:
            closed.set()

    ahead = read_ahead(items(), 5)
    assert [next(ahead) for _ in range(3)] == [0, 1, 2]
    ahead.close()
    assert closed.wait(30) and len(made) <= 3 + 5 + 1
    assert list(read_ahead(iter("abc"), 1)) == ["a", "b", "c"]

    def failing():
        yield 1
        raise OSError("dead")

    ahead = read_ahead(failing(), 5)
    assert next(ahead) == 1
    with pytest.raises(OSError, match="dead"):
        next(ahead)


def test_a_closed_buffer_gives_nothing():
    buffer = FeatureBuffer((Chunk([n], rows_of([n], [0]), {}) for n in range(9)), 2, SHAPE)
    assert buffer.take([0]).features[0, 0, 0] == 0
    buffer.close()
    with pytest.raises(TrainingError):
        buffer.take([7])
