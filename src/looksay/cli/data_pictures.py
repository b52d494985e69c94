"""Where the pictures of a cleaned data set are: below the folder of its metadata.jsonl.

`folder:DIR` reads nothing outside DIR, not even through symbolic links, so a metadata.jsonl stands
above the pictures it names, or they are brought there: as hard links, which take no space, and as
copies where those cannot be made (another disk, another owner, out of an archive).
"""

from __future__ import annotations

import filecmp
import os
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from looksay.data.folder import CSV
from looksay.errors import DataError, UsageError
from looksay.images import find_archive, open_file

if TYPE_CHECKING:
    from looksay.data import Record


def check_folder(folder: Path) -> None:
    """UsageError where a metadata.jsonl would make the folder one that cannot be read."""
    if (folder / CSV).exists():
        raise UsageError(
            f"{folder} has a {CSV} already, and folder:{folder} reads one file of captions; write "
            "to another folder, with --with-pictures."
        )


def name_pictures(records: Sequence[Record], folder: Path) -> list[str]:
    """Each record's picture as its path below the folder, with forward slashes.

    Raises UsageError, naming a folder that would do, for a picture elsewhere.
    """
    above = folder.resolve()
    places: dict[Path, Path] = {}  # a folder -> where it really is; looked up once, not per picture
    names = []
    for record in records:
        parent = record.image.parent
        if parent not in places:
            if find_archive(record.image) is not None:
                raise UsageError(
                    f"{record.image} lies in an archive, and a metadata.jsonl names files: unpack "
                    "the pictures below its folder with --with-pictures."
                )
            places[parent] = parent.resolve()
        place = places[parent]
        if not place.is_relative_to(above):
            raise UsageError(_elsewhere(records, folder))
        names.append((place.relative_to(above) / record.image.name).as_posix())
    return names


def _elsewhere(records: Sequence[Record], folder: Path) -> str:
    common = Path(os.path.commonpath([record.image.parent.absolute() for record in records]))
    return (
        f"The pictures are in {common}, not in {folder}, and a metadata.jsonl names pictures below "
        f"its own folder: write --output {common / 'metadata.jsonl'}, or bring the pictures along "
        "with --with-pictures."
    )


def bring_pictures(records: Sequence[Record], folder: Path) -> list[str]:
    """Link or copy the pictures into the folder under their records' names; those names.

    Raises DataError where another file has a picture's place.
    """
    for record in records:
        place = folder / record.name
        place.parent.mkdir(parents=True, exist_ok=True)
        if place.exists():
            if not _is_same(record.image, place):
                raise DataError(
                    f"{place} is another picture than {record.image}; write to an empty folder."
                )
            continue
        _link_or_copy(record.image, place)
    return [record.name for record in records]


def _is_same(picture: Path, other: Path) -> bool:
    if find_archive(picture) is None:
        return picture.samefile(other) or filecmp.cmp(picture, other, shallow=False)
    with open_file(picture) as file:
        return file.read() == other.read_bytes()


def _link_or_copy(source: Path, place: Path) -> None:
    try:
        os.link(source.resolve(), place)
    except OSError:
        partial = place.with_name(f"{place.name}.partial")
        try:
            with open_file(source) as file, partial.open("wb") as copy:
                shutil.copyfileobj(file, copy)
            partial.replace(place)
        finally:
            partial.unlink(missing_ok=True)
