"""Bad writing is noticed, and the way back survives torn and foreign journals."""

from __future__ import annotations

import os
import sys

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from looksay.errors import EmbedError, MissingExtraError
from looksay.library.embed import ExifTool, State, Wishes, embed, look, undo
from looksay.library.embed.fields import read_description
from looksay.library.embed.journal import NAME, Entry, Journal
from looksay.library.embed.patches import apply_patch, make_patch
from looksay.library.embed.segments import lasting_parts


class Careless:
    """ExifTool, whose work something then spoils."""

    def __init__(self, real, spoil) -> None:
        self.real, self.spoil = real, spoil

    def read_bytes(self, data):
        return self.real.read_bytes(data)

    def write(self, data, suffix, arguments):
        return self.spoil(self.real, self.real.write(data, suffix, arguments), suffix)


def lose_a_byte(real, data, suffix):
    place = data.find(b"VP8 ") + 60 if suffix == ".webp" else len(data) - 30
    return data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :]


def lose_the_end(real, data, suffix):
    return data[:-20]


def lose_a_field(real, data, suffix):
    return real.write(data, suffix, ["-XMP-dc:Subject=", "-XMP-x:all="])


def lose_the_camera(real, data, suffix):
    return real.write(data, suffix, ["-EXIF:Make="])


def add_a_field(real, data, suffix):
    return real.write(data, suffix, ["-XMP-dc:Title=new"])


def lose_the_text(real, data, suffix):
    return real.write(data, suffix, ["-XMP-dc:Description=A"])


@pytest.mark.parametrize(
    "spoil",
    [lose_a_byte, lose_the_end, lose_a_field, lose_the_camera, add_a_field, lose_the_text],
)
@pytest.mark.parametrize("name", ["full.jpg", "full.png", "full.webp", "full.avif"])
def test_whatever_goes_wrong_the_photograph_stays(made, tmp_path, exiftool, spoil, name):
    if not (made / name).exists():
        pytest.skip("this Pillow cannot write it")
    path = tmp_path / name
    path.write_bytes((made / name).read_bytes())
    before = path.read_bytes()
    with pytest.raises(EmbedError):
        embed(look(path, exiftool), "A dog", Careless(exiftool, spoil), Wishes())
    assert path.read_bytes() == before and os.listdir(tmp_path) == [name]


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF"])
def test_parts_notice_another_picture(tmp_path, kind):
    one, other = tmp_path / "one", tmp_path / "other"
    Image.new("RGB", (16, 16), "red").save(one, kind)
    Image.new("RGB", (16, 16), "blue").save(other, kind)
    assert lasting_parts(one.read_bytes(), kind) != lasting_parts(other.read_bytes(), kind)


@given(old=st.binary(max_size=3000), new=st.binary(max_size=3000))
@settings(deadline=None, max_examples=60)
def test_a_patch_leads_back_from_anything(old, new):
    assert apply_patch(make_patch(old, new), new, len(old)) == old


def test_a_patch_is_small_and_knows_its_file(made):
    data = (made / "full.tif").read_bytes()
    new = b"prefix" + data[:500] + b"inserted" * 300 + data[500:]
    patch = make_patch(data, new)
    assert len(patch) < 200
    with pytest.raises(EmbedError):
        apply_patch(b"nonsense", new, len(data))
    with pytest.raises(EmbedError):
        apply_patch(patch, new, 10)


@given(damage=st.integers(0, 100_000))
@settings(
    deadline=None, max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_a_damaged_journal_never_damages_a_photograph(made, tmp_path, exiftool, damage):
    path, journal = tmp_path / "a.jpg", tmp_path / NAME
    path.write_bytes((made / "plain.jpg").read_bytes())
    journal.unlink(missing_ok=True)
    embed(look(path, exiftool), "A dog", exiftool, Wishes())
    written, lines = path.read_bytes(), bytearray(journal.read_bytes())
    lines[damage % len(lines)] ^= 1 << damage % 8
    journal.write_bytes(lines)
    try:
        undone = undo(path, Wishes()) is State.UNDONE
    except EmbedError:
        undone = False
    original = (made / "plain.jpg").read_bytes()
    assert path.read_bytes() == (original if undone else written)


def test_undo_without_its_library_says_what_to_install(jpeg, exiftool, monkeypatch):
    embed(look(jpeg, exiftool), "A dog", exiftool, Wishes())
    written = jpeg.read_bytes()
    monkeypatch.setitem(sys.modules, "zstandard", None)
    with pytest.raises(MissingExtraError, match="pip install"):
        undo(jpeg, Wishes())
    assert jpeg.read_bytes() == written


def entry(number: int) -> Entry:
    return Entry(
        file=f"{number}.jpg",
        before=f"b{number}",
        after=f"a{number}",
        size=1,
        mtime_ns=1,
        text="A dog",
        patch="AAAA",
    )


def test_a_torn_line_costs_only_itself(tmp_path):
    journal = Journal(tmp_path / NAME)
    journal.add(entry(1))
    with open(journal.path, "ab") as file:
        file.write(b'{"file": "torn')
    journal.add(entry(2))
    assert [one.file for one in journal.entries()] == ["1.jpg", "2.jpg"]
    journal.remove([entry(2)])
    assert [one.file for one in journal.entries()] == ["1.jpg"]
    journal.remove([entry(1)])
    assert not journal.path.exists()


def test_a_foreign_journal_is_a_sentence(tmp_path):
    (tmp_path / NAME).write_text("hello\n")
    with pytest.raises(EmbedError, match="no journal of looksay"):
        Journal(tmp_path / NAME).entries()


def test_without_a_journal_nothing_is_written(jpeg, exiftool):
    before = jpeg.read_bytes()
    with pytest.raises(EmbedError, match="--journal"):
        embed(look(jpeg, exiftool), "A dog", exiftool, Wishes(journal=jpeg.parent / "no" / "x"))
    assert jpeg.read_bytes() == before


def test_a_program_that_is_missing_or_another_is_a_sentence(tmp_path):
    with pytest.raises(MissingExtraError, match="apt install"), ExifTool("no-such-program"):
        pass


@pytest.mark.parametrize(
    ("text", "counts"),
    [("SONY DSC", False), ("OLYMPUS DIGITAL CAMERA", False), ("DCIM\\100", False), ("", False),
     ("Rex", True), ("A digital camera on a table", True)],
)  # fmt: skip
def test_what_cameras_write_describes_nothing(text, counts):
    assert bool(read_description({"IFD0:ImageDescription": text}).text) is counts
