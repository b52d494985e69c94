"""Which folders are looked through after a change; tests/cli/test_library.py does the watching."""

from __future__ import annotations

import threading

import pytest
from by_hand import ByHand, model_of

from looksay.errors import LibraryError
from looksay.library import open_index
from looksay.library.roots import Part
from looksay.library.watch import _may_matter, _touched_parts, watch_index


@pytest.fixture
def tree(tmp_path):
    for name in ("a/b", "a/c", ".hidden", "other"):
        (tmp_path / "root" / name).mkdir(parents=True)
    (tmp_path / "root/link").symlink_to(tmp_path / "root/a")
    return tmp_path / "root"


@pytest.mark.parametrize(
    ("touched", "inside"),
    [
        (["a/b/1.jpg"], "a/b"),
        (["a/b/1.jpg", "a/c/2.jpg"], "a"),
        (["a/b/1.jpg", "other/2.jpg"], ""),
        (["1.jpg"], ""),
        (["a/gone/deep/1.jpg"], "a"),
        (["a/b"], "a"),
        ([".hidden/1.jpg"], None),
        (["link/b/1.jpg"], None),
        ([".hidden/1.jpg", "a/b/1.jpg"], "a/b"),
        (["../elsewhere/1.jpg"], None),
    ],
)
def test_the_smallest_folder_that_a_search_comes_by(tree, touched, inside):
    part = Part(1, tree)
    parts = _touched_parts([part], {(tree / name) for name in touched})
    if touched[0].startswith(".."):
        parts = _touched_parts([part], {tree.parent / "elsewhere" / "1.jpg"})
    assert [found.inside.decode() for found in parts] == ([] if inside is None else [inside])


def test_other_files_matter_not(tree):
    (tree / "notes.txt").touch()
    wanted = {"a.jpg": True, "A.PNG": True, ".a.jpg": False, "notes.txt": False, "a": True}
    assert {name: _may_matter(None, str(tree / name)) for name in wanted} == wanted


def test_watching_can_be_stopped(database, photos):
    pytest.importorskip("watchfiles")
    stop, captions = threading.Event(), ByHand({})
    with open_index(database) as index:
        reports = watch_index(index, index.parts([photos]), model_of(captions), stop=stop)
        assert next(reports).captioned == 12
        stop.set()
        assert list(reports) == []


def test_a_folder_that_is_not_there_cannot_be_watched(database, photos, update):
    pytest.importorskip("watchfiles")
    update()
    photos.rename(photos.parent / "away")
    with open_index(database) as index, pytest.raises(LibraryError, match="connect its disk"):
        next(watch_index(index, index.parts([]), model_of(ByHand({}))))
