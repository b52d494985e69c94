"""A description into a photograph and out again: nothing else may change, in no kind of file."""

from __future__ import annotations

import json
import os
import stat
import subprocess

import numpy as np
import pytest
from PIL import Image, ImageSequence

from looksay.errors import EmbedError, ImageError
from looksay.library.embed import State, Wishes, embed, look, undo
from looksay.library.embed.journal import NAME

TEXT = "A brown dog runs through the grass"
UMLAUTS = "Ein größerer Hund läuft – 犬"


def put(path, text, exiftool, **wishes) -> State:
    return embed(look(path, exiftool), text, exiftool, Wishes(**wishes))


def pixels(path) -> list[bytes]:
    with Image.open(path) as image:
        return [frame.tobytes() for frame in ImageSequence.Iterator(image)]


def fields(path) -> dict[str, object]:
    """All fields, by a process of its own."""
    command = ["exiftool", "-q", "-q", "-j", "-G1", "-a", "-struct", str(path)]
    (found,) = json.loads(subprocess.run(command, capture_output=True, check=True).stdout)
    return {name: value for name, value in found.items() if not name.startswith("System:")}


@pytest.mark.parametrize("text", [TEXT, UMLAUTS])
def test_the_text_arrives_and_undo_gives_the_very_bytes_back(photo, exiftool, text):
    before, shown, said = photo.read_bytes(), pixels(photo), fields(photo)
    os.chmod(photo, 0o640)
    old_time = photo.stat().st_mtime_ns
    assert put(photo, text, exiftool) is State.WRITTEN
    now = fields(photo)
    assert now["XMP-dc:Description"] == text
    assert now["XMP-iptcCore:AltTextAccessibility"] == text
    assert now["XMP-photoshop:CaptionWriter"].startswith("looksay ")
    if photo.suffix in (".jpg", ".tif") and not (photo.name == "latin.jpg" and text == UMLAUTS):
        assert now["IPTC:Caption-Abstract"] == text
    free = ("Offset", "Offsets", "Start", "Toolkit", "SourceFile", "Flags", "IPTCDigest")
    of_the_file = ("File:FileType", "File:MIMEType", "QuickTime:Media")
    for name, value in said.items():
        if not name.endswith(free) and not name.startswith(of_the_file):
            assert now[name] == value, name
    assert pixels(photo) == shown
    assert stat.S_IMODE(photo.stat().st_mode) == 0o640
    assert put(photo, text, exiftool) is State.UNCHANGED
    assert undo(photo, Wishes()) is State.UNDONE
    assert photo.read_bytes() == before
    assert photo.stat().st_mtime_ns == old_time
    assert os.listdir(photo.parent) == [photo.name]  # and the journal has gone


def test_a_video_behind_the_picture_stays_byte_by_byte(made, tmp_path, exiftool):
    path = tmp_path / "motion.jpg"
    path.write_bytes((made / "motion.jpg").read_bytes())
    put(path, TEXT, exiftool)
    assert path.read_bytes().endswith(b"\0\0\0\x18ftypmp42" + bytes(range(256)) * 20)


def test_every_picture_of_a_file_with_several_is_found_afterwards(made, tmp_path, exiftool):
    path = tmp_path / "several.jpg"
    path.write_bytes((made / "several.jpg").read_bytes())
    put(path, TEXT, exiftool)
    with Image.open(path) as image:
        assert image.n_frames == 2
        second = [np.array(frame) for frame in ImageSequence.Iterator(image)][1]
    assert second.shape == (72, 96, 3)


def test_what_others_wrote_is_kept_unless_asked(jpeg, exiftool):
    subprocess.run(["exiftool", "-q", "-overwrite_original", "-XMP-dc:Description=Mine",
                    "-XMP-dc:Description-de=Meins", str(jpeg)], check=True)  # fmt: skip
    before = jpeg.read_bytes()
    assert put(jpeg, TEXT, exiftool) is State.KEPT and jpeg.read_bytes() == before
    assert put(jpeg, TEXT, exiftool, overwrite=True) is State.WRITTEN
    assert fields(jpeg)["XMP-dc:Description"] == TEXT
    assert fields(jpeg)["XMP-dc:Description-de"] == "Meins"
    assert undo(jpeg, Wishes()) is State.UNDONE and jpeg.read_bytes() == before


@pytest.mark.parametrize(
    "field",
    [
        "IPTC:Caption-Abstract",
        "IFD0:ImageDescription",
        "XMP-photoshop:CaptionWriter",
        "XMP-dc:Description-de",
    ],
)
def test_any_description_counts_but_a_cameras(jpeg, exiftool, field):
    assert look(jpeg, exiftool).kept == ""  # "OLYMPUS DIGITAL CAMERA" describes nothing
    subprocess.run(["exiftool", "-q", "-overwrite_original", f"-{field}=By me", str(jpeg)],
                   check=True)  # fmt: skip
    assert "By me" in look(jpeg, exiftool).kept


def test_our_own_text_is_renewed_until_somebody_edits_it(jpeg, exiftool):
    before = jpeg.read_bytes()
    put(jpeg, "A dog", exiftool)
    assert put(jpeg, TEXT, exiftool) is State.WRITTEN
    assert fields(jpeg)["IPTC:Caption-Abstract"] == TEXT
    ours = jpeg.read_bytes()
    subprocess.run(["exiftool", "-q", "-overwrite_original", "-XMP-dc:Description=Rex", str(jpeg)],
                   check=True)  # fmt: skip
    assert put(jpeg, "A cat", exiftool) is State.KEPT
    with pytest.raises(EmbedError, match="changed it since"):
        undo(jpeg, Wishes())
    assert fields(jpeg)["XMP-dc:Description"] == "Rex"
    jpeg.write_bytes(ours)
    assert undo(jpeg, Wishes()) is State.UNDONE  # both steps
    assert jpeg.read_bytes() == before


