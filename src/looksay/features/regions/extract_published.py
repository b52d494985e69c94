"""Fills a feature store from published features: nothing is computed."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path

import numpy as np
from tqdm import tqdm

from looksay.features.extract import CHUNK, Extraction, hash_all
from looksay.features.regions.boxes import pad_regions
from looksay.features.regions.published import PublishedRegions, RegionFile, image_id
from looksay.features.store import FeatureStore

logger = logging.getLogger(__name__)
VIEW = "plain"  # what was published saw no other


def extract_published(
    store: FeatureStore, paths: Sequence[Path], source: RegionFile, *, progress: bool = False
) -> Extraction:
    """Copy what the store lacks of the pictures at `paths` from published features.

    A picture is found by its file's name (see `image_id`). The first `max_regions` of its regions
    are kept. Pictures without features are reported in the result and left out. Raises FeatureError
    when the disk is too small, before any work, and where the published file is damaged; what was
    copied until then is kept. While another process adds to the store this one waits.
    """
    result = Extraction(*hash_all(paths))
    if store.missing((digest, VIEW) for digest in result.hashes.values()):
        with store.writing():
            _fill(store, source, result, progress)
    for path in [p for p, digest in result.hashes.items() if (digest, VIEW) not in store]:
        del result.hashes[path]
        result.problems.append(
            f"{path}: the published features have none of it (id {image_id(path.name)})"
        )
    return result


def _fill(store: FeatureStore, source: RegionFile, result: Extraction, progress: bool) -> None:
    missing = set(store.missing((digest, VIEW) for digest in result.hashes.values()))
    wanted: dict[str, Path] = {}
    for path, digest in result.hashes.items():
        if (digest, VIEW) in missing:
            wanted[image_id(path.name)] = path
    store.check_space(len(missing))
    if wanted:
        logger.info("copying published features of %d pictures", len(wanted))
    entries = iter(
        tqdm(source.read(wanted), total=len(wanted), desc="features", disable=not progress)
        if wanted
        else ()
    )
    for chunk in _chunks(entries):
        _append(store, chunk, wanted, result.hashes)


def _chunks(entries: Iterator[PublishedRegions]) -> Iterator[list[PublishedRegions]]:
    """Entries by the chunk; where reading fails, first those that were read."""
    while True:
        chunk: list[PublishedRegions] = []
        try:
            chunk.extend(islice(entries, CHUNK))
        except Exception:
            # `extend` has kept what came before the error
            if chunk:
                yield chunk
            raise
        if not chunk:
            return
        yield chunk


def _append(
    store: FeatureStore,
    chunk: list[PublishedRegions],
    wanted: dict[str, Path],
    hashes: dict[Path, str],
) -> None:
    keys, features, boxes = [], [], []
    for entry in chunk:
        key = hashes[wanted[entry.image_id]], VIEW
        if key not in store and key not in keys:  # one picture may lie here under two names
            keys.append(key)
            features.append(pad_regions(entry.features, store.row_shape[0]))
            boxes.append(pad_regions(entry.boxes, store.row_shape[0]))
    if keys:
        store.append(keys, np.stack(features), np.stack(boxes))
