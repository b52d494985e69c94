"""Text files and pictures' names as data sets bring them, none of which is to be trusted."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path, PureWindowsPath
from typing import Any

from looksay.errors import DataError
from looksay.json_text import parse_json

# What a field of a JSON file may be, as a sentence names it.
TYPE_NAMES = {str: "a text", int: "a whole number", list: "a list", dict: "an object {...}"}


def read_text(path: Path) -> str:
    """A text file's content: UTF-8 with or without a mark, any line ends, made "\\n".

    Raises DataError with the line where the file is not UTF-8.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror or error}.") from error
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise DataError(f"{path}, line {line}: not UTF-8 text; save the file as UTF-8.") from error
    return text.replace("\r\n", "\n").replace("\r", "\n")


def read_json(path: Path, shorten: Callable[[dict[str, Any]], Any] | None = None) -> Any:
    """A JSON file's content. `shorten` gets every object as it is read, and returns what is kept.

    Raises DataError with the place where it is not JSON, or ends too early.
    """
    text = read_text(path)
    try:
        return parse_json(text, shorten=shorten)
    except json.JSONDecodeError as error:
        reason = error.msg.removesuffix(" at")
        raise DataError(
            f"{path}: not JSON ({reason} at character {error.pos:,} of {len(text):,}); "
            "it may have been cut off, so copy or download it again."
        ) from error
    except ValueError as error:  # a number of 5,000 digits, endless brackets
        raise DataError(f"{path}: not JSON that can be read ({error}).") from error


def parse_object(text: str, where: str, example: str) -> dict[str, Any]:
    """A JSON object. DataError, beginning with `where`, for anything else."""
    try:
        fields = parse_json(text)
    except ValueError as error:
        raise DataError(f"{where}: not JSON ({error}).") from error
    if not isinstance(fields, dict):
        raise DataError(f"{where}: not a JSON object such as {example}.")
    return fields


def check_texts(values: Iterable[object], where: str) -> None:
    """DataError, beginning with `where`, for the first that is no text."""
    for value in values:
        if not isinstance(value, str):
            raise DataError(f"{where}: {_shown(value)} stands where a text should.")


def get_field(entry: object, name: str, types: type | tuple[type, ...], where: str) -> Any:
    """A JSON object's field. DataError, beginning with `where`, where it is missing or no `types`.

    `types` are among str, int, list and dict.
    """
    if not isinstance(entry, dict):
        raise DataError(
            f'{where}: {_shown(entry)} stands where an object {{"{name}": ...}} should.'
        )
    if name not in entry:
        raise DataError(f"{where}: there is no {name!r}.")
    value = entry[name]
    if not isinstance(value, types) or isinstance(value, bool):
        wanted = types if isinstance(types, tuple) else (types,)
        names = " or ".join(TYPE_NAMES[kind] for kind in wanted)
        raise DataError(f"{where}: {name!r} is {_shown(value)} where {names} should stand.")
    return value


def _shown(value: object) -> str:
    text = json.dumps(value)
    return text if len(text) <= 40 else f"{text[:40]} ..."


def clean_caption(caption: str) -> str:
    """The caption on one line, its spaces single; empty where no letter or digit is in it."""
    if not any(map(str.isalnum, caption)):
        return ""
    if not caption.isascii():  # JSON can spell half a character, which no file can be written with
        caption = caption.encode("utf-8", "replace").decode("utf-8")
    return " ".join(caption.split())


def check_name(name: str, where: str) -> str:
    """The name of a picture below the data set's folder, with forward slashes and no "." parts.

    Raises DataError, beginning with `where` (file and line), for a name that could lead outside:
    absolute, of another drive, or with ".." in it; and for one that no file can have.
    """
    slashed = name.strip().replace("\\", "/")
    parts = [part for part in slashed.split("/") if part not in ("", ".")]
    drive = ":" in slashed and PureWindowsPath(slashed).drive
    outside = slashed.startswith("/") or drive or ".." in parts
    if outside or not parts or "\0" in slashed or not _is_unicode(slashed):
        raise DataError(
            f"{where}: {name!r} is no path inside the data set's folder; "
            "write pictures' names relative to that folder."
        )
    return "/".join(parts)


def _is_unicode(text: str) -> bool:
    """Whether the text is made of whole characters (JSON can spell halves)."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


@dataclass(frozen=True)
class Listing:
    """A folder as it is on the disk: `files` are the plain ones in it, None where it isn't there.

    `inside` tells whether the real folder lies in the data set's.
    """

    folder: Path
    files: frozenset[str] | None
    inside: bool


class ImageFolder:
    """Finds pictures in the `places` below `folder`, and nothing outside `folder`, not even through
    symbolic links.

    Every folder is listed once: to ask the disk for each picture of COCO takes minutes where it is
    a network's.
    """

    def __init__(self, folder: Path, places: Sequence[str] = ("",)):
        self.folder = folder
        self.places = tuple(places)
        self._real = folder.resolve()
        self._listings: dict[str, Listing] = {}

    def require_places(self) -> None:
        """Raises DataError, naming the places, where none of them is a folder."""
        if not any((self.folder / place).is_dir() for place in self.places):
            raise DataError(f"{self.folder} has no photographs in {', '.join(self.places)}.")

    def find(self, name: str, where: str) -> Path | None:
        """The file of a checked name in the first place that has it; None where there is none.

        Raises DataError, beginning with `where`, for one outside the folder.
        """
        below, _, file = name.rpartition("/")
        for place in self.places:
            listing = self._listing(f"{place}/{below}")
            if listing.files and file in listing.files:
                return self._checked(listing.folder / file, listing.inside, where)
        return self._find_link(below, file, where)

    def _find_link(self, below: str, file: str, where: str) -> Path | None:
        """A file that no listing has: a link, or a name that the disk takes in another case."""
        for place in self.places:
            listing = self._listing(f"{place}/{below}")
            path = listing.folder / file
            if listing.files is not None and _is_file(path):
                return self._checked(path, path.resolve().is_relative_to(self._real), where)
        return None

    def _checked(self, path: Path, inside: bool, where: str) -> Path:
        if inside:
            return path
        raise DataError(
            f"{where}: {path} is a link that leads out of {self._real}; "
            "put the pictures themselves there."
        )

    def _listing(self, below: str) -> Listing:
        if below not in self._listings:
            folder = self.folder / below.strip("/")
            inside = folder.resolve().is_relative_to(self._real)
            self._listings[below] = Listing(folder, _plain_files(folder), inside)
        return self._listings[below]


def _plain_files(folder: Path) -> frozenset[str] | None:
    try:
        with os.scandir(folder) as entries:
            return frozenset(e.name for e in entries if e.is_file(follow_symlinks=False))
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError:  # a folder that may be entered but not listed, or a name too long
        return frozenset()


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:  # such as a name too long for the file system
        return False
