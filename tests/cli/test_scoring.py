"""`looksay score`, `compare`, `data frequencies`: result files in, tables, JSON and files out."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

CAPTIONS = {
    "a.png": ["a dog runs on the grass", "a brown dog is running"],
    "b.png": ["two men sit at a table", "men at a table"],
    "c.png": ["a red ball on the beach", "a ball lies in the sand"],
    "d.png": ["a child jumps into water", "a girl jumps into a pool"],
}
DATA = ("--data", "folder:photos", "--splits", "splits.json")
METRICS = [
    *("BLEU-1", "BLEU-2", "BLEU-3", "BLEU-4", "METEOR-stem"),
    *("ROUGE-L", "CIDEr", "CIDEr-D", "CIDEr-plain"),
]


@pytest.fixture(autouse=True)
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """photos/: a.png, b.png and c.png are dev, d.png is train; right.json and wrong.json.
    The machine has no WordNet."""
    monkeypatch.setattr("looksay.metrics.wordnet._usual_places", list)
    monkeypatch.delenv("LOOKSAY_WORDNET", raising=False)
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "photos"
    folder.mkdir()
    rows = ["image,caption"]
    for name, captions in CAPTIONS.items():
        Image.new("RGB", (8, 8)).save(folder / name)
        rows += [f"{name},{caption}" for caption in captions]
    (folder / "captions.csv").write_text("\n".join(rows))
    splits = {name: "train" if name == "d.png" else "dev" for name in CAPTIONS}
    by_split = {
        split: [name for name in splits if splits[name] == split] for split in ("train", "dev")
    }
    (tmp_path / "splits.json").write_text(json.dumps({"format": 1, "splits": by_split}))
    names = [name for name in CAPTIONS if name != "d.png"]
    write("right.json", {name: CAPTIONS[name][0] for name in names})
    write("wrong.json", {**dict.fromkeys(names, "a child jumps into water"), "c.png": "a red ball"})


def write(path: str, captions: dict[str, str]) -> None:
    results = [{"image_id": name, "caption": caption} for name, caption in captions.items()]
    Path(path).write_text(json.dumps(results))


def test_a_results_file_is_scored(looksay):
    result = looksay("score", "right.json", *DATA, "--no-java", "--output", "out", "--json")
    assert result.status == 0 and result.err == ""
    (found,) = result.records
    assert list(found["scores"]) == METRICS == list(found["intervals"])
    assert found["images"] == 3 and found["scores"]["BLEU-4"] == pytest.approx(1)
    assert found["captions"]["novel"] == 1
    assert json.loads(Path("out/scores.json").read_text()) == found
    assert len(json.loads(Path("out/per_image.json").read_text())) == 3
    again = looksay("score", "out", *DATA, "--no-java")
    assert again.status == 0 and again.lines[0] == "3 pictures"
    assert any(line.split()[:2] == ["BLEU-4", "100.00"] for line in again.lines)


def test_novel_captions_are_those_that_training_has_not(looksay):
    found = looksay("score", "wrong.json", *DATA, "--no-java", "--json").records[0]
    assert found["captions"]["novel"] == pytest.approx(1 / 3)


def test_without_java_one_sentence_and_the_other_scores(looksay, monkeypatch):
    monkeypatch.setenv("PATH", "")
    result = looksay("score", "right.json", *DATA, "--json")
    assert result.status == 0 and list(result.records[0]["scores"]) == METRICS
    (sentence,) = result.err.splitlines()
    assert "no Java on the path" in sentence and "--no-java" in sentence


def test_our_meteor_beside_meteor_only_on_request(looksay, monkeypatch):
    """METEOR is not run here: what it would answer is put in its place."""
    from looksay.metrics.sums import mean_sums

    def meteor(references, candidates):
        return mean_sums({"METEOR": np.full(len(candidates), 0.25)})

    monkeypatch.setattr("looksay.evaluation.results.meteor", meteor)
    alone = looksay("score", "right.json", *DATA, "--json").records[0]["scores"]
    assert alone["METEOR"] == pytest.approx(0.25) and "METEOR-stem" not in alone
    both = looksay("score", "right.json", *DATA, "--json", "--own-meteor").records[0]["scores"]
    assert [name for name in both if "METEOR" in name] == ["METEOR", "METEOR-stem"]
    assert both["METEOR-stem"] == pytest.approx(1)
    command = ("compare", "right.json", "wrong.json", *DATA, "--own-meteor", "--json")
    compared = looksay(*command).records[0]["metrics"]
    assert compared["METEOR-stem"]["difference"] < 0 == compared["METEOR"]["difference"]


def test_a_wordnet_that_is_not_there_is_a_sentence(looksay, monkeypatch):
    monkeypatch.setenv("LOOKSAY_WORDNET", "nothing")
    result = looksay("score", "right.json", *DATA, "--no-java", "--json")
    assert result.status == 0 and "METEOR" not in " ".join(result.records[0]["scores"])
    assert "LOOKSAY_WORDNET names nothing" in result.err


@pytest.mark.parametrize(
    ("results", "words"),
    [
        ({"a.png": "x", "d.png": "y"}, "1 image_id not in the split (d.png)"),
        ({"a.png": "x"}, "no caption for 2 of the split's 3 pictures (b.png and others)"),
    ],
)
@pytest.mark.parametrize("verb", [("score",), ("compare", "right.json")])
def test_other_pictures_and_missing_captions_are_sentences(looksay, results, words, verb):
    write("odd.json", results)
    result = looksay(*verb, "odd.json", *DATA, "--no-java")
    assert result.status == 1 and words in result.err and "odd.json" in result.err
    assert len(result.err.splitlines()) == 1


def test_wrong_json_is_a_sentence(looksay):
    Path("odd.json").write_text('[{"image_id": 1, ')
    result = looksay("score", "odd.json", *DATA)
    assert result.status == 1 and "odd.json: not JSON" in result.err


def test_a_part_of_a_split_is_scored_as_the_whole_is(looksay):
    """The mean of the pictures' own scores is the whole's, as the frequencies are the split's."""
    whole = looksay("score", "wrong.json", *DATA, "--no-java", "--json").records[0]["scores"]
    alone = []
    for entry in json.loads(Path("wrong.json").read_text()):
        write("one.json", {entry["image_id"]: entry["caption"]})
        result = looksay("score", "one.json", *DATA, "--no-java", "--subset", "--json")
        alone.append(result.records[0]["scores"]["CIDEr"])
    assert whole["CIDEr"] == pytest.approx(sum(alone) / 3) and whole["CIDEr"] > 0


