"""A file on its way: NAME.partial has the bytes that came, NAME.partial.json what they are of.

The record is written before the first byte and says which version of the file this is (the
server's ETag or date) and how long it is, so that only bytes of one version are ever put together.
"""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from email.message import Message
from pathlib import Path
from typing import BinaryIO

from looksay.files import replace_file


@dataclass(frozen=True, kw_only=True)
class Version:
    """Which version of a file a server sends. total: its bytes, where the server said."""

    etag: str = ""
    last_modified: str = ""
    total: int | None = None

    @classmethod
    def of(cls, headers: Message, total: int | None) -> Version:
        return cls(
            etag=headers.get("ETag") or "",
            last_modified=headers.get("Last-Modified") or "",
            total=total,
        )

    @property
    def validator(self) -> str:
        """What If-Range may compare: a weak ETag is not allowed there (RFC 9110, 13.1.5)."""
        return self.last_modified if self.etag.startswith("W/") else self.etag or self.last_modified

    def contradicts(self, other: Version) -> bool:
        """Whether both say something of which at least one thing differs."""
        pairs = [(self.etag, other.etag), (self.total, other.total)]
        if not (self.etag and other.etag):
            pairs.append((self.last_modified, other.last_modified))
        return any(mine != theirs for mine, theirs in pairs if mine and theirs)


class Partial:
    """The partial file that will be `path` once it is whole."""

    def __init__(self, path: Path) -> None:
        self._whole = path
        self.path = path.with_name(f"{path.name}.partial")
        self._record = path.with_name(f"{path.name}.partial.json")

    @property
    def size(self) -> int:
        """Bytes that are there."""
        try:
            return self.path.stat().st_size
        except (FileNotFoundError, NotADirectoryError):
            return 0

    @property
    def version(self) -> Version:
        """What the bytes are of; an empty Version where that is not known."""
        try:
            return Version(**json.loads(self._record.read_text(encoding="utf-8")))
        except (OSError, ValueError, TypeError):
            return Version()

    def start_over(self, version: Version) -> None:
        """Throw away what is there and note what comes now."""
        self.discard()
        self.note(version)

    def note(self, version: Version) -> None:
        """Write down what the bytes are of."""
        replace_file(self._record, json.dumps(asdict(version)).encode())

    def discard(self) -> None:
        """Throw away what is there: the bytes first, so that they are never without a record."""
        self.path.unlink(missing_ok=True)
        self._record.unlink(missing_ok=True)

    def open(self) -> BinaryIO:
        return self.path.open("ab")

    def finish(self) -> None:
        """Give the whole file its name, once it is on the disk itself."""
        with self.path.open("ab") as file:
            os.fsync(file.fileno())
        os.replace(self.path, self._whole)
        self._record.unlink(missing_ok=True)
