"""Where the records go: standard output, or a file that an interrupted run goes on with.

A file of text, JSON lines or CSV grows by one record at a time, each written through at once; a
line torn by a kill is cut off when the next run opens the file. A JSON array cannot grow, so it is
rewritten beside its place and moved there, at most every few seconds and at the end.
"""

from __future__ import annotations

import csv
import io
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol, TextIO, cast

from looksay.cli.exits import describe_os_error
from looksay.cli.records import CSV_COLUMNS, text_name, to_csv_row, to_json_line, to_text_line
from looksay.cli.resume import Earlier, read_earlier
from looksay.errors import LooksayError, UsageError
from looksay.files import replace_file
from looksay.locks import LockTaken, sole_writer

FORMATS = ("text", "json", "jsonl", "csv")
SECONDS_BETWEEN_REWRITES = 5.0

Record = dict[str, Any]


class Writer(Protocol):
    """Takes records one by one."""

    def is_done(self, name: str) -> bool:
        """Whether an earlier run has written this picture already."""

    def write(self, record: Record) -> None: ...

    def close(self) -> None: ...


def guess_format(chosen: str | None, output: Path | None) -> str:
    """The format asked for; without a word, the one that the output file's suffix says."""
    if chosen:
        return chosen
    suffix = output.suffix.lower().lstrip(".") if output else ""
    return suffix if suffix in FORMATS else "text"


@contextmanager
def alone_at(output: Path | None) -> Iterator[None]:
    """Keeps other `looksay caption` from an output file meanwhile; LooksayError where one is at it.

    Standard output, pipes and devices are everybody's.
    """
    if output is None or not _is_own_file(output):
        yield
        return
    try:
        with sole_writer(output):
            yield
    except LockTaken:
        raise LooksayError(
            f"Another `looksay caption` is writing {output}; wait until it has ended, or name "
            "another --output file."
        ) from None


def _is_own_file(output: Path) -> bool:
    """Or one to be; /dev/stdout may lead to a file, which is the shell's."""
    special = output.exists() and not output.is_file()
    return not special and output.parent not in (
        Path("/dev"),
        Path("/dev/fd"),
        Path("/proc/self/fd"),
    )


def open_writer(format: str, output: Path | None, *, attention: bool = False) -> Writer:
    """The writer for a format, on standard output or on a file, which may hold earlier records.

    Raises UsageError where the file cannot have been written by such a command.
    """
    if output is None:
        return _open_stream(format, sys.stdout)
    if output.is_dir():
        raise UsageError(f"--output {output} is a folder; name a file.")
    try:
        if output.exists() and not output.is_file():  # a pipe, a device: nothing to go on from
            return _open_stream(format, RawFile(output, "wb"))
        earlier = read_earlier(format, output, attention=attention)
        if format == "json":
            return _JsonFile(output, earlier)
        return _Appender(format, output, earlier)
    except OSError as error:
        raise LooksayError(describe_os_error(error, output)) from error


class RawFile:
    """A file written through without a buffer: what failed once is not tried again at the end."""

    def __init__(self, path: Path, mode: str) -> None:
        self._path = path
        self._file = cast(io.FileIO, open(path, mode, buffering=0))

    def write(self, text: str) -> None:
        data = memoryview(text.encode("utf-8", "surrogateescape"))
        try:
            while data and not self._file.closed:
                data = data[self._write_some(data) :]  # a full disk may take a part of it
        except OSError as error:
            self.close()
            raise LooksayError(describe_os_error(error, self._path)) from error

    def _write_some(self, data: memoryview) -> int:
        return self._file.write(data) or 0

    def flush(self) -> None: ...

    def close(self) -> None:
        self._file.close()


def _open_stream(format: str, stream: TextIO | RawFile) -> Writer:
    return _JsonStream(stream) if format == "json" else _Stream(format, stream)


def _finish(stream: TextIO | RawFile) -> None:
    stream.flush()
    if isinstance(stream, RawFile):
        stream.close()


def _formatter(format: str) -> Callable[[Record], str]:
    return {"text": _text, "jsonl": lambda r: to_json_line(r) + "\n", "csv": _csv}[format]


def _text(record: Record) -> str:
    return "" if record["error"] else to_text_line(record) + "\n"


def _csv(record: Record) -> str:
    return csv_line(to_csv_row(record))


def csv_line(row: list[str] | tuple[str, ...]) -> str:
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="\n").writerow(row)
    return buffer.getvalue()


class _Stream:
    """Records one after the other, each flushed, so that a pipe has it at once."""

    def __init__(self, format: str, stream: TextIO | RawFile, *, heading: bool = True) -> None:
        self._format, self._stream = _formatter(format), stream
        if format == "csv" and heading:
            stream.write(csv_line(CSV_COLUMNS))

    def is_done(self, name: str) -> bool:
        return False

    def write(self, record: Record) -> None:
        self._stream.write(self._format(record))
        self._stream.flush()

    def close(self) -> None:
        _finish(self._stream)


class _JsonStream:
    """A JSON array, an element a line."""

    def __init__(self, stream: TextIO | RawFile) -> None:
        self._stream, self._separator = stream, "["

    def is_done(self, name: str) -> bool:
        return False

    def write(self, record: Record) -> None:
        self._stream.write(f"{self._separator}\n{to_json_line(record)}")
        self._stream.flush()
        self._separator = ","

    def close(self) -> None:
        self._stream.write("[]\n" if self._separator == "[" else "\n]\n")
        _finish(self._stream)


class _Appender(_Stream):
    """A file of text, JSON lines or CSV that grows."""

    def __init__(self, format: str, path: Path, earlier: Earlier) -> None:
        self._path, self._earlier, self._plain_names = path, earlier, format != "text"
        if earlier.rewrite is not None:
            replace_file(path, earlier.rewrite)
        file = RawFile(path, "ab")
        super().__init__(format, file, heading=path.stat().st_size == 0)

    def is_done(self, name: str) -> bool:
        return (name if self._plain_names else text_name(name)) in self._earlier.done

    def write(self, record: Record) -> None:
        self._earlier.check_model(self._path, record)
        super().write(record)


class _JsonFile:
    """A file that holds one JSON array, complete at every moment."""

    def __init__(self, path: Path, earlier: Earlier) -> None:
        self._path, self._earlier = path, earlier
        self._records = list(earlier.records)
        self._saved_at, self._changed = time.monotonic(), not path.exists()

    def is_done(self, name: str) -> bool:
        return name in self._earlier.done

    def write(self, record: Record) -> None:
        self._earlier.check_model(self._path, record)
        self._records.append(record)
        self._changed = True
        if time.monotonic() - self._saved_at > SECONDS_BETWEEN_REWRITES:
            self._save()

    def close(self) -> None:
        if self._changed:
            self._save()

    def _save(self) -> None:
        lines = ",\n".join(to_json_line(record) for record in self._records)
        try:
            replace_file(self._path, f"[\n{lines}\n]\n".encode() if lines else b"[]\n")
        except OSError as error:
            raise LooksayError(describe_os_error(error, self._path)) from error
        self._saved_at, self._changed = time.monotonic(), False
