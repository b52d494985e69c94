"""The feature store: a folder that keeps the features of pictures, so that they are computed once.

    store.json     what the features depend on (backbone, weights, preprocessing); written once
    features.f16   rows of R x D float16 values, appended
    boxes.f32      rows of R x 6 float32 values, where the R are regions of the picture, and not
                   places of a grid (see `looksay.runtime.regions`)
    index.txt      one line a row, `<SHA-256 of the file> <view>`, appended after its row is on disk
    lock           empty; held by the one process that adds rows

A row counts only when its line in the index is whole, so a run killed at any moment leaves a store
that the next one goes on with. Rows never move, so that any number of processes may read while one
adds some. They are memory-mapped: the pages belong to the system's cache.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import shutil
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from sys import intern
from typing import Any

import numpy as np

from looksay.errors import FeatureError
from looksay.files import replace_file
from looksay.images import open_file
from looksay.json_text import parse_json
from looksay.locks import sole_holder
from looksay.runtime.regions import BOX_SIZE, region_mask

logger = logging.getLogger(__name__)
FORMAT = 1
ROW_TYPE, BOX_TYPE = np.dtype(np.float16), np.dtype(np.float32)
Key = tuple[str, str]  # content hash, view


def content_hash(path: str | Path) -> str:
    """SHA-256 of a file's bytes: the same picture has the same features, wherever it lies. OSError
    where it cannot be read, ImageError where it lies in a damaged archive."""
    with open_file(path) as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


class FeatureStore:
    """Features by (content hash, view); see the module for the files.

    identity: what the features depend on; a store of another identity raises FeatureError. Where
    it has `regions`, each row has `max_regions` of them and their boxes, else the places of `grid`.
    """

    def __init__(self, folder: str | Path, identity: dict[str, Any]) -> None:
        self.folder = Path(folder)
        self.identity = {"format": FORMAT, **identity}
        self.has_regions = "regions" in identity
        if self.has_regions:
            places = identity["regions"]["max_regions"]
        else:
            places = int(np.prod(identity["grid"]))
        self.row_shape = (places, identity["feature_size"])
        self._files = {self._features_path: int(np.prod(self.row_shape)) * ROW_TYPE.itemsize}
        if self.has_regions:
            self._files[self._boxes_path] = places * BOX_SIZE * BOX_TYPE.itemsize
        self._is_writing = False
        self._claim_folder()
        self._rows = self._read_index()

    def __len__(self) -> int:
        return len(self._rows)

    def __contains__(self, key: Key) -> bool:
        return key in self._rows

    def missing(self, keys: Iterable[Key]) -> list[Key]:
        """Those keys that have no features yet, each once, in order."""
        return [key for key in dict.fromkeys(keys) if key not in self._rows]

    def rows(self, keys: Sequence[Key]) -> np.ndarray:
        """The row numbers of keys; FeatureError when one has no features."""
        try:
            return np.array([self._rows[key] for key in keys], np.int64)
        except KeyError as error:
            raise FeatureError(
                f"{self.folder} has no features of a picture ({error.args[0][1]} view); "
                "run `looksay extract` again"
            ) from None

    def array(self) -> np.ndarray:
        """All features (N, R, D) float16, memory-mapped and read-only."""
        if not self._rows:
            return np.zeros((0, *self.row_shape), ROW_TYPE)
        return np.memmap(
            self._features_path, ROW_TYPE, "r", shape=(len(self._rows), *self.row_shape)
        )

    def boxes(self) -> np.ndarray | None:
        """All regions' boxes (N, R, 6) float32, memory-mapped and read-only; None of a grid."""
        if not self.has_regions:
            return None
        shape = len(self._rows), self.row_shape[0], BOX_SIZE
        if not self._rows:
            return np.zeros(shape, BOX_TYPE)
        return np.memmap(self._boxes_path, BOX_TYPE, "r", shape=shape)

    def masks(self) -> np.ndarray | None:
        """1 where a row has a region and 0 where it is padding, float32 (N, R); None of a grid."""
        boxes_NR6 = self.boxes()
        return None if boxes_NR6 is None else region_mask(boxes_NR6)

    def disk_need(self, num_rows: int) -> int:
        """Bytes that so many further rows take."""
        return num_rows * sum(self._files.values())

    def check_space(self, num_rows: int) -> None:
        """FeatureError when the disk has no room for so many further rows."""
        need, free = self.disk_need(num_rows), shutil.disk_usage(self.folder).free
        if need > free:
            raise FeatureError(
                f"the features need {need / 1e6:,.1f} MB and {self.folder} has {free / 1e6:,.1f} "
                "MB left; free some space or choose another folder with --features"
            )

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Keeps other processes from adding rows meanwhile; where one is at it, waits for it to end
        and takes in what it has added. Within another `writing` it does nothing.

        Raises FeatureError where the folder cannot be written.
        """
        if self._is_writing:
            yield
            return
        with self._locked():
            self._is_writing = True
            try:
                self._rows = self._read_index()
                self._cut_off()
                yield
            finally:
                self._is_writing = False

    def append(
        self, keys: Sequence[Key], features_NRD: np.ndarray, boxes_NR6: np.ndarray | None = None
    ) -> None:
        """Add rows: first the values, on disk, then the lines that make them count. Those that
        another process has added in the meantime are left out.

        boxes_NR6: the regions' boxes, in a store that has them.
        """
        parts = [np.ascontiguousarray(features_NRD, ROW_TYPE)]
        if boxes_NR6 is not None:
            parts.append(np.ascontiguousarray(boxes_NR6, BOX_TYPE))
        if len(parts) != len(self._files):
            raise ValueError("a store of regions takes boxes, a store of grids takes none")
        with self.writing():
            new = [number for number, key in enumerate(keys) if key not in self._rows]
            self._append([keys[number] for number in new], [part[new] for part in parts])

    def _append(self, keys: Sequence[Key], parts: Sequence[np.ndarray]) -> None:
        try:
            for path, part in zip(self._files, parts, strict=True):
                with path.open("ab") as file:
                    file.write(part.tobytes())
                    _sync(file)
            with self._index_path.open("a", encoding="ascii") as file:
                file.write("".join(f"{digest} {view}\n" for digest, view in keys))
                _sync(file)
        except OSError as error:
            self._rows = self._read_index()  # lines may have got there whole
            self._cut_off()
            raise self._cannot_write(error.strerror) from error
        for key in keys:
            self._rows[key] = len(self._rows)

    @contextmanager
    def _locked(self) -> Iterator[None]:
        path = self.folder / "lock"
        with ExitStack() as stack:
            try:
                path.touch()  # where it cannot be made, this tells why
                stack.enter_context(sole_holder(path, on_wait=self._tell_of_waiting))
            except (OSError, sqlite3.Error) as error:
                raise self._cannot_write(getattr(error, "strerror", error)) from error
            yield

    def _tell_of_waiting(self) -> None:
        logger.warning(
            "another run is adding features to %s; waiting until it has ended", self.folder
        )

    def _cannot_write(self, reason: object) -> FeatureError:
        return FeatureError(
            f"{self.folder}: features cannot be written ({reason}); "
            "what is there is kept, and the next run goes on from it"
        )

    @property
    def _features_path(self) -> Path:
        return self.folder / "features.f16"

    @property
    def _boxes_path(self) -> Path:
        return self.folder / "boxes.f32"

    @property
    def _index_path(self) -> Path:
        return self.folder / "index.txt"

    def _claim_folder(self) -> None:
        """Write the identity into a new store, or compare it with an existing one's."""
        path = self.folder / "store.json"
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            if not path.exists():
                with self._locked():
                    if not path.exists():
                        replace_file(path, (json.dumps(self.identity, indent=2) + "\n").encode())
            found = parse_json(path.read_text(encoding="utf-8"))
            if not isinstance(found, dict):
                raise ValueError("it is no JSON object")
        except OSError as error:
            raise FeatureError(f"{self.folder}: cannot keep features ({error.strerror})") from error
        except ValueError as error:
            raise FeatureError(f"{path} is damaged; delete {self.folder} to start anew") from error
        if ("regions" in found) != self.has_regions:
            kinds = ["features of a grid", "features of regions"]
            raise FeatureError(
                f"{self.folder} holds {kinds['regions' in found]}, and the recipe asks for "
                f"{kinds[self.has_regions]} (features.regions); choose another folder with "
                "--features"
            )
        if found != self.identity:
            differs = sorted(
                key for key in {*found, *self.identity} if found.get(key) != self.identity.get(key)
            )
            raise FeatureError(
                f"{self.folder} holds features of something else (other {', '.join(differs)}); "
                "choose another folder with --features"
            )

    def _read_index(self) -> dict[Key, int]:
        """The rows that count; more may be on the disk, half written or by a killed run."""
        # without an index no row counts: a run may have been killed before its first line
        whole = self._whole_lines()
        rows: dict[Key, int] = {}
        for row, line in enumerate(whole.decode("ascii", "replace").splitlines()):
            digest, _, view = line.partition(" ")
            rows[digest, intern(view)] = row
        for path, row_bytes in self._files.items():
            size = path.stat().st_size if path.exists() else 0
            expected = len(rows) * row_bytes
            if size < expected or len(rows) != whole.count(b"\n"):
                raise FeatureError(
                    f"{self.folder} is damaged (its index and features differ); delete it"
                )
        return rows

    def _cut_off(self) -> None:
        """Cuts off what does not count, so that further rows come in its place."""
        sizes = {self._index_path: len(self._whole_lines())}
        sizes |= {path: len(self._rows) * row_bytes for path, row_bytes in self._files.items()}
        for path, size in sizes.items():
            if path.exists() and path.stat().st_size > size:
                os.truncate(path, size)

    def _whole_lines(self) -> bytes:
        data = self._index_path.read_bytes() if self._index_path.exists() else b""
        return data[: data.rfind(b"\n") + 1]


def _sync(file: Any) -> None:
    file.flush()
    os.fsync(file.fileno())
