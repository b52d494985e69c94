"""`looksay data` on small made-up data sets."""

from __future__ import annotations

import io
import json
import os
import tarfile
from pathlib import Path

import pytest

from looksay.data import load_data
from looksay.data.split_file import read_splits

NAMES = [f"{number}.jpg" for number in range(12)]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """`set/`, with twelve pictures below in/ and a captions.csv; cwd above it."""
    folder = tmp_path / "set"
    (folder / "in").mkdir(parents=True)
    rows = ["image,caption"]
    for name in NAMES:
        (folder / "in" / name).write_text(f"picture {name}")
        rows += [f'in/{name},"A Dog , number 1 ."', f"in/{name},Two dogs run .", f"in/{name},Dog"]
    (folder / "captions.csv").write_text("\n".join([*rows, "in/none.jpg,A ghost ."]))
    monkeypatch.chdir(tmp_path)
    return folder


def make_flickr8k(folder: Path) -> str:
    """The same pictures in Flickr8k's layout, one of them for dev, without a test list."""
    (folder / "in").rename(folder / "Images")
    (folder / "captions.csv").unlink()
    lines = [f"{name}#{k}\tA Dog {k} .\n" for name in NAMES for k in range(2)]
    (folder / "Flickr8k.token.txt").write_text("".join(lines))
    (folder / "Flickr_8k.trainImages.txt").write_text("\n".join(NAMES[1:]))
    (folder / "Flickr_8k.devImages.txt").write_text(NAMES[0])
    return f"flickr8k:{folder}"


def test_statistics_for_people(looksay, folder):
    result = looksay("data", "stats", "folder:set")
    assert result.status == 0 and result.err == ""
    for part in (
        "captions a picture: 3",
        "of all splits together",
        "caption lengths in words: 1 to 4, mean 2.7, median 3",
        "99% of captions have 4 words or fewer",
        "1 picture has no file (in/none.jpg): left out.",
    ):
        assert part in result.out, part
    assert [line.split()[:4] for line in result.lines[1:4]] == [
        ["train", "11", "33", "88"],
        ["dev", "1", "3", "8"],
        ["all", "12", "36", "96"],
    ]
    assert ["dog", "24", "25.00%"] in [line.split() for line in result.lines]
    assert "not in train" in result.lines[0] and result.lines[2].endswith("0.00%")


def test_statistics_of_one_split(looksay, folder):
    result = looksay("data", "stats", "folder:set", "--split", "val", "--split-seed", "1")
    assert result.status == 0 and result.lines[1].startswith("dev") and result.lines[2] == ""
    assert "not in train" not in result.out and "splits together" not in result.out
    result = looksay("data", "stats", "folder:set", "--split", "test")
    assert result.status == 1 and "no split 'test'; it has train (11), dev (1)" in result.err


def test_statistics_for_programs(looksay, folder):
    result = looksay("data", "stats", "folder:set", "--format", "json")
    found = json.loads(result.out)
    assert result.status == 0 and found["data"] == "folder:set" and found["split"] is None
    assert (found["images"], found["captions"], found["words"]) == (12, 36, 96)
    assert found["lengths"]["percentiles"]["99"] == 4
    assert found["vocabulary"][0] == {"min_count": 1, "words": 7, "share": 1.0}
    assert found["report"]["missing_images"] == 1


def test_one_endless_caption_does_not_flatten_the_bars(looksay, folder):
    rows = [f"in/{NAMES[0]},{'dog ' * (n % 30 + 1)}" for n in range(300)]
    rows.append(f"in/{NAMES[0]},{'dog ' * 5000}")
    (folder / "captions.csv").write_text("\n".join(["image,caption", *rows]))
    bars = [line.split() for line in looksay("data", "stats", "folder:set").lines if "#" in line]
    assert len(bars) == 16 and bars[0][:2] == ["1-2", "20"] and bars[-1][:3] == ["above", "30", "1"]


def test_cleaned_captions_beside_their_pictures(looksay, folder):
    output = "clean/metadata.jsonl"
    command = ["data", "clean", "folder:set", "--preset", "case-study", "--rule", "short=2"]
    result = looksay(*command, "--with-pictures", "--output", output)
    assert result.status == 0 and "1 picture has no file (in/none.jpg)" in result.err
    assert [line.split() for line in result.lines] == [
        ["rule", "captions", "changed", "removed"],
        ["lower", "36", "0"],
        ["punctuation", "24", "0"],
        ["single-letters", "12", "0"],
        ["numbers", "12", "0"],
        ["short=2", "0", "12"],
        [f"{output}:", "24", "captions", "of", "12", "pictures"],
        ["Train", "on", "it", "with", "--data", "folder:clean"],
    ]
    before, after = load_data("folder:set"), load_data("folder:clean")
    assert [(r.name, r.split) for r in before.records] == [(r.name, r.split) for r in after.records]
    assert {r.captions for r in after.records} == {("dog number", "two dogs run")}
    assert after.records[0].image.samefile(before.records[0].image)
    again = looksay(*command, "--with-pictures", "--output", output)
    assert again.status == 2 and "--force" in again.err
    assert looksay(*command, "--with-pictures", "--output", output, "--force").out == result.out


