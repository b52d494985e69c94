"""Unpacking: hostile and damaged archives, interruptions, what is there already."""

from __future__ import annotations

import gzip
import io
import shutil
import stat
import sys
import tarfile
import zipfile
from collections import namedtuple
from pathlib import Path

import pytest

from looksay.data.download import unpack as unpacking
from looksay.data.download.unpack import staged_size, staging_folder, unpack
from looksay.errors import DataError

sys.path.insert(0, str(Path(__file__).parents[1]))
from download_server import make_zip  # noqa: E402

PHOTOS = {f"photos/{n}.jpg": bytes([n]) * 1000 for n in range(5)}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The data set's folder, with a folder `downloads` in it."""
    (tmp_path / "set" / "downloads").mkdir(parents=True)
    return tmp_path / "set"


def save(folder: Path, content: bytes, name: str = "a.zip") -> Path:
    path = folder / "downloads" / name
    path.write_bytes(content)
    return path


def contents(folder: Path) -> dict[str, bytes]:
    """Every file below the folder, archives and what is unpacked beside them left out."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and not path.is_relative_to(folder / "downloads")
    }


def test_all_files_come_out_and_nothing_is_left_behind(folder):
    path = save(folder, make_zip({"photos/": b"", **PHOTOS}))
    unpack(path, folder)
    assert contents(folder) == PHOTOS
    assert list((folder / "downloads").iterdir()) == [path]


def test_into_a_folder_and_only_some(folder):
    unpack(save(folder, make_zip({"a.txt": "a", "b.txt": "b"})), folder, into="text/deep")
    assert contents(folder) == {"text/deep/a.txt": b"a", "text/deep/b.txt": b"b"}
    unpack(save(folder, make_zip(PHOTOS)), folder, members=("photos/3.jpg",))
    assert set(contents(folder)) == {"text/deep/a.txt", "text/deep/b.txt", "photos/3.jpg"}


def test_what_macos_adds_is_passed_over(folder):
    litter = {"__MACOSX/photos/._0.jpg": b"x", "photos/.DS_Store": b"x", "photos/._1.jpg": b"x"}
    unpack(save(folder, make_zip({**litter, **PHOTOS})), folder)
    assert contents(folder) == PHOTOS


@pytest.mark.parametrize(
    "name",
    [
        "../evil.jpg",
        "photos/../../evil.jpg",
        "/etc/evil.jpg",
        "..\\evil.jpg",
        "C:/evil.jpg",
        "C:\\evil.jpg",
        "\\\\host\\share\\evil.jpg",
    ],
)
@pytest.mark.parametrize("make", ["zip", "tar"])
def test_names_that_lead_outside_are_refused(folder, name, make):
    members = {**PHOTOS, name: b"evil"}
    if make == "zip":
        path = save(folder, make_zip(members))
    else:
        path = save(folder, make_tar(members), "a.tar.gz")
    with pytest.raises(DataError, match="outside of the folder.*Nothing of it was put in place"):
        unpack(path, folder)
    assert contents(folder) == {} and not staging_folder(path).exists()
    assert not list(folder.parent.rglob("evil*"))


@pytest.mark.parametrize("kind", [stat.S_IFLNK, stat.S_IFIFO, stat.S_IFBLK])
def test_links_and_devices_in_a_zip_are_refused(folder, kind):
    buffer = io.BytesIO(make_zip(PHOTOS))
    with zipfile.ZipFile(buffer, "a") as archive:
        info = zipfile.ZipInfo("photos/link")
        info.external_attr = (kind | 0o777) << 16
        archive.writestr(info, "/etc/passwd")
    path = save(folder, buffer.getvalue())
    with pytest.raises(DataError, match="'photos/link' in it is a link or a device"):
        unpack(path, folder)
    assert contents(folder) == {} and not staging_folder(path).exists()


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE])
def test_links_and_devices_in_a_tar_are_refused(folder, kind):
    path = save(folder, make_tar(PHOTOS, kind=kind), "a.tar.gz")
    with pytest.raises(DataError, match="'photos/link' in it is a link or a device"):
        unpack(path, folder)
    assert contents(folder) == {} and not staging_folder(path).exists()


def test_a_name_twice_is_refused(folder):
    buffer = io.BytesIO(make_zip(PHOTOS))
    with pytest.warns(UserWarning, match="Duplicate"), zipfile.ZipFile(buffer, "a") as archive:
        archive.writestr("photos/3.jpg", b"another")
    with pytest.raises(DataError, match="twice"):
        unpack(save(folder, buffer.getvalue()), folder)
    assert contents(folder) == {}


def test_an_encrypted_file_is_refused(folder):
    content = bytearray(make_zip({"a.txt": "a"}))
    for signature, offset in [(b"PK\1\2", 8), (b"PK\3\4", 6)]:
        content[content.index(signature) + offset] |= 1
    with pytest.raises(DataError, match="encrypted"):
        unpack(save(folder, bytes(content)), folder)


def packed_zip(members: dict[str, bytes], packing: int = zipfile.ZIP_STORED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", packing) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return buffer.getvalue()


@pytest.mark.parametrize("damage", ["a bit", "the end", "everything", "no archive"])
def test_a_damaged_zip_is_refused_by_its_own_crc(folder, damage):
    content = packed_zip(PHOTOS)
    if damage == "a bit":
        content = content.replace(bytes([3]) * 1000, bytes([3]) * 999 + b"\2")
    else:
        content = {"the end": content[:-30], "everything": b"", "no archive": b"<html>"}[damage]
    path = save(folder, content)
    left = staging_folder(path) / "photos" / "9.jpg"  # of a killed run, from another archive
    left.parent.mkdir(parents=True)
    left.write_bytes(b"9")
    with pytest.raises(DataError, match=r"a\.zip is damaged .*Delete it and run the same"):
        unpack(path, folder)
    assert contents(folder) == {} and not staging_folder(path).exists()


@pytest.mark.parametrize("packing", [zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_a_damaged_member_is_refused_however_it_is_packed(folder, packing):
    content = bytearray(packed_zip({"photos/1.jpg": bytes(range(256)) * 40}, packing))
    start = content.index(b"photos/1.jpg") + len(b"photos/1.jpg")
    content[start + 4 : start + 60] = b"\xff" * 56
    path = save(folder, bytes(content))
    with pytest.raises(DataError, match=r"a\.zip is damaged"):
        unpack(path, folder)
    assert contents(folder) == {} and not staging_folder(path).exists()


def make_tar(members: dict[str, bytes], *, kind: bytes | None = None, mode: str = "w:gz") -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode=mode) as archive:  # type: ignore[call-overload]
        directory = tarfile.TarInfo("photos")
        directory.type = tarfile.DIRTYPE
        archive.addfile(directory)
        for name, content in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
        if kind is not None:
            info = tarfile.TarInfo("photos/link")
            info.type, info.linkname = kind, "/etc/passwd"
            archive.addfile(info)
    return buffer.getvalue()


@pytest.mark.parametrize(("name", "mode"), [("a.tar.gz", "w:gz"), ("a.tar", "w:")])
def test_tar_archives(folder, name, mode):
    path = save(folder, make_tar({**PHOTOS, "photos/._0.jpg": b"x"}, mode=mode), name)
    staging_folder(path).mkdir()  # as a killed run leaves it
    unpack(path, folder)
    assert contents(folder) == PHOTOS


@pytest.mark.parametrize("damage", ["crc", "cut", "no archive"])
def test_a_damaged_tar_is_refused(folder, damage):
    content = bytearray(make_tar(PHOTOS))
    if damage == "crc":
        content[-8] ^= 1  # of gzip's CRC-32, which stands at the very end
    path = save(folder, {"cut": content[:-100], "no archive": b"<html>"}.get(damage, content))
    path = path.rename(path.with_name("a.tar.gz"))
    with pytest.raises(DataError, match=r"a\.tar\.gz is damaged"):
        unpack(path, folder)
    assert contents(folder) == {} and not staging_folder(path).exists()


def test_a_tar_with_a_header_of_nonsense_is_refused(folder):
    """Of which tarfile raises what is none of its errors."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.PAX_FORMAT) as archive:
        info = tarfile.TarInfo("photos/0.jpg")
        info.pax_headers = {"GNU.sparse.map": "a,b"}
        archive.addfile(info)
    path = save(folder, buffer.getvalue(), "a.tar")
    with pytest.raises(DataError, match=r"a\.tar is damaged"):
        unpack(path, folder)
    assert contents(folder) == {} and not staging_folder(path).exists()


