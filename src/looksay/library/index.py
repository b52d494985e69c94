"""A photo library kept current: folders compared with the database, new photographs captioned."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from looksay.errors import LibraryError
from looksay.library.captioning import caption_waiting, count_other_model, find_waiting
from looksay.library.database import open_to_write
from looksay.library.model import Model
from looksay.library.report import Report
from looksay.library.roots import Part, find_part, known_roots
from looksay.library.scan import Scan


class Steps(Protocol):
    """Is told how an update goes on."""

    def say(self, sentence: str) -> None:
        """Something about one file or folder."""

    def looking(self) -> Callable[[], None]:
        """The folders are being looked through; what it returns is called for each file."""
        ...

    def captioning(self, number: int) -> Callable[[], None]:
        """So many photographs are being captioned; what it returns is called for each."""
        ...


class Quiet:
    """Tells nobody."""

    def say(self, sentence: str) -> None: ...

    def looking(self) -> Callable[[], None]:
        return lambda: None

    def captioning(self, number: int) -> Callable[[], None]:
        return lambda: None


@dataclass(frozen=True, kw_only=True)
class Choices:
    """How an update is done.

    Args:
        rehash: read every file, though size, time and inode say that it is the same.
        recaption: caption anew what has a caption of another model or of other options.
        retry: try again what could not be captioned before.
        allow_empty: a root that is missing or empty has really lost its photographs.
        settle_seconds: leave out files changed so short a time ago.
    """

    rehash: bool = False
    recaption: bool = False
    retry: bool = True
    allow_empty: bool = False
    settle_seconds: float = 0.0


PLAIN, QUIET = Choices(), Quiet()


class Index:
    """A photo library's database, open to be kept current; make one with `open_index`."""

    def __init__(self, connection: sqlite3.Connection, path: Path) -> None:
        self._connection, self.path = connection, path

    def parts(self, folders: Sequence[str | os.PathLike[str]]) -> list[Part]:
        """Where to look: these folders, or without any all that the library knows."""
        parts = [find_part(self._connection, folder) for folder in folders]
        if folders:  # a folder around another one may have taken it over
            again = dict.fromkeys(find_part(self._connection, part.folder) for part in parts)
            return [part for part in again if not any(part.lies_in(other) for other in again)]
        if not (parts := known_roots(self._connection)):
            raise LibraryError(f"{self.path} knows no folder yet: `looksay index PHOTOS`.")
        return parts

    def update(
        self,
        parts: Sequence[Part],
        model: Model,
        choices: Choices = PLAIN,
        steps: Steps = QUIET,
    ) -> tuple[Report, list[Path]]:
        """Bring these parts up to date; what was done, and the files that somebody is writing.

        It may be interrupted at any moment: the next update goes on where this one was.
        """
        report = Report()
        scan = Scan(
            self._connection,
            report,
            rehash=choices.rehash,
            settle_seconds=choices.settle_seconds,
            allow_empty=choices.allow_empty,
            say=steps.say,
            advance=steps.looking(),
        )
        parts = [part for part in parts if scan.look(part)]
        scan.finish()
        report.waiting += len(scan.unsettled)
        model_id = model.number(self._connection)
        waiting = find_waiting(
            self._connection, parts, model_id, recaption=choices.recaption, retry=choices.retry
        )
        caption_waiting(
            self._connection,
            waiting,
            model,
            report,
            say=steps.say,
            advance=steps.captioning(len(waiting)),
        )
        report.other_model = count_other_model(self._connection, parts, model_id)
        return report, scan.unsettled


@contextmanager
def open_index(path: str | os.PathLike[str]) -> Iterator[Index]:
    """A photo library's database, made where there is none, for one run at a time.

    Raises LibraryError where it cannot be used, while it is opened and later.

    Example:
        >>> with open_index("photos.db") as index:
        ...     index.update(index.parts(["photos"]), Model.of(looksay.load()))
    """
    database = Path(path)
    with open_to_write(database) as connection:
        yield Index(connection, database)
