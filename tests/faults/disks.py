"""Real disks to fill, and folders that nobody may write to. Linux, and root; else tests skip."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

MEGABYTES = 5


class Disk:
    """A file system of 5 MB in memory, with a file that takes up what is to be taken."""

    def __init__(self, folder: Path) -> None:
        self.folder, self._filler = folder, folder / ".filler"

    def fill(self, *, leaving: int = 0) -> None:
        """Takes the room but for so many bytes, in pages of 4 KiB."""
        with self._filler.open("ab", buffering=0) as file:
            while (free := shutil.disk_usage(self.folder).free) > leaving:
                file.write(bytes(min(free - leaving, 1 << 16)))

    def empty(self) -> None:
        """Gives the room back."""
        self._filler.unlink()


@contextmanager
def small_disk(folder: Path) -> Iterator[Disk]:
    """A disk, mounted at a new folder."""
    folder.mkdir()
    _mount("-t", "tmpfs", "-o", f"size={MEGABYTES}m", "looksay-test", folder)
    try:
        yield Disk(folder)
    finally:
        _unmount(folder)


@contextmanager
def read_only(folder: Path) -> Iterator[None]:
    """The folder, on a file system that is read-only: that binds root too."""
    _mount("--bind", folder, folder)
    try:
        _mount("-o", "remount,bind,ro", folder)
        yield
    finally:
        _unmount(folder)


def _mount(*words: str | Path) -> None:
    if not sys.platform.startswith("linux") or os.geteuid() != 0 or not shutil.which("mount"):
        pytest.skip("mounting takes Linux and root")
    done = subprocess.run(["mount", *words], capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"this root may not mount: {done.stderr.strip()}")


def _unmount(folder: Path) -> None:
    subprocess.run(["umount", "--lazy", folder], check=True)
