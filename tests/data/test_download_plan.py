"""The catalogue, what a plan says of a folder, and carrying it out."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import sys
from collections import namedtuple
from dataclasses import replace
from pathlib import Path

import pytest

from looksay.data.download import Patience, carry_out, find_source, make_plan, what_is_kept
from looksay.data.download import run as running
from looksay.data.download.archives import Archive, Piece, in_words
from looksay.data.download.partial import Partial
from looksay.data.download.sources import NAMES, ByHand, Source
from looksay.data.download.unpack import staging_folder
from looksay.errors import DataError, UsageError

sys.path.insert(0, str(Path(__file__).parents[1]))
from download_server import Behaviour, make_archive, make_zip, serving  # noqa: E402

PHOTOS = make_zip({"photos/1.jpg": b"one", "photos/2.jpg": b"two"})
QUICK = Patience(num_attempts=2, first_wait_seconds=0.001, timeout_seconds=5)
ALL = [find_source("coco", year="2014", karpathy=True), find_source("coco")]
ALL += [find_source(name, karpathy=True) for name in ("flickr8k", "flickr30k")]


@pytest.fixture
def server():
    with serving() as files:
        files.content["photos.zip"] = PHOTOS
        yield files


@pytest.fixture
def source(server) -> Source:
    """A data set of one archive."""
    archive = make_archive(f"{server.base_url}/photos.zip", PHOTOS)
    return Source(kind="coco", title="Photos", licence="free.", archives=(archive,))


def change(source: Source, **changes: object) -> Source:
    return replace(source, archives=(replace(source.archives[0], **changes),))


def download(source: Source, folder: Path, *, keep_archives: bool = False) -> list[str]:
    """Download it; what was said."""
    said: list[str] = []
    plan = make_plan(source, folder, keep_archives=keep_archives)
    carry_out(plan, say=said.append, patience=QUICK)
    return said


def files(folder: Path) -> set[str]:
    return {p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file()}


# --- the catalogue -------------------------------------------------------------------------------


@pytest.mark.parametrize("source", ALL, ids=lambda source: source.title)
def test_the_catalogue_makes_sense(source):
    names = [archive.name for archive in source.archives]
    assert len(set(names)) == len(names) and "Flickr" in source.licence
    for archive in source.archives:
        assert re.fullmatch(r"https?://[\w.]+/\S+\.(zip|tar\.gz)", archive.url)
        assert 0 < archive.size < 20e9 and archive.unpacked_size > archive.size / 5
        digest = r"sha256:[0-9a-f]{64}|md5:[0-9a-f]{32}"
        assert archive.checksum is None or re.fullmatch(digest, archive.checksum)
        assert archive.url.startswith("https:") or archive.checksum, "plain HTTP needs a checksum"
        assert archive.pieces


def test_sizes_of_coco_are_the_known_ones():
    sizes = {archive.name: archive.size for source in ALL[:2] for archive in source.archives}
    assert sizes["train2014.zip"] == 13510573713 and sizes["val2014.zip"] == 6645013297
    assert sizes["train2017.zip"] == 19336861798 and sizes["val2017.zip"] == 815585330


def test_years_and_splits_choose_archives():
    def chosen(**how):
        return [archive.name for archive in find_source("coco", **how).archives]

    assert chosen() == ["annotations_trainval2017.zip", "val2017.zip", "train2017.zip"]
    assert chosen(year="2014", splits=("val",)) == ["annotations_trainval2014.zip", "val2014.zip"]
    assert chosen(splits=("train", "val", "train")) == chosen()
    assert chosen(year="2014", karpathy=True)[-1] == "caption_datasets.zip"
    with pytest.raises(UsageError, match="add --year 2014"):
        chosen(karpathy=True)
    for how in ({"year": "2014"}, {"splits": ("val",)}):
        with pytest.raises(UsageError, match="leave --year and --split out"):
            find_source("flickr8k", **how)


@pytest.mark.parametrize("base", ["http://mirror:8000/data", "https://mirror/data/"])
def test_a_mirror_has_all_archives_in_one_place(base):
    for name in NAMES:
        year = "2014" if name == "coco" else None
        for archive in find_source(name, year=year, karpathy=True, base_url=base).archives:
            assert archive.url == f"{base.rstrip('/')}/{archive.name}"


@pytest.mark.parametrize("base", ["mirror", "file:///etc", "ftp://mirror/x", "http://"])
def test_no_address_of_a_mirror(base):
    with pytest.raises(UsageError, match="no web address"):
        find_source("coco", base_url=base)


@pytest.mark.parametrize(
    ("size", "words"), [(19336861798, "19.34 GB"), (252907541, "0.25 GB"), (2_300_000, "2.3 MB")]
)
def test_sizes_in_words(size, words):
    assert in_words(size) == words


# --- the plan ------------------------------------------------------------------------------------


def archive(name: str, size: int, unpacked: int) -> Archive:
    piece = Piece(places=(name.removesuffix(".zip"),))
    return make_archive(
        f"http://127.0.0.1:9/{name}", bytes(size), unpacked_size=unpacked, pieces=(piece,)
    )


def two(a: tuple[int, int] = (100, 300), b: tuple[int, int] = (50, 80)) -> Source:
    archives = (archive("a.zip", *a), archive("b.zip", *b))
    return Source(kind="coco", title="Two", licence="free.", archives=archives)


def test_room_is_counted_at_its_peak(tmp_path):
    """One archive at a time, or all of them where they are kept."""
    assert make_plan(two(), tmp_path).most_room == 300 + 50 + 80
    assert make_plan(two(b=(5, 5)), tmp_path).most_room == 100 + 300
    assert make_plan(two(), tmp_path, keep_archives=True).most_room == 100 + 300 + 50 + 80
    assert make_plan(two(), tmp_path).to_come == 150


def test_what_is_there_needs_no_room(tmp_path):
    (tmp_path / "downloads").mkdir()
    partial = Partial(tmp_path / "downloads" / "a.zip")
    partial.path.write_bytes(bytes(60))
    plan = make_plan(two(), tmp_path)
    assert plan.to_come == 40 + 50
    assert plan.most_room == max(40 + 300, -60 + 300 + 50 + 80)
    assert "of which 0.0 MB are there" in "\n".join(plan.lines())
    partial.path.rename(tmp_path / "downloads" / "a.zip")
    (tmp_path / "downloads" / "a.zip.unpacking").mkdir()
    (tmp_path / "downloads" / "a.zip.unpacking" / "x").write_bytes(bytes(200))
    assert make_plan(two(), tmp_path).most_room == max(40 + 100, -60 + 100 + 50 + 80)


def test_a_disk_too_small_is_refused_before_anything(tmp_path, monkeypatch):
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda place: usage(0, 0, 429))
    plan = make_plan(two(), tmp_path / "new" / "set")
    with pytest.raises(DataError, match="Two needs .* left; free some space"):
        carry_out(plan, say=pytest.fail)
    assert not (tmp_path / "new").exists()
    monkeypatch.setattr(shutil, "disk_usage", lambda place: usage(0, 0, 430))
    make_plan(two(), tmp_path).check_room()


def test_the_plan_in_words():
    folder = Path("/nowhere/coco")
    text = "\n".join(make_plan(find_source("coco"), folder).lines())
    for part in (
        "COCO 2017 in /nowhere/coco",
        "train2017.zip: 118,287 photographs, 19.34 GB",
        "To download: 20.41 GB; unpacked about 21.24 GB",
        "free",
        "Licence: COCO's annotations are CC BY 4.0",
    ):
        assert part in text
    text = "\n".join(make_plan(find_source("flickr8k"), folder).lines())
    assert "Flickr8k_Dataset.zip: 8,091 photographs, about 1.11 GB" in text or "1.12 GB" in text
    assert "non-commercial research and education" in text


def test_a_piece_may_lie_at_several_places(tmp_path):
    piece = Piece(places=("a", "b"), num_files=2)
    assert piece.count(tmp_path) == 0
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    (tmp_path / "a" / "1").touch()
    assert piece.count(tmp_path) == 1 and not piece.is_there(tmp_path)
    for name in "12":
        (tmp_path / "b" / name).touch()
    assert piece.is_there(tmp_path)


# --- carrying it out -----------------------------------------------------------------------------


def test_nothing_is_left_but_the_data(source, server, tmp_path):
    assert download(source, tmp_path) == ["photos.zip: 2 photographs unpacked."]
    assert files(tmp_path) == {"photos/1.jpg", "photos/2.jpg"}
    assert os.listdir(tmp_path) == ["photos"]
    assert download(source, tmp_path) == [] and len(server.asked) == 1


def test_archives_are_kept_where_wanted(source, server, tmp_path):
    download(source, tmp_path, keep_archives=True)
    kept = tmp_path / "downloads" / "photos.zip"
    assert kept.read_bytes() == PHOTOS
    plan = make_plan(source, tmp_path)
    assert not plan.steps and f"({kept} is no longer needed)" in plan.lines()[1]
    shutil.rmtree(tmp_path / "photos")
    download(source, tmp_path)
    assert len(server.asked) == 1 and files(tmp_path) == {"photos/1.jpg", "photos/2.jpg"}


def test_an_archive_put_there_by_hand_is_checked_and_used(source, server, tmp_path):
    (tmp_path / "downloads").mkdir()
    (tmp_path / "downloads" / "photos.zip").write_bytes(PHOTOS)
    download(source, tmp_path)
    assert (tmp_path / "photos" / "1.jpg").read_bytes() == b"one" and not server.asked


@pytest.mark.parametrize("kind", ["size", "md5", "sha256"])
def test_another_file_than_the_known_one_is_refused_and_deleted(source, tmp_path, kind):
    if kind == "size":
        source = change(source, size=len(PHOTOS) + 1)
        (tmp_path / "downloads").mkdir()
        (tmp_path / "downloads" / "photos.zip").write_bytes(PHOTOS)
        reason = "bytes instead of"
    else:
        source = change(source, checksum=f"{kind}:{'0' * 32}")
        reason = f"has the {kind.upper()} sum [0-9a-f]+ instead of 0+"
    with pytest.raises(DataError, match=rf"{reason}.*It was deleted; run the same command"):
        download(source, tmp_path)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("checksum", ["md5:" + hashlib.md5(PHOTOS).hexdigest()], ids=["md5"])
def test_an_md5_sum_serves_too(source, tmp_path, checksum):
    assert download(change(source, checksum=checksum), tmp_path)


def test_where_no_checksum_is_known_that_is_said(source, server, tmp_path):
    source = change(source, checksum=None, size=1, size_is_exact=False)
    said = download(source, tmp_path)
    assert "no checksum of it is known" in said[0]
    assert files(tmp_path) == {"photos/1.jpg", "photos/2.jpg"}


def test_without_a_checksum_the_archive_s_crcs_find_damage(source, server, tmp_path):
    damaged = bytearray(PHOTOS)
    damaged[damaged.index(b"photos/1.jpg") + 14] ^= 0xFF
    server.content["photos.zip"] = bytes(damaged)
    with pytest.raises(DataError, match=r"photos\.zip is damaged .*Delete it"):
        download(change(source, checksum=None), tmp_path)
    assert not (tmp_path / "photos").exists()


def test_an_archive_that_leaves_too_little_is_not_the_right_one(source, tmp_path):
    source = change(source, pieces=(Piece(places=("photos",), num_files=3),))
    with pytest.raises(DataError, match=r"photos has 2 of 3 files after"):
        download(source, tmp_path)


def test_two_at_once_do_not_meet(source, tmp_path):
    pytest.importorskip("fcntl")
    (tmp_path / "downloads").mkdir()
    with running._alone(tmp_path / "downloads"):
        with pytest.raises(DataError, match="another looksay download"):
            download(source, tmp_path)
    assert download(source, tmp_path)


def test_a_folder_that_cannot_be(source, tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(DataError, match="cannot be made: Not a directory"):
        download(source, tmp_path / "file" / "set")


def test_what_a_stop_while_putting_in_place_leaves_is_finished(source, tmp_path):
    """All pieces are there, yet not all files."""
    download(source, tmp_path, keep_archives=True)
    staging = staging_folder(tmp_path / "downloads" / "photos.zip")
    (staging / "photos").mkdir(parents=True)
    os.replace(tmp_path / "photos" / "2.jpg", staging / "photos" / "2.jpg")
    (tmp_path / "photos" / "other.jpg").touch()
    download(source, tmp_path)
    assert files(tmp_path) == {"photos/1.jpg", "photos/2.jpg", "photos/other.jpg"}


def test_a_stopped_download_says_what_is_kept(source, server, tmp_path):
    server.script["photos.zip"] = [Behaviour(end_after=100), Behaviour(status=500)]
    plan = make_plan(source, tmp_path)
    with pytest.raises(DataError, match=r"photos\.zip\.partial\. Run the same command again"):
        carry_out(plan, say=lambda sentence: None, patience=QUICK)
    assert re.search(r"of photos\.zip are kept in .*photos\.zip\.partial", what_is_kept(plan))
    download(source, tmp_path)
    assert what_is_kept(plan).startswith("what has come is kept in")


# --- what its owners give away on request ---------------------------------------------------------


@pytest.fixture
def by_hand(source) -> Source:
    piece = Piece(places=("flickr30k-images", "images"), num_files=2)
    names = ("images.tar.gz", "images.zip")
    asked = ByHand(what="pictures", page="https://form", names=names, size=4e9, piece=piece)
    return replace(source, by_hand=asked)


def test_what_must_be_asked_for_is_named_after_everything_else(by_hand, tmp_path):
    plan = make_plan(by_hand, tmp_path)
    assert any("  pictures: not there. They are given" in line for line in plan.lines())
    with pytest.raises(DataError) as caught:
        carry_out(plan, say=lambda sentence: None, patience=QUICK)
    sentence = str(caught.value)
    for part in (
        "the pictures are missing (no ",
        "https://form",
        f"(images.tar.gz, about 4.00 GB) in {tmp_path}/downloads,",
        "run the same command again",
    ):
        assert part in sentence
    assert (tmp_path / "photos" / "1.jpg").exists()


def test_what_came_by_hand_is_unpacked_checked_and_never_deleted(by_hand, tmp_path):
    came = tmp_path / "downloads" / "images.zip"
    came.parent.mkdir()
    came.write_bytes(make_zip({"flickr30k-images/1.jpg": "1", "flickr30k-images/2.jpg": "2"}))
    plan = make_plan(by_hand, tmp_path)
    assert f"  images.zip: pictures, in {came.parent}, to be unpacked" in plan.lines()
    said = download(by_hand, tmp_path)
    assert said[-1] == f"{came}: pictures unpacked; you may delete it."
    assert came.exists() and (tmp_path / "flickr30k-images" / "2.jpg").exists()
    assert download(by_hand, tmp_path) == []


def test_too_little_by_hand_is_seen(by_hand, tmp_path):
    (tmp_path / "flickr30k-images").mkdir()
    (tmp_path / "flickr30k-images" / "1.jpg").touch()
    with pytest.raises(DataError, match=r"flickr30k-images has 1 of 2\)"):
        download(by_hand, tmp_path)
    came = tmp_path / "downloads" / "images.zip"
    came.parent.mkdir()
    came.write_bytes(make_zip({"elsewhere/1.jpg": "1", "elsewhere/2.jpg": "2"}))
    with pytest.raises(DataError, match="has 1 of 2 files after .* was unpacked"):
        download(by_hand, tmp_path)


def test_room_for_what_came_by_hand(by_hand, tmp_path):
    came = tmp_path / "downloads" / "images.zip"
    came.parent.mkdir()
    came.write_bytes(bytes(10_000))
    assert make_plan(by_hand, tmp_path).most_room == 11_000
