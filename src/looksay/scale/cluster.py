"""Ray: a cluster that is there already, or one of this machine alone for the time of a command."""

from __future__ import annotations

import importlib
import importlib.util
import logging
import os
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any, NamedTuple

from looksay.errors import MissingExtraError, ScaleError
from looksay.silence import silent_stderr

PACKAGES = ("ray", "pyarrow", "fsspec")
WORKER_CPUS = 4  # of a worker at most: Python's part of the work keeps one of them busy
STORE_BYTES = 512 * 2**20  # of a cluster of our own: only features are large


class Slots(NamedTuple):
    """How many workers a cluster has room for, and the processors of each."""

    workers: int
    cpus: int


def need_ray() -> None:
    """MissingExtraError where the extra `ray` is not installed; imports nothing."""
    if any(importlib.util.find_spec(package) is None for package in PACKAGES):
        raise MissingExtraError("--engine ray needs Ray: pip install 'looksay[ray]'")


@contextmanager
def connected(address: str | None = None, *, debug: bool = False) -> Iterator[None]:
    """A connection to Ray: the one this process has, or a new one that ends with the block.

    address: of a cluster's head, such as "10.0.0.1:6379"; None: that in RAY_ADDRESS, or a cluster
    that `ray start` has started on this machine, or else one of this machine's processors alone.
    Ray's usage statistics are never sent. Raises ScaleError where there is no such cluster.
    """
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    if not debug:
        os.environ.setdefault("RAY_BACKEND_LOG_LEVEL", "fatal")
    # announced by Ray: it will no longer hide GPUs from workers that ask for none
    os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")
    import ray

    _quieten(debug)
    if ray.is_initialized():
        yield
        return
    _connect(ray, address, debug)
    try:
        yield
    finally:
        ray.shutdown()


def _connect(ray: Any, address: str | None, debug: bool) -> None:
    how: dict[str, Any] = {
        "log_to_driver": debug,
        "logging_level": logging.INFO if debug else logging.CRITICAL,
    }
    named = address or os.environ.get("RAY_ADDRESS")
    try:
        with _greeting(debug):
            ray.init(named or "auto", **how)
        return
    except Exception as error:  # ConnectionError, RuntimeError of other versions, and more
        if named:
            reason = " ".join(str(error).split())[:300]
            raise ScaleError(
                f"There is no Ray cluster to be used at {named} ({reason}); start one with "
                "`ray start --head`, or leave out --ray-address and RAY_ADDRESS to use this "
                "machine alone."
            ) from error
    _start(ray, how, debug)


def _start(ray: Any, how: dict[str, Any], debug: bool) -> None:
    """A cluster of this machine alone. Ray gives itself half a minute to start, which is little
    where other work keeps the processors busy: then once more."""
    how = how | {"include_dashboard": False, "object_store_memory": STORE_BYTES}
    for last in (False, False, True):
        try:
            with _greeting(debug):
                ray.init("local", **how)
            return
        except Exception as error:
            ray.shutdown()
            if last or "timed out" not in str(error):
                raise ScaleError(f"Ray cannot be started on this machine: {error}") from error


def _greeting(debug: bool) -> AbstractContextManager[None]:
    """Ray says there how much it will log; what goes wrong comes as an exception."""
    return nullcontext() if debug else silent_stderr()


def _quieten(debug: bool) -> None:
    """Ray Data's own words only with --debug: what matters of them comes as a sentence of ours."""
    data = importlib.import_module("ray.data")
    logging.getLogger("ray.data").setLevel(logging.DEBUG if debug else logging.CRITICAL)
    if not debug:
        _shorten_notes()
    context = data.DataContext.get_current()
    context.enable_progress_bars = debug
    context.print_on_execution_start = debug
    # batches that are lost with their worker are done again by our own account (see rounds.py)
    context.max_errored_blocks = -1


def _shorten_notes() -> None:
    """Ray prints the last log lines of a machine that has died to standard output, which belongs to
    results: here their first line goes to standard error. Where Ray has been built anew, its own
    way stays."""

    def note(data: dict[str, Any], *_: Any, **__: Any) -> None:
        line = str(data["lines"][0]).strip().partition("\n")[0]
        print(f"looksay: Ray says: {line[:200]}", file=sys.stderr)

    worker: Any = importlib.import_module("ray._private.worker")
    if hasattr(worker, "print_to_stdstream"):
        worker.print_to_stdstream = note


def find_slots() -> Slots:
    """Workers for all processors of the cluster as it is now. ScaleError where no machine has a
    processor to give."""
    import ray

    cpus = [int(node["Resources"].get("CPU", 0)) for node in ray.nodes() if node["Alive"]]
    cpus = [count for count in cpus if count > 0]
    if not cpus:
        raise ScaleError(
            "The Ray cluster has no machine with processors for workers; start one with "
            "`ray start --address=...`."
        )
    each = min(*cpus, WORKER_CPUS)
    return Slots(sum(count // each for count in cpus), each)
