"""Fills a feature store: pictures through the backbone's graph, on all cores, resumable."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Generator, Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import TypeVar

import numpy as np
from tqdm import tqdm

from looksay.errors import ImageError
from looksay.features.compute import Loaded
from looksay.features.store import FeatureStore, Key, content_hash
from looksay.features.views import apply_view
from looksay.images import ImageSource, load_square

logger = logging.getLogger(__name__)
K = TypeVar("K")
CHUNK = 128  # pictures between two writes: what a kill can cost


Compute = Callable[[Sequence[Loaded]], tuple[np.ndarray, ...]]
"""What a store keeps of pictures; see `looksay.features.compute`."""

Computed = tuple[list[K], tuple[np.ndarray, ...], dict[K, str]]
"""A chunk's rows: their keys, the arrays that `FeatureStore.append` takes, and a sentence about
each key whose picture cannot be read."""

ComputeAll = Callable[
    [Sequence[Key], dict[Key, Path], Compute, int], Generator[Computed[Key], None, None]
]
"""Computes the keys, of pictures at the paths, loaded in the size: here or on many machines."""


@dataclass(frozen=True)
class Extraction:
    """What an extraction did: the content hash of each readable picture, and the others' errors."""

    hashes: dict[Path, str]
    problems: list[str] = field(default_factory=list)
    computed: int = 0


def extract_features(
    store: FeatureStore,
    paths: Sequence[Path],
    views: Sequence[str],
    compute: Compute,
    *,
    image_size: int,
    progress: bool = False,
    compute_all: ComputeAll | None = None,
) -> Extraction:
    """Compute what the store lacks of `views` of the pictures at `paths`.

    compute_all: what computes chunk after chunk; None: this process. Pictures that are unreadable,
    or change meanwhile, are reported in the result and left out. While another process adds to the
    store this one waits. Raises FeatureError when the disk is too small, before any work.
    """
    result = Extraction(*hash_all(paths))
    wanted = {(digest, view): path for path, digest in result.hashes.items() for view in views}
    make = compute_all or compute_here

    def add(missing: list[Key], bar: tqdm) -> set[str]:
        with closing(make(missing, wanted, compute, image_size)) as computed:
            return _keep(store, computed, wanted, result.problems, bar)

    return fill(store, result, wanted, add, progress)


def fill(
    store: FeatureStore,
    result: Extraction,
    wanted: Collection[Key],
    add: Callable[[list[Key], tqdm], set[str]],
    progress: bool,
) -> Extraction:
    """The result, once `add` has put what the store lacks of `wanted` into it: it returns the
    content hashes of what cannot be used, which is left out. No other process adds meanwhile."""
    unusable: set[str] = set()
    if store.missing(wanted):
        with store.writing():
            missing = store.missing(wanted)  # fewer where another process was waited for
            if missing:
                _announce(store, len(missing))
                total = len(missing)
                with tqdm(total=total, desc="features", unit="view", disable=not progress) as bar:
                    unusable = add(missing, bar)
    for path in [path for path, digest in result.hashes.items() if digest in unusable]:
        del result.hashes[path]
    return result


def _announce(store: FeatureStore, count: int) -> None:
    """Say how much room so many further rows take. FeatureError where the disk has less."""
    store.check_space(count)
    gigabytes = store.disk_need(count) / 1e9
    logger.info("extracting %d views of pictures, %.2f GB on disk", count, gigabytes)


def _keep(
    store: FeatureStore,
    computed: Iterable[Computed[Key]],
    wanted: dict[Key, Path],
    problems: list[str],
    bar: tqdm,
) -> set[str]:
    """Takes the rows into the store as they come. Returns the content hashes (such a file may lie
    here under several names) of pictures that are unreadable, or have changed; `problems` gets a
    sentence about each."""
    unusable: set[str] = set()
    for keys, arrays, unreadable in computed:
        for (digest, _), sentence in unreadable.items():
            if digest not in unusable:
                problems.append(sentence)
            unusable.add(digest)
        same = _unchanged(keys, wanted, problems, unusable)
        if same:
            store.append([keys[number] for number in same], *(part[same] for part in arrays))
        bar.update(len(keys) + len(unreadable))
    return unusable


def _unchanged(
    keys: Sequence[Key], wanted: dict[Key, Path], problems: list[str], unusable: set[str]
) -> list[int]:
    """The numbers of those keys whose pictures are still the ones that have been hashed: features
    never go to another picture."""
    now, _ = hash_all(wanted[key] for key in keys)
    changed = {key[0] for key in keys if now.get(wanted[key]) != key[0]}
    for path in dict.fromkeys(wanted[key] for key in keys if key[0] in changed - unusable):
        problems.append(f"{path} has changed in the meantime and was left out; run again")
    unusable |= changed
    return [number for number, key in enumerate(keys) if key[0] not in unusable]


def hash_all(paths: Iterable[Path]) -> tuple[dict[Path, str], list[str]]:
    """The content hash of each file, and a sentence about each that cannot be read."""
    hashes, problems = {}, []
    for path in dict.fromkeys(paths):
        try:
            hashes[path] = content_hash(path)
        except OSError as error:
            problems.append(f"{path}: cannot be read ({error.strerror})")
        except ImageError as error:
            problems.append(str(error))
    return hashes, problems


def compute_here(
    missing: Sequence[Key], wanted: dict[Key, Path], compute: Compute, image_size: int
) -> Generator[Computed[Key], None, None]:
    """Chunks computed in this process; the next one is decoded while this one is computed."""
    remaining = iter(missing)
    with ThreadPoolExecutor(2) as pool:

        def submit() -> list[tuple[Key, Future[Loaded | ImageError]]]:
            chunk = islice(remaining, CHUNK)
            return [(key, pool.submit(load_view, wanted[key], key[1], image_size)) for key in chunk]

        ahead = submit()
        while ahead:
            loading, ahead = ahead, submit()
            yield compute_loaded([(key, future.result()) for key, future in loading], compute)


def load_view(
    path: Path, view: str, image_size: int, source: ImageSource | None = None
) -> Loaded | ImageError:
    """A view of a picture, or why it cannot be read. source: what it is read from; None: `path`,
    which otherwise is its name alone."""
    try:
        pixels = load_square(path if source is None else source, image_size)
        return Loaded(path, view, apply_view(pixels, view))
    except ImageError as error:
        return error


def compute_loaded(chunk: Sequence[tuple[K, Loaded | ImageError]], compute: Compute) -> Computed[K]:
    """The rows of a chunk's pictures, and a sentence about each that could not be read."""
    readable = [(key, loaded) for key, loaded in chunk if isinstance(loaded, Loaded)]
    problems = {key: str(loaded) for key, loaded in chunk if isinstance(loaded, ImageError)}
    arrays = compute([loaded for _, loaded in readable]) if readable else ()
    return [key for key, _ in readable], arrays, problems
