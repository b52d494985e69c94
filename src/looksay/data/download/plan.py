"""What is there, what is to be fetched, and whether the disk has room for it."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

from looksay.data.download.archives import Archive, in_words
from looksay.data.download.partial import Partial
from looksay.data.download.sources import ByHand, Source
from looksay.data.download.unpack import staged_size, staging_folder
from looksay.errors import DataError

DOWNLOADS = "downloads"  # the folder inside the data set's where archives lie


@dataclass(frozen=True)
class Step:
    """An archive to fetch and unpack. present, staged: bytes that came, and that are unpacked."""

    archive: Archive
    path: Path
    present: int
    staged: int

    @property
    def to_come(self) -> int:
        return max(self.archive.size - self.present, 0)

    @property
    def to_unpack(self) -> int:
        return max(self.archive.unpacked_size - self.staged, 0)


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What a download of `source` into `folder` does; sizes in bytes."""

    source: Source
    folder: Path
    steps: tuple[Step, ...]
    there: tuple[Archive, ...]  # nothing of these is missing
    keep_archives: bool
    free: int

    @property
    def downloads(self) -> Path:
        return self.folder / DOWNLOADS

    @property
    def to_come(self) -> int:
        """Bytes to download."""
        return sum(step.to_come for step in self.steps)

    @property
    def most_room(self) -> int:
        """Bytes needed beyond what is there, at the moment when that is most."""
        most = held = 0
        for step in self.steps:
            most = max(most, held + step.to_come + step.to_unpack)
            held += step.to_unpack
            held += step.to_come if self.keep_archives else -step.present
        by_hand = self.archive_by_hand()
        if by_hand is not None:  # photographs unpack to about the size of their archive
            most = max(most, held + by_hand.stat().st_size - staged_size(by_hand))
        return most

    def missing_by_hand(self) -> ByHand | None:
        """What is still to be asked for with a form; None where nothing is."""
        by_hand = self.source.by_hand
        return None if by_hand is None or by_hand.piece.is_there(self.folder) else by_hand

    def archive_by_hand(self) -> Path | None:
        """The archive of it that the user has put into the folder for downloads."""
        by_hand = self.missing_by_hand()
        paths = (self.downloads / name for name in (by_hand.names if by_hand else ()))
        return next((path for path in paths if path.is_file()), None)

    def check_room(self) -> None:
        """Raises DataError where the disk is too small."""
        if self.most_room > self.free:
            raise DataError(
                f"{self.source.title} needs {in_words(self.most_room)} while it is unpacked and "
                f"{self.folder} has {in_words(self.free)} left; free some space or choose a folder "
                "on another disk."
            )

    def lines(self) -> list[str]:
        """What is there, what comes, and what room it takes, for the user to agree to."""
        lines = [f"{self.source.title} in {self.folder}"]
        lines += [f"  {self._describe_there(archive)}" for archive in self.there]
        lines += [f"  {_describe(step)}" for step in self.steps]
        lines += self._lines_by_hand()
        if self.steps:
            unpacked = sum(step.archive.unpacked_size for step in self.steps)
            lines.append(
                f"To download: {in_words(self.to_come)}; unpacked about {in_words(unpacked)}. "
                f"Room needed at once {in_words(self.most_room)}; free {in_words(self.free)}."
            )
        return [*lines, f"Licence: {self.source.licence}"]

    def _describe_there(self, archive: Archive) -> str:
        path = self.downloads / archive.name
        still = f" ({path} is no longer needed)" if path.is_file() else ""
        return f"{archive.name}: {archive.what}, there already{still}"

    def _lines_by_hand(self) -> list[str]:
        by_hand, archive = self.missing_by_hand(), self.archive_by_hand()
        if by_hand is None:
            return []
        if archive is not None:
            return [f"  {archive.name}: {by_hand.what}, in {self.downloads}, to be unpacked"]
        return [f"  {by_hand.what}: not there. {by_hand.instructions(self.downloads)}"]


def _describe(step: Step) -> str:
    archive = step.archive
    about = "" if archive.size_is_exact else "about "
    text = f"{archive.name}: {archive.what}, {about}{in_words(archive.size)}"
    if step.present:
        text += f", of which {in_words(step.present)} are there"
    return text


def make_plan(source: Source, folder: Path, *, keep_archives: bool = False) -> Plan:
    """Look at the folder, which need not exist, and say what is to be done."""
    steps, there = [], []
    for archive in source.archives:
        path = folder / DOWNLOADS / archive.name
        # What is still being put in place has all its pieces before it has all its files.
        if archive.is_there(folder) and not staging_folder(path).exists():
            there.append(archive)
        else:
            present = path.stat().st_size if path.is_file() else Partial(path).size
            steps.append(Step(archive, path, present, staged_size(path)))
    return Plan(
        source=source,
        folder=folder,
        steps=tuple(steps),
        there=tuple(there),
        keep_archives=keep_archives,
        free=shutil.disk_usage(_existing(folder)).free,
    )


def _existing(folder: Path) -> Path:
    """The folder, or the nearest one above it that exists."""
    absolute = folder.absolute()
    return next(place for place in (absolute, *absolute.parents) if place.exists())