@pytest.mark.parametrize("damage", ["a flipped bit", "cut in a header", "cut behind a member"])
@pytest.mark.parametrize("mode", ["w:gz", "w:"])
def test_a_tar_with_a_damaged_header_in_its_middle_is_refused(folder, mode, damage):
    """Its further files would be missing in silence, and gzip's CRC knows nothing of it."""
    content = bytearray(make_tar(PHOTOS, mode="w:"))
    header = content.index(b"photos/2.jpg")
    if damage == "a flipped bit":
        content[header] ^= 1
    else:
        del content[header + 100 * (damage == "cut in a header") :]
    packed = gzip.compress(content) if mode == "w:gz" else content
    path = save(folder, bytes(packed), "a.tar")
    for wanted in ((), ("photos/0.jpg",)):
        with pytest.raises(
            DataError, match=r"a\.tar is damaged \(a header in it is .*\)\. Delete it"
        ):
            unpack(path, folder, members=wanted)
        assert contents(folder) == {} and not staging_folder(path).exists()


@pytest.mark.parametrize("wanted", [(), ("c.txt",)])
def test_an_archive_without_what_it_should_have(folder, wanted):
    path = save(folder, make_zip({"a.txt": "a"} if wanted else {"__MACOSX/._a": "x"}))
    with pytest.raises(DataError, match=f"does not hold {wanted[0] if wanted else 'any file'}"):
        unpack(path, folder, members=wanted)


