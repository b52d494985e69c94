"""Fetching an archive over HTTP: broken transfers are tried again and go on where they stopped."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from looksay.data.download.archives import Archive, in_words
from looksay.data.download.connection import (
    Answer,
    Broken,
    content_length,
    content_range,
    open_url,
    read_some,
)
from looksay.data.download.partial import Partial, Version
from looksay.errors import DataError

PARTIAL_CONTENT = 206
CHUNK = 1 << 18  # bytes read at once
Say = Callable[[str], None]


@dataclass(frozen=True, kw_only=True)
class Patience:
    """How stubbornly a download is tried: attempts in a row that bring nothing new, and seconds.

    The wait doubles from the first to the longest. A server that asks for more than `most_asked`
    is not waited for.
    """

    num_attempts: int = 6
    first_wait_seconds: float = 1.0
    longest_wait_seconds: float = 30.0
    most_asked_seconds: float = 600.0
    timeout_seconds: float = 60.0

    def wait(self, attempt: int, asked_seconds: float | None) -> float:
        """Seconds before the next attempt; `attempt` counts from 1."""
        own = min(self.first_wait_seconds * 2 ** (attempt - 1), self.longest_wait_seconds)
        return max(own, asked_seconds or 0.0)


def bytes_bar(name: str, total: int | None, *, done: int, wanted: bool) -> Any:
    """A progress bar that counts bytes."""
    from tqdm import tqdm

    return tqdm(
        desc=name,
        total=total,
        initial=done,
        unit="B",
        unit_scale=True,
        dynamic_ncols=True,
        disable=not wanted,
    )


def fetch(
    archive: Archive,
    path: Path,
    *,
    say: Say,
    patience: Patience | None = None,
    progress: bool = False,
) -> None:
    """Bring the archive to `path`, going on with the partial file beside it.

    Raises DataError where the server refuses, or where the attempts bring nothing new; what came
    is kept.
    """
    patience = patience or Patience()
    partial = Partial(path)
    attempts, most = 0, partial.size
    while not _is_whole(archive, partial):
        try:
            _transfer(archive, partial, patience, say, progress)
        except Broken as broken:
            if broken.start_over:
                partial.discard()
            # Only what was never reached before counts, or a server that always breaks at the
            # same byte would be asked for ever.
            attempts = 1 if partial.size > most else attempts + 1
            most = max(most, partial.size)
            _wait_or_give_up(archive, partial, broken, attempts, patience, say)
    partial.finish()


def _is_whole(archive: Archive, partial: Partial) -> bool:
    total = _total(archive, partial.version)
    return total is not None and 0 < total == partial.size


def _total(archive: Archive, version: Version) -> int | None:
    """Bytes of the whole file; None where neither the catalogue nor the server says."""
    return archive.size if archive.size_is_exact else version.total


def _transfer(
    archive: Archive, partial: Partial, patience: Patience, say: Say, progress: bool
) -> None:
    """One request. Raises Broken when it ends early; what it brought is in the partial file."""
    version = partial.version
    headers = {}
    if partial.size and version.validator:
        headers = {"Range": f"bytes={partial.size}-", "If-Range": version.validator}
    with open_url(archive.url, headers, timeout_seconds=patience.timeout_seconds) as answer:
        if answer.status == PARTIAL_CONTENT:
            _go_on(archive, answer, partial)
        else:
            _start_over(archive, answer, partial, say)
        total = _total(archive, partial.version)
        with bytes_bar(archive.name, total, done=partial.size, wanted=progress) as bar:
            _append(answer, partial, total, bar)
    if total is None:  # the end of the answer is all that tells the file's end
        partial.note(replace(partial.version, total=partial.size))
    if not _is_whole(archive, partial):  # as where the server announces, and sends, nothing
        raise Broken("what came cannot be the file", start_over=True)


def _go_on(archive: Archive, answer: Answer, partial: Partial) -> None:
    """Broken unless the answer goes on where the bytes end, with the same version of the file."""
    found = content_range(answer.headers)
    if found is None or found[0] != partial.size:
        raise Broken("the server sends another part than it was asked for", start_over=True)
    _check_announced(archive, found[1])
    version = partial.version
    if Version.of(answer.headers, found[1]).contradicts(version):
        raise Broken("the file at the source has changed", start_over=True)
    partial.note(replace(version, total=version.total or found[1]))


def _start_over(archive: Archive, answer: Answer, partial: Partial, say: Say) -> None:
    """Make ready for the whole file; Broken, all bytes kept, where this cannot be the file."""
    if answer.headers.get_content_type() == "text/html":
        raise Broken("a web page came instead of the file (is a log-in page in the way?)")
    announced = content_length(answer.headers)
    _check_announced(archive, announced)
    if partial.size:
        say(
            f"{archive.name}: the server sends the file from its beginning, so the "
            f"{in_words(partial.size)} that had come are thrown away."
        )
    partial.start_over(Version.of(answer.headers, announced))


def _check_announced(archive: Archive, announced: int | None) -> None:
    if archive.size_is_exact and announced not in (None, archive.size):
        raise Broken(f"the server announces {announced:,} bytes instead of {archive.size:,}")


def _append(answer: Answer, partial: Partial, total: int | None, bar: Any) -> None:
    size = partial.size
    with partial.open() as file:
        while total is None or size < total:
            data = read_some(answer, CHUNK if total is None else min(CHUNK, total - size))
            if not data:
                break
            file.write(data)
            size += len(data)
            bar.update(len(data))
    if total is not None and size < total:
        raise Broken(f"the connection ended after {in_words(size)} of {in_words(total)}")


def _wait_or_give_up(
    archive: Archive,
    partial: Partial,
    broken: Broken,
    attempts: int,
    patience: Patience,
    say: Say,
) -> None:
    """Wait for the next attempt, and say so. Raises DataError where there is to be none."""
    kept = f"{in_words(partial.size)} are kept in {partial.path}. " if partial.size else ""
    asked = broken.wait_seconds or 0.0
    if asked > patience.most_asked_seconds:
        raise DataError(
            f"{archive.url}: {broken}, and asks to come again in {asked / 60:.0f} minutes. "
            f"{kept}Run the same command again then."
        ) from broken
    if attempts >= patience.num_attempts:
        raise DataError(
            f"{archive.url}: {broken}, after {attempts} attempts. "
            f"{kept}Run the same command again to go on, or use another mirror with --base-url."
        ) from broken
    seconds = patience.wait(attempts, asked)
    say(f"{archive.name}: {broken}; trying again in {seconds:.0f} s.")
    time.sleep(seconds)
