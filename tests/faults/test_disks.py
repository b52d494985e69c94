"""Full disks, read-only folders, unreadable files: one sentence, nothing lost, and the same result
as without the fault once it is gone."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
from by_hand import Updating, check
from disks import read_only
from PIL import Image

from looksay.errors import FeatureError, LibraryError
from looksay.features import extract
from looksay.features.extract import extract_features
from looksay.features.store import FeatureStore
from looksay.library import Library
from looksay.library.batches import batches

PLACES = 4096
IDENTITY = {"name": "toy", "weights": "abc", "grid": [64, 64], "feature_size": 8}


def refused(result, *words: str) -> None:
    """The command failed, with one sentence that has these words."""
    assert result.status == 1 and "Traceback" not in result.err, result.err
    sentences = [line for line in result.err.splitlines() if line.startswith("looksay: ")]
    assert len(sentences) == 1, result.err
    for word in words:
        assert word in sentences[0], result.err


def is_unfinished(folder: Path) -> bool:
    return any(path.name.startswith(".unfinished-") for path in folder.rglob("*"))


@pytest.mark.parametrize("format", ["jsonl", "csv", "text", "json"])
def test_captions_on_a_full_disk(looksay, disk, photos, tmp_path, monkeypatch, format):
    monkeypatch.setattr("looksay.cli.outputs.SECONDS_BETWEEN_REWRITES", 0)
    wanted, output = tmp_path / f"wanted.{format}", disk.folder / f"out.{format}"
    assert looksay("caption", photos, "--output", wanted).status == 0
    disk.fill(leaving=2**12 if format in ("text", "csv") else 2**13)
    refused(looksay("caption", photos, "--output", output), "the disk is full", str(output))
    assert not is_unfinished(disk.folder)
    kept = output.read_bytes()
    assert len(kept) < wanted.stat().st_size and (format == "json" or kept)
    disk.empty()
    assert looksay("caption", photos, "--output", output).status == 0
    assert output.read_bytes() == wanted.read_bytes()


@pytest.mark.parametrize("pages", [0, 8, 16, 150, 600])
def test_a_library_on_a_full_disk(disk, photos, monkeypatch, pages):
    monkeypatch.setitem(batches.__kwdefaults__, "seconds", 0)  # each row is written by itself
    database = disk.folder / "photos.db"
    update = Updating(database, photos)
    disk.fill(leaving=pages * 4096)
    with pytest.raises(LibraryError, match="The disk is full: what is in .*photos.db so far"):
        update()
    disk.empty()
    try:
        kept = len(Library(database))
    except LibraryError as error:  # not even its tables
        assert "is empty" in str(error) or "no photo library" in str(error)
        kept = 0
    assert kept < 60 and bool(kept) == (pages > 500)
    assert update().captioned == 60 - kept
    assert len(Library(database)) == 60
    check(database)


def test_pages_on_a_full_disk(looksay, disk, tmp_path):
    pytest.importorskip("justhtml", reason="pip install looksay[alt-text]")
    pytest.importorskip("markdown_it", reason="pip install looksay[alt-text]")
    for site in (tmp_path / "wanted", disk.folder / "site"):
        site.mkdir()
        Image.new("RGB", (64, 64), "red").save(site / "red.jpg")
        (site / "a.html").write_text("<img src=red.jpg>" + "<p>so it is</p>" * 400)
    before = (site / "a.html").read_bytes()
    assert looksay("alt-text", tmp_path / "wanted", "--write").status == 0
    disk.fill()
    refused(looksay("alt-text", site, "--write"), "a.html cannot be written: No space left")
    assert (site / "a.html").read_bytes() == before and not is_unfinished(disk.folder)
    disk.empty()
    assert looksay("alt-text", site, "--write").status == 0
    assert (site / "a.html").read_bytes() == (tmp_path / "wanted" / "a.html").read_bytes()


def test_photographs_on_a_full_disk(looksay, disk, tmp_path):
    """There is room for the journal's line, and none for the photograph."""
    pytest.importorskip("exiftool", reason="pip install looksay[embed]")
    pytest.importorskip("zstandard", reason="pip install looksay[embed]")
    if shutil.which("exiftool") is None:
        pytest.skip("the program ExifTool is not installed")
    (tmp_path / "wanted").mkdir()
    photo, wanted = disk.folder / "red.jpg", tmp_path / "wanted" / "red.jpg"
    Image.effect_noise((200, 200), 90).convert("RGB").save(photo)
    before = photo.read_bytes()
    wanted.write_bytes(before)
    assert looksay("embed", wanted).status == 0
    for left, words in ((0, "journal"), (2**13, "It cannot be written: No space left")):
        disk.fill(leaving=left)
        refused(looksay("embed", photo), words)
        assert photo.read_bytes() == before and not is_unfinished(disk.folder)
        disk.empty()
    assert looksay("embed", photo).status == 0
    assert photo.read_bytes() == wanted.read_bytes()
    assert looksay("embed", photo, "--undo").status == 0
    assert photo.read_bytes() == before
    assert sorted(path.name for path in disk.folder.iterdir()) == ["red.jpg"]


class Compute:
    """Features (B, 4096, 8) of a picture's colours; calls `meanwhile` after so many pictures."""

    def __init__(self, after: int = 0, meanwhile=lambda: None) -> None:
        self.seen, self._after, self._meanwhile = 0, after, meanwhile

    def __call__(self, loaded):
        self.seen += len(loaded)
        if self._after and self.seen >= self._after:
            self._after = 0
            self._meanwhile()
        colours = np.stack([one.pixels.mean((0, 1)) for one in loaded])
        return (np.broadcast_to(colours[:, :1, None], (len(loaded), PLACES, 8)),)


