"""--output: an interrupted run goes on, nothing stands twice, nothing foreign is touched."""

from __future__ import annotations

import csv
import errno
import json
from pathlib import Path

import pytest

FORMATS = ("text", "json", "jsonl", "csv")


def names_in(path: Path) -> list[str]:
    text = path.read_text()
    if path.suffix == ".json":
        return [record["image"] for record in json.loads(text)]
    if path.suffix == ".jsonl":
        return [json.loads(line)["image"] for line in text.splitlines()]
    if path.suffix == ".csv":
        return [row["image"] for row in csv.DictReader(text.splitlines())]
    return [line.split("\t")[0] for line in text.splitlines()]


@pytest.mark.parametrize("format", FORMATS)
def test_a_second_run_does_only_what_is_missing(looksay, captioner, photos, format):
    output = Path(f"out.{format}")
    looksay("caption", "photos/b.jpg", "--output", output)
    first = output.read_bytes()
    captioner.seen.clear()
    assert looksay("caption", "photos", "--output", output).status == 0
    assert names_in(output) == ["photos/b.jpg", "photos/a.png", "photos/deep/c.png"]
    assert len(captioner.seen) == 2
    if format != "json":
        assert output.read_bytes().startswith(first)
    complete = output.read_bytes()
    assert looksay("caption", "photos", "--output", output).status == 0
    assert len(captioner.seen) == 2 and output.read_bytes() == complete


@pytest.mark.parametrize("format", ["text", "jsonl", "csv"])
def test_a_line_torn_by_a_kill_is_cut_off_and_done_again(looksay, captioner, photos, format):
    output = Path(f"out.{format}")
    looksay("caption", "photos", "--output", output)
    whole = output.read_bytes()
    last = whole.rfind(b"\n", 0, -1) + 1
    for cut in range(last, len(whole)):
        output.write_bytes(whole[:cut])
        captioner.seen.clear()
        assert looksay("caption", "photos", "--output", output).status == 0
        assert output.read_bytes() == whole
        assert len(captioner.seen) == 1


def test_a_csv_row_torn_inside_a_quoted_name_is_cut_off(looksay, captioner, photos):
    (photos / "a.png").rename(photos / 'z"\n\n".png')
    looksay("caption", "photos", "--output", "out.csv")
    whole = Path("out.csv").read_bytes()
    start = whole.index(b'"photos/z')
    for cut in range(start, len(whole)):
        Path("out.csv").write_bytes(whole[:cut])
        looksay("caption", "photos", "--output", "out.csv")
        assert sorted(Path("out.csv").read_bytes()) == sorted(whole)


@pytest.mark.parametrize("format", FORMATS)
def test_failures_are_tried_again_and_never_stand_twice(looksay, captioner, photos, format):
    output = Path(f"out.{format}")
    (photos / "bad.png").write_bytes(b"not yet")
    command = ("caption", "photos", "--output", output)
    assert looksay(*command).status == 1
    assert looksay(*command).status == 1
    assert names_in(output).count("photos/bad.png") == (0 if format == "text" else 1)
    (photos / "bad.png").write_bytes((photos / "a.png").read_bytes())
    assert looksay(*command).status == 0
    assert sorted(names_in(output)) == [
        "photos/a.png",
        "photos/b.jpg",
        "photos/bad.png",
        "photos/deep/c.png",
    ]


@pytest.mark.parametrize("format", FORMATS)
def test_an_interrupted_run_keeps_what_it_has(looksay, captioner, photos, format):
    output = Path(f"out.{format}")
    captioner.interrupt_after = 2
    result = looksay("caption", "photos", "--output", output)
    assert result.status == 130 and "Traceback" not in result.err
    assert names_in(output) == ["photos/a.png", "photos/b.jpg"]


