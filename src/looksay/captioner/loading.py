"""Pictures read in threads, ahead of what uses them."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Callable, Collection
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, Protocol, runtime_checkable

import numpy as np
from PIL import Image

from looksay.errors import ImageError
from looksay.images import ImageLimits, open_image, to_square

Watch = Callable[[Any, Image.Image], None]
"""Gets a source and its photograph as it was opened for the model, in a loading thread."""


@runtime_checkable
class Looker(Protocol):
    """Takes of a photograph, in a loading thread, what squares of it do not show."""

    @property
    def least_side(self) -> int:
        """The shortest side in pixels that it makes use of."""
        ...

    def look(self, photo: Image.Image) -> Any:
        """What it needs of the upright RGB photograph."""
        ...


@dataclasses.dataclass(frozen=True, eq=False)
class Picture:
    """A picture as it was given and as the models take it: by side, uint8 (side, side, 3); and what
    each looker took of it."""

    source: Any
    pixels: dict[int, np.ndarray]
    looks: dict[Any, Any] = dataclasses.field(default_factory=dict)


@dataclasses.dataclass(frozen=True, eq=False)
class Unreadable:
    """A picture that could not be read, and why."""

    source: Any
    error: ImageError


def image_path(source: Any) -> str | None:
    """The path of a picture that was given as one."""
    return os.fspath(source) if isinstance(source, (str, os.PathLike)) else None


def load_picture(
    source: Any,
    sizes: Collection[int],
    limits: ImageLimits,
    lookers: Collection[Looker] = (),
    watch: Watch | None = None,
) -> Picture:
    """Read one picture in each of the sizes and for each looker; a stream to its end, so that it
    can be shown later. `watch` gets it as it was opened for the largest size.

    Raises ImageError, the source itself if it is one, as `images.find_images` yields them.
    """
    if isinstance(source, ImageError):
        raise source
    if hasattr(source, "read") and not isinstance(source, os.PathLike):
        source = source.read(limits.max_bytes + 1)
    squares = {}
    for size in sorted(sizes):
        photo = open_image(source, limits=limits, at_least=size)
        squares[size] = to_square(photo, size)
    if watch is not None and squares:
        watch(source, photo)
    # opened apart, so that a square is the same with lookers and without
    looks = {
        looker: looker.look(open_image(source, limits=limits, at_least=looker.least_side))
        for looker in lookers
    }
    return Picture(source, squares, looks)


class Loader:
    """A few threads that read pictures; Pillow lets go of the interpreter while it decodes."""

    def __init__(
        self,
        sizes: Collection[int],
        limits: ImageLimits,
        lookers: Collection[Looker] = (),
        watch: Watch | None = None,
    ):
        self._sizes, self._limits, self._lookers = sizes, limits, lookers
        self._watch = watch
        self._pool = ThreadPoolExecutor(num_loading_threads(), "looksay-load")

    def start(self, source: Any) -> Future[Picture | Unreadable]:
        return self._pool.submit(self._load, source)

    def close(self) -> None:
        """Drop what has not been begun."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _load(self, source: Any) -> Picture | Unreadable:
        try:
            return load_picture(source, self._sizes, self._limits, self._lookers, self._watch)
        except ImageError as error:
            return Unreadable(source, error)


def num_loading_threads() -> int:
    """Half of the processors, which leaves the other half to the model; from 2 to 8."""
    if hasattr(os, "sched_getaffinity"):
        processors = len(os.sched_getaffinity(0))
    else:
        processors = os.cpu_count() or 2
    return min(max(processors // 2, 2), 8)
