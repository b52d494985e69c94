"""What a worker had when it died goes to the next one; what kills every worker is found out."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor

import pytest

from looksay.decoding import DecodingOptions
from looksay.serve.jobs import Job
from looksay.serve.ledger import Drop, Errand, Ledger, Lost


def jobs_of(count: int) -> list[Job]:
    return [Job("toy", bytes([number]), DecodingOptions(), number) for number in range(count)]


class Taking(Ledger):
    """A ledger that is taken from in a thread, so that no test waits for ever."""

    def __init__(self) -> None:
        super().__init__()
        self._pool = ThreadPoolExecutor(1)
        self._under_way: Future[Errand | Drop | None] | None = None

    def next(self, seconds: float = 60) -> Errand | Drop | None:
        """TimeoutError where there is nothing to take so long; the next call goes on waiting."""
        self._under_way = self._under_way or self._pool.submit(self.take)
        item = self._under_way.result(seconds)
        self._under_way = None
        return item

    def is_idle(self) -> bool:
        try:
            raise AssertionError(f"{self.next(0.2)} has been taken")
        except TimeoutError:
            return True

    def taken(self, count: int) -> list[Errand]:
        errands = [self.next() for _ in range(count)]
        assert all(isinstance(errand, Errand) for errand in errands), errands
        return errands


@pytest.fixture
def shut() -> Iterator[Taking]:
    """A ledger without a worker."""
    ledger = Taking()
    yield ledger
    ledger.died()


@pytest.fixture
def ledger(shut: Taking) -> Taking:
    shut.open()
    return shut


def filled(ledger: Ledger, count: int) -> list[Job]:
    jobs = jobs_of(count)
    for job in jobs:
        ledger.add(job)
    return jobs


def test_errands_go_out_in_order_and_are_answered_by_number(ledger):
    jobs = filled(ledger, 3)
    errands = ledger.taken(3)
    assert [errand.job for errand in errands] == jobs
    assert ledger.answered(errands[1].number) is jobs[1]
    assert ledger.answered(errands[1].number) is None
    assert ledger.answered(99) is None


def test_what_was_not_answered_is_sent_again_before_what_was_not_sent(ledger):
    jobs = filled(ledger, 5)
    errands = ledger.taken(3)
    ledger.answered(errands[1].number)
    assert ledger.died() == Lost(2, [])
    assert ledger.next() is None  # no worker yet
    ledger.open()
    assert [errand.job for errand in ledger.taken(4)] == [jobs[0], jobs[2], jobs[3], jobs[4]]


def test_nothing_is_handed_out_before_there_is_a_worker(shut):
    filled(shut, 1)
    assert shut.next() is None


def test_after_two_deaths_they_go_one_by_one_and_only_the_deadly_one_pays(ledger):
    jobs = filled(ledger, 3)
    for _ in range(2):
        ledger.taken(3)
        assert ledger.died() == Lost(3, [])
        ledger.open()
    late = filled(ledger, 1)
    (first,) = ledger.taken(1)
    assert first.job is jobs[0] and ledger.is_idle()
    ledger.answered(first.number)
    (deadly,) = ledger.taken(1)
    assert deadly.job is jobs[1] and ledger.died() == Lost(1, [])
    ledger.open()
    assert ledger.taken(1) == [deadly] and ledger.is_idle()
    assert ledger.died() == Lost(0, [jobs[1]])
    ledger.open()
    (last,) = ledger.taken(1)
    assert last.job is jobs[2]
    ledger.answered(last.number)
    assert [errand.job for errand in ledger.taken(1)] == late


def test_a_dropped_errand_is_not_sent_or_its_worker_is_told(ledger):
    jobs = filled(ledger, 3)
    (first,) = ledger.taken(1)
    jobs[1].future.cancel()
    jobs[0].future.cancel()
    assert ledger.next() == Drop(first.number)
    assert [errand.job for errand in ledger.taken(1)] == [jobs[2]]
    assert ledger.answered(first.number) is None
    assert ledger.died() == Lost(1, [])


def test_nothing_dropped_is_kept_while_there_is_no_worker(shut):
    for job in filled(shut, 2):
        job.future.cancel()
    assert shut.clear() == []


def test_a_suspect_that_is_dropped_frees_the_way(ledger):
    jobs = filled(ledger, 2)
    for _ in range(2):
        ledger.taken(2)
        ledger.died()
        ledger.open()
    (first,) = ledger.taken(1)
    assert first.job is jobs[0] and ledger.is_idle()
    jobs[0].future.cancel()
    taken = [ledger.next(), ledger.next()]
    assert Drop(first.number) in taken
    assert [item.job for item in taken if isinstance(item, Errand)] == [jobs[1]]


def test_clearing_gives_back_what_waits(ledger):
    jobs = filled(ledger, 3)
    ledger.taken(1)
    assert ledger.clear() == jobs
    assert ledger.died() == Lost(0, [])