class Stop(BaseException):
    """Ctrl-C, or a kill, at a moment of the test's choice."""


@pytest.mark.parametrize("after", range(5))
def test_interrupted_while_unpacking(folder, monkeypatch, after):
    """What is whole is not written again; what is half written is."""
    path = save(folder, make_zip(PHOTOS))
    write, written = unpacking._write, []

    def writing(target, member):
        if len(written) == after:
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(b"half")
            raise Stop
        write(target, member)
        written.append(member.name)

    monkeypatch.setattr(unpacking, "_write", writing)
    with pytest.raises(Stop):
        unpack(path, folder)
    assert contents(folder) == {} and staged_size(path) == after * 1000 + 4
    after = -1
    unpack(path, folder)
    assert contents(folder) == PHOTOS and sorted(written) == sorted(PHOTOS)
    assert not staging_folder(path).exists()


@pytest.mark.parametrize("half", [b"half", bytes([3]) * 999 + b"\0"])
def test_what_a_power_cut_spoilt_is_written_again(folder, half):
    """Also where the length is right and the content is not."""
    path = save(folder, make_zip(PHOTOS))
    (staging_folder(path) / "photos").mkdir(parents=True)
    (staging_folder(path) / "photos" / "3.jpg").write_bytes(half)
    unpack(path, folder)
    assert contents(folder) == PHOTOS


@pytest.mark.parametrize("after", range(3))
def test_interrupted_while_putting_in_place(folder, monkeypatch, after):
    members = {"a/1": b"a", "b/1": b"b", "c": b"c"}
    path = save(folder, make_zip(members))
    replace, moved = unpacking.os.replace, []

    def moving(*names):
        if len(moved) == after:
            raise Stop
        replace(*names)
        moved.append(names)

    monkeypatch.setattr(unpacking.os, "replace", moving)
    with pytest.raises(Stop):
        unpack(path, folder)
    assert len(contents(folder)) == after
    after = -1
    unpack(path, folder)
    assert contents(folder) == members and len(moved) == 3


def test_a_folder_of_which_a_part_is_there_is_completed(folder):
    """Files of the same name are replaced only where they differ; others stay."""
    (folder / "photos").mkdir()
    for name, content in [("0.jpg", PHOTOS["photos/0.jpg"]), ("1.jpg", b"old"), ("my.jpg", b"my")]:
        (folder / "photos" / name).write_bytes(content)
    before = (folder / "photos" / "0.jpg").stat().st_ino
    unpack(save(folder, make_zip(PHOTOS)), folder)
    assert contents(folder) == {**PHOTOS, "photos/my.jpg": b"my"}
    assert (folder / "photos" / "0.jpg").stat().st_ino == before


def test_a_disk_too_small_is_refused_first(folder, monkeypatch):
    usage = namedtuple("usage", "total used free")(0, 0, 4999)
    monkeypatch.setattr(shutil, "disk_usage", lambda place: usage)
    path = save(folder, make_zip(PHOTOS))
    with pytest.raises(DataError, match="unpacks to .* left; free some space"):
        unpack(path, folder)
    assert not staging_folder(path).exists()
    staging_folder(path).mkdir()
    (staging_folder(path) / "unpacked already").write_bytes(b"x")
    unpack(path, folder)
