"""Features of photographs that come one after another and are not kept: decoded and computed in
the background while others are fetched.

B photographs of a chunk, P places, D feature size.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Generator, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import numpy as np

from looksay.errors import ImageError
from looksay.features.compute import Loaded
from looksay.features.extract import Compute, compute_loaded, load_view
from looksay.images.read import NamedBytes

T = TypeVar("T")
CHUNK = 32  # photographs computed together
AHEAD = 2 * CHUNK  # photographs fetched before they are asked for
_DECODERS = 2  # threads
_SECONDS_BETWEEN_LOOKS = 0.1


class Arrival(NamedTuple):
    """A photograph that has been fetched: a number for it, the name that sentences call it by, its
    bytes, and which view of it is wanted."""

    number: int
    name: str
    content: bytes
    view: str = "plain"


class Chunk(NamedTuple):
    """Numbers and features (B, P, D) of photographs in the order of their arrival, and a sentence
    for each number whose photograph cannot be read."""

    numbers: list[int]
    features: np.ndarray
    problems: dict[int, str]


def compute_arrivals(
    arrivals: Generator[Arrival, None, None], compute: Compute, image_size: int
) -> Generator[Chunk, None, None]:
    """Features of photographs as they arrive; of at most `AHEAD` something is held meanwhile.

    What `arrivals` raises is raised here, behind the chunks before it.
    """
    with ThreadPoolExecutor(_DECODERS, "looksay-decode") as pool:

        def submit() -> Generator[tuple[int, Future[Loaded | ImageError]], None, None]:
            with closing(arrivals):
                for number, name, content, view in arrivals:
                    source = NamedBytes(content, name)
                    yield number, pool.submit(load_view, Path(name), view, image_size, source)

        with closing(read_ahead(submit(), AHEAD)) as loading:
            while chunk := [(number, future.result()) for number, future in islice(loading, CHUNK)]:
                numbers, arrays, problems = compute_loaded(chunk, compute)
                yield Chunk(numbers, arrays[0] if arrays else np.zeros((0, 0, 0)), problems)


def read_ahead(items: Iterable[T], most: int) -> Generator[T, None, None]:
    """The items, made in a thread that is at most so many ahead. An error of theirs is raised in
    its place; when this is closed, they are too."""
    waiting: queue.Queue[tuple[bool, Any]] = queue.Queue(most)
    stopped = threading.Event()
    thread = threading.Thread(
        target=_fill, args=(items, waiting, stopped), name="looksay-read", daemon=True
    )
    thread.start()
    try:
        while True:
            is_item, value = waiting.get()
            if not is_item:
                break
            yield value
    finally:
        stopped.set()
    if value is not None:
        raise value


def _fill(items: Iterable[Any], waiting: queue.Queue, stopped: threading.Event) -> None:
    def put(entry: tuple[bool, Any]) -> None:
        while not stopped.is_set():
            try:
                return waiting.put(entry, timeout=_SECONDS_BETWEEN_LOOKS)
            except queue.Full:
                pass

    try:
        for item in items:
            put((True, item))
            if stopped.is_set():
                break
        last = None
    except BaseException as error:  # for the reader to meet
        last = error
    if isinstance(items, Generator):
        items.close()
    put((False, last))
