"""Pictures that come together run together; dropped ones cost nothing; none fails for another."""

from __future__ import annotations

import threading
from concurrent.futures import CancelledError
from types import SimpleNamespace

import pytest

from looksay.errors import ImageError
from looksay.serve import batching
from looksay.serve.batching import Batcher
from looksay.serve.jobs import Job, QueueFullError, StoppedError
from looksay.serve.line import Line

from .conftest import Gated, wait_until


@pytest.fixture
def batcher(gated: Gated):
    batchers = []

    def make(**settings):
        batchers.append(Batcher({"toy": gated}, **{"capacity": 64, "batch_size": 8, **settings}))
        return batchers[-1]

    yield make
    for each in batchers:
        each.stop()


def jobs_of(captioner, sources, **options) -> list[Job]:
    resolved = captioner.options.override(**options)
    return [Job(captioner.name, source, resolved, number) for number, source in enumerate(sources)]


def test_a_line_hands_out_the_oldest_and_their_kind():
    line: Line[str] = Line(lambda item: item != "dropped")
    for item in ("a1", "b1", "dropped", "a2", "a3", "a4"):
        line.put(item)
    assert line.take(3, lambda item: item[0], wait=False) == ["a1", "a2", "a3"]
    assert line.take(3, lambda item: item[0], wait=False) == ["b1"]
    assert line.take(3, lambda item: item[0], wait=True) == ["a4"]
    assert line.take(3, lambda item: item[0], wait=False) == []
    line.put("c1")
    line.close()
    assert line.take(3, lambda item: item[0], wait=True) == ["c1"]
    assert line.take(3, lambda item: item[0], wait=True) == []


def test_what_waits_is_captioned_together(batcher, gated: Gated, pngs):
    """While the first is being captioned, the others come; they make one batch."""
    one = batcher()
    gated.gate.clear()
    first, *others = jobs_of(gated, pngs[:8])
    one.submit([first])
    assert gated.saying.wait(60)
    for job in others:
        one.submit([job])
    wait_until(lambda: all(job.seen for job in others))
    gated.gate.set()
    captions = [job.future.result(60) for job in (first, *others)]
    assert gated.said == [1, 7]
    assert [record["caption"] for record in captions] == [
        caption.text for caption in gated._captioner(pngs[:8])
    ]


def test_other_options_are_another_batch(batcher, gated: Gated, pngs):
    one = batcher()
    gated.gate.clear()
    one.submit(jobs_of(gated, pngs[:1]))
    assert gated.saying.wait(60)
    beams = jobs_of(gated, pngs[:3], beam_size=2)
    greedy = jobs_of(gated, pngs[:2], method="greedy")
    one.submit([beams[0], greedy[0], beams[1], greedy[1], beams[2]])
    wait_until(lambda: all(job.seen for job in beams + greedy))
    gated.gate.set()
    for job in beams + greedy:
        assert job.future.result(60)["caption"]
    assert gated.said[0] == 1 and sorted(gated.said[1:]) == [2, 3]


def test_no_batch_is_larger_than_allowed(batcher, gated: Gated, pngs):
    one = batcher(batch_size=3)
    jobs = jobs_of(gated, pngs[:11])
    one.submit(jobs)
    assert [job.future.result(60)["words"] for job in jobs]
    assert sum(gated.said) == 11 and max(gated.said) <= 3


def test_the_queue_has_an_end(batcher, gated: Gated, pngs):
    one = batcher(capacity=3)
    gated.gate.clear()
    jobs = jobs_of(gated, pngs[:3])
    one.submit(jobs[:2])
    with pytest.raises(QueueFullError) as caught:
        one.submit(jobs_of(gated, pngs[:2]))  # all of a request, or none
    assert 1 <= caught.value.retry_seconds <= 30
    assert one.accepted == 2
    one.submit(jobs[2:])
    with pytest.raises(QueueFullError):
        one.check_room()
    gated.gate.set()
    for job in jobs:
        job.future.result(60)
    wait_until(lambda: one.accepted == 0)
    one.check_room(3)


