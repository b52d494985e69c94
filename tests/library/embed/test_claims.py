"""A run has the journals of the photographs that it is at work on, and no others."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

pytest.importorskip("exiftool", reason="pip install looksay[embed]")
pytest.importorskip("zstandard", reason="pip install looksay[embed]")

from looksay.errors import EmbedError  # noqa: E402
from looksay.library.embed import Claims, Wishes  # noqa: E402


@pytest.fixture
def folders(tmp_path) -> list[Path]:
    folders = [tmp_path / name for name in "abc"]
    for folder in folders:
        folder.mkdir()
    return folders


def is_taken(folder: Path) -> bool:
    with Claims(Wishes()) as others:
        try:
            others.visit(folder / "1.jpg")
        except EmbedError as error:
            assert "Another `looksay embed` is at work" in str(error)
            return True
        return False


def test_a_folder_is_held_while_photographs_of_it_are_at_work(folders):
    a, b, c = folders
    with Claims(Wishes()) as claims:
        claims.visit(a / "1.jpg")
        claims.begin(a / "1.jpg")
        claims.visit(a / "2.jpg")
        claims.visit(b / "1.jpg")
        assert [is_taken(folder) for folder in folders] == [True, True, False]
        claims.end(a / "1.jpg")
        assert [is_taken(folder) for folder in folders] == [False, True, False]
        claims.visit(c / "1.jpg")
        claims.begin(c / "1.jpg")
        claims.leave()
        assert [is_taken(folder) for folder in folders] == [False, False, True]
    assert not any(is_taken(folder) for folder in folders)
    assert [os.listdir(folder) for folder in folders] == [[], [], []]


def test_one_journal_for_all_is_held_for_all(folders, tmp_path):
    a, b, _ = folders
    with Claims(Wishes(journal=tmp_path / "journal")) as claims:
        claims.visit(a / "1.jpg")
        with Claims(Wishes(journal=tmp_path / "journal")) as others, pytest.raises(EmbedError):
            others.visit(b / "1.jpg")


def test_a_dry_run_holds_nothing(folders):
    with Claims(Wishes(dry_run=True)) as claims:
        claims.visit(folders[0] / "1.jpg")
        claims.begin(folders[0] / "1.jpg")
        assert not is_taken(folders[0])
