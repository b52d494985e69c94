"""A bundle takes another one's place whole, or leaves it there."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("keras")
pytest.importorskip("onnx")

from looksay.export.bundle import _take_place  # noqa: E402


@pytest.fixture
def folders(tmp_path):
    """A finished bundle, its place, and where what stands in its place goes."""
    (tmp_path / "temporary" / "bundle").mkdir(parents=True)
    (tmp_path / "temporary" / "bundle" / "new").touch()
    return tmp_path / "temporary" / "bundle", tmp_path / "place", tmp_path / "temporary" / "before"


def test_it_takes_an_empty_place_and_another_bundles(folders):
    made, folder, before = folders
    _take_place(made, folder, before)
    assert (folder / "new").exists() and not before.exists()
    made.mkdir()
    _take_place(made, folder, before)
    assert not any(folder.iterdir()) and (before / "new").exists()


@pytest.mark.parametrize("error", [OSError, KeyboardInterrupt])
def test_what_was_there_comes_back_where_it_cannot(folders, monkeypatch, error):
    made, folder, before = folders
    folder.mkdir()
    (folder / "old").touch()
    rename = Path.rename

    def fail_at_the_bundle(path, target):
        if path == made:
            raise error
        return rename(path, target)

    monkeypatch.setattr(Path, "rename", fail_at_the_bundle)
    with pytest.raises(error):
        _take_place(made, folder, before)
    assert (folder / "old").exists() and not before.exists()
