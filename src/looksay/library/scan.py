"""Comparing folders with the database: what is new, changed, moved, copied or gone.

Nothing is captioned here. A new content gets a row without a caption, which says that there is
still something to do, in this run or, where it is interrupted, in the next.
"""

from __future__ import annotations

import sqlite3
import time
from collections import Counter
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from looksay.captioner.stream import ahead
from looksay.errors import ImageError
from looksay.images import FolderError, find_images
from looksay.library.batches import batches
from looksay.library.database import transaction
from looksay.library.fingerprint import Fingerprint, Stamp, take_fingerprint, take_stamp
from looksay.library.report import Report
from looksay.library.roots import Part

_READERS, _READ_AT_ONCE = 4, 16


class Known(NamedTuple):
    """What the database has of a file."""

    stamp: Stamp
    content_id: int
    gone: bool


class Found(NamedTuple):
    """A file to be entered: its place, what it is known by and its content."""

    part: Part
    path: bytes
    stamp: Stamp
    content: Fingerprint
    before: Known | None


class Scan:
    """One look through some parts of the library; `finish` enters what is gone.

    rehash: read every file, though its size, time and inode are the database's.
    settle_seconds: leave out files changed so short a time ago: somebody may still be writing.
    say: takes a sentence on each file or folder that cannot be read. advance: called for each file.
    """

    def __init__(
        self,
        connection: sqlite3.Connection,
        report: Report,
        *,
        rehash: bool = False,
        settle_seconds: float = 0.0,
        allow_empty: bool = False,
        say: Callable[[str], None] = print,
        advance: Callable[[], None] = lambda: None,
    ) -> None:
        self._connection, self._report, self._rehash = connection, report, rehash
        self._settle_seconds, self._allow_empty = settle_seconds, allow_empty
        self._say, self._advance = say, advance
        self._arrived: Counter[int] = Counter()  # known contents found in new places
        self._left: list[tuple[Part, bytes, Known]] = []
        self.unsettled: list[Path] = []

    def look(self, part: Part) -> bool:
        """Enter what is new or changed in a part, and remember what is no longer there.

        False where the part seems to lie on a disk that is not connected.
        """
        known = self._known(part)
        here = sum(not was.gone for was in known.values())
        if here and not self._allow_empty and (missing := _missing(part)):
            self._problem(
                f"{missing}, though the library has {here:,} of its files; they are kept. "
                "Connect the disk, or give --allow-empty where they are meant to be gone."
            )
            return False
        changed = self._changed(part, self._paths(part, known), known)
        with closing(_fingerprints(changed)) as read:
            for batch in batches(self._readable(read)):
                self._enter(batch)
        self._left += [(part, path, was) for path, was in known.items() if not was.gone]
        return True

    def finish(self) -> None:
        """Mark what no longer is where it was; contents that no file has any more are dropped."""
        now = datetime.now(UTC).isoformat(timespec="seconds")
        departed = Counter(was.content_id for _, _, was in self._left)
        moved = (departed & self._arrived).total()
        self._report.moved += moved
        self._report.copied += self._arrived.total() - moved
        self._report.gone += departed.total() - moved
        with transaction(self._connection):
            self._connection.executemany(
                "UPDATE files SET gone_at = ? WHERE root_id = ? AND path = ?",
                ((now, part.root_id, path) for part, path, _ in self._left),
            )
            self._connection.executemany(
                "DELETE FROM files WHERE content_id = ? AND gone_at IS NOT NULL AND EXISTS ("
                "SELECT 1 FROM files AS other WHERE other.content_id = files.content_id "
                "AND other.gone_at IS NULL)",
                ((content_id,) for content_id in {*departed, *self._arrived}),
            )
            self._connection.execute(
                "DELETE FROM contents WHERE NOT EXISTS "
                "(SELECT 1 FROM files WHERE files.content_id = contents.id)"
            )

    def _known(self, part: Part) -> dict[bytes, Known]:
        condition, values = part.where
        rows = self._connection.execute(
            "SELECT path, bytes, mtime_ns, inode, content_id, gone_at IS NOT NULL FROM files "
            f"WHERE {condition}",
            values,
        )
        return {row[0]: Known(Stamp(*row[1:4]), row[4], bool(row[5])) for row in rows}

    def _paths(self, part: Part, known: dict[bytes, Known]) -> Iterator[Path]:
        """The photographs in a folder; what lies in unreadable ones stays as it is known."""
        for found in find_images([part.folder]) if part.folder.is_dir() else ():
            if isinstance(found, Path):
                self._advance()
                yield found
            elif isinstance(found, FolderError):
                self._problem(str(found))
                inside = part.relative(found.folder) + b"/"
                for path in [path for path in known if path.startswith(inside) or inside == b"./"]:
                    del known[path]
            elif not known and not part.inside:  # no photographs, and there never were any
                self._problem(str(found))

    def _changed(
        self, part: Part, paths: Iterable[Path], known: dict[bytes, Known]
    ) -> Iterator[tuple[Path, Found]]:
        """Those of the files that must be read, still without their contents."""
        for path in paths:
            name = part.relative(path)
            before = known.get(name)
            try:
                stamp = take_stamp(path)
            except FileNotFoundError:  # deleted this moment, or a link that points nowhere
                if path.is_symlink():
                    self._problem(f"{path} is a link to a file that does not exist.")
                continue
            except OSError as error:
                known.pop(name, None)
                self._problem(f"{path} cannot be read: {error.strerror}.")
                continue
            known.pop(name, None)
            self._report.files += 1
            if 0 <= time.time() - stamp.mtime_ns / 1e9 < self._settle_seconds:
                self.unsettled.append(path)
            elif before is None or before.gone or before.stamp != stamp or self._rehash:
                yield path, Found(part, name, stamp, _UNREAD, before)

    def _readable(
        self, read: Iterable[tuple[Path, Found, Fingerprint | ImageError]]
    ) -> Iterator[Found]:
        for path, found, content in read:
            if isinstance(content, ImageError):
                self._problem(str(content))
            elif _is_as(path, found.stamp):
                yield found._replace(content=content)
            else:
                self.unsettled.append(path)

    def _enter(self, batch: list[Found]) -> None:
        with transaction(self._connection):
            for found in batch:
                self._enter_one(found)

    def _enter_one(self, found: Found) -> None:
        content_id, is_new = self._content(found.content)
        self._connection.execute(
            "INSERT INTO files (root_id, path, bytes, mtime_ns, inode, content_id) "
            "VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (root_id, path) DO UPDATE SET bytes = "
            "excluded.bytes, mtime_ns = excluded.mtime_ns, inode = excluded.inode, "
            "content_id = excluded.content_id, gone_at = NULL",
            (found.part.root_id, found.path, *vars(found.stamp).values(), content_id),
        )
        before = found.before
        if before is not None and before.content_id == content_id:
            self._report.returned += before.gone
        elif before is not None and not before.gone:
            self._report.changed += 1
        elif is_new:
            self._report.new += 1
        else:
            self._arrived[content_id] += 1

    def _content(self, content: Fingerprint) -> tuple[int, bool]:
        row = self._connection.execute(
            "SELECT id FROM contents WHERE sha256 = ?", (content.sha256,)
        ).fetchone()
        if row:
            return row[0], False
        cursor = self._connection.execute(
            "INSERT INTO contents (sha256, width, height) VALUES (?, ?, ?)",
            (content.sha256, content.width, content.height),
        )
        return int(cursor.lastrowid or 0), True

    def _problem(self, sentence: str) -> None:
        self._report.problems += 1
        self._say(sentence)


def _missing(part: Part) -> str | None:
    """What looks like a disk that is not connected: no folder, or its empty place."""
    if not part.root.is_dir():
        return f"{part.root} is not there"
    try:
        return None if any(part.root.iterdir()) else f"{part.root} is empty"
    except OSError:  # searching it says why
        return None


_UNREAD = Fingerprint(b"", None, None)


def _is_as(path: Path, stamp: Stamp) -> bool:
    try:
        return take_stamp(path) == stamp
    except OSError:
        return False


def _fingerprints(
    changed: Iterable[tuple[Path, Found]],
) -> Generator[tuple[Path, Found, Fingerprint | ImageError]]:
    """Each file's content, read in a few threads, in order."""
    with ThreadPoolExecutor(_READERS, "looksay-read") as pool:
        parts = batches(changed, size=_READ_AT_ONCE)
        started = ([(*item, pool.submit(_read, item[0])) for item in part] for part in parts)
        for part in ahead(started):
            for path, found, future in part:
                yield path, found, future.result()


def _read(path: Path) -> Fingerprint | ImageError:
    try:
        return take_fingerprint(path)
    except ImageError as error:
        return error