def test_pictures_are_copied_where_they_cannot_be_linked(looksay, folder, monkeypatch):
    def refuse(*_):
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "link", refuse)
    command = ["data", "clean", "folder:set", "--rule", "lower", "--with-pictures", "--output"]
    for _ in range(2):  # equal copies stay
        assert looksay(*command, "clean/metadata.jsonl", "--force").status == 0
    copy = Path("clean/in/0.jpg")
    assert copy.read_text() == "picture 0.jpg" and not copy.samefile(folder / "in" / "0.jpg")
    assert sorted(os.listdir("clean/in")) == sorted(NAMES)
    copy.write_text("another")
    result = looksay(*command, "clean/metadata.jsonl", "--force")
    assert result.status == 1 and "clean/in/0.jpg is another picture" in result.err
    assert copy.read_text() == "another"


def test_captions_written_above_their_pictures(looksay, folder):
    address = make_flickr8k(folder)
    command = ["data", "clean", address, "--rule", "spaces", "--output"]
    assert looksay(*command, "set/metadata.jsonl").status == 0
    found = load_data("folder:set")
    assert found.splits == {"dev": 1, "train": 11}
    assert found.records[0].name == "Images/0.jpg"
    assert found.records[0].captions == ("A Dog 0.", "A Dog 1.")
    assert looksay(*command, "set/Images/metadata.jsonl").status == 0
    assert load_data("folder:set/Images").records[0].name == "0.jpg"


def test_pictures_elsewhere_and_doubled_files_are_refused_before_anything_is_written(
    looksay, folder
):
    command = ["data", "clean", "folder:set", "--rule", "lower", "--output"]
    result = looksay(*command, "clean/metadata.jsonl")
    assert result.status == 2 and not Path("clean").exists()
    assert f"{folder}/in/metadata.jsonl" in result.err and "--with-pictures" in result.err
    result = looksay(*command, "set/metadata.jsonl")
    assert result.status == 2 and "captions.csv already" in result.err
    assert not (folder / "metadata.jsonl").exists()


def test_cleaned_captions_as_text(looksay, folder):
    result = looksay("data", "clean", "folder:set", "--rule", "lower", "--output", "clean.txt")
    assert result.status == 0 and result.lines[-1] == "clean.txt: 36 captions of 12 pictures"
    lines = Path("clean.txt").read_text().splitlines()
    assert lines[:2] == ["in/0.jpg\ta dog , number 1 .", "in/0.jpg\ttwo dogs run ."]


def test_pictures_without_a_caption_left_are_named(looksay, folder):
    rows = ["image,caption", "in/0.jpg,A dog runs", *(f"in/{n}.jpg,2 !" for n in range(1, 6))]
    (folder / "captions.csv").write_text("\n".join(rows))
    result = looksay("data", "clean", "folder:set", "--rule", "numbers", "--output", "clean.txt")
    assert result.status == 0
    assert "5 pictures have no caption left (in/1.jpg, in/2.jpg, in/3.jpg, ...)" in result.out
    assert Path("clean.txt").read_text() == "in/0.jpg\tA dog runs\n"


@pytest.mark.parametrize(
    ("arguments", "status", "reason"),
    [
        (["--output", "a.txt"], 2, "No rule is chosen"),
        (["--rule", "lowr", "--output", "a.txt"], 2, "did you mean 'lower'?"),
        (["--preset", "x", "--output", "a.txt"], 2, "case-study"),
        (["--rule", "lower"], 2, "--output"),
        (["--rule", "lower", "--output", "a.csv"], 2, "metadata.jsonl"),
        (["--rule", "lower", "--output", "cleaned.jsonl"], 2, "metadata.jsonl"),
        (["--rule", "lower", "--output", "a.txt", "--with-pictures"], 2, "metadata.jsonl"),
        (["--rule", "lower", "--output", "set"], 2, "set"),
        (["--rule", "short=9", "--output", "a.txt"], 1, "leave no caption"),
        (["--rule", "lower", "--output", "set/captions.csv/a.txt"], 1, "cannot be written"),
    ],
)
def test_what_cannot_be_cleaned_is_one_sentence(looksay, folder, arguments, status, reason):
    result = looksay("data", "clean", "folder:set", *arguments)
    assert result.status == status and result.out == ""
    assert reason in result.err.splitlines()[-1] and "Traceback" not in result.err
    assert sorted(os.listdir()) == ["set"]


def test_the_rules_are_listed_without_a_data_set(looksay):
    result = looksay("data", "clean", "--list-rules")
    assert result.status == 0
    for part in ("single-letters", "short=N", "tutorial-filters", "case-study"):
        assert part in result.out


def test_saved_captions_read_back(looksay, folder):
    address = make_flickr8k(folder)
    before = load_data(address)
    result = looksay("data", "save", address, "--output", "saved.txt")
    assert result.status == 0 and result.out == "saved.txt: 24 captions of 12 pictures\n"
    Path("saved.txt").replace(folder / "Flickr8k.token.txt")
    assert load_data(address) == before


