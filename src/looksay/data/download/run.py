"""Carrying out a plan: each archive fetched, checked, unpacked, and looked at once more."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from looksay.data.download.archives import Piece, in_words
from looksay.data.download.checks import check_archive
from looksay.data.download.fetch import Patience, Say, fetch
from looksay.data.download.partial import Partial
from looksay.data.download.plan import Plan, Step
from looksay.data.download.unpack import unpack
from looksay.errors import DataError


def carry_out(
    plan: Plan, *, say: Say, patience: Patience | None = None, progress: bool = False
) -> None:
    """Do what is to be done; may be stopped at any moment and called again with a new plan.

    say: gets sentences about what happens. Raises DataError for what cannot be fetched, is not
    what it should be, or does not fit on the disk; and, after everything else, where something is
    missing that only its owners can give.
    """
    plan.check_room()
    if plan.steps or plan.archive_by_hand():
        with _alone(plan.downloads):
            for step in plan.steps:
                _carry_out_step(plan, step, say, patience, progress)
            _unpack_by_hand(plan, say, progress)
    _check_by_hand(plan)


def what_is_kept(plan: Plan) -> str:
    """A sentence on what a stopped download has left, and how to go on."""
    parts = [
        f"{in_words(partial.size)} of {step.archive.name} are kept in {partial.path}"
        for step in plan.steps
        if (partial := Partial(step.path)).size
    ]
    kept = "; ".join(parts) or f"what has come is kept in {plan.folder}"
    return f"{kept}. Run the same command again to go on."


def _carry_out_step(
    plan: Plan, step: Step, say: Say, patience: Patience | None, progress: bool
) -> None:
    archive, path = step.archive, step.path
    if not path.is_file():
        fetch(archive, path, say=say, patience=patience, progress=progress)
    check_archive(archive, path, say=say, progress=progress)
    unpack(
        path,
        plan.folder,
        into=archive.into,
        members=archive.members,
        progress=progress,
    )
    for piece in archive.pieces:
        _check_piece(plan.folder, piece, path)
    if not plan.keep_archives:
        path.unlink()
    say(f"{archive.name}: {archive.what} unpacked.")


def _unpack_by_hand(plan: Plan, say: Say, progress: bool) -> None:
    """Unpack what the user has fetched; it is never deleted, for it cost an application."""
    by_hand, path = plan.source.by_hand, plan.archive_by_hand()
    if by_hand is None or path is None:
        return
    unpack(path, plan.folder, progress=progress)
    _check_piece(plan.folder, by_hand.piece, path)
    say(f"{path}: {by_hand.what} unpacked; you may delete it.")


def _check_piece(folder: Path, piece: Piece, path: Path) -> None:
    found = piece.count(folder)
    if found < piece.num_files:
        raise DataError(
            f"{folder / piece.places[0]} has {found:,} of {piece.num_files:,} files after {path} "
            "was unpacked, so this is not the archive it should be; delete it and fetch another."
        )


def _check_by_hand(plan: Plan) -> None:
    by_hand = plan.missing_by_hand()
    if by_hand is None:
        return
    found = by_hand.piece.count(plan.folder)
    place = plan.folder / by_hand.piece.places[0]
    state = f"{place} has {found:,} of {by_hand.piece.num_files:,}" if found else f"no {place}"
    raise DataError(
        f"the {by_hand.what} are missing ({state}). {by_hand.instructions(plan.downloads)}"
    )


@contextmanager
def _alone(downloads: Path) -> Iterator[None]:
    """Make the folder for downloads, and see that nobody else downloads into it meanwhile."""
    try:
        downloads.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DataError(f"{downloads} cannot be made: {error.strerror or error}.") from error
    with _lock(downloads):
        try:
            yield
        finally:
            if not any(downloads.iterdir()):
                downloads.rmdir()


@contextmanager
def _lock(folder: Path) -> Iterator[None]:
    """A lock on the folder, which ends with the process however that ends."""
    try:
        import fcntl
    except ImportError:  # Windows locks no folders
        yield
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        os.close(descriptor)
        raise DataError(
            f"another looksay download is at work in {folder}; wait for it, or stop it."
        ) from error
    try:
        yield
    finally:
        os.close(descriptor)