def test_dropped_pictures_cost_nothing(batcher, gated: Gated, pngs):
    one = batcher()
    gated.gate.clear()
    first, *others = jobs_of(gated, pngs[:6])
    one.submit([first])
    assert gated.saying.wait(60)
    one.submit(others)
    wait_until(lambda: all(job.seen for job in others))
    for job in others[:4]:
        assert job.future.cancel()
    assert one.accepted == 2  # their places are free at once
    gated.gate.set()
    others[4].future.result(60)
    assert gated.said == [1, 1]
    with pytest.raises(CancelledError):
        others[0].future.result()


def test_pictures_dropped_before_they_are_read_are_not_read(batcher, gated: Gated, pngs):
    one = batcher()
    held = threading.Event()
    gated.read, read = lambda source: (held.wait(60), read(source))[1], gated.read
    jobs = jobs_of(gated, [pngs[0]] * 12)
    one.submit(jobs)
    for job in jobs[8:]:  # more than there are readers
        job.future.cancel()
    held.set()
    for job in jobs[:8]:
        job.future.result(60)
    assert gated.read_count == 8


def test_a_bad_picture_fails_alone(batcher, gated: Gated, pngs):
    one = batcher()
    jobs = jobs_of(gated, [pngs[0], b"no picture", pngs[1]])
    one.submit(jobs)
    assert jobs[0].future.result(60)["words"] and jobs[2].future.result(60)["words"]
    with pytest.raises(ImageError, match="holds text"):
        jobs[1].future.result(60)


@pytest.mark.parametrize("stage", ["look", "say"])
def test_a_picture_that_breaks_its_batch_fails_alone(batcher, captioner, gated, pngs, stage):
    one = batcher()
    poison = pngs[2]

    def check(pictures):
        if any(picture.source == poison for picture in pictures):
            raise RuntimeError("poison")

    if stage == "say":
        gated.fault = check
    else:

        def look(pictures, *, many):
            check(pictures)
            return captioner.look(pictures, many=many)

        gated.look = look
    gated.gate.clear()
    jobs = jobs_of(gated, pngs[:6])
    one.submit(jobs)
    gated.gate.set()
    for number, job in enumerate(jobs):
        if number == 2:
            with pytest.raises(RuntimeError, match="poison"):
                job.future.result(60)
        else:
            assert job.future.result(60)["caption"] == captioner(pngs[number]).text
    after = jobs_of(gated, pngs[:1])
    one.submit(after)  # the threads live on
    assert after[0].future.result(60)["words"]


@pytest.mark.parametrize(("stage", "runs_in_flight"), [("look", 2), ("say", 1)])
def test_a_batch_and_what_is_tried_again_are_no_one_piece_of_work(
    batcher, captioner, gated, pngs, monkeypatch, stage, runs_in_flight
):
    one = batcher(batch_size=4)
    now, busy = [0], []  # each attempt takes a second
    monkeypatch.setattr(batching, "time", SimpleNamespace(perf_counter=lambda: now[0]))

    def work(pictures):
        now[0] += 1
        busy.append(one.busy_seconds)
        if len(pictures) > 1:
            raise RuntimeError("together")

    def look(pictures, *, many):
        wait = captioner.look(pictures, many=many)
        gated.saying.set()
        assert gated.gate.wait(60)

        def finish():
            # whose words are being made must not be timed with it
            wait_until(lambda: all(job.future.done() for job in jobs if job.seen))
            work(pictures)
            return wait()

        return finish

    if stage == "say":
        gated.fault = work
    else:
        gated.look = look
    gated.gate.clear()
    jobs = jobs_of(gated, pngs[:9])
    one.submit(jobs[:1])
    assert gated.saying.wait(60)
    one.submit(jobs[1:])
    line = one._to_say if stage == "say" else one._to_look
    wait_until(lambda: len(line._waiting) == 8)
    gated.gate.set()
    assert all(job.future.result(60)["words"] for job in jobs)
    assert len(busy) == 1 + 2 + 8 and max(busy) == runs_in_flight


def test_stopping_finishes_what_was_accepted(batcher, gated: Gated, pngs):
    one = batcher()
    gated.gate.clear()
    jobs = jobs_of(gated, pngs)
    one.submit(jobs)
    stopper = threading.Thread(target=one.stop)
    stopper.start()
    wait_until(lambda: one.stopping)
    with pytest.raises(StoppedError):
        one.submit(jobs_of(gated, pngs[:1]))
    gated.gate.set()
    stopper.join(60)
    assert all(job.future.done() and job.future.result()["words"] for job in jobs)
