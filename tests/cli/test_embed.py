"""`looksay embed` as a person calls it: what it prints, what it does, its exit status."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

pytest.importorskip("exiftool", reason="pip install looksay[embed]")
pytest.importorskip("zstandard", reason="pip install looksay[embed]")
needs_program = pytest.mark.skipif(
    shutil.which("exiftool") is None, reason="the program ExifTool is not installed"
)


@pytest.fixture
def album(tmp_path, monkeypatch) -> Path:
    folder = tmp_path / "album"
    folder.mkdir()
    for name in ("blue.png", "red.jpg"):
        Image.new("RGB", (64, 64), Path(name).stem).save(folder / name)
    monkeypatch.chdir(tmp_path)
    return folder


@needs_program
def test_write_read_back_and_undo(looksay, colours, album):
    before = {path: path.read_bytes() for path in album.iterdir()}
    result = looksay("embed", "album")
    assert (result.status, result.err) == (0, "2 written.\n")
    assert result.lines == [
        "album/blue.png\twritten\tA blue picture",
        "album/red.jpg\twritten\tA red picture",
    ]
    command = ["exiftool", "-j", "-XMP-dc:Description", "album"]
    found = json.loads(subprocess.run(command, capture_output=True, check=True).stdout)
    assert sorted(one["Description"] for one in found) == ["A blue picture", "A red picture"]
    assert looksay("embed", "album").lines[0] == "album/blue.png\tunchanged\tA blue picture"
    result = looksay("embed", "--undo", "album")
    assert result.lines == ["album/blue.png\tundone", "album/red.jpg\tundone"]
    assert {path: path.read_bytes() for path in album.iterdir()} == before
    result = looksay("embed", "--undo", "album")
    assert (result.status, result.out, result.err) == (0, "", "2 nothing to undo.\n")


@needs_program
def test_a_dry_run_says_what_it_would_do(looksay, colours, album):
    before = (album / "red.jpg").read_bytes()
    result = looksay("embed", "album/red.jpg", "--dry-run")
    assert result.lines == ["album/red.jpg\twould be written\tA red picture"]
    assert (album / "red.jpg").read_bytes() == before and len(os.listdir(album)) == 2


@needs_program
def test_problems_are_a_line_each_and_the_rest_goes_on(looksay, colours, album):
    (album / "broken.jpg").write_bytes((album / "red.jpg").read_bytes()[:300])
    Image.new("RGB", (64, 64)).save(album / "moving.gif")
    result = looksay("embed", "album", "gone.jpg")
    assert result.status == 1
    assert [line.split("\t")[0] for line in result.lines] == ["album/blue.png", "album/red.jpg"]
    problems = result.err.splitlines()
    assert "broken.jpg" in problems[0] and "moving.gif: A GIF file" in problems[1]
    assert "gone.jpg does not exist" in problems[2] and problems[3] == "3 failed, 2 written."


@needs_program
def test_what_others_wrote_needs_no_caption(looksay, colours, album):
    command = ["exiftool", "-q", "-overwrite_original", "-XMP-dc:Description=Mine"]
    subprocess.run([*command, str(album / "red.jpg")], check=True)
    assert looksay("embed", "album/red.jpg").out == "album/red.jpg\tkept\tMine\n"
    assert colours.seen == []
    assert "written\tA red picture" in looksay("embed", "--overwrite", "album/red.jpg").out


@needs_program
def test_unsure_texts_can_be_left_out(looksay, colours, album):
    result = looksay("embed", "album", "--min-confidence", "0.5", "--journal", "undo.jsonl")
    assert result.lines[0] == "album/blue.png\tnot sure enough\tA blue picture"
    assert Path("undo.jsonl").exists()
    assert looksay("embed", "album", "--undo", "--journal", "undo.jsonl").status == 0
    assert not Path("undo.jsonl").exists()


@pytest.mark.parametrize(
    ("options", "status", "word"),
    [
        (["-"], 2, "standard input"),
        ([], 2, "Missing argument"),
        (["album", "--undo", "--overwrite"], 2, "leave --overwrite out"),
        (["album", "--exiftool", "no-such-program"], 1, "apt install libimage-exiftool-perl"),
        (["album", "--exiftool", sys.executable], 1, "cannot be started"),
    ],
)
def test_wrong_usage_is_a_sentence(looksay, colours, album, options, status, word):
    result = looksay("embed", *options)
    assert result.status == status and word in result.err


def test_without_its_libraries_it_says_what_to_install(looksay, colours, album, monkeypatch):
    monkeypatch.setitem(sys.modules, "exiftool", None)
    result = looksay("embed", "album")
    assert result.status == 1 and 'pip install "looksay[embed]"' in result.err
