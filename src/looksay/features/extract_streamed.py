"""Fills a feature store with what photographs in shards give, read one shard after another."""

from __future__ import annotations

import hashlib
from collections.abc import Generator, Sequence
from contextlib import closing

from tqdm import tqdm

from looksay.data import Record
from looksay.data.streamed import StreamedDataset
from looksay.errors import DataError
from looksay.features.extract import Compute, Extraction, fill
from looksay.features.store import FeatureStore, Key
from looksay.features.streaming import Arrival, compute_arrivals


def readable(dataset: StreamedDataset, records: Sequence[Record]) -> Extraction:
    """The content hashes of the records' photographs, and sentences about those that could not be
    read when the shards were gone through."""
    photographs = {record.image: dataset.photograph(record) for record in records}
    return Extraction(
        {path: found.digest for path, found in photographs.items() if not found.problem},
        [found.problem for found in photographs.values() if found.problem],
    )


def extract_streamed(
    store: FeatureStore,
    dataset: StreamedDataset,
    records: Sequence[Record],
    views: Sequence[str],
    compute: Compute,
    *,
    image_size: int,
    progress: bool = False,
) -> Extraction:
    """Compute what the store lacks of `views` of the records' photographs; as `extract_features`.

    Only the shards with such photographs are read. Raises DataError or ScaleError for a shard that
    has changed or cannot be read; what was computed before is kept.
    """
    result = readable(dataset, records)
    wanted = [(digest, view) for digest in result.hashes.values() for view in views]

    def add(missing: list[Key], bar: tqdm) -> set[str]:
        keys: list[Key] = []
        unusable: set[str] = set()
        arrivals = _arrive(dataset, records, missing, keys)
        with closing(compute_arrivals(arrivals, compute, image_size)) as chunks:
            for chunk in chunks:
                if chunk.numbers:
                    store.append([keys[n] for n in chunk.numbers], chunk.features)
                for number, sentence in chunk.problems.items():
                    if keys[number][0] not in unusable:
                        result.problems.append(sentence)
                    unusable.add(keys[number][0])
                bar.update(len(chunk.numbers) + len(chunk.problems))
        return unusable

    return fill(store, result, wanted, add, progress)


def _arrive(
    dataset: StreamedDataset, records: Sequence[Record], missing: Sequence[Key], keys: list[Key]
) -> Generator[Arrival, None, None]:
    """The missing views of the photographs; `keys` gets the key of each number before it comes."""
    lacking: dict[str, list[str]] = {}
    for digest, view in missing:
        lacking.setdefault(digest, []).append(view)
    used = in_shard_order(dataset, [r for r in records if dataset.photograph(r).digest in lacking])
    for number, content in dataset.stream(used):
        record, digest = used[number], dataset.photograph(used[number]).digest
        if hashlib.sha256(content).hexdigest() != digest:
            raise DataError(
                f"{record.name} has changed since its shard was read; run the same command again"
            )
        for view in lacking.pop(digest, ()):  # the same photograph may come under two names
            keys.append((digest, view))
            yield Arrival(len(keys) - 1, record.name, content, view)


def in_shard_order(dataset: StreamedDataset, records: Sequence[Record]) -> list[Record]:
    """The records as their photographs come where one shard after another is read."""
    return sorted(records, key=lambda r: (dataset.shard_of(r), dataset.photograph(r).start))