def fill_store(folder: Path, photos: Path, compute: Compute) -> FeatureStore:
    store = FeatureStore(folder, IDENTITY)
    extract_features(store, sorted(photos.iterdir()), ["plain"], compute, image_size=8)
    return store


def content(folder: Path) -> list[bytes]:
    return [(folder / name).read_bytes() for name in ("features.f16", "index.txt", "store.json")]


def test_features_on_a_full_disk(disk, photos, tmp_path, monkeypatch):
    monkeypatch.setattr(extract, "CHUNK", 4)
    fill_store(tmp_path / "wanted", photos, Compute())
    folder = disk.folder / "store"
    disk.fill(leaving=2**20)
    none = Compute()
    with pytest.raises(FeatureError, match=r"need 3\.9 MB and .* has 1\.0 MB left; free some"):
        fill_store(folder, photos, none)
    assert none.seen == 0
    disk.empty()
    # something else takes the room while the features are computed
    greedy = Compute(after=20, meanwhile=lambda: disk.fill(leaving=2**16 * 5 // 2))
    with pytest.raises(FeatureError, match=r"\(No space left on device\); what is there is kept"):
        fill_store(folder, photos, greedy)
    assert len(FeatureStore(folder, IDENTITY)) == 16
    disk.empty()
    rest = Compute()
    fill_store(folder, photos, rest)
    assert rest.seen == 44 and content(folder) == content(tmp_path / "wanted")


def test_folders_that_are_read_only(looksay, photos, tmp_path):
    folder = tmp_path / "kept"
    folder.mkdir()
    update = Updating(folder / "photos.db", photos)
    update()
    fill_store(folder / "store", photos, Compute())
    assert looksay("caption", photos, "--output", folder / "out.jsonl").status == 0
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    Image.new("RGB", (9, 9)).save(photos / "new.png")
    with read_only(folder):
        refused(looksay("caption", photos, "--output", folder / "out.jsonl"), "Read-only file")
        refused(looksay("caption", photos, "--output", folder / "x.json"), "Read-only file")
        with pytest.raises(LibraryError, match="see that its folder may be written"):
            update()
        assert Library(folder / "photos.db").search("picture").total == 60
        with pytest.raises(FeatureError, match=r"written \(Read-only file system\); what is there"):
            fill_store(folder / "store", photos, Compute())
        with pytest.raises(FeatureError, match=r"cannot keep features \(Read-only file system\)"):
            fill_store(folder / "other", photos, Compute())
        store = FeatureStore(folder / "store", IDENTITY)  # reading goes on
        assert len(store) == 60 and len(store.array()) == 60
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before
    update()
    fill_store(folder / "store", photos, Compute())
    assert looksay("caption", photos, "--output", folder / "out.jsonl").status == 0
    assert len(Library(folder / "photos.db")) == len(FeatureStore(folder / "store", IDENTITY)) == 61


def test_pages_and_photographs_that_are_read_only(looksay, tmp_path):
    pytest.importorskip("justhtml", reason="pip install looksay[alt-text]")
    pytest.importorskip("markdown_it", reason="pip install looksay[alt-text]")
    site = tmp_path / "site"
    site.mkdir()
    Image.new("RGB", (64, 64), "red").save(site / "red.jpg")
    (site / "a.html").write_text("<img src=red.jpg>")
    with read_only(site):
        refused(looksay("alt-text", site, "--write"), "a.html cannot be written: Read-only file")
    assert (site / "a.html").read_text() == "<img src=red.jpg>"
    if shutil.which("exiftool") is None:
        pytest.skip("the program ExifTool is not installed")
    pytest.importorskip("exiftool", reason="pip install looksay[embed]")
    pytest.importorskip("zstandard", reason="pip install looksay[embed]")
    with read_only(site):
        refused(looksay("embed", site / "red.jpg"), "journal", "Read-only file", "--journal")


def test_a_file_that_cannot_be_read_costs_itself_alone(looksay, photos, unreadable, tmp_path):
    fill_store(tmp_path / "wanted", photos, Compute())
    assert looksay("caption", photos, "--output", tmp_path / "wanted.csv").status == 0
    bad = photos / "zz.jpg"
    bad.symlink_to(unreadable)
    result = looksay("caption", photos, "--output", tmp_path / "out.csv")
    refused(result, "zz.jpg", "cannot be read: Input/output error")
    assert (tmp_path / "out.csv").read_bytes().startswith((tmp_path / "wanted.csv").read_bytes())
    update = Updating(tmp_path / "photos.db", photos)
    report = update()
    assert (report.captioned, report.problems) == (60, 1) and "Input/output" in update.said[0]
    store = FeatureStore(tmp_path / "store", IDENTITY)
    paths = sorted(photos.iterdir())
    done = extract_features(store, paths, ["plain"], Compute(), image_size=8)
    assert done.problems == [f"{bad}: cannot be read (Input/output error)"]
    assert content(tmp_path / "store") == content(tmp_path / "wanted")
    bad.unlink()
    assert looksay("caption", photos, "--output", tmp_path / "out.csv").status == 0
    assert (tmp_path / "out.csv").read_bytes() == (tmp_path / "wanted.csv").read_bytes()
