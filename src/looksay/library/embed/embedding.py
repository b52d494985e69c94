"""A description into a photograph, and out of it again, byte for byte."""

from __future__ import annotations

import base64
import enum
import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

from looksay.errors import EmbedError
from looksay.files import replace_file
from looksay.images import ImageLimits
from looksay.images.read import picture_format, read_file
from looksay.library.embed.checking import check_written
from looksay.library.embed.exiftool import ExifTool, Tags
from looksay.library.embed.fields import SUFFIXES, arguments, read_description
from looksay.library.embed.journal import NAME, Entry, Journal
from looksay.library.embed.patches import apply_patch, make_patch


class State(enum.Enum):
    """What happened to a photograph; the value is what people read."""

    WRITTEN = "written"
    WOULD_BE_WRITTEN = "would be written"
    KEPT = "kept"
    UNCHANGED = "unchanged"
    UNDONE = "undone"
    NOTHING_TO_UNDO = "nothing to undo"


@dataclass(frozen=True, kw_only=True)
class Wishes:
    """What a person may want otherwise.

    Args:
        dry_run: change nothing, say what would be.
        overwrite: replace descriptions that others have written.
        keep_time: leave the time of a file's last change as it was.
        journal: one journal for all photographs; None: one in each folder.
    """

    dry_run: bool = False
    overwrite: bool = False
    keep_time: bool = False
    journal: Path | None = None

    def journal_of(self, photograph: Path) -> Journal:
        """Where the way back of a photograph is kept."""
        return Journal(Path(os.path.abspath(self.journal or photograph.parent / NAME)))


@dataclass(frozen=True, kw_only=True)
class Before:
    """A photograph as it was found: what it says of itself, and what its bytes were."""

    path: Path
    kind: str
    tags: Tags
    sha256: str

    @property
    def kept(self) -> str:
        """The description that looksay leaves alone; "" where there is none."""
        said = read_description(self.tags)
        return "" if said.ours else said.text


def look(name: Path, exiftool: ExifTool) -> Before:
    """Reads what a photograph says of itself. ImageError or EmbedError where it cannot be written
    into."""
    path = Path(os.path.realpath(name))
    data = read_file(path, ImageLimits())
    kind = picture_format(data, str(name), ImageLimits())
    if kind not in SUFFIXES:
        raise EmbedError(
            f"A {kind} file cannot keep a description safely; JPEG, PNG, WebP, TIFF and AVIF can."
        )
    tags = exiftool.read(path)
    if any(group.startswith("JUMBF:") for group in tags):
        raise EmbedError(
            "It carries signed content credentials (C2PA), which any change would break; it was "
            "left alone."
        )
    return Before(path=path, kind=kind, tags=tags, sha256=_sha256(data))


def embed(before: Before, text: str, exiftool: ExifTool, wishes: Wishes) -> State:
    """Writes the text into a photograph that was looked at.

    The new bytes are made and checked apart from the file, which they replace in one step. Raises
    EmbedError where it changed in the meantime or anything but its description would change.
    """
    if before.kept and not wishes.overwrite:
        return State.KEPT
    said = read_description(before.tags)
    if said.ours and said.text == text:
        return State.UNCHANGED
    told = arguments(text, before.kind, before.tags)
    data = _read_same(before.path, before.sha256)
    new = exiftool.write(data, SUFFIXES[before.kind], told)
    check_written(data, new, before.kind, before.tags, exiftool.read_bytes(new), text)
    if wishes.dry_run:
        return State.WOULD_BE_WRITTEN
    _replace(before, data, new, text, wishes)
    return State.WRITTEN


def undo(name: Path, wishes: Wishes) -> State:
    """Gives a photograph the bytes back that it had before looksay first wrote into it.

    A photograph is known by its content, so that it may have been moved within its folder. Raises
    EmbedError where it has been changed since by something else.
    """
    path = Path(os.path.realpath(name))
    journal = wishes.journal_of(path)
    entries = journal.entries()
    if not entries:
        return State.NOTHING_TO_UNDO
    data = now = read_file(path, ImageLimits())
    own_name, used = journal.name_of(path), list[Entry]()
    while entry := _latest(entries, _sha256(data), own_name, used):
        data = _go_back(data, entry)
        used.append(entry)
    if not used:
        return _check_unknown(entries, own_name, _sha256(now))
    if not wishes.dry_run:
        _read_same(path, _sha256(now))
        _put(path, data, used[-1].mtime_ns)
        journal.remove(used)
    return State.UNDONE


def _replace(before: Before, data: bytes, new: bytes, text: str, wishes: Wishes) -> None:
    path, mtime_ns = before.path, before.path.stat().st_mtime_ns
    patch = make_patch(data, new)
    if apply_patch(patch, new, len(data)) != data:
        raise EmbedError("The way back could not be made, so it was left as it was.")
    journal = wishes.journal_of(path)
    journal.add(
        Entry(
            file=journal.name_of(path),
            before=before.sha256,
            after=_sha256(new),
            size=len(data),
            mtime_ns=mtime_ns,
            text=text,
            patch=base64.b64encode(patch).decode("ascii"),
        )
    )
    _read_same(path, before.sha256)
    _put(path, new, mtime_ns if wishes.keep_time else None)


def _put(path: Path, data: bytes, mtime_ns: int | None) -> None:
    try:
        replace_file(path, data, mtime_ns=mtime_ns)
    except OSError as error:
        raise EmbedError(
            f"It cannot be written: {error.strerror or error}; it is as it was."
        ) from error


def _read_same(path: Path, sha256: str) -> bytes:
    """The file's bytes, which must still be those that were looked at."""
    data = read_file(path, ImageLimits())
    if _sha256(data) != sha256:
        raise EmbedError("It has changed in the meantime and was left alone; run again.")
    return data


def _latest(entries: list[Entry], sha256: str, name: str, used: list[Entry]) -> Entry | None:
    """The entry that led to these bytes, rather the one of this name."""
    found = [entry for entry in entries if entry.after == sha256 and entry not in used]
    return max(found, key=lambda entry: entry.file == name, default=None)


def _go_back(data: bytes, entry: Entry) -> bytes:
    old = apply_patch(entry.way_back, data, entry.size)
    if _sha256(old) != entry.before:
        raise EmbedError("The journal's way back is damaged; the photograph is as it was.")
    return old


def _check_unknown(entries: list[Entry], name: str, sha256: str) -> State:
    """A photograph that no entry led to: either it is as before, or it has been changed."""
    if any(entry.file == name for entry in entries) and not any(
        entry.before == sha256 for entry in entries
    ):
        raise EmbedError(
            "Something else has changed it since looksay wrote into it, so it was left alone."
        )
    return State.NOTHING_TO_UNDO


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
