"""Files, folders and patterns become the list of pictures the user meant."""

from __future__ import annotations

import itertools
import os

import pytest

from looksay import images
from looksay.errors import ImageError


@pytest.fixture
def folder(tmp_path, monkeypatch):
    names = ["b.JPG", "a.jpg", "notes.txt", ".hidden.jpg", "sub/c.WebP", "sub/deep/d.png",
             ".cache/e.jpg", "sub/readme.md", "z.gif", "picture.dat"]  # fmt: skip
    for name in names:
        path = tmp_path / "photos" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x")
    (tmp_path / "empty").mkdir()
    monkeypatch.chdir(tmp_path)
    return tmp_path


def names(*arguments):
    found = list(images.find_images(arguments))
    assert not any(isinstance(item, ImageError) for item in found), found
    return [path.as_posix() for path in found]


def test_folder_in_order_without_hidden_files_and_others(folder):
    assert (
        names("photos")
        == [
            "photos/a.jpg",
            "photos/b.JPG",
            "photos/z.gif",
            "photos/sub/c.WebP",
            "photos/sub/deep/d.png",
        ]
        or os.name == "nt"
    )
    assert names("photos") == names("photos/")


def test_explicit_files_whatever_their_suffix(folder):
    assert names("photos/picture.dat", "photos/.hidden.jpg", folder / "photos/a.jpg") == [
        "photos/picture.dat",
        "photos/.hidden.jpg",
        (folder / "photos/a.jpg").as_posix(),
    ]


def test_patterns(folder):
    assert names("photos/*.jpg") == ["photos/a.jpg"]
    assert names("photos/**/*.png") == ["photos/sub/deep/d.png"]
    assert names("photos/*.dat") == ["photos/picture.dat"]
    assert names("photos/?.*") == ["photos/a.jpg", "photos/b.JPG", "photos/z.gif"]
    assert set(names("photos/*")) == set(names("photos"))
    assert set(names("photos/**")) == set(names("photos"))


def test_a_name_with_brackets_is_a_name_first(folder):
    (folder / "a[1].jpg").write_bytes(b"x")
    (folder / "a1.jpg").write_bytes(b"x")
    assert names("a[1].jpg") == ["a[1].jpg"]


def test_each_picture_once(folder):
    assert names("photos/z.gif", "./photos/z.gif", "photos", "photos/*.gif")[0] == "photos/z.gif"
    assert len(names("photos/z.gif", "photos", folder / "photos", "photos/*")) == 5


def test_a_bad_name_stops_nobody(folder):
    found = list(
        images.find_images(["none.jpg", "photos/a.jpg", "*.xyz", "empty", "a\0", "photos"])
    )
    sentences = [str(item) for item in found if isinstance(item, ImageError)]
    assert [sentence.split()[0] for sentence in sentences] == [
        "none.jpg",
        "No",
        "empty",
        "a\0",
    ]
    assert len(found) - len(sentences) == 5
    assert isinstance(found[0], ImageError) and not isinstance(found[1], ImageError)


def test_pipes_and_links(folder):
    os.mkfifo(folder / "photos" / "pipe.jpg")
    (folder / "photos" / "link.jpg").symlink_to("a.jpg")
    (folder / "photos" / "loop").symlink_to(folder / "photos")
    found = names("photos")
    assert "photos/link.jpg" in found and "photos/pipe.jpg" not in found and len(found) == 6


def test_an_unreadable_folder_is_reported(folder, monkeypatch):
    real = os.scandir

    def refuse(path):
        if str(path).endswith("sub"):
            raise PermissionError(13, "Permission denied", str(path))
        return real(path)

    monkeypatch.setattr(os, "scandir", refuse)
    found = list(images.find_images(["photos"]))
    assert "sub cannot be searched: Permission denied." in str(found[-1])
    assert len(found) == 4


def test_is_lazy(folder):
    """A library of a million photographs starts at once."""
    endless = itertools.repeat("photos/a.jpg")
    assert next(images.find_images(endless)).name == "a.jpg"
