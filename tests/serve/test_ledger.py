"""What a worker had when it died goes to the next one; what kills every worker is found out."""

from __future__ import annotations

import threading

import pytest

from looksay.decoding import DecodingOptions
from looksay.serve.jobs import Job
from looksay.serve.ledger import Drop, Errand, Ledger, Lost


def jobs_of(count: int) -> list[Job]:
    return [Job("toy", bytes([number]), DecodingOptions(), number) for number in range(count)]


@pytest.fixture
def ledger() -> Ledger:
    ledger = Ledger()
    ledger.open()
    return ledger


def filled(ledger: Ledger, count: int) -> list[Job]:
    jobs = jobs_of(count)
    for job in jobs:
        ledger.add(job)
    return jobs


def taken(ledger: Ledger, count: int) -> list[Errand]:
    errands = [ledger.take() for _ in range(count)]
    assert all(isinstance(errand, Errand) for errand in errands), errands
    return errands


def has_next(ledger: Ledger) -> bool:
    """Whether there is something to send now; where there is, it is taken."""
    found = []
    thread = threading.Thread(target=lambda: found.append(ledger.take()), daemon=True)
    thread.start()
    thread.join(0.2)
    return bool(found)


def test_errands_go_out_in_order_and_are_answered_by_number(ledger):
    jobs = filled(ledger, 3)
    errands = taken(ledger, 3)
    assert [errand.job for errand in errands] == jobs
    assert ledger.answered(errands[1].number) is jobs[1]
    assert ledger.answered(errands[1].number) is None
    assert ledger.answered(99) is None


def test_what_was_not_answered_is_sent_again_before_what_was_not_sent(ledger):
    jobs = filled(ledger, 5)
    errands = taken(ledger, 3)
    ledger.answered(errands[1].number)
    assert ledger.died() == Lost(2, [])
    assert ledger.take() is None  # no worker yet
    ledger.open()
    assert [errand.job for errand in taken(ledger, 4)] == [jobs[0], jobs[2], jobs[3], jobs[4]]


def test_nothing_is_handed_out_before_there_is_a_worker():
    ledger = Ledger()
    filled(ledger, 1)
    assert ledger.take() is None


def test_after_two_deaths_they_go_one_by_one_and_only_the_deadly_one_pays(ledger):
    jobs = filled(ledger, 3)
    for _ in range(2):
        taken(ledger, 3)
        assert ledger.died() == Lost(3, [])
        ledger.open()
    late = filled(ledger, 1)
    (first,) = taken(ledger, 1)
    assert first.job is jobs[0] and not has_next(ledger)
    ledger.answered(first.number)
    (deadly,) = taken(ledger, 1)
    assert deadly.job is jobs[1] and ledger.died() == Lost(1, [])
    ledger.open()
    assert taken(ledger, 1) == [deadly] and not has_next(ledger)
    assert ledger.died() == Lost(0, [jobs[1]])
    ledger.open()
    (last,) = taken(ledger, 1)
    assert last.job is jobs[2]
    ledger.answered(last.number)
    assert [errand.job for errand in taken(ledger, 1)] == late


def test_a_dropped_errand_is_not_sent_or_its_worker_is_told(ledger):
    jobs = filled(ledger, 3)
    (first,) = taken(ledger, 1)
    jobs[1].future.cancel()
    jobs[0].future.cancel()
    assert ledger.take() == Drop(first.number)
    assert [errand.job for errand in taken(ledger, 1)] == [jobs[2]]
    assert ledger.answered(first.number) is None
    assert ledger.died() == Lost(1, [])


def test_nothing_dropped_is_kept_while_there_is_no_worker():
    ledger = Ledger()
    for job in filled(ledger, 2):
        job.future.cancel()
    assert ledger.clear() == []


def test_a_suspect_that_is_dropped_frees_the_way(ledger):
    jobs = filled(ledger, 2)
    for _ in range(2):
        taken(ledger, 2)
        ledger.died()
        ledger.open()
    taken(ledger, 1)
    waiting = threading.Thread(target=lambda: ledger.take() and ledger.take(), daemon=True)
    waiting.start()
    jobs[0].future.cancel()
    waiting.join(60)
    assert not waiting.is_alive()


def test_clearing_gives_back_what_waits(ledger):
    jobs = filled(ledger, 3)
    taken(ledger, 1)
    assert ledger.clear() == jobs
    assert ledger.died() == Lost(0, [])
