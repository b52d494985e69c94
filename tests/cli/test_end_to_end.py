"""The whole way, from photographs to files, on a toy bundle with the real captioner."""

from __future__ import annotations

import base64
import json
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import jsonschema
import numpy as np
import pytest
from PIL import Image

import looksay.cli

SCHEMA = json.loads((Path(looksay.cli.__file__).parent / "caption.schema.json").read_text())

sys.path.insert(0, str(Path(__file__).parents[1]))


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    pytest.importorskip("onnx")
    from toy_bundle import write_toy_bundle

    return write_toy_bundle(tmp_path_factory.mktemp("bundle") / "toy")


@pytest.mark.parametrize("engine", ["openvino", "onnxruntime"])
def test_good_and_bad_files_mixed(looksay, bundle, photos, engine):
    pytest.importorskip(engine)
    (photos / "notes.jpg").write_text("not a picture")
    whole = (photos / "b.jpg").read_bytes()
    (photos / "torn.jpg").write_bytes(whole[: len(whole) // 2])
    command = ("caption", "photos", "gone.jpg", "--model", bundle, "--engine", engine)
    result = looksay(*command, "--format", "jsonl", "--num-captions", 2, "--attention-values")
    assert result.status == 1
    records = {record["image"]: record for record in result.records}
    good = {"photos/a.png", "photos/b.jpg", "photos/deep/c.png"}
    assert {name for name, record in records.items() if not record["error"]} == good
    assert len(records) == 6 and len(result.err.splitlines()) == 3
    for record in result.records:
        jsonschema.validate(record, SCHEMA)
        assert record["model"] == "toy"
    weights = records["photos/a.png"]["attention"][0]
    assert sum(map(sum, weights)) == pytest.approx(1, abs=1e-4)


@pytest.fixture(scope="module")
def second(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Another model of the same words, for larger pictures and with more places."""
    pytest.importorskip("onnx")
    from toy_bundle import write_toy_bundle

    folder = tmp_path_factory.mktemp("second") / "toy"
    return write_toy_bundle(folder, seed=1, rows=3, name="second")


def test_bundles_caption_together(looksay, bundle, second, photos):
    command = ("caption", "photos", "--model", bundle, "--model", second, "--attention-values")
    result = looksay(*command, "--format", "jsonl")
    assert result.status == 0 and len(result.records) == 3
    for record in result.records:
        jsonschema.validate(record, SCHEMA)
        assert record["model"] == "toy + second"
        assert list(record["attentions"]) == ["toy", "second"]
        for name, side in (("toy", 2), ("second", 3)):
            maps = record["attentions"][name]
            assert len(maps) == len(record["words"])
            assert [len(rows) for rows in maps[0]] == [side] * side
            assert sum(map(sum, maps[0])) == pytest.approx(1, abs=1e-4)
        assert record["attention"] == record["attentions"]["toy"]
    plain = looksay("caption", "photos", "--model", bundle, "--format", "jsonl")
    assert "attentions" not in plain.records[0]


def test_a_split_is_captioned_by_bundles_together(looksay, bundle, second, photos):
    rows = ["image,caption", *(f"{name},a dog runs" for name in ("a.png", "b.jpg", "deep/c.png"))]
    (photos / "captions.csv").write_text("\n".join(rows))
    data = ("--data", "folder:photos", "--split", "dev", "--output", "scored", "--no-java")
    models = ("--model", bundle, "--model", second)
    assert looksay("evaluate", *data, *models).status == 0
    (scored,) = json.loads(Path("scored/results.json").read_text())
    looksay("caption", f"photos/{scored['image_id']}", *models, "--output", "alone.jsonl")
    assert json.loads(Path("alone.jsonl").read_text())["caption"] == scored["caption"]
    result = looksay("evaluate", bundle, "--model", second, *data)
    assert result.status == 2 and "every bundle of an ensemble" in result.err


def test_a_report_shows_where_the_words_look(looksay, bundle, photos, tmp_path):
    """And the curves of the run that the bundle lies in; a picture that is torn is a note."""
    run = tmp_path / "run"
    shutil.copytree(bundle, run / "bundle")
    history = {"history": [{"epoch": 1, "loss": 2.5, "CIDEr-D": 0.5}]}
    np.savez(run / "checkpoint.npz", state=np.frombuffer(json.dumps(history).encode(), np.uint8))
    (photos / "torn.jpg").write_bytes((photos / "b.jpg").read_bytes()[:200])
    names = ("a.png", "b.jpg", "torn.jpg")
    captions = "\n".join(["image,caption", *(f"{name},a dog runs" for name in names)])
    (photos / "captions.csv").write_text(captions)
    Path("s.json").write_text(json.dumps({"format": 1, "splits": {"dev": names}}))
    command = ("evaluate", run / "bundle", "--data", "folder:photos", "--splits", "s.json")
    result = looksay(*command, "--no-java", "--report", "r.html", "--output", "scored")
    assert result.status == 1 and "r.html has 2 pictures" in result.err
    page = Path("r.html").read_text(encoding="utf-8")
    blocks = [json.loads(text) for text in re.findall(r'id="p\d+">(.*?)</script>', page)]
    said = [entry["caption"] for entry in json.loads(Path("scored/results.json").read_text())]
    assert [" ".join(block["looks"]["words"]) for block in blocks] == said
    for block in blocks:
        grids = base64.b64decode(block["looks"]["grids"])
        assert len(grids) == 4 * len(block["looks"]["words"]) and block["looks"]["shape"] == [2, 2]
    assert [(block["width"], block["height"]) for block in blocks] == [(10, 11), (20, 21)]
    assert "<h1>toy on folder:photos, dev</h1>" in page and "CIDEr-D on dev by epoch" in page
    assert re.search(r"<li>[^<]*torn\.jpg is truncated", page)
    (run / "checkpoint.npz").write_bytes(b"torn")
    assert looksay(*command, "--no-java", "--report", "r.html", "--thumbnail-pixels", 0).status == 1
    page = Path("r.html").read_text(encoding="utf-8")
    assert "CIDEr-D on dev by epoch" not in page and "data:image" not in page


def test_groups_of_beams_find_captions_that_differ(looksay, bundle, photos):
    base = ("caption", "photos/a.png", "--model", bundle, "--num-captions", 3, "--beam", 3)
    _, *captions = looksay(*base, "--beam-groups", 3, "--diversity", 9).out.strip().split("\t")
    assert len({caption.split()[0] for caption in captions}) == 3
    _, *captions = looksay(*base).out.strip().split("\t")
    assert len({caption.split()[0] for caption in captions}) < 3


def test_each_search_runs(looksay, bundle, photos):
    base = ("caption", "photos/a.png", "--model", bundle)
    greedy = looksay(*base, "--greedy")
    assert greedy.status == 0 and greedy.out == looksay(*base, "--beam", 1).out
    sample = (*base, "--sample", "--top-k", 5, "--num-captions", 3, "--seed", 1)
    first = looksay(*sample)
    assert first.status == 0 and len(first.out.split("\t")) == 4
    assert looksay(*sample).out == first.out
    assert len(looksay(*base, "--max-words", 2).out.split("\t")[1].split()) <= 2


def test_more_captions_than_the_bundles_beam_is_a_sentence(looksay, bundle, photos):
    result = looksay("caption", "photos/a.png", "--model", bundle, "--num-captions", 9)
    assert result.status == 2 and "9" in result.err


@pytest.mark.parametrize("kind", ["png", "html", "gif", "webp"])
def test_attention_pictures_of_every_kind(looksay, bundle, photos, kind):
    command = ("caption", "photos/b.jpg", "--model", bundle, "--attention", "look")
    assert looksay(*command, "--attention-kind", kind).status == 0
    (path,) = Path("look").iterdir()
    assert path.name == f"b-attention.{kind}"
    if kind == "html":
        assert "<html" in path.read_text()
    else:
        with Image.open(path) as picture:
            assert picture.format == kind.upper()


def test_the_demo_shows_the_packaged_photographs(looksay, bundle, photos):
    result = looksay("caption", "--demo", "--model", bundle)
    assert result.status == 0 and len(result.lines) == 4
    assert Path("looksay-demo/index.html").is_file()


def test_standard_input(looksay, bundle, photos, stdin):
    stdin((photos / "b.jpg").read_bytes())
    result = looksay("caption", "-", "--model", bundle, "--attention", "look")
    assert result.status == 0 and result.out.startswith("-\t")
    assert Path("look/stdin-attention.png").is_file()


def test_a_bundle_that_is_none_is_a_sentence(looksay, photos):
    result = looksay("caption", "photos/a.png", "--model", "photos")
    assert result.status == 1 and "photos" in result.err and "Traceback" not in result.err


def test_a_killed_run_goes_on_to_the_same_file(bundle, photos):
    for number in range(60):
        Image.new("RGB", (40, 40), (number * 4, 50, 90)).save(photos / f"n{number:02}.png")
    options = ["--model", str(bundle), "--greedy", "--batch-size", "1"]
    command = [sys.executable, "-m", "looksay", "caption", "photos", *options, "--output"]
    subprocess.run([*command, "whole.jsonl"], check=True, timeout=120)
    killed = subprocess.Popen([*command, "killed.jsonl"])
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        if Path("killed.jsonl").exists() and Path("killed.jsonl").stat().st_size > 500:
            break
        time.sleep(0.001)
    killed.send_signal(signal.SIGKILL)
    killed.wait()
    assert 0 < len(Path("killed.jsonl").read_bytes().splitlines()) < 63
    subprocess.run([*command, "killed.jsonl"], check=True, timeout=120)
    assert Path("killed.jsonl").read_bytes() == Path("whole.jsonl").read_bytes()
