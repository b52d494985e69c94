"""Rows of a feature store computed by workers on Ray; the command that asks writes them.

B pictures; the arrays are those that `FeatureStore.append` takes.
"""

from __future__ import annotations

import os
from collections.abc import Generator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np

from looksay.features.extract import CHUNK, Compute, Computed, compute_loaded, load_view
from looksay.features.store import BOX_TYPE, ROW_TYPE, Key
from looksay.scale.cluster import find_slots
from looksay.scale.rounds import Job, answering, run_rounds

NAMES = "features", "boxes"  # the arrays, in the store's order
TYPES: tuple[np.dtype, ...] = (ROW_TYPE, BOX_TYPE)


class FeatureWorker:
    """One of the workers: keeps its graph, and computes batch after batch."""

    def __init__(self, compute: Compute, image_size: int, threads: int | None = None) -> None:
        self._compute, self._image_size = compute, image_size
        if threads is not None and hasattr(compute, "threads"):
            compute.threads = threads

    @answering
    def __call__(self, batch: Any) -> Any:
        """A table of paths and keys to one of rows and problems."""
        paths = [Path(os.fsdecode(path)) for path in batch["path"].to_pylist()]
        keys = _keys(batch)
        sizes = [self._image_size] * len(keys)
        with ThreadPoolExecutor(2) as pool:
            loaded = pool.map(load_view, paths, [view for _, view in keys], sizes)
            chunk = list(zip(keys, loaded, strict=True))
        return _answer(batch, *compute_loaded(chunk, self._compute))


def compute_on_ray(
    missing: Sequence[Key], wanted: dict[Key, Path], compute: Compute, image_size: int
) -> Generator[Computed[Key], None, None]:
    """Chunks computed by the workers of the Ray cluster that is connected, in any order.

    All machines have to see the pictures, and the store's folder with its graphs, under the same
    paths. Batches are those of one machine, so that the rows are, bit for bit.
    """
    slots = find_slots()
    job = Job(
        worker=FeatureWorker,
        arguments={"compute": compute, "image_size": image_size, "threads": slots.cpus},
        batch=CHUNK,
        slots=slots,
    )
    for answer in run_rounds(job, to_inputs(missing, wanted), _give_up):
        yield _computed(answer)


def to_inputs(keys: Sequence[Key], wanted: dict[Key, Path]) -> Any:
    """What workers are sent of keys: their pictures' paths and themselves."""
    import pyarrow as pa

    paths = [os.fsencode(os.path.abspath(wanted[key])) for key in keys]
    return pa.table(
        {
            "path": pa.array(paths, pa.binary()),
            "digest": pa.array([digest for digest, _ in keys], pa.string()),
            "view": pa.array([view for _, view in keys], pa.string()),
        }
    )


def _keys(table: Any) -> list[Key]:
    return list(zip(table["digest"].to_pylist(), table["view"].to_pylist(), strict=True))


def _answer(
    batch: Any, keys: Sequence[Key], arrays: Sequence[np.ndarray], problems: dict[Key, str]
) -> Any:
    """The inputs with their arrays' rows, as raw bytes and a shape, and their problems."""
    import pyarrow as pa

    answer = batch.drop_columns(["path"])
    wanted, place = _keys(batch), {key: row for row, key in enumerate(keys)}
    texts = [problems.get(key) for key in wanted]
    answer = answer.append_column("problem", pa.array(texts, pa.string()))
    for name, kind, array in zip(NAMES, TYPES, arrays, strict=False):
        array = np.ascontiguousarray(array, kind)
        rows = [array[place[key]].tobytes() if key in place else None for key in wanted]
        shapes = [list(array.shape[1:])] * len(wanted)
        answer = answer.append_column(name, pa.array(rows, pa.large_binary()))
        answer = answer.append_column(f"{name} shape", pa.array(shapes, pa.list_(pa.int64())))
    return answer


def _computed(answer: Any) -> Computed[Key]:
    good = answer.filter(answer["problem"].is_null())
    bad = answer.filter(answer["problem"].is_valid())
    arrays = []
    for name, kind in zip(NAMES, TYPES, strict=True):
        if len(good) and name in good.column_names:
            data = b"".join(row.as_buffer() for row in good[name])
            shape = good[f"{name} shape"][0].as_py()
            arrays.append(np.frombuffer(data, kind).reshape(len(good), *shape))
    problems = dict(zip(_keys(bad), bad["problem"].to_pylist(), strict=True))
    return _keys(good), tuple(arrays), problems


def _give_up(lost: Any) -> Any:
    paths = [os.fsdecode(path) for path in lost["path"].to_pylist()]
    sentence = "has no features: the worker died each time that it was tried."
    problems = {key: f"{path} {sentence}" for key, path in zip(_keys(lost), paths, strict=True)}
    return _answer(lost, [], (), problems)
