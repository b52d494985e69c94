"""The journal: for each photograph written into, the way back to its bytes before.

A file of JSON lines, one in each folder of photographs, so that it goes where they go; or one
for all where a person says so. A line is on the disk before its photograph changes.
"""

from __future__ import annotations

import base64
import binascii
import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO

from looksay.errors import EmbedError
from looksay.files import replace_file
from looksay.json_text import parse_json

NAME = ".looksay-undo.jsonl"


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One change of one photograph.

    Args:
        file: its path from the journal's folder on, with "/"; for people, since photographs are
            known by their content, wherever they have been moved to.
        before, after: SHA-256 of its bytes.
        size: how many bytes it had before.
        mtime_ns: when it had been changed last before.
        text: what was written.
        patch: from its bytes now to those before, in Base64.
    """

    file: str
    before: str
    after: str
    size: int
    mtime_ns: int
    text: str
    patch: str

    @property
    def way_back(self) -> bytes:
        """The patch's bytes. EmbedError where they are damaged."""
        try:
            return base64.b64decode(self.patch, validate=True)
        except binascii.Error as error:
            raise EmbedError(f"The journal's entry of {self.file} is damaged.") from error


class Journal:
    """One journal file. EmbedError where it cannot be read or written."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def name_of(self, photograph: Path) -> str:
        """How a photograph is named in it."""
        return Path(os.path.relpath(photograph, self.path.parent)).as_posix()

    def add(self, entry: Entry) -> None:
        """Puts an entry on the disk."""
        line = json.dumps(asdict(entry)) + "\n"
        try:
            with open(self.path, "a+b") as file:
                if file.tell() and not self._ends_whole(file):
                    line = "\n" + line  # a torn line stays alone
                file.write(line.encode())
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise EmbedError(
                f"The journal {self.path} cannot be written ({error.strerror or error}), and "
                "without it nothing could be undone; name another place with --journal."
            ) from error

    def entries(self) -> list[Entry]:
        """All entries, the oldest first; none where there is no journal."""
        return [entry for _, entry in self._lines()]

    def remove(self, used: list[Entry]) -> None:
        """Takes entries out; the journal goes when none is left. A run killed between an entry and
        its photograph has left it twice, and twice it goes."""
        lines = [line for line, entry in self._lines() if entry not in used]
        try:
            if lines:
                replace_file(self.path, b"".join(line + b"\n" for line in lines))
            else:
                self.path.unlink(missing_ok=True)
        except OSError as error:
            raise EmbedError(
                f"The journal {self.path} cannot be written: {error.strerror or error}."
            ) from error

    def _lines(self) -> list[tuple[bytes, Entry]]:
        try:
            content = self.path.read_bytes()
        except FileNotFoundError:
            return []
        except OSError as error:
            raise EmbedError(
                f"The journal {self.path} cannot be read: {error.strerror or error}."
            ) from error
        found = []
        for number, line in enumerate(content.split(b"\n"), 1):
            try:
                if line.strip():
                    found.append((line, Entry(**parse_json(line))))
            except (ValueError, TypeError) as error:
                if not line.startswith(b'{"file"'):  # else torn by a full disk or a kill
                    raise EmbedError(
                        f"{self.path} is no journal of looksay, or is damaged in line {number}; "
                        "move it away, or name another with --journal."
                    ) from error
        return found

    @staticmethod
    def _ends_whole(file: IO[bytes]) -> bool:
        file.seek(-1, os.SEEK_END)
        return bool(file.read(1) == b"\n")
