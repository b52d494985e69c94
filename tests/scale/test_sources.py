"""Which pictures names mean: files, tars, lists, a store's addresses; what is wrong with them."""

from __future__ import annotations

import json
import tarfile
import urllib.request

import pytest

pytest.importorskip("pyarrow", reason="the extra ray")
pytest.importorskip("fsspec", reason="the extra ray")

import fsspec  # noqa: E402
import pyarrow as pa  # noqa: E402
import pyarrow.parquet as pq  # noqa: E402

from looksay.errors import MissingExtraError, ScaleError  # noqa: E402
from looksay.scale.items import Item, from_table, to_table  # noqa: E402
from looksay.scale.lists import read_list  # noqa: E402
from looksay.scale.sources import find_items  # noqa: E402

pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning")  # of S3's connections


def names_of(*names, **how):
    return [item.name for item in find_items(names, **how)]


def make_tar(path, members):
    with tarfile.open(path, "w") as tar:
        for name, source in members.items():
            tar.add(source, name)


def test_files_folders_and_patterns_in_their_order(photos):
    assert names_of("photos/b.jpg", "photos", "photos/*.png") == [
        "photos/b.jpg",
        "photos/a.png",
        "photos/b.jpg",
        "photos/no-picture.jpg",
        "photos/deep/c.png",
        "photos/a.png",
    ]


def test_a_tar_gives_its_pictures_and_each_its_bytes(photos):
    members = {"d/1.jpg": "photos/b.jpg", "d/1.json": "photos/b.jpg", "d/.2.jpg": "photos/b.jpg"}
    make_tar("one.tar", members | {"x" * 150 + ".png": "photos/a.png"})
    items = list(find_items(["*.tar"]))
    assert [item.name for item in items] == ["one.tar/d/1.jpg", "one.tar/" + "x" * 150 + ".png"]
    assert items[0].source.read() == (photos / "b.jpg").read_bytes()
    assert items[1].source.read() == (photos / "a.png").read_bytes()


def test_a_tar_with_a_patterns_signs_in_its_name_is_a_tar(photos):
    make_tar("s[1].tar", {"1.jpg": "photos/b.jpg"})
    assert names_of("s[1].tar") == ["s[1].tar/1.jpg"]


@pytest.mark.parametrize("damage", ["empty", "text", "torn", "compressed", "no pictures"])
def test_what_is_wrong_with_a_tar_is_an_item_with_a_sentence(photos, damage):
    make_tar("s.tar", {"1.jpg": "photos/b.jpg", "2.jpg": "photos/b.jpg"})
    content = (photos.parent / "s.tar").read_bytes()
    if damage == "empty":
        content = b""
    elif damage == "text":
        content = b"no tar" * 500
    elif damage == "torn":
        content = content[:700]
    elif damage == "compressed":
        with tarfile.open("s.tar", "w:gz") as tar:
            tar.add("photos/b.jpg", "1.jpg")
        content = (photos.parent / "s.tar").read_bytes()
    else:
        make_tar("s.tar", {"1.txt": "photos/b.jpg"})
        content = (photos.parent / "s.tar").read_bytes()
    (photos.parent / "s.tar").write_bytes(content)
    item = list(find_items(["s.tar"]))[-1]
    assert item.problem.startswith("s.tar ") and item.problem.endswith(".")
    assert ("no pictures" in item.problem) == (damage == "no pictures")


@pytest.mark.parametrize("damage", ["cut in a header", "cut behind a member", "a flipped bit"])
def test_pictures_behind_a_damaged_header_are_not_lost_in_silence(photos, damage):
    make_tar("s.tar", {f"{n}.jpg": "photos/b.jpg" for n in range(4)})
    with tarfile.open("s.tar") as tar:
        header = tar.getmember("2.jpg").offset
    content = bytearray((photos.parent / "s.tar").read_bytes())
    if damage == "a flipped bit":
        content[header] ^= 1
    else:
        del content[header + 100 * (damage == "cut in a header") :]
    (photos.parent / "s.tar").write_bytes(content)
    *found, last = find_items(["s.tar"])
    assert [item.name for item in found] == ["s.tar/0.jpg", "s.tar/1.jpg"]
    assert not any(item.problem for item in found)
    assert "damaged, cut off or compressed" in last.problem


def test_names_of_any_bytes_survive_the_way_to_a_worker():
    items = [Item("a\\udcff", "/a\udcff", "1:2"), Item("b", "s3://b/b", "1", 512, 7, "no")]
    assert list(from_table(to_table(items))) == items
    assert list(from_table(to_table([]))) == []


def test_a_column_of_parquet_or_json_lines_is_a_list(tmp_path):
    names = ["a.png", "b ü.jpg"]
    pq.write_table(pa.table({"id": [1, 2], "path": names}), tmp_path / "l.parquet")
    lines = [json.dumps({"image": names[0], "path": "x"}), "", json.dumps(names[1])]
    (tmp_path / "l.jsonl").write_text("\n".join(lines), encoding="utf-8")
    assert list(read_list(str(tmp_path / "l.parquet"))) == names
    assert list(read_list(str(tmp_path / "l.jsonl"))) == names
    assert next(read_list(str(tmp_path / "l.jsonl"), "path")) == "x"


