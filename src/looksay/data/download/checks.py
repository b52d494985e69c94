"""Whether an archive is the one it should be: its size and its checksum."""

from __future__ import annotations

import hashlib
from pathlib import Path

from looksay.data.download.archives import Archive
from looksay.data.download.fetch import Say, bytes_bar
from looksay.errors import DataError

CHUNK = 1 << 20


def check_archive(archive: Archive, path: Path, *, say: Say, progress: bool = False) -> None:
    """Raises DataError, and deletes the file, where size or checksum are not the known ones."""
    size = path.stat().st_size
    if archive.size_is_exact and size != archive.size:
        _refuse(path, f"has {size:,} bytes instead of {archive.size:,}")
    if archive.checksum is None:
        say(
            f"{archive.name}: no checksum of it is known; its length was compared with what the "
            "server announced, and its own CRCs are checked while it is unpacked."
        )
        return
    kind, _, wanted = archive.checksum.partition(":")
    found = _digest(path, kind, progress)
    if found != wanted:
        _refuse(path, f"has the {kind.upper()} sum {found} instead of {wanted}")


def _digest(path: Path, kind: str, progress: bool) -> str:
    digest = hashlib.new(kind, usedforsecurity=False)
    size = path.stat().st_size
    with path.open("rb") as file, bytes_bar("checking", size, done=0, wanted=progress) as bar:
        while data := file.read(CHUNK):
            digest.update(data)
            bar.update(len(data))
    return digest.hexdigest()


def _refuse(path: Path, reason: str) -> None:
    path.unlink()
    raise DataError(
        f"{path} {reason}: it was damaged on its way, or the file at the source is another one "
        "now. It was deleted; run the same command to fetch it again."
    )