@pytest.mark.parametrize("format", ["json", "jsonl", "csv"])
def test_captions_of_two_models_are_not_mixed(looksay, captioner, photos, format):
    output = Path(f"out.{format}")
    looksay("caption", "photos/a.png", "--output", output)
    before = output.read_bytes()
    captioner.name = "other"
    result = looksay("caption", "photos", "--output", output)
    assert result.status == 2 and "'fake'" in result.err and "'other'" in result.err
    assert output.read_bytes() == before


@pytest.mark.parametrize("format", FORMATS)
def test_a_file_of_something_else_is_left_alone(looksay, captioner, photos, format):
    output = Path(f"out.{format}")
    output.write_text("# my diary\nDear diary\n")
    result = looksay("caption", "photos", "--output", output)
    assert result.status == 2 and str(output) in result.err
    assert output.read_text() == "# my diary\nDear diary\n"


@pytest.mark.parametrize("format", ["json", "jsonl"])
def test_brackets_without_end_are_something_else(looksay, captioner, photos, format):
    output = photos.parent / f"mine.{format}"
    output.write_text("[" * 100_000 + "\n")
    result = looksay("caption", "photos", "--output", output)
    assert result.status == 2 and "name another --output file" in result.err
    assert output.stat().st_size == 100_001


def test_records_with_and_without_attention_are_not_mixed(looksay, captioner, photos):
    looksay("caption", "photos/a.png", "--output", "out.jsonl")
    result = looksay("caption", "photos", "--output", "out.jsonl", "--attention-values")
    assert result.status == 2 and "--attention-values" in result.err


def test_a_newer_schema_is_not_added_to(looksay, captioner, photos):
    Path("out.jsonl").write_text('{"schema": 2, "image": "a"}\n')
    result = looksay("caption", "photos", "--output", "out.jsonl")
    assert result.status == 2 and "schema 2" in result.err


def test_resumed_attention_pictures_keep_their_names(looksay, captioner, photos):
    (photos / "deep" / "a.png").write_bytes((photos / "b.jpg").read_bytes())
    looksay("caption", "photos/a.png", "--output", "out.txt", "--attention", "look")
    looksay("caption", "photos", "--output", "out.txt", "--attention", "look")
    assert Path("look/a-attention.png").read_text() == "a picture 10 by 11"
    assert Path("look/a-attention-2.png").read_text() == "a picture 20 by 21"


def test_output_into_a_missing_folder_names_it(looksay, captioner, photos):
    result = looksay("caption", "photos", "--output", "no/such/out.txt")
    assert result.status == 1 and "no/such/out.txt" in result.err


def test_output_may_not_be_a_folder(looksay, captioner, photos):
    assert looksay("caption", "photos", "--output", "photos").status == 2


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs Linux's /dev/full")
def test_a_full_disk_is_a_sentence(looksay, captioner, photos):
    result = looksay("caption", "photos", "--output", "/dev/full")
    assert result.status == 1 and "disk is full" in result.err and "Traceback" not in result.err


@pytest.mark.parametrize("format", FORMATS)
def test_a_disk_that_fills_up_names_the_file(looksay, captioner, photos, monkeypatch, format):
    def fill(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("looksay.cli.outputs.RawFile._write_some", fill)
    monkeypatch.setattr("looksay.cli.outputs.replace_file", fill)
    result = looksay("caption", "photos", "--output", f"out.{format}")
    assert result.status == 1 and "disk is full" in result.err and f"out.{format}" in result.err


def test_a_json_file_keeps_its_permissions_and_its_link(looksay, captioner, photos):
    Path("real.json").write_text("[]")
    Path("real.json").chmod(0o640)
    Path("link.json").symlink_to("real.json")
    looksay("caption", "photos/a.png", "--output", "link.json")
    assert Path("link.json").is_symlink()
    assert Path("real.json").stat().st_mode & 0o777 == 0o640
    assert names_in(Path("real.json")) == ["photos/a.png"]
    assert sorted(p.name for p in Path().iterdir()) == ["link.json", "photos", "real.json"]