def test_one_split_saved_and_nothing_overwritten(looksay, folder):
    command = ["data", "save", make_flickr8k(folder), "--split", "dev", "--output", "dev.txt"]
    assert looksay(*command).out == "dev.txt: 2 captions of 1 picture\n"
    assert Path("dev.txt").read_text() == "0.jpg#0\tA Dog 0 .\n0.jpg#1\tA Dog 1 .\n"
    Path("dev.txt").write_text("precious")
    result = looksay(*command)
    assert result.status == 2 and "dev.txt exists" in result.err
    assert Path("dev.txt").read_text() == "precious"
    assert looksay(*command, "--force").status == 0


def test_a_name_with_a_tab_cannot_be_a_line(looksay, folder):
    name = "in/a\tb.jpg"
    (folder / name).touch()
    (folder / "captions.csv").unlink()
    row = {"file_name": name, "caption": "A dog"}
    (folder / "metadata.jsonl").write_text(json.dumps(row))
    result = looksay("data", "save", "folder:set", "--output", "saved.txt")
    assert result.status == 1 and "rename the picture" in result.err
    assert not Path("saved.txt").exists()


def test_a_split_is_stored_and_used(looksay, folder):
    shares = ["--dev-share", "0.3", "--test-share", "0.2", "--seed", "5"]
    result = looksay("data", "split", "folder:set", *shares, "--output", "splits.json")
    splits = read_splits("splits.json")
    assert result.status == 0 and set(splits) == {f"in/{name}" for name in NAMES}
    counts = {split: list(splits.values()).count(split) for split in ("train", "dev", "test")}
    said = ", ".join(f"{number} {split}" for split, number in counts.items())
    assert result.lines[0] == f"splits.json: 12 pictures: {said}"
    content = json.loads(Path("splits.json").read_text())
    assert (content["data"], content["seed"]) == ("folder:set", 5)
    assert (content["dev_share"], content["test_share"]) == (0.3, 0.2)
    used = looksay("data", "stats", "folder:set", "--splits", "splits.json", "--format", "json")
    assert {s["name"]: s["images"] for s in json.loads(used.out)["splits"]} == counts
    again = looksay("data", "split", "folder:set", *shares, "--output", "again.json")
    assert again.status == 0
    assert Path("again.json").read_bytes() == Path("splits.json").read_bytes()
    assert looksay("data", "split", "folder:set", "--output", "splits.json").status == 2


def test_shares_that_leave_nothing(looksay, folder):
    shares = ["--dev-share", "0.7", "--test-share", "0.5"]
    result = looksay("data", "split", "folder:set", *shares, "--output", "splits.json")
    assert result.status == 2 and "leave nothing to train on" in result.err
    assert not Path("splits.json").exists()


@pytest.mark.parametrize("part", ["stats", "clean", "save", "split"])
def test_every_part_has_help_and_debug(looksay, part):
    result = looksay("data", part, "--help")
    assert result.status == 0 and "Examples:" in result.out and "--debug" in result.out


def test_an_unknown_part_names_the_nearest(looksay):
    result = looksay("data", "stat", "folder:set")
    assert result.status == 2 and "did you mean 'stats'" in result.err


@pytest.mark.parametrize("place", ["before", "between", "after"])
def test_debug_is_taken_anywhere(looksay, place):
    words = {"before": ["--debug", "data", "stats"], "between": ["data", "--debug", "stats"]}
    command = words.get(place, ["data", "stats", "--debug"])
    result = looksay(*command, "nothing")
    assert result.status == 2 and "Traceback" in result.err
    assert "Traceback" not in looksay("data", "stats", "nothing").err


def test_the_real_data_cleaned_as_in_the_case_study(looksay, shared_data, tmp_path):
    output = tmp_path / "clean.txt"
    address = f"flickr8k:{shared_data / 'flickr8k'}"
    result = looksay("data", "clean", address, "--preset", "case-study", "--output", output)
    assert result.status == 0 and "35,000 captions of 7,000 pictures" in result.out
    words = set(output.read_text(encoding="utf-8").replace("\t", " ").split())
    assert not {"a", ".", ",", "A", "2"} & words


def test_pictures_of_an_archive_are_unpacked(looksay, tmp_path):
    with tarfile.open(tmp_path / "train.tar", "w") as tar:
        for name, content in {"1.jpg": b"picture", "1.txt": b"A Dog runs ."}.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    output = tmp_path / "own" / "metadata.jsonl"
    output.parent.mkdir()
    clean = ["data", "clean", f"webdataset:{tmp_path}", "--rule", "lower", "--output", output]
    refused = looksay(*clean)
    assert refused.status == 2 and "--with-pictures" in refused.err
    for _ in range(2):  # the second time what is there is the same
        done = looksay(*clean, "--with-pictures", "--force")
        assert done.status == 0, done.err
    record = load_data(f"folder:{output.parent}").records[0]
    assert record.image.read_bytes() == b"picture" and record.captions == ("a dog runs .",)