def test_frequencies_of_a_file(looksay):
    made = looksay("data", "frequencies", "folder:photos", *DATA[2:], "--output", "f.json")
    assert made.status == 0 and "1 picture" in made.out
    command = ("score", "right.json", *DATA, "--no-java", "--json", "--document-frequencies")
    assert looksay(*command, "f.json").records[0]["scores"]["CIDEr"] == 0  # log(1 / 1)
    options = ("--split", "dev", "--output", "f.json")
    kept = looksay("data", "frequencies", "folder:photos", *DATA[2:], *options)
    assert kept.status == 2 and "--force" in kept.err
    assert (
        looksay("data", "frequencies", "folder:photos", *DATA[2:], *options, "--force").status == 0
    )
    own = looksay(*command[:-1]).records[0]["scores"]
    assert looksay(*command, "f.json").records[0]["scores"] == own
    Path("f.json").write_text("{}")
    damaged = looksay(*command, "f.json")
    assert damaged.status == 1 and "f.json holds no document frequencies" in damaged.err


def test_two_files_are_compared(looksay):
    result = looksay("compare", "wrong.json", "right.json", *DATA, "--no-java", "--json")
    assert result.status == 0
    (found,) = result.records
    assert list(found["metrics"]) == METRICS and found["images"] == 3
    scores = {
        name: looksay("score", f"{name}.json", *DATA, "--no-java", "--json").records[0]["scores"]
        for name in ("wrong", "right")
    }
    for metric, compared in found["metrics"].items():
        assert compared["a"] == pytest.approx(scores["wrong"][metric])
        assert compared["b"] == pytest.approx(scores["right"][metric])
        assert 0 < compared["p"] <= 1
    table = looksay("compare", "wrong.json", "right.json", *DATA, "--no-java").lines
    assert table[0] == "3 pictures, 1,000 resamples"
    assert [line.split()[0] for line in table[2:]] == METRICS


def test_a_file_against_itself(looksay):
    result = looksay("compare", "wrong.json", "wrong.json", *DATA, "--no-java", "--json")
    assert {of["p"] for of in result.records[0]["metrics"].values()} == {1}


def test_what_two_files_have_in_common_is_compared_on_request(looksay):
    write("ab.json", {"a.png": "x", "b.png": "y"})
    write("bc.json", {"b.png": "a table", "c.png": "z"})
    command = ("compare", "ab.json", "bc.json", *DATA, "--no-java", "--json")
    assert looksay(*command).status == 1
    assert looksay(*command, "--subset").records[0]["images"] == 1
    write("bc.json", {"c.png": "z"})
    result = looksay(*command, "--subset")
    assert result.status == 1 and "no picture in common" in result.err
    assert looksay(*command, "--resamples", 0).status == 2


def test_a_report_of_any_systems_captions(looksay):
    Path("photos/b.png").write_bytes(b"torn")
    command = ("score", "right.json", *DATA, "--no-java", "--json")
    plain = looksay(*command)
    result = looksay(*command, "--report", "deep/report.html")
    assert result.status == 0 and result.out == plain.out
    assert result.err.startswith("looksay: deep/report.html has 3 pictures in 0.0 MB")
    page = Path("deep/report.html").read_text(encoding="utf-8")
    assert "<title>right.json on folder:photos, dev</title>" in page
    words = " ".join(map(str, command))
    assert f"looksay {words} --report deep/report.html</code>" in page
    assert page.count('"thumbnail":') == 2 and page.count('"problem":') == 1
    assert '"looks":' not in page and "a brown dog is running" in page


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--report", "report.txt"), "must end in .html"),
        (("--report", "folder.html"), "is a folder"),
        (("--thumbnail-pixels", "64"), "needs --report"),
        (("--report", "r.html", "--thumbnail-pixels", "-1"), "not in the range"),
    ],
)
def test_a_report_that_cannot_be_is_refused_at_once(looksay, options, words):
    Path("folder.html").mkdir()
    result = looksay("score", "gone.json", *DATA, *options)
    assert result.status == 2 and words in result.err and "gone.json" not in result.err


def test_a_report_that_cannot_be_written_loses_no_scores(looksay):
    Path("file").write_text("x")
    result = looksay("score", "right.json", *DATA, "--no-java", "--report", "file/r.html")
    assert result.status == 1 and "file/r.html cannot be written" in result.err
    assert result.lines[0] == "3 pictures"
