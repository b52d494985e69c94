"""Small photographs, a toy model, and captions written by hand."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from looksay.library import Library

sys.path[:0] = [str(Path(__file__).parents[1]), str(Path(__file__).parent)]

from by_hand import ByHand, Updating, save_photo  # noqa: E402


@pytest.fixture
def photo() -> Callable[[Path, int], Path]:
    return save_photo


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """Twelve photographs in a tree of folders."""
    folder = tmp_path / "photos"
    for seed in range(12):
        save_photo(folder / ("", "a", "a/b", "c")[seed % 4] / f"{seed:02}.jpg", seed)
    return folder


@pytest.fixture
def database(tmp_path: Path) -> Path:
    return tmp_path / "photos.db"


@pytest.fixture(scope="session")
def bundle_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    pytest.importorskip("onnx")
    from toy_bundle import write_toy_bundle

    return write_toy_bundle(tmp_path_factory.mktemp("bundles") / "toy")


@pytest.fixture
def update(database: Path, photos: Path) -> Updating:
    return Updating(database, photos)


@pytest.fixture
def named(tmp_path: Path, database: Path) -> Callable[[dict[str, Any]], Library]:
    """`named({"a.jpg": "a dog"})` is a library of photographs with these captions."""

    def make(captions: dict[str, Any]) -> Library:
        folder = tmp_path / "named"
        for seed, name in enumerate(captions):
            save_photo(folder / name, seed)
        by_hand = ByHand({Path(name).name: said for name, said in captions.items()})
        Updating(database, folder, by_hand)()
        return Library(database)

    return make


@pytest.fixture
def permissions(tmp_path: Path) -> None:
    """Skips where this user may do whatever files say (root)."""
    path = tmp_path / "forbidden"
    path.touch(0o000)
    try:
        path.read_bytes()
    except PermissionError:
        return
    pytest.skip("this user may read everything")


@pytest.fixture
def captioner() -> Any:
    """Says what colour a picture is; sure of all but blue ones."""
    from library_captioner import ColourCaptioner

    return ColourCaptioner()
