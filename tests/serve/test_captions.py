"""Captions over HTTP are those of the command line, whatever way the pictures come."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import jsonschema
import numpy as np
import pytest
from PIL import Image

import looksay

from .conftest import as_file, is_problem

PACKAGE = Path(looksay.__file__).parent
SCHEMA = json.loads((PACKAGE / "cli" / "caption.schema.json").read_text())
DEMO = PACKAGE / "demo"


def by_command_line(path: Path, *options: str) -> dict:
    command = [sys.executable, "-m", "looksay", "caption", str(path), "--format", "jsonl"]
    run = subprocess.run([*command, *options], capture_output=True, text=True, check=True)
    return json.loads(run.stdout)


def is_same(record: dict, other: dict) -> None:
    """But for the picture's name, and rounding."""
    assert record.keys() == other.keys()
    numbers = {"log_prob", "alternatives", "attention", "confidence"}
    for name in record.keys() - numbers - {"image"}:
        assert record[name] == other[name], name
    assert record["log_prob"] == pytest.approx(other["log_prob"], abs=1e-4)
    for one, two in zip(record["alternatives"], other["alternatives"], strict=True):
        assert one["words"] == two["words"]


@pytest.mark.parametrize(
    ("query", "options"),
    [
        ({}, ()),
        ({"beam": 4, "num_captions": 3}, ("--beam", "4", "--num-captions", "3")),
        ({"greedy": True, "attention": True}, ("--greedy", "--attention-values")),
        (
            {"method": "sample", "temperature": 1.5, "seed": 7, "num_captions": 2},
            ("--sample", "--temperature", "1.5", "--seed", "7", "--num-captions", "2"),
        ),
    ],
)
def test_a_picture_gets_the_record_of_the_command_line(
    client, bundle_folder, tmp_path, pngs, query, options
):
    (tmp_path / "a.png").write_bytes(pngs[0])
    answer = client.post("/v1/captions", files={"image": ("a.png", pngs[0])}, params=query)
    assert answer.status_code == 200 and answer.headers["content-type"] == "application/json"
    (record,) = answer.json()["captions"]
    jsonschema.validate(record, SCHEMA)
    assert record["image"] == "a.png"
    with_model = (*options, "--model", str(bundle_folder), "--precision", "f32")
    same = by_command_line(tmp_path / "a.png", *with_model)
    is_same(record, same)
    assert ("attention" in record) == ("attention" in query)
    np.testing.assert_allclose(record.get("attention", 0), same.get("attention", 0), atol=1e-4)


def test_the_shipped_model_says_the_same_of_a_photograph(start):
    client = start(looksay.load(precision="f32"))
    photograph = DEMO / "dog.jpg"
    query = {"attention": True, "num_captions": 2}
    answer = client.post(
        "/v1/captions", content=photograph.read_bytes(), params=query,
        headers={"Content-Type": "image/jpeg"},
    )  # fmt: skip
    (record,) = answer.json()["captions"]
    jsonschema.validate(record, SCHEMA)
    options = ("--precision", "f32", "--attention-values", "--num-captions", "2")
    is_same(record, by_command_line(photograph, *options))
    assert "dog" in record["words"] and record["image"] == "-"
    assert len(record["attention"]) == len(record["words"])
    assert [len(rows) for rows in record["attention"][0]] == [9] * 9


def test_several_pictures_in_order_and_a_bad_one_among_them(client, captioner, pngs):
    files = [("image", (f"{i}.png", pngs[i])) for i in range(3)]
    files.insert(1, ("image", ("torn.png", pngs[3][:80])))
    answer = client.post("/v1/captions", files=files)
    assert answer.status_code == 200
    records = answer.json()["captions"]
    assert [record["image"] for record in records] == ["0.png", "torn.png", "1.png", "2.png"]
    for record in records:
        jsonschema.validate(record, SCHEMA)
    bad = records.pop(1)
    assert bad["caption"] is None and bad["error"].startswith("torn.png is ")
    assert [record["caption"] for record in records] == [
        caption.text for caption in captioner(pngs[:3])
    ]


def test_a_sample_of_several_is_the_sample_of_each_place(client, captioner, pngs):
    query = {"sample": True, "seed": 5}
    files = [("image", ("x.png", png)) for png in pngs[:4]]
    records = client.post("/v1/captions", files=files, params=query).json()["captions"]
    expected = captioner(pngs[:4], method="sample", seed=5)
    assert [record["words"] for record in records] == [list(each.words) for each in expected]


