"""A memory as a file: arrays in NumPy's .npz, without pickles, and checked when read.

G n-grams, N training pictures, Z values that are not 0.
"""

from __future__ import annotations

import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from looksay.consensus.counting import Said
from looksay.consensus.memory import Memory
from looksay.consensus.ngrams import NGrams
from looksay.errors import BundleError
from looksay.metrics.ngrams import MAX_N
from looksay.text import SPECIALS

CONSENSUS = "consensus.npz"
MAX_BYTES = 2 << 30  # unpacked
_LARGEST = 1e9

# of each array its kind ("f" floating, "i" whole numbers) and its number of dimensions
_ARRAYS = {
    "projection": ("f", 2),
    "offset": ("f", 1),
    "vectors": ("i", 2),
    "sizes": ("i", 1),
    "words": ("i", 1),
    "parents": ("i", 1),
    "idf": ("f", 1),
    "starts": ("i", 1),
    "columns": ("i", 1),
    "values": ("f", 1),
    "norms": ("f", 1),
    "kernel": ("f", 1),
}


def write_memory(memory: Memory, path: Path) -> None:
    """Write the file, as small as its numbers allow."""
    said, ngrams = memory.said, memory.said.ngrams
    arrays: dict[str, Any] = {
        "projection": memory.projection.astype(np.float16),
        "offset": memory.offset.astype(np.float32),
        "vectors": memory.vectors,
        "sizes": np.array(ngrams.sizes),
        "words": _small(np.concatenate(ngrams.words)),
        "parents": _small(np.concatenate(ngrams.parents)),
        "idf": said.idf,
        "starts": _small(said.starts),
        "columns": _small(said.columns),
        "values": said.values.astype(np.float16),
        "norms": said.norms,
        "kernel": np.array([memory.sharpness, memory.ridge, memory.neighbours], np.float64),
    }
    with path.open("wb") as file:
        np.savez_compressed(file, **arrays)


def read_memory(path: Path, *, feature_size: int, vocabulary_size: int) -> Memory:
    """Read a written file for a model of such sizes; BundleError where it is damaged or foreign."""
    try:
        arrays = _read(path)
        _check(arrays, feature_size, vocabulary_size)
    except Exception as error:  # damaged zip files and headers fail in many ways
        raise BundleError(
            f"{path} holds no memory of training pictures for this model ({error}); get or export "
            "the bundle again."
        ) from error
    sharpness, ridge, neighbours = arrays["kernel"]
    edges = np.cumsum(arrays["sizes"])[:-1]
    ngrams = NGrams(
        np.split(arrays["words"], edges), np.split(arrays["parents"], edges), vocabulary_size
    )
    return Memory(
        projection=arrays["projection"].astype(np.float32),
        offset=arrays["offset"],
        vectors=arrays["vectors"],
        said=Said(
            ngrams=ngrams,
            idf=arrays["idf"],
            starts=arrays["starts"].astype(np.int64),
            columns=arrays["columns"].astype(np.int64),
            values=arrays["values"].astype(np.float32),
            norms=arrays["norms"],
        ),
        sharpness=float(sharpness),
        ridge=float(ridge),
        neighbours=int(neighbours),
    )


def _read(path: Path) -> dict[str, np.ndarray]:
    with zipfile.ZipFile(path) as archive:
        if sum(member.file_size for member in archive.infolist()) > MAX_BYTES:
            raise ValueError("it is far too large")
    with np.load(path, allow_pickle=False) as found:
        return {name: found[name] for name in _ARRAYS}


def _check(arrays: Mapping[str, np.ndarray], feature_size: int, vocabulary_size: int) -> None:
    """ValueError where an array has another kind or shape, or a number that leads nowhere."""
    for name, (kind, dimensions) in _ARRAYS.items():
        array = arrays[name]
        if not isinstance(array, np.ndarray):
            raise ValueError(f"{name} is no array")
        whole = array.dtype.kind in "iu"
        if array.ndim != dimensions or not (whole or np.issubdtype(array.dtype, np.floating)):
            raise ValueError(f"{name} has another form")
        if whole != (kind == "i") or not (whole or _is_sane(array)):
            raise ValueError(f"{name} has something else than numbers of its kind")
    projection, vectors, sizes = arrays["projection"], arrays["vectors"], arrays["sizes"]
    num_pictures, num_values = len(vectors), len(arrays["values"])
    lengths = {
        "offset": vectors.shape[1],
        "sizes": MAX_N,
        "norms": MAX_N,
        "kernel": 3,
        "starts": num_pictures + 1,
        "columns": num_values,
        **dict.fromkeys(("words", "parents", "idf"), int(sizes.sum())),
    }
    wrong = [name for name, length in lengths.items() if len(arrays[name]) != length]
    if projection.shape != (feature_size, vectors.shape[1]) or not num_pictures or wrong:
        raise ValueError(f"{', '.join(wrong) or 'projection'} has another size")
    sharpness, ridge, neighbours = arrays["kernel"]
    if not (
        0 <= sharpness <= 1e3 and ridge > 0 and neighbours >= 1 and (arrays["norms"] > 0).all()
    ):
        raise ValueError("its kernel cannot be right")
    _check_tree(arrays, vocabulary_size)
    starts, columns = arrays["starts"].astype(np.int64), arrays["columns"]
    if starts[0] or starts[-1] != num_values or (np.diff(starts) < 0).any():
        raise ValueError("starts leads nowhere")
    if num_values and not 0 <= columns.min() <= columns.max() < sizes.sum():
        raise ValueError("columns leads nowhere")


def _is_sane(array: np.ndarray) -> bool:
    """Whether all are numbers that float32 holds with room to multiply them."""
    return not array.size or float(np.abs(array).max()) < _LARGEST  # NaN is not


def _check_tree(arrays: Mapping[str, np.ndarray], vocabulary_size: int) -> None:
    sizes, before = arrays["sizes"], 1
    if (sizes < 0).any():
        raise ValueError("sizes has something below 0")
    edges = np.cumsum(sizes)[:-1]
    for words, parents in zip(
        np.split(arrays["words"].astype(np.int64), edges),
        np.split(arrays["parents"].astype(np.int64), edges),
        strict=True,
    ):
        keys = parents * vocabulary_size + words
        known = not len(words) or (
            len(SPECIALS) <= words.min() <= words.max() < vocabulary_size
            and 0 <= parents.min() <= parents.max() < before
        )
        if not known or (np.diff(keys) <= 0).any():
            raise ValueError("its n-grams are no tree")
        before = len(words)


def _small(array: np.ndarray) -> np.ndarray:
    """Whole numbers from 0 on, in as few bytes as they need."""
    return array.astype(np.min_scalar_type(int(array.max(initial=0))))
