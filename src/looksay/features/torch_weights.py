"""Reads the tensors of a PyTorch checkpoint (legacy format) without PyTorch, and without trust.

A `.pth` file of the legacy format is a row of pickles (magic number, protocol, system, the state
dict, the storage keys) and then each storage: its length as int64 and its raw values. The pickles
are read by an unpickler that knows four names and refuses every other, so a file cannot run code.
"""

from __future__ import annotations

import collections
import math
import pickle
import pickletools
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from looksay.errors import FeatureError

_MOST_VALUES = 1 << 31  # of one tensor; no backbone's have so many
_MOST_REMEMBERED = 1_000_000  # a network has some hundreds of tensors
_MAGIC = 0x1950A86A20F9469CFC6C
_DTYPES = {"FloatStorage": np.float32, "LongStorage": np.int64, "HalfStorage": np.float16}


class _Storage:
    """One flat array of the file; tensors are views of it. Its values are read last."""

    def __init__(self, dtype: type, size: int) -> None:
        self.values: np.ndarray = np.zeros(size, dtype)


def _rebuild_tensor(storage: _Storage, offset: int, size: tuple, stride: tuple, *_: Any) -> tuple:
    return storage, offset, size, stride


class _RestrictedUnpickler(pickle.Unpickler):
    def __init__(self, file: BinaryIO, storages: dict[str, _Storage]) -> None:
        super().__init__(file)
        self._storages = storages

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) == ("collections", "OrderedDict"):
            return collections.OrderedDict
        if (module, name) == ("torch._utils", "_rebuild_tensor_v2"):
            return _rebuild_tensor
        if module == "torch" and name in _DTYPES:
            return _DTYPES[name]
        raise FeatureError(f"the weights file asks for {module}.{name}, which no weights need")

    def persistent_load(self, pid: Any) -> _Storage:
        kind, dtype, key, _, size = pid[:5]
        if kind != "storage" or dtype not in _DTYPES.values():
            raise FeatureError(f"the weights file holds a {kind!r} where a storage was expected")
        if not isinstance(size, int) or not 0 <= size <= _MOST_VALUES:
            raise FeatureError(f"the weights file promises {size!r:.40} numbers")
        return self._storages.setdefault(key, _Storage(dtype, size))


def read_torch_weights(path: str | Path) -> dict[str, np.ndarray]:
    """The named tensors of a legacy PyTorch checkpoint, as NumPy arrays in PyTorch's layout.

    Raises FeatureError when the file is not such a checkpoint, is cut short, or names anything
    but tensors.
    """
    with open_weights(Path(path), "not a PyTorch weights file") as file:
        return _read(file)


@contextmanager
def open_weights(path: Path, otherwise: str) -> Iterator[BinaryIO]:
    """A weights file to read pickles from; whatever goes wrong inside is a FeatureError that names
    the file. otherwise: what a file is that cannot be read as one."""
    try:
        with path.open("rb") as file:
            yield file
    except FeatureError as error:
        raise FeatureError(f"{path}: {error}") from None
    except OSError as error:
        raise FeatureError(f"{path}: cannot be read ({error.strerror})") from error
    except Exception as error:  # a damaged pickle can raise nearly anything
        raise FeatureError(f"{path} is {otherwise}, or is damaged") from error


def check_pickle(file: BinaryIO) -> None:
    """FeatureError where the pickle that comes next gives what it remembers a number beyond
    measure: Python makes room for all numbers below, so that ten bytes take gigabytes."""
    start = file.tell()
    for code, argument, _ in pickletools.genops(file):
        if code.name in ("PUT", "BINPUT", "LONG_BINPUT") and int(argument or 0) > _MOST_REMEMBERED:
            raise FeatureError("it is made to fill the memory")
    file.seek(start)


def _read(file: BinaryIO) -> dict[str, np.ndarray]:
    storages: dict[str, _Storage] = {}

    def load() -> Any:
        check_pickle(file)
        return _RestrictedUnpickler(file, storages).load()

    if load() != _MAGIC:
        raise FeatureError("it is not a PyTorch weights file of the legacy format")
    load(), load()  # protocol version, system information
    tensors = load()
    for key in load():
        values = storages[key].values
        size = int(np.frombuffer(file.read(8), np.int64)[0])
        data = file.read(size * values.itemsize)
        if size != values.size or len(data) != values.nbytes:
            raise FeatureError("it is cut short")
        values[:] = np.frombuffer(data, values.dtype)
    return {name: _tensor(*parts) for name, parts in tensors.items()}


def _tensor(storage: _Storage, offset: int, size: tuple, stride: tuple) -> np.ndarray:
    # what lies before or behind the values is other memory
    if not all(isinstance(n, int) and n >= 0 for n in (offset, *size, *stride)):
        raise FeatureError("a tensor has a place or a size that cannot be")
    values = storage.values[offset:]
    last = sum((n - 1) * s for n, s in zip(size, stride, strict=True)) if size else 0
    if last >= values.size or math.prod(size) > values.size:
        raise FeatureError("a tensor reaches beyond its values")
    strides = tuple(s * values.itemsize for s in stride)
    return np.lib.stride_tricks.as_strided(values, size, strides).copy()
