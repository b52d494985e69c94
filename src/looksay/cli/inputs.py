"""From the command line's arguments to the pictures they mean, one at a time and in order."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from looksay.errors import ImageError, UsageError

if TYPE_CHECKING:  # imported late: `looksay caption --help` needs neither NumPy nor Pillow
    from looksay.images import ImageLimits

STDIN = "-"


@dataclass(frozen=True)
class Picture:
    """A picture to caption: the name it goes by in the output, and where its bytes are."""

    name: str
    source: Path | bytes


@dataclass(frozen=True)
class Problem:
    """A picture that cannot be had, and the sentence that says why."""

    name: str
    sentence: str


def check_inputs(arguments: Sequence[str], files_from: str | None) -> None:
    """Refuses, before anything is read, a command line that names nothing or stdin twice."""
    if not arguments and files_from is None:
        raise UsageError(
            "name a picture, a folder or a pattern, or use --files-from; "
            "`looksay caption --demo` needs none."
        )
    if list(arguments).count(STDIN) + (files_from == STDIN) > 1:
        raise UsageError("standard input (-) can be read only once; name it once.")
    if (STDIN in arguments or files_from == STDIN) and sys.stdin.isatty():
        raise UsageError("- reads standard input, but nothing is piped into it.")


def find_pictures(arguments: Iterable[str], files_from: str | None) -> Iterator[Picture | Problem]:
    """Every picture named, each once; what cannot be found comes as a Problem in its place."""
    from looksay.images import find_images

    seen: set[str] = set()
    for argument in all_names(arguments, files_from):
        if argument == STDIN and files_from != STDIN:
            yield read_stdin()
            continue
        for found in find_images([argument]):
            if isinstance(found, ImageError):
                yield Problem(argument, str(found))
            elif (place := os.path.abspath(found)) not in seen:
                seen.add(place)
                yield Picture(str(found), found)


def all_names(arguments: Iterable[str], files_from: str | None) -> Iterator[str]:
    """The arguments, then the names in the list, a file's or standard input's, one a line."""
    yield from arguments
    if files_from == STDIN:
        yield from _lines(sys.stdin.buffer)
    elif files_from is not None:
        with open(files_from, "rb") as file:
            yield from _lines(file)


def _lines(file: BinaryIO) -> Iterator[str]:
    """The names in a list, one a line, as raw bytes so that any file name can stand there."""
    for number, line in enumerate(file):
        if number == 0:
            line = line.removeprefix(b"\xef\xbb\xbf")  # the mark some Windows editors put first
        if name := line.rstrip(b"\r\n"):
            yield os.fsdecode(name)


def read_stdin(limits: ImageLimits | None = None) -> Picture | Problem:
    """One picture's bytes from standard input, and never more of them than a picture may have."""
    from looksay.images import ImageLimits

    most = (limits or ImageLimits()).max_bytes
    data = sys.stdin.buffer.read(most + 1)
    if not data:
        return Problem(STDIN, "Standard input is empty; pipe one picture's bytes into it.")
    if len(data) > most:
        return Problem(
            STDIN, f"Standard input holds more than {most // 2**20} MiB; that is no picture."
        )
    return Picture(STDIN, data)
