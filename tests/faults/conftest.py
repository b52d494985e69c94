"""Small disks, read-only folders, photographs, and what the command line makes of them."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

# the scripts of this folder, and what other tests share
sys.path[:0] = [
    str(Path(__file__).parent),
    str(Path(__file__).parents[1]),
    str(Path(__file__).parents[1] / "library"),
]

from by_hand import save_photo  # noqa: E402
from command_line import Looksay, command_line  # noqa: E402
from disks import Disk, small_disk  # noqa: E402
from library_captioner import ColourCaptioner  # noqa: E402


@pytest.fixture
def looksay(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Looksay:
    """The command line, with a captioner that says a picture's colour."""
    for verb in ("caption", "alt_text", "embed"):
        monkeypatch.setattr(f"looksay.cli.{verb}.load_captioner", lambda **_: ColourCaptioner())
    return command_line(capsys)


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Disk]:
    """5 MB, empty."""
    with small_disk(tmp_path / "disk") as disk:
        yield disk


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """Sixty photographs of noise."""
    for seed in range(60):
        save_photo(tmp_path / "photos" / f"{seed:02}.jpg", seed)
    return tmp_path / "photos"


@pytest.fixture
def unreadable(tmp_path: Path) -> Path:
    """A link whose file the system opens and cannot read, as of a bad disk; root cannot either."""
    path = tmp_path / "unreadable.jpg"
    path.symlink_to("/proc/self/mem")
    try:
        path.read_bytes()
    except OSError as error:
        if error.strerror == "Input/output error":
            return path
    pytest.skip("no such file here")
