"""Fills a feature store: pictures through the backbone's graph, on all cores, resumable."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

import numpy as np
from tqdm import tqdm

from looksay.errors import ImageError
from looksay.features.compute import Loaded
from looksay.features.store import FeatureStore, Key, content_hash
from looksay.features.views import apply_view
from looksay.images import load_square

logger = logging.getLogger(__name__)
CHUNK = 128  # pictures between two writes: what a kill can cost


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
    compute: Callable[[Sequence[Loaded]], tuple[np.ndarray, ...]],
    *,
    image_size: int,
    progress: bool = False,
) -> Extraction:
    """Compute what the store lacks of `views` of the pictures at `paths`.

    compute: what the store keeps of pictures, see `looksay.features.compute`. Unreadable pictures
    are reported in the result and left out. Raises FeatureError when the disk is too small,
    before any work.
    """
    result = Extraction(*hash_all(paths))
    wanted = {(digest, view): path for path, digest in result.hashes.items() for view in views}
    missing = store.missing(wanted)
    store.check_space(len(missing))
    if not missing:
        return result
    logger.info(
        "extracting %d views of pictures, %.2f GB on disk",
        len(missing),
        store.disk_need(len(missing)) / 1e9,
    )
    bar = tqdm(total=len(missing), desc="features", unit="view", disable=not progress)
    unreadable: set[str] = set()  # content hashes: such a file may lie here under several names
    with bar, ThreadPoolExecutor(2) as pool:
        for keys, loaded in _batches(pool, missing, wanted, image_size, result, unreadable):
            store.append(keys, *compute(loaded))
            bar.update(len(keys))
    for path in [path for path, digest in result.hashes.items() if digest in unreadable]:
        del result.hashes[path]
    return result


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


def _batches(
    pool: ThreadPoolExecutor,
    missing: Sequence[Key],
    wanted: dict[Key, Path],
    image_size: int,
    result: Extraction,
    unreadable: set[str],
) -> Iterator[tuple[list[Key], list[Loaded]]]:
    """Chunks of (keys, pictures); the next one is decoded while the caller computes this one."""

    def load(key: Key) -> Loaded | ImageError:
        try:
            pixels = apply_view(load_square(wanted[key], image_size), key[1])
            return Loaded(wanted[key], key[1], pixels)
        except ImageError as error:
            return error

    remaining = iter(missing)

    def submit() -> list:
        return [(key, pool.submit(load, key)) for key in islice(remaining, CHUNK)]

    ahead = submit()
    while ahead:
        loading, ahead = ahead, submit()
        keys, pictures = [], []
        for key, future in loading:
            loaded = future.result()
            if isinstance(loaded, ImageError):
                if key[0] not in unreadable:
                    result.problems.append(str(loaded))
                unreadable.add(key[0])
            else:
                keys.append(key)
                pictures.append(loaded)
        if keys:
            yield keys, pictures
