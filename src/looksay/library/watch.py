"""Keeping a library current while files come and go."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from looksay.errors import LibraryError, MissingExtraError
from looksay.images import SUFFIXES
from looksay.library.index import PLAIN, QUIET, Choices, Index, Steps
from looksay.library.model import Model
from looksay.library.report import Report
from looksay.library.roots import Part

if TYPE_CHECKING:
    import threading

SETTLE_SECONDS = 2.0  # a file that was written to a shorter time ago is left alone
_PATIENCE_SECONDS = 20.0  # ... and keeps the others waiting for no longer than this
_DEBOUNCE_MILLISECONDS = 1000
_TICK_MILLISECONDS = 500


def watch_index(
    index: Index,
    parts: Sequence[Part],
    model: Model,
    steps: Steps = QUIET,
    *,
    polling: bool = False,
    stop: threading.Event | None = None,
) -> Iterator[Report]:
    """Update the library whenever something changes in these parts, for ever; each update's report.

    Only the folders in which something has changed are looked through, once what is being written
    there has come to rest.

    polling: look at every file now and again, for network drives that tell of no changes. Taken by
    itself where the system can watch no more folders.

    Raises MissingExtraError without the library that watches, LibraryError where a folder is gone.
    """
    changes = _changes([part.folder for part in parts], polling, stop, steps)
    touched, since = set(next(changes, ())), time.monotonic()  # watched from before the first look
    report, unsettled = index.update(parts, model, PLAIN, steps)
    yield report
    touched |= set(unsettled)
    choices = Choices(retry=False, settle_seconds=SETTLE_SECONDS)
    for changed in changes:
        touched |= changed
        if not touched:
            since = time.monotonic()
        elif not _is_busy(touched) or time.monotonic() - since > _PATIENCE_SECONDS:
            report, unsettled = index.update(_touched_parts(parts, touched), model, choices, steps)
            touched, since = set(unsettled), time.monotonic()
            if _has_changed(report):
                yield report


def _is_busy(touched: set[Path]) -> bool:
    """Whether something has been written to just now."""
    now = time.time()
    return any(0 <= now - _mtime(path) < SETTLE_SECONDS for path in touched)


def _mtime(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0


def _has_changed(report: Report) -> bool:
    return any(number for name, number in vars(report).items() if name not in _STANDING)


_STANDING = ("files", "waiting", "other_model")  # are told of however little has happened


def _touched_parts(parts: Sequence[Part], touched: set[Path]) -> list[Part]:
    """The smallest folder around what was touched, of each part."""
    found = []
    for part in parts:
        inside = {folder for path in touched if (folder := _searched_folder(part, path))}
        if inside:
            folder = Path(os.path.commonpath(inside))
            whole = folder == part.folder
            found.append(part if whole else Part(part.root_id, part.root, part.relative(folder)))
    return found


def _searched_folder(part: Part, path: Path) -> Path | None:
    """The folder of a path, or the nearest around it that is still there; None where a look through
    the part would not come by: elsewhere, in hidden folders or behind links to folders."""
    if path == part.folder or not path.is_relative_to(part.folder):
        return None
    folder = part.folder
    for name in path.relative_to(folder).parts[:-1]:
        inner = folder / name
        if name.startswith(".") or inner.is_symlink():
            return None
        if not inner.is_dir():
            break
        folder = inner
    return folder


def _may_matter(_: object, path: str) -> bool:
    """Whether a change can concern a photograph: not where it is hidden or another kind of file."""
    place = Path(path)
    return not place.name.startswith(".") and (
        place.suffix.lower() in SUFFIXES or not place.is_file()
    )


def _changes(
    folders: Sequence[Path], polling: bool, stop: threading.Event | None, steps: Steps
) -> Iterator[set[Path]]:
    """What has changed, now and then also nothing."""
    watchfiles = _need_watchfiles()
    missing = [folder for folder in folders if not folder.is_dir()]
    if missing:
        raise LibraryError(f"{missing[0]} is not there and cannot be watched; connect its disk.")
    try:
        yield from _watch(watchfiles, folders, polling, stop)
    except (OSError, RuntimeError) as error:
        if polling or isinstance(error, FileNotFoundError):
            raise LibraryError(f"The folders cannot be watched: {error}.") from error
        steps.say(f"The system cannot watch so many folders ({error}); looking at them instead.")
        yield from _watch(watchfiles, folders, True, stop)


def _watch(watchfiles, folders, polling, stop) -> Iterator[set[Path]]:
    watching = watchfiles.watch(
        *folders,
        watch_filter=_may_matter,
        debounce=_DEBOUNCE_MILLISECONDS,
        rust_timeout=_TICK_MILLISECONDS,
        yield_on_timeout=True,
        force_polling=polling or None,
        stop_event=stop,
    )
    for changes in watching:
        yield {Path(path) for _, path in changes}


def _need_watchfiles() -> Any:
    try:
        import watchfiles
    except ImportError as error:
        raise MissingExtraError(
            "--watch needs the library watchfiles; install it with: pip install 'looksay[library]'"
        ) from error
    return watchfiles
