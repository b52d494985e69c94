"""A folder of results: Parquet parts, each written whole or not at all, and none ever appended to.

    _looksay.json                    says whose folder it is, and by which model
    captions-<time>-<run>-<n>.parquet    rows of `looksay.scale.rows`

A part's name sorts by the time of its run, so that of two rows of one picture the later is known.
"""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import time
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from looksay.errors import ScaleError, UsageError
from looksay.files import replace_file
from looksay.json_text import parse_json
from looksay.places import explained, is_url, open_place
from looksay.scale.items import Item
from looksay.scale.rows import SCHEMA, Row, to_table

MARK = "_looksay.json"
KEYS = ("image", "identity", "error")  # the columns that say what is done
PART_ROWS, PART_SECONDS = 10_000, 60.0  # a part is written when it is so large, or so old


def digest(*texts: str) -> bytes:
    """A short stand-in for texts, so that millions can be remembered."""
    return hashlib.blake2b(
        "\0".join(texts).encode("utf-8", "surrogateescape"), digest_size=16
    ).digest()


def _rows_of(keys: Any) -> Iterator[tuple[Any, ...]]:
    return zip(*(keys[name].to_pylist() for name in KEYS), strict=True)


class Parts:
    """The folder of one captioning job; `folder` is a path or the address of one in a store.

    Raises ScaleError where it cannot be read or written, UsageError where it holds something else,
    or captions by another model.
    """

    def __init__(self, folder: str, model: str) -> None:
        self.folder = folder
        self._fs, path = open_place(folder)
        self._path = path.rstrip("/")
        self._done: dict[bytes, bytes] = {}  # picture -> picture and content
        self._rows: list[Row] = []
        self._saved_at = time.monotonic()
        now = datetime.now(UTC).strftime("%Y%m%dT%H%M%S.%f")
        self._run, self._number = f"{now}-{secrets.token_hex(3)}", 0
        self._changed = False  # whether a picture done before has changed since
        self._claim(model)
        self._tidy(keep_errors=False)

    def __len__(self) -> int:
        """How many pictures have a caption from before or from this run."""
        return len(self._done)

    def is_done(self, item: Item) -> bool:
        """Whether there is a caption of this very content under this name."""
        done = self._done.get(digest(item.name))
        if done is None:
            return False
        self._changed |= (changed := done != digest(item.name, item.identity))
        return not changed

    def add(self, rows: Iterable[Row]) -> None:
        """Takes rows; they are safe once a part has been written, see `save`."""
        self._rows += rows
        old = time.monotonic() - self._saved_at > PART_SECONDS
        if len(self._rows) >= PART_ROWS or (self._rows and old):
            self.save()

    def save(self) -> None:
        """Writes what has come in as a part."""
        if self._rows:
            self._write(f"captions-{self._run}-{self._number:06d}.parquet", to_table(self._rows))
            self._number += 1
            self._rows = []
        self._saved_at = time.monotonic()

    def close(self) -> None:
        """Writes the last part, and takes out rows that newer ones have replaced."""
        self.save()
        if self._changed:
            self._tidy(keep_errors=True)

    def _claim(self, model: str) -> None:
        """Marks the folder, which also shows that it can be written."""
        if not is_url(self.folder) and os.path.isfile(self.folder):
            raise UsageError(f"--output {self.folder} is a file; name a folder.")
        with explained(self.folder):
            self._fs.makedirs(self._path, exist_ok=True)
            mark = self._read_mark()
        if mark is None:
            if self._names():
                raise UsageError(
                    f"--output {self.folder} holds Parquet files that looksay has not written; "
                    "name another folder."
                )
            text = json.dumps({"schema": SCHEMA, "model": model})
            self._put(MARK, text.encode() + b"\n")
        elif mark.get("schema") != SCHEMA:
            raise UsageError(
                f"{self.folder} has results of schema {mark.get('schema')!r}, this looksay writes "
                f"schema {SCHEMA}; name another --output folder."
            )
        elif mark.get("model") != model:
            raise UsageError(
                f"{self.folder} holds captions by the model {mark.get('model')!r}, but these would "
                f"be by {model!r}; name another --output folder."
            )

    def _read_mark(self) -> dict[str, Any] | None:
        try:
            mark = parse_json(self._fs.cat_file(f"{self._path}/{MARK}"))
        except FileNotFoundError:
            return None
        except ValueError as error:
            raise ScaleError(
                f"{self.folder}/{MARK} is damaged; delete it together with the parts, or name "
                "another --output folder."
            ) from error
        return mark if isinstance(mark, dict) else {}

    def _names(self) -> list[str]:
        """The parts' names, the oldest first."""
        with explained(self.folder):
            try:
                found = self._fs.ls(self._path, detail=False)
            except FileNotFoundError:  # a store has no empty folders
                found = []
        names = (path.rstrip("/").rpartition("/")[2] for path in found)
        return sorted(n for n in names if n.endswith(".parquet") and n[0] not in "._")

    def _tidy(self, *, keep_errors: bool) -> None:
        """Leaves one row a picture, the latest; failures, which are tried again, only on request.

        A part is replaced by what is left of it in one step, so that it can be interrupted.
        """
        self._done = {}
        seen: set[bytes] = set()
        for name in reversed(self._names()):
            keys = self._read(name, list(KEYS))
            kept = []
            for image, identity, error in _rows_of(keys):
                key = digest(image)
                kept.append(key not in seen and (keep_errors or error is None))
                if kept[-1]:
                    seen.add(key)
                    if error is None:
                        self._done[key] = digest(image, identity)
            if not any(kept):
                with explained(self.folder):
                    self._fs.rm_file(f"{self._path}/{name}")
            elif not all(kept):
                self._write(name, self._read(name).filter(kept))
        self._changed = False

    def _read(self, name: str, columns: list[str] | None = None) -> Any:
        import pyarrow as pa
        import pyarrow.parquet as pq

        where = f"{self.folder}/{name}"
        try:
            with explained(where), self._fs.open(f"{self._path}/{name}", "rb") as file:
                parquet = pq.ParquetFile(file)
                if not set(KEYS) <= set(parquet.schema_arrow.names):
                    raise UsageError(
                        f"--output: {where} was not written by looksay; name another folder."
                    )
                return parquet.read(columns)
        except ScaleError as error:
            if isinstance(error.__cause__, pa.ArrowInvalid):
                raise ScaleError(
                    f"{where} is damaged; delete it and run the same command again, which does "
                    "its pictures anew."
                ) from error
            raise

    def _write(self, name: str, table: Any) -> None:
        import pyarrow as pa
        import pyarrow.parquet as pq

        buffer = pa.BufferOutputStream()
        pq.write_table(table, buffer, compression="zstd")
        self._put(name, buffer.getvalue().to_pybytes())

    def _put(self, name: str, content: bytes) -> None:
        """A file as a whole: moved into place here, one request in a store."""
        with explained(self.folder):
            if is_url(self.folder):
                self._fs.pipe_file(f"{self._path}/{name}", content)
            else:
                replace_file(Path(os.path.abspath(self.folder), name), content)