def test_editors_do_not_take_the_xmp_for_outdated(jpeg, exiftool):
    put(jpeg, TEXT, exiftool)
    now = fields(jpeg)
    assert now["Photoshop:IPTCDigest"] == now["File:CurrentIPTCDigest"]


def test_the_time_can_stay(jpeg, exiftool):
    os.utime(jpeg, ns=(10**18, 10**18))
    put(jpeg, TEXT, exiftool, keep_time=True)
    assert jpeg.stat().st_mtime_ns == 10**18
    put(jpeg, "A cat", exiftool)
    assert jpeg.stat().st_mtime_ns > 10**18


def test_a_dry_run_changes_nothing(jpeg, exiftool):
    before = jpeg.read_bytes()
    assert put(jpeg, TEXT, exiftool, dry_run=True) is State.WOULD_BE_WRITTEN
    assert jpeg.read_bytes() == before and os.listdir(jpeg.parent) == [jpeg.name]
    put(jpeg, TEXT, exiftool)
    written = jpeg.read_bytes()
    assert undo(jpeg, Wishes(dry_run=True)) is State.UNDONE and jpeg.read_bytes() == written


def test_undo_knows_a_photograph_by_its_content(jpeg, exiftool):
    before, twin = jpeg.read_bytes(), jpeg.with_name("twin.jpg")
    twin.write_bytes(before)
    put(jpeg, TEXT, exiftool)
    put(twin, TEXT, exiftool)
    moved = jpeg.rename(jpeg.with_name("moved.jpg"))
    assert undo(twin, Wishes()) is State.UNDONE
    assert undo(moved, Wishes()) is State.UNDONE
    assert moved.read_bytes() == twin.read_bytes() == before
    assert undo(moved, Wishes()) is State.NOTHING_TO_UNDO
    assert not (jpeg.parent / NAME).exists()


def test_an_entry_that_a_kill_left_twice_goes_with_its_undo(jpeg, exiftool):
    before, journal = jpeg.read_bytes(), jpeg.parent / NAME
    put(jpeg, TEXT, exiftool)
    journal.write_bytes(journal.read_bytes() * 2)
    assert undo(jpeg, Wishes()) is State.UNDONE and jpeg.read_bytes() == before
    assert not journal.exists()


def test_one_journal_can_serve_all(jpeg, exiftool, tmp_path):
    before, journal = jpeg.read_bytes(), tmp_path / "elsewhere.jsonl"
    put(jpeg, TEXT, exiftool, journal=journal)
    assert json.loads(journal.read_text())["file"] == "full.jpg"
    assert undo(jpeg, Wishes()) is State.NOTHING_TO_UNDO
    assert undo(jpeg, Wishes(journal=journal)) is State.UNDONE and jpeg.read_bytes() == before


def test_a_photograph_that_changes_meanwhile_is_left_alone(jpeg, exiftool):
    found = look(jpeg, exiftool)
    jpeg.write_bytes(jpeg.read_bytes() + b"more")
    changed = jpeg.read_bytes()
    with pytest.raises(EmbedError, match="changed in the meantime"):
        embed(found, TEXT, exiftool, Wishes())
    assert jpeg.read_bytes() == changed


def test_a_link_leads_to_its_photograph(jpeg, exiftool):
    link = jpeg.with_name("link.jpg")
    os.symlink(jpeg.name, link)
    before = jpeg.read_bytes()
    put(link, TEXT, exiftool)
    assert link.is_symlink() and fields(jpeg)["XMP-dc:Description"] == TEXT
    undo(link, Wishes())
    assert jpeg.read_bytes() == before


def test_odd_names_are_no_trouble(jpeg, exiftool):
    for name in ("a\nb.jpg", "-delete_original.jpg", "ä ' \".jpg", os.fsdecode(b"\xff.jpg")):
        path = jpeg.rename(jpeg.with_name(name))
        assert put(path, TEXT, exiftool) is State.WRITTEN
        assert undo(path, Wishes()) is State.UNDONE
        jpeg = path


def test_what_cannot_be_written_into_is_a_sentence(jpeg, exiftool, tmp_path):
    gif = tmp_path / "a.gif"
    Image.new("RGB", (8, 8)).save(gif)
    with pytest.raises(EmbedError, match="GIF file cannot keep"):
        look(gif, exiftool)
    with pytest.raises(ImageError, match="does not exist"):
        look(tmp_path / "gone.jpg", exiftool)
    (tmp_path / "text.jpg").write_text("hello")
    with pytest.raises(ImageError, match="holds text"):
        look(tmp_path / "text.jpg", exiftool)
    with pytest.raises(EmbedError, match="no line of text"):
        put(jpeg, "two\nlines", exiftool)


def test_signed_photographs_are_left_alone(jpeg, exiftool):
    """A box of content credentials, as small as it can be."""
    label = b"\0" * 4 + b"\0\x11\0\x10\x80\0\0\xaa\0\x38\x9b\x71" + b"\x03c2pa\0"
    described = (8 + len(label)).to_bytes(4, "big") + b"jumd" + label
    box = (8 + len(described)).to_bytes(4, "big") + b"jumb" + described
    body = b"JP\0\x01\0\0\0\x01" + box
    data = jpeg.read_bytes()
    jpeg.write_bytes(data[:2] + b"\xff\xeb" + (len(body) + 2).to_bytes(2, "big") + body + data[2:])
    with pytest.raises(EmbedError, match="content credentials"):
        look(jpeg, exiftool)
