"""Every input is answered once, whatever happens to the workers."""

from __future__ import annotations

import os
import sys

import pytest

pytest.importorskip("ray", reason="the extra ray")

import pyarrow as pa  # noqa: E402
from small_cluster import RAY_WARNINGS  # noqa: E402

from looksay.errors import BundleError, MissingExtraError, ScaleError  # noqa: E402
from looksay.scale import captions, cluster, rounds  # noqa: E402
from looksay.scale.items import Item, to_table  # noqa: E402
from looksay.scale.rounds import NUMBER, Job, failure_table, run_rounds  # noqa: E402

pytestmark = RAY_WARNINGS

BATCH = 8


class Deadly:
    """Dies of the number 5; says how many inputs stood beside each."""

    def __call__(self, batch):
        numbers = batch[NUMBER].to_pylist()
        if 5 in numbers:
            os._exit(1)
        return pa.table({NUMBER: numbers, "beside": [len(numbers)] * len(numbers)})


class Refusing:
    def __call__(self, batch):
        return failure_table("The bundle is another.")


@pytest.fixture
def by_value():
    """Workers cannot import this file: they are sent its classes."""
    from ray import cloudpickle

    cloudpickle.register_pickle_by_value(sys.modules[__name__])
    yield
    cloudpickle.unregister_pickle_by_value(sys.modules[__name__])


def job(worker):
    return Job(worker=worker, batch=BATCH, slots=cluster.Slots(1, 1))


def test_an_input_that_kills_its_workers_takes_no_other_along(connection, by_value, monkeypatch):
    monkeypatch.setattr(rounds, "TRIES", 0)
    lost = []

    def give_up(inputs):
        lost.extend(inputs[NUMBER].to_pylist())
        return inputs

    with cluster.connected():
        tables = run_rounds(job(Deadly), pa.table({"x": list(range(20))}), give_up)
        answers = [number for table in tables for number in table[NUMBER].to_pylist()]
    assert sorted(answers) == list(range(20))
    assert lost == [5]


def test_what_no_worker_can_do_ends_the_job_with_its_sentence(connection, by_value):
    with cluster.connected(), pytest.raises(ScaleError, match="^The bundle is another.$"):
        list(run_rounds(job(Refusing), pa.table({"x": [1, 2]}), lambda lost: lost))


@pytest.fixture
def connection(cluster):
    """Ray, connected."""
    return cluster


def test_another_bundle_on_a_workers_machine_is_refused(bundle):
    options = {"model": [str(bundle)], "precision": "f32"}
    worker = captions.CaptionWorker(options, ["another"], {}, None, 1)
    answer = worker(to_table([Item("a", "/a")]))
    assert "has another model in" in answer[rounds.FAILURE][0].as_py()
    assert issubclass(BundleError, Exception)


def test_without_ray_a_sentence_says_what_to_install(monkeypatch):
    monkeypatch.setattr(cluster, "PACKAGES", ("no_such_package",))
    with pytest.raises(MissingExtraError, match=r"pip install 'looksay\[ray\]'"):
        cluster.need_ray()


@pytest.mark.parametrize(
    ("machines", "expected"),
    [([2], (1, 2)), ([16, 16], (8, 4)), ([1, 1], (2, 1)), ([0, 3, 16], (6, 3))],
)
def test_workers_share_the_processors_out(monkeypatch, machines, expected):
    import ray

    nodes = [{"Alive": True, "Resources": {"CPU": float(count)}} for count in machines]
    monkeypatch.setattr(ray, "nodes", lambda: nodes)
    assert cluster.find_slots() == expected


def test_a_cluster_without_processors_is_a_sentence(monkeypatch):
    import ray

    monkeypatch.setattr(ray, "nodes", lambda: [{"Alive": True, "Resources": {}}])
    with pytest.raises(ScaleError, match="no machine with processors"):
        cluster.find_slots()
