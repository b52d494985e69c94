"""Text files and pictures' names as data sets bring them, none of which is to be trusted."""

from __future__ import annotations

from pathlib import Path, PureWindowsPath

from looksay.errors import DataError


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


def clean_caption(caption: str) -> str:
    """The caption on one line, its spaces single; empty where no letter or digit is in it."""
    if not any(map(str.isalnum, caption)):
        return ""
    return " ".join(caption.split())


def check_name(name: str, where: str) -> str:
    """The name of a picture below the data set's folder, with forward slashes and no "." parts.

    Raises DataError, beginning with `where` (file and line), for a name that could lead outside:
    absolute, of another drive, or with ".." in it.
    """
    slashed = name.strip().replace("\\", "/")
    parts = [part for part in slashed.split("/") if part not in ("", ".")]
    outside = slashed.startswith("/") or PureWindowsPath(slashed).drive or ".." in parts
    if outside or not parts or "\0" in slashed:
        raise DataError(
            f"{where}: {name!r} is no path inside the data set's folder; "
            "write pictures' names relative to that folder."
        )
    return "/".join(parts)


class ImageFolder:
    """Finds pictures below `folder`, and nothing outside it, not even through symbolic links.

    `inside` is the data set's folder where it is wider than `folder`.
    """

    def __init__(self, folder: Path, inside: Path | None = None):
        self.folder = folder
        self._inside = (inside or folder).resolve()
        self._safe: dict[Path, bool] = {}

    def find(self, name: str, where: str) -> Path | None:
        """The file of a checked name; None where there is none. DataError for one outside."""
        path = self.folder / name
        try:
            if not path.is_file():
                return None
        except OSError:  # such as a name too long for the file system
            return None
        if not self._is_inside(path):
            raise DataError(f"{where}: {path} is a link that leads out of {self._inside}.")
        return path

    def _is_inside(self, path: Path) -> bool:
        """Whether the real file is inside; a folder is resolved once, a file only if a link."""
        if path.is_symlink():
            return path.resolve().is_relative_to(self._inside)
        if path.parent not in self._safe:
            self._safe[path.parent] = path.parent.resolve().is_relative_to(self._inside)
        return self._safe[path.parent]