@pytest.mark.parametrize("kind", ["image/png", "image/anything", "application/octet-stream", None])
def test_a_picture_as_the_body(client, pngs, kind):
    headers = {"Content-Type": kind} if kind else {}
    answer = client.post("/v1/captions", content=pngs[0], headers=headers)
    assert answer.json()["captions"][0]["image"] == "-"


def test_a_large_picture_stays_in_memory(client, tmp_path, monkeypatch):
    """Beyond a megabyte Starlette would put it on the disk."""
    import tempfile

    def refuse(*args, **options):
        raise AssertionError("a file was opened for what a client sent")

    for opens in ("TemporaryFile", "NamedTemporaryFile", "SpooledTemporaryFile", "mkstemp"):
        monkeypatch.setattr(tempfile, opens, refuse)
    picture = as_file(Image.effect_noise((1500, 1500), 90), "PNG")
    assert len(picture) > 2**20
    answer = client.post("/v1/captions", files={"image": ("large.png", picture)})
    assert answer.json()["captions"][0]["caption"]


@pytest.mark.parametrize(
    "name", ["ein Hund – 狗.png", "../../etc/passwd", 'quo"te.png', "a\\b.png"]
)
def test_names_come_back_and_are_never_opened(client, pngs, name):
    answer = client.post("/v1/captions", files={"image": (name, pngs[0])})
    back = answer.json()["captions"][0]["image"]
    assert back.replace("%22", '"').replace("\\\\", "\\") == name


BAD = [
    (b"", 422, "empty"),
    (b"just some words", 415, "holds text"),
    (b"<html><body>not found</body></html>", 415, "web page"),
    (b"%PDF-1.7 ...", 415, "PDF"),
    (b"\x00" * 100, 415, "not a picture"),
    (b"http://127.0.0.1/secret.png", 415, "holds text"),
    (b"/etc/passwd", 415, "holds text"),
]


@pytest.mark.parametrize(("data", "status", "words"), BAD)
def test_what_is_no_picture_is_a_sentence(client, data, status, words):
    answer = client.post("/v1/captions", files={"image": ("photo.jpg", data)})
    is_problem(answer, status, "photo.jpg", words)


def test_a_torn_picture_is_a_sentence(client, pngs):
    data = as_file(Image.effect_noise((99, 99), 50).convert("RGB"), "JPEG")
    answer = client.post("/v1/captions", files={"image": ("photo.jpg", data[:2000])})
    is_problem(answer, 422, "photo.jpg is truncated")
    answer = client.post("/v1/captions", content=pngs[0][:60])
    is_problem(answer, 422, "The picture is ")


def test_only_bad_pictures_among_several_are_all_named(client):
    files = [("image", (f"{i}.jpg", b"words")) for i in range(2)]
    answer = client.post("/v1/captions", files=files)
    assert answer.status_code == 200
    assert [record["error"][:5] for record in answer.json()["captions"]] == ["0.jpg", "1.jpg"]


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ({"beam": 0}, ["beam is '0'", "greater than or equal to 1"]),
        ({"beam": "many"}, ["beam is 'many'", "integer"]),
        ({"beam": 1000}, ["beam is '1000'", "less than or equal to 20"]),
        ({"beem": 3}, ["no option 'beem'"]),
        ({"num_captions": 9}, ["A beam of 3 cannot give 9 captions; raise beam to 9"]),
        ({"greedy": True, "sample": True}, ["greedy and sample contradict each other"]),
        ({"consensus": 1, "beam": 3}, ["remembers no training pictures"]),
        ({"consensus": 1, "greedy": True}, ["consensus has no effect"]),
        ({"greedy": True, "beam": 3}, ["beam has no effect on the method 'greedy'"]),
        ({"temperature": 2}, ["temperature", "method='sample'"]),
        ({"temperature": "nan", "sample": True}, ["temperature is 'nan'"]),
        ({"seed": -1, "sample": True}, ["seed is '-1'"]),
        ({"method": "magic"}, ["method is 'magic'", "'greedy', 'beam' or 'sample'"]),
        ({"model": "toyy"}, ["no model 'toyy' (did you mean 'toy'?)"]),
    ],
)
def test_options_that_make_no_sense_are_a_sentence(client, pngs, query, words):
    answer = client.post("/v1/captions", content=pngs[0], params=query)
    is_problem(answer, 422, *words)