@pytest.mark.parametrize(
    ("content", "column", "sentence"),
    [
        (None, None, "does not exist"),
        ('{"id": 1}', None, "line 1 has no column 'image' or 'path'"),
        ('{"image": 1}', "imag", "did you mean 'image'"),
        ('{"image": 1}', None, "line 1: 1 stands where a picture's path should"),
        ('{"image": "a.png"}\n{"image', None, "line 2: not JSON"),
        ('{"image": "a.png"}\n\xff', None, "line 2: not JSON"),
    ],
)
def test_what_is_wrong_with_json_lines_is_a_sentence(tmp_path, content, column, sentence):
    path = tmp_path / "l.jsonl"
    if content is not None:
        path.write_text(content, encoding="latin-1")
    with pytest.raises(ScaleError, match=sentence):
        list(read_list(str(path), column))


def test_what_is_wrong_with_a_parquet_list_is_a_sentence(tmp_path):
    path = tmp_path / "l.parquet"
    path.write_bytes(b"no Parquet")
    with pytest.raises(ScaleError, match="is no Parquet file"):
        list(read_list(str(path)))
    pq.write_table(pa.table({"id": [1], "image": [None]}), path)
    with pytest.raises(ScaleError, match="'image' holds null, not text"):
        list(read_list(str(path)))
    with pytest.raises(ScaleError, match="no column 'pth'; it has 'id', 'image'"):
        list(read_list(str(path), "pth"))
    pq.write_table(pa.table({"image": ["a", None]}), path)
    with pytest.raises(ScaleError, match="row 2: None stands"):
        list(read_list(str(path)))


def test_a_stores_folders_patterns_and_tars(bucket, photos):
    fs, address = bucket
    root = address.removeprefix("s3://")
    for name in ("b.jpg", "a.png", "deep/c.png", ".hidden/d.png", "notes.txt"):
        fs.pipe_file(f"{root}/{name}", b"bytes of " + name.encode())
    make_tar("one.tar", {"1.jpg": "photos/b.jpg"})
    fs.put_file("one.tar", f"{root}/one.tar")
    assert names_of(address) == [f"{address}/a.png", f"{address}/b.jpg", f"{address}/deep/c.png"]
    assert names_of(f"{address}/*.png") == [f"{address}/a.png"]
    (item,) = find_items([f"{address}/b.jpg"])
    assert item.source.read() == b"bytes of b.jpg"
    (item,) = find_items([f"{address}/one.tar"])
    assert item.name == f"{address}/one.tar/1.jpg"
    assert item.source.read() == (photos / "b.jpg").read_bytes()
    before = next(iter(find_items([f"{address}/b.jpg"]))).identity
    fs.pipe_file(f"{root}/b.jpg", b"other of b.jpg")
    assert next(iter(find_items([f"{address}/b.jpg"]))).identity != before


@pytest.mark.parametrize("place", ["memory://deep", "memory://deep/**/*.png"])
def test_a_folder_that_cannot_be_listed_is_not_left_out_in_silence(place, monkeypatch):
    fs = fsspec.filesystem("memory")
    monkeypatch.setattr(type(fs), "store", {})
    for name in ("a.png", "b/c.png", "b/.hidden/d.png", "b/e/f.png"):
        fs.pipe_file(f"/deep/{name}", b"bytes")
    found = ["memory:///deep/a.png", "memory:///deep/b/c.png", "memory:///deep/b/e/f.png"]
    assert set(names_of(place)) >= set(found)
    listing = type(fs).ls

    def ls(fs, path, **options):
        if path.endswith("/e"):
            raise PermissionError("Access Denied")
        return listing(fs, path, **options)

    monkeypatch.setattr(type(fs), "ls", ls)
    with pytest.raises(ScaleError, match="deep.*: access is denied"):
        names_of(place)


def test_what_a_store_refuses_is_a_sentence(bucket, monkeypatch):
    fs, address = bucket
    with pytest.raises(ScaleError, match="no such bucket; check its name"):
        names_of("s3://there-is-none/x.jpg")
    with pytest.raises(ScaleError, match="none.jpg: it does not exist"):
        names_of(f"{address}/none.jpg")
    with pytest.raises(ScaleError, match="No picture matches"):
        names_of(f"{address}/*.gif")
    (item,) = find_items([f"{address}/none.jpg"], listed=True)
    assert "it does not exist" in item.problem
    with pytest.raises(ScaleError, match="is no address that can be read"):
        names_of("nothing://a/b")
    if fs.protocol and not _installed("gcsfs"):
        with pytest.raises(MissingExtraError, match="install gcsfs"):
            names_of("gs://a/b")

    import s3fs

    def forget():
        s3fs.S3FileSystem.clear_instance_cache()

    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/dev/null")
    monkeypatch.setenv("AWS_CONFIG_FILE", "/dev/null")
    forget()
    with pytest.raises(ScaleError, match="no credentials were found"):  # of a list's, too
        names_of(f"{address}/none.jpg", listed=True)
    forget()


def test_wrong_credentials_are_a_sentence(bucket, s3_server):
    fs, address = bucket
    fs.pipe_file(f"{address}/a.jpg", b"bytes")
    check_credentials(s3_server, after_requests="0")
    try:
        with pytest.raises(ScaleError, match="access is denied .*; check the credentials"):
            names_of(f"{address}/a.jpg")
        with pytest.raises(ScaleError, match="access is denied .*; check the credentials"):
            names_of(address)
        (item,) = find_items([f"{address}/a.jpg"], listed=True)
        assert "access is denied" in item.problem
    finally:
        check_credentials(s3_server, after_requests="inf")


def check_credentials(server, *, after_requests):
    """From then on the S3 server knows no key."""
    address = f"{server}/moto-api/reset-auth"
    kind = {"Content-Type": "text/plain"}
    request = urllib.request.Request(address, after_requests.encode(), kind, method="POST")
    with urllib.request.urlopen(request) as answer:
        assert answer.status == 200


def _installed(package):
    import importlib.util

    return importlib.util.find_spec(package) is not None
