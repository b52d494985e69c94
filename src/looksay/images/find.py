"""From the names a user gives to the pictures they mean."""

from __future__ import annotations

import glob
import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from looksay.errors import ImageError

# What counts as a picture inside a folder, upper or lower case. HEIC stands here although not
# every installation reads it: telling the user beats passing over half of their photographs.
SUFFIXES = frozenset(
    ".jpg .jpeg .jpe .jfif .png .webp .gif .bmp .tif .tiff .avif .heic .heif".split()
)


def is_picture_name(name: str) -> bool:
    """Whether a file of this name is taken where a folder, a store or an archive is gone through:
    it has a picture's suffix and is not hidden."""
    return not name.startswith(".") and os.path.splitext(name)[1].lower() in SUFFIXES


class FolderError(ImageError):
    """A folder that cannot be searched; what lies in it is not known."""

    def __init__(self, folder: str, reason: str) -> None:
        super().__init__(f"{folder} cannot be searched: {reason}.")
        self.folder = folder


def find_images(arguments: Iterable[str | os.PathLike[str]]) -> Iterator[Path | ImageError]:
    """The picture files that the arguments name, one after the other, each once.

    A file is taken whatever its suffix. A folder is searched through, names in alphabetical
    order, its own files before those of its subfolders; hidden files and folders (".name") and
    files without a picture's suffix are left out. A name that does not exist but holds `*`, `?`
    or `[` is expanded as a shell would (`**` goes down into folders); matches without a picture's
    suffix are left out, unless the pattern ends in a suffix of its own (`*.dat`).

    What cannot be found is yielded as an ImageError with its sentence, in its place in the order,
    so that one bad name does not stop the others.
    """
    seen: set[str] = set()
    for argument in arguments:
        for found in _expand(Path(argument)):
            if isinstance(found, ImageError):
                yield found
            elif (key := os.path.abspath(found)) not in seen:
                seen.add(key)
                yield found


def _expand(path: Path) -> Iterator[Path | ImageError]:
    try:
        if path.is_dir():
            yield from _search(path)
        elif os.path.lexists(path):
            yield path
        elif glob.has_magic(str(path)):
            yield from _match(str(path))
        else:
            yield ImageError(f"{path} does not exist; check its name.")
    except (OSError, ValueError) as error:  # a zero byte in the name, a name too long
        yield ImageError(f"{str(path)!r} cannot be read: {error}.")


def _match(pattern: str) -> Iterator[Path | ImageError]:
    any_suffix = bool(Path(pattern).suffix)
    matches = [
        match
        for match in sorted(glob.glob(pattern, recursive=True))
        if any_suffix or os.path.isdir(match) or Path(match).suffix.lower() in SUFFIXES
    ]
    if not matches:
        yield ImageError(f"No picture matches {pattern}; check the pattern.")
    for match in matches:
        path = Path(match)
        if not path.is_dir():
            yield path
        elif "**" not in pattern:  # `**` has gone down there itself
            yield from _search(path)


def _search(folder: Path) -> Iterator[Path | ImageError]:
    found = False
    for item in _walk(folder):
        found = True
        yield item
    if not found:
        yield ImageError(f"{folder} holds no pictures; name a folder with JPEG or PNG files.")


def _walk(folder: Path) -> Iterator[Path | ImageError]:
    """Streams a folder's pictures: a photo library need not fit into memory."""
    problems: list[OSError] = []
    for parent, folders, files in os.walk(folder, onerror=problems.append):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(files):
            path = Path(parent, name)
            # no pipes: they would block
            if is_picture_name(name) and (path.is_file() or path.is_symlink()):
                yield path
        while problems:
            yield _unreadable(problems.pop())
    while problems:
        yield _unreadable(problems.pop())


def _unreadable(error: OSError) -> FolderError:
    return FolderError(str(error.filename), error.strerror or str(error))