def test_forms_that_are_none(client, pngs):
    post = client.post
    is_problem(post("/v1/captions"), 400, "empty", "-F image=@photo.jpg")
    is_problem(post("/v1/captions", json={"url": "http://x/y.jpg"}), 415, "application/json")
    is_problem(post("/v1/captions", data={"a": "b"}), 415, "x-www-form-urlencoded")
    is_problem(post("/v1/captions", files={"file": ("a.png", pngs[0])}), 422, "'file'", "'image'")
    is_problem(post("/v1/captions", files={"image": (None, "text")}), 422, "no file")
    broken = {"Content-Type": "multipart/form-data"}
    is_problem(post("/v1/captions", content=b"x", headers=broken), 400, "broken", "boundary")
    broken = {"Content-Type": "multipart/form-data; boundary=x"}
    is_problem(post("/v1/captions", content=b"rubbish", headers=broken), 400, "broken")
    is_problem(post("/v1/captions", content=b"--x--\r\n", headers=broken), 400, "no picture")


def test_a_form_torn_in_the_middle_is_not_taken_for_whole(client, pngs):
    request = client.build_request("POST", "/v1/captions", files={"image": ("a.png", pngs[0])})
    body = request.read()
    answer = client.post("/v1/captions", content=body[:-40], headers=dict(
        {"Content-Type": request.headers["content-type"]}))  # fmt: skip
    is_problem(answer, 400, "end is missing")


def test_two_models_by_name(start, captioner, tmp_path, pngs):
    from toy_bundle import write_toy_bundle

    second = write_toy_bundle(tmp_path / "second", seed=1, rows=3, name="second")
    other = looksay.load(second, precision="f32")
    client = start(captioner, other)
    models = client.get("/v1/models").json()["models"]
    assert [(model["name"], model["default"]) for model in models] == [
        ("toy", True),
        ("second", False),
    ]
    for name, chosen in ((None, captioner), ("toy", captioner), ("second", other)):
        query = {"model": name} if name else {}
        answer = client.post("/v1/captions", content=pngs[2], params=query)
        (record,) = answer.json()["captions"]
        assert record["caption"] == chosen(pngs[2]).text
        assert record["model"] == chosen.name


def test_two_models_of_one_name_are_refused(captioner):
    from looksay.errors import UsageError
    from looksay.serve.app import create_app

    with pytest.raises(UsageError, match="Two models are named 'toy'"):
        create_app([captioner, captioner])


def test_regions_come_along(start, tmp_path):
    """Of pictures with different numbers of them, in one batch."""
    sys.path.insert(0, str(Path(__file__).parents[1] / "features" / "regions"))
    from toy_bundle import FEATURES, write_toy_bundle
    from toy_detector import SIDE, write_toy_detector

    from looksay.export.roi_align import roi_align_graph
    from looksay.runtime.regions import RegionSettings

    settings = RegionSettings(
        source="detector", max_regions=12, detector_size=SIDE, class_names=("cat", "lamp")
    )
    files = {
        "regions.onnx": roi_align_graph((2, 2), FEATURES).SerializeToString(),
        "detector.onnx": write_toy_detector(tmp_path / "detector.onnx").read_bytes(),
    }
    bundle = write_toy_bundle(
        tmp_path / "toy", num_regions=12, files=files, regions=settings.as_dict()
    )
    regional = looksay.load(bundle, precision="f32")
    pictures = []
    rng = np.random.default_rng(0)
    for lamps in range(3):
        image = Image.fromarray(rng.integers(0, 190, (64, 128, 3)).astype(np.uint8))
        for lamp in range(lamps):
            image.paste("white", (32 * lamp, 0, 32 * lamp + 32, 32))
        pictures.append(as_file(image))
    client = start(regional)
    assert client.get("/v1/models").json()["models"][0]["regions"] is True
    files = [("image", ("x.png", picture)) for picture in pictures]
    answer = client.post("/v1/captions", files=files, params={"attention": True})
    numbers = set()
    for picture, record in zip(pictures, answer.json()["captions"], strict=True):
        jsonschema.validate(record, SCHEMA)
        same = regional(picture).to_json(attention=True)
        assert record["words"] == same["words"] and record["boxes"] == same["boxes"]
        np.testing.assert_allclose(record["attention"], same["attention"], atol=1e-4)
        numbers.add(len(record["boxes"]))
    assert len(numbers) > 1
