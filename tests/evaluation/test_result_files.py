"""Result files of any system: read, matched with a split, written; each fault named."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from looksay.data import Record
from looksay.errors import DataError
from looksay.evaluation import evaluate_captions, match_results, read_results, write_evaluation

NAMES = ("COCO_val2014_000000000042.jpg", "beach/1.jpg", "7.jpg")
RECORDS = [Record(Path(name), ("a dog runs", "two cats"), "dev", name) for name in NAMES]
SOURCE = Path("r.json")


def write(path: Path, content: object) -> Path:
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    return path


def test_numbers_and_names_are_ids(tmp_path):
    entries = [{"image_id": 42, "caption": "x"}, {"image_id": "7.jpg", "caption": "y", "more": 1}]
    results = read_results(write(tmp_path / "r.json", entries))
    found = match_results(results, RECORDS, SOURCE, subset=True)
    assert found == {NAMES[0]: "x", "7.jpg": "y"}
    results = {NAMES[0]: "x", "beach/1.jpg": "z", "7.jpg": "y"}
    assert list(match_results(results, RECORDS, SOURCE)) == list(NAMES)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("[", "not JSON"),
        ("", "not JSON"),
        ({"annotations": []}, "a list"),
        ([["a.jpg", "a dog"]], "entry 1"),
        ([{"image_id": 1, "caption": "a"}, {"image_id": 2}], "entry 2: there is no 'caption'"),
        ([{"caption": "a"}], "entry 1: there is no 'image_id'"),
        ([{"image_id": 1.5, "caption": "a"}], "'image_id' is 1.5"),
        ([{"image_id": 1, "caption": None}], "'caption' is null"),
        ([{"image_id": 1, "caption": "a"}, {"image_id": "1", "caption": "b"}], "1 has a caption"),
    ],
)
def test_what_is_no_results_file_is_a_sentence(tmp_path, content, words):
    path = write(tmp_path / "r.json", content)
    with pytest.raises(DataError, match=words) as caught:
        read_results(path)
    assert str(path) in str(caught.value)


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(DataError, match="gone.json"):
        read_results(tmp_path / "gone.json")
    with pytest.raises(DataError, match="no results.json"):
        read_results(tmp_path)


def test_ids_of_other_pictures_and_missing_captions_are_named():
    with pytest.raises(DataError, match=r"2 image_ids not in the split \(8 and others\).*like 42"):
        match_results({"8": "x", "9": "y", "7.jpg": "z"}, RECORDS, SOURCE)
    with pytest.raises(DataError, match=r"no caption for 2 of the split's 3 pictures.*--subset"):
        match_results({"7.jpg": "z"}, RECORDS, SOURCE)
    with pytest.raises(DataError, match="no caption for 3 of"):
        match_results({}, RECORDS, SOURCE, subset=True)


def test_two_ids_of_one_picture_are_refused():
    with pytest.raises(DataError, match="42.*two captions"):
        match_results({"42": "x", NAMES[0]: "y"}, RECORDS, SOURCE, subset=True)


def test_a_written_folder_is_read_again(tmp_path):
    captions = {name: f"a dog runs {i}" for i, name in enumerate(NAMES)}
    evaluation = evaluate_captions(RECORDS, captions).with_statistics(resamples=20)
    write_evaluation(tmp_path / "out" / "deep", evaluation)
    results = read_results(tmp_path / "out" / "deep")
    assert match_results(results, RECORDS, SOURCE) == captions
    scores = json.loads((tmp_path / "out" / "deep" / "scores.json").read_text())
    assert scores == json.loads(json.dumps(evaluation.as_dict()))
    each = json.loads((tmp_path / "out" / "deep" / "per_image.json").read_text())
    assert [entry["image_id"] for entry in each] == [42, "beach/1.jpg", "7.jpg"]
    for metric, values in evaluation.details.per_image.items():
        assert [entry["scores"][metric] for entry in each] == pytest.approx(values.tolist())
