"""`looksay caption` over a fake captioner: what goes in, what comes out, and the status."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import jsonschema
import pytest

import looksay.cli
from looksay.cli.demo import list_photographs

SCHEMA = json.loads((Path(looksay.cli.__file__).parent / "caption.schema.json").read_text())


def test_a_picture_becomes_its_name_a_tab_and_the_caption(looksay, captioner, photos):
    result = looksay("caption", "photos/a.png")
    assert (result.status, result.out, result.err) == (
        0,
        "photos/a.png\ta picture 10 by 11\n",
        "",
    )


def test_folders_patterns_and_files_are_captioned_in_order_and_once(looksay, captioner, photos):
    result = looksay("caption", "photos/b.jpg", "photos", "photos/*.png", "photos/deep/../a.png")
    names = [line.split("\t")[0] for line in result.lines]
    assert names == ["photos/b.jpg", "photos/a.png", "photos/deep/c.png"]


def test_problems_are_a_line_each_on_stderr_and_the_rest_goes_on(looksay, captioner, photos):
    (photos / "broken.jpg").write_bytes(b"no picture")
    result = looksay("caption", "missing.png", "photos/broken.jpg", "photos/a.png", "nothing*.png")
    assert result.status == 1
    assert result.lines == ["photos/a.png\ta picture 10 by 11"]
    problems = result.err.splitlines()
    assert len(problems) == 3
    for name, line in zip(["missing.png", "broken.jpg", "nothing*.png"], problems, strict=True):
        assert name in line


def test_records_stay_in_the_order_of_the_command_line(looksay, captioner, photos):
    result = looksay("caption", "--format", "jsonl", "x.png", "photos/a.png", "y.png", "photos")
    names = [record["image"] for record in result.records]
    assert names == ["x.png", "photos/a.png", "y.png", "photos/b.jpg", "photos/deep/c.png"]
    assert [bool(record["error"]) for record in result.records] == [True, False, True, False, False]


def test_no_model_is_loaded_when_there_is_nothing_to_caption(looksay, captioner, photos):
    assert looksay("caption", "missing.png").status == 1
    assert captioner.calls == []


@pytest.mark.parametrize("format", ["json", "jsonl"])
def test_every_json_record_keeps_the_shipped_schema(looksay, captioner, photos, format):
    options = ("--num-captions", 3, "--attention-values", "--format", format)
    result = looksay("caption", *options, "photos", "missing.png")
    records = json.loads(result.out) if format == "json" else result.records
    assert len(records) == 4
    for record in records:
        jsonschema.validate(record, SCHEMA)
    assert len(records[0]["alternatives"]) == 2
    assert len(records[0]["attention"]) == len(records[0]["words"])
    assert records[-1]["caption"] is None and "missing.png" in records[-1]["error"]


def test_the_schema_itself_is_valid_and_can_refuse():
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({"schema": 1, "image": "a.jpg", "caption": "a dog"}, SCHEMA)


def test_json_of_no_picture_at_all_is_an_empty_array(looksay, captioner, stdin, photos):
    stdin(b"")
    assert json.loads(looksay("caption", "--files-from", "-", "--format", "json").out) == []


def test_csv_has_a_heading_and_quotes_what_needs_it(looksay, captioner, photos):
    (photos / "a.png").rename(photos / 'odd, "name".png')
    result = looksay("caption", "--format", "csv", "--num-captions", 2, "photos/odd*", "missing")
    rows = list(csv.DictReader(io.StringIO(result.out)))
    assert rows[0]["image"] == 'photos/odd, "name".png'
    assert rows[0]["caption"] == "a picture 10 by 11"
    assert json.loads(rows[0]["alternatives"]) == ["another"]
    assert rows[1]["caption"] == "" and "missing" in rows[1]["error"]


def test_more_captions_stand_behind_more_tabs(looksay, captioner, photos):
    result = looksay("caption", "--num-captions", 3, "photos/a.png")
    assert result.out == "photos/a.png\ta picture 10 by 11\tanother\tanother\n"


def test_a_tab_or_line_break_in_a_name_does_not_break_the_line(looksay, captioner, photos):
    (photos / "a.png").rename(photos / "a\tb\nc.png")
    result = looksay("caption", "photos/a\tb\nc.png")
    assert result.out == "photos/a\\tb\\nc.png\ta picture 10 by 11\n"


def test_standard_input_holds_one_pictures_bytes(looksay, captioner, photos, stdin):
    stdin((photos / "b.jpg").read_bytes())
    assert looksay("caption", "-").out == "-\ta picture 20 by 21\n"


def test_empty_standard_input_is_a_problem(looksay, captioner, photos, stdin):
    stdin(b"")
    result = looksay("caption", "-", "photos/a.png")
    assert result.status == 1 and "empty" in result.err and len(result.lines) == 1


@pytest.mark.parametrize("separator", ["\n", "\r\n"])
def test_names_come_from_a_list(looksay, captioner, photos, stdin, separator):
    text = separator.join(["\ufeffphotos/b.jpg", "", "photos/deep", "no.png"])
    (photos / "list.txt").write_bytes(text.encode())
    stdin(text.encode())
    for source in ("photos/list.txt", "-"):
        result = looksay("caption", "photos/a.png", "--files-from", source)
        names = [line.split("\t")[0] for line in result.lines]
        assert names == ["photos/a.png", "photos/b.jpg", "photos/deep/c.png"]
        assert "no.png" in result.err and result.status == 1


def test_a_missing_list_is_a_sentence(looksay, captioner, photos):
    result = looksay("caption", "--files-from", "list.txt")
    assert result.status == 1 and "list.txt" in result.err and "Traceback" not in result.err


def test_what_is_not_said_is_left_to_the_bundle(looksay, captioner, photos):
    looksay("caption", "photos/a.png")
    looksay("caption", "photos/a.png", "--beam", 4, "--num-captions", 2, "--max-words", 9)
    looksay("caption", "photos/a.png", "--greedy", "--batch-size", 7)
    sampling = ("--temperature", 0.5, "--top-k", 9, "--top-p", 0.9, "--seed", 4)
    looksay("caption", "photos/a.png", "--sample", *sampling)
    groups = ("--beam-groups", 3, "--diversity", 0.2)
    looksay("caption", "photos/a.png", "--beam", 6, *groups)
    looksay("caption", "photos/a.png", "--beam-groups", 5)
    assert captioner.calls == [
        {"batch_size": 3},
        {"batch_size": 3, "method": "beam", "beam_size": 4, "num_captions": 2, "max_words": 9},
        {"batch_size": 7, "method": "greedy"},
        {"batch_size": 3, "method": "sample"}
        | {"temperature": 0.5, "top_k": 9, "top_p": 0.9, "seed": 4},
        {"batch_size": 3, "method": "beam", "beam_size": 6, "beam_groups": 3, "diversity": 0.2},
        {"batch_size": 3, "method": "beam", "beam_groups": 5},
    ]


def test_models_given_again_are_loaded_together(looksay, captioner, photos, monkeypatch):
    loaded = []

    def load_captioner(**how):
        loaded.append(how["model"])
        return captioner

    monkeypatch.setattr("looksay.cli.caption.load_captioner", load_captioner)
    for models in ((), ("--model", "a"), ("--model", "b", "--model", "a")):
        assert looksay("caption", "photos/a.png", *models).status == 0
    assert loaded == [None, ("a",), ("b", "a")]


@pytest.mark.parametrize(
    ("args", "hint"),
    [
        ([], "--demo"),
        (["a.png", "--greedy", "--beam", "3"], "contradict"),
        (["a.png", "--greedy", "--sample"], "contradict"),
        (["a.png", "--sample", "--beam", "3"], "contradict"),
        (["a.png", "--temperature", "0.5"], "--sample"),
        (["a.png", "--beam", "3", "--seed", "1"], "--sample"),
        (["a.png", "--greedy", "--num-captions", "2"], "one caption"),
        (["a.png", "--beam", "2", "--num-captions", "3"], "--beam 3"),
        (["a.png", "--beam", "0"], "--beam"),
        (["a.png", "--beam", "5", "--beam-groups", "2"], "use --beam 6"),
        (["a.png", "--greedy", "--beam-groups", "2"], "leave --greedy out"),
        (["a.png", "--sample", "--diversity", "1"], "leave --sample out"),
        (["a.png", "--diversity", "-1"], "--diversity"),
        (["a.png", "--attention-kind", "gif"], "--attention DIR"),
        (["a.png", "--attention-values"], "jsonl"),
        (["a.png", "--demo"], "--demo"),
        (["--demo", "--output", "x"], "--demo"),
        (["-", "-"], "once"),
        (["-", "--files-from", "-"], "once"),
        (["a.png", "--format", "xml"], "--format"),
        (["a.png", "--unknown"], "--unknown"),
    ],
)
def test_a_command_that_makes_no_sense_is_refused(looksay, captioner, stdin, args, hint):
    stdin(b"")
    result = looksay("caption", *args)
    assert result.status == 2
    assert hint in result.err and "Traceback" not in result.err
    assert result.out == "" and captioner.calls == []


def test_attention_pictures_never_take_a_photographs_name(looksay, captioner, photos):
    (photos / "deep" / "a.jpg").write_bytes((photos / "b.jpg").read_bytes())
    before = (photos / "a.png").read_bytes()
    assert looksay("caption", "photos", "--attention", "photos").status == 0
    assert (photos / "a.png").read_bytes() == before
    names = sorted(path.name for path in photos.glob("*-attention*"))
    assert names == [
        "a-attention-2.png",
        "a-attention.png",
        "b-attention.png",
        "c-attention.png",
    ]
    assert (photos / "a-attention-2.png").read_text() == "a picture 20 by 21"


def test_the_kind_of_attention_picture_can_be_chosen(looksay, captioner, photos):
    looksay("caption", "photos/a.png", "--attention", "new/look", "--attention-kind", "html")
    assert [path.name for path in Path("new/look").iterdir()] == ["a-attention.html"]


def test_attention_needs_a_folder(looksay, captioner, photos):
    result = looksay("caption", "photos/a.png", "--attention", "photos/b.jpg")
    assert result.status == 2 and "photos/b.jpg" in result.err


def test_the_demo_captions_the_packaged_photographs(looksay, captioner, photos):
    result = looksay("caption", "--demo")
    assert result.status == 0
    stems = [path.stem for path in list_photographs()]
    assert [line.split("\t")[0] for line in result.lines] == [
        f"looksay-demo/{stem}.jpg" for stem in stems
    ]
    page = Path("looksay-demo/index.html").read_text()
    for stem in stems:
        for name in (f"{stem}.jpg", f"{stem}-attention.png", f"{stem}-attention.html"):
            assert f'"{name}"' in page and Path("looksay-demo", name).stat().st_size > 0
    assert "://" not in page


def test_the_packaged_photographs_are_small_and_all_listed():
    packaged = set(list_photographs()[0].parent.iterdir())
    assert packaged == set(list_photographs())
    assert all(path.stat().st_size < 120_000 for path in packaged)
