"""Names for the attention pictures, and saving them."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from looksay.cli.exits import describe_os_error
from looksay.cli.inputs import STDIN
from looksay.errors import LooksayError, UsageError

KINDS = ("png", "html", "gif", "webp")


class AttentionFiles:
    """`holiday/dog.jpg` becomes `DIR/dog-attention.png`: never the name of a photograph itself.

    Pictures of one name in several folders are numbered in the order they are given, those that
    an earlier run has done as well, so that a resumed run gives every picture the same name.
    """

    def __init__(self, folder: Path, kind: str) -> None:
        self._folder, self._kind = folder, kind
        self._taken: set[str] = set()
        self._paths: dict[str, Path] = {}

    def make_folder(self) -> None:
        """Raises UsageError where no folder can be."""
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
        except FileExistsError:
            raise UsageError(f"--attention {self._folder} is a file; name a folder.") from None
        except OSError as error:
            raise LooksayError(describe_os_error(error, self._folder)) from error

    def reserve(self, name: str) -> None:
        """Fixes the file name for a picture."""
        stem = "stdin" if name == STDIN else Path(name).stem
        number, free = 1, f"{stem}-attention"
        while free.casefold() in self._taken:  # not every file system tells Dog from dog
            number += 1
            free = f"{stem}-attention-{number}"
        self._taken.add(free.casefold())
        self._paths[name] = self._folder / f"{free}.{self._kind}"

    def drop(self, name: str) -> None:
        """Forgets a picture that needs none, but not that its name is taken."""
        del self._paths[name]

    def save(self, caption: Any, name: str) -> Path:
        """Writes the attention picture of a caption."""
        path = self._paths.pop(name)
        try:
            caption.save_picture(path)
        except OSError as error:
            raise LooksayError(describe_os_error(error, os.fspath(path))) from error
        return path
