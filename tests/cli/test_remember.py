"""`looksay remember` on a toy bundle: dark photographs of dogs, bright ones of cats."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from looksay.runtime import Bundle

sys.path.insert(0, str(Path(__file__).parents[1]))

SAID = {"dark": "a dog runs on grass", "bright": "the cat sits"}
NUM_EACH = {"train": 20, "dev": 4}


@pytest.fixture
def bundle(tmp_path) -> Path:
    pytest.importorskip("onnx")
    from toy_bundle import write_toy_bundle

    return write_toy_bundle(tmp_path / "toy", confidence=CONFIDENCE)


CONFIDENCE = {
    "bias": 0.5,
    "signs": {"log_prob": {"mean": 0.0, "scale": 1.0, "weight": 1.0}},
    "decoding": {"method": "beam", "beam_size": 3, "max_words": 8},
}


@pytest.fixture(scope="module")
def data(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("data")
    rng = np.random.default_rng(0)
    with (folder / "metadata.jsonl").open("w") as file:
        for split, number in NUM_EACH.items():
            for name, caption in SAID.items():
                for each in range(number):
                    low = 0 if name == "dark" else 180
                    pixels = rng.integers(low, low + 70, (8, 8, 3), np.uint8)
                    path = f"{split}-{name}-{each}.png"
                    Image.fromarray(pixels).save(folder / path)
                    record = {"file_name": path, "captions": [caption, caption], "split": split}
                    file.write(json.dumps(record) + "\n")
    return folder


def captions(looksay, data, bundle, *options) -> dict[str, list[str]]:
    """What is said of the dark and of the bright dev photographs."""
    paths = sorted(data.glob("dev-*.png"))
    found = looksay("caption", *paths, "--model", bundle, "--format", "jsonl", *options)
    assert found.status == 0, found.err
    said: dict[str, list[str]] = {"dark": [], "bright": []}
    for record in found.records:
        said[Path(record["image"]).name.split("-")[1]].append(record["caption"])
    return said


def test_captions_then_agree_with_what_people_say_of_such_photographs(looksay, bundle, data):
    before = captions(looksay, data, bundle)
    assert not all("dog" in text for text in before["dark"])
    result = looksay("remember", bundle, "--data", f"folder:{data}", "--consensus", 9)
    assert result.status == 0, result.err
    assert any(line.startswith("CIDEr-D") for line in result.lines)
    after = captions(looksay, data, bundle)
    assert all("dog" in text and "cat" not in text for text in after["dark"])
    assert all("cat" in text and "dog" not in text for text in after["bright"])
    assert captions(looksay, data, bundle, "--consensus", 0) == before


def test_the_bundle_says_what_it_remembers_and_what_it_is_worth_now(looksay, bundle, data):
    assert looksay("remember", bundle, "--data", f"folder:{data}").status == 0
    opened = Bundle.open(bundle, verify_all=True)
    assert opened.config["format"] == 3 and opened.has_memory
    assert opened.decoding.consensus == 1.2
    assert opened.confidence is None  # that of other captions, and dev is too small to learn it
    assert set(opened.config["figures"]["dev"]) >= {"CIDEr-D", "BLEU-4"}
    card = opened.file("card.md").read_text("utf-8")
    assert "remembers 40 training pictures of folder" in card
    assert "## Figures (dev split, times 100)" in card and "## Confidence" in card
    before = (bundle / "bundle.json").read_bytes()
    assert looksay("remember", bundle, "--data", f"folder:{data}").status == 0
    assert (bundle / "bundle.json").read_bytes() == before  # the same again


def test_no_caption_and_no_file_name_is_in_the_memory(looksay, bundle, data):
    assert looksay("remember", bundle, "--data", f"folder:{data}").status == 0
    with np.load(bundle / "consensus.npz", allow_pickle=False) as arrays:
        assert all(np.issubdtype(arrays[name].dtype, np.number) for name in arrays)


def test_a_photograph_that_cannot_be_read_is_told_and_the_rest_remembered(
    looksay, bundle, data, tmp_path
):
    copy = tmp_path / "data"
    copy.mkdir()
    for path in data.iterdir():
        (copy / path.name).write_bytes(path.read_bytes())
    (copy / "train-dark-3.png").write_bytes(b"no picture")
    result = looksay("remember", bundle, "--data", f"folder:{copy}")
    assert result.status == 1 and "train-dark-3.png" in result.err
    assert len(Bundle.open(bundle).memory.vectors) == 39


def test_a_consensus_that_a_bundle_cannot_have_is_a_sentence(looksay, bundle, data):
    photo = data / "dev-dark-0.png"
    result = looksay("caption", photo, "--model", bundle, "--consensus", 1)
    assert result.status != 0 and "remembers no training pictures" in result.err
    assert "Traceback" not in result.err
    result = looksay("caption", photo, "--model", bundle, "--consensus", 1, "--greedy")
    assert result.status != 0 and "--consensus only makes sense for a beam" in result.err


def test_greedy_captions_need_no_consensus(looksay, bundle, data):
    before = captions(looksay, data, bundle, "--greedy")
    assert looksay("remember", bundle, "--data", f"folder:{data}").status == 0
    assert captions(looksay, data, bundle, "--greedy") == before


@pytest.mark.parametrize("again", [False, True])
def test_a_bundle_is_whole_whenever_it_is_interrupted(looksay, bundle, data, monkeypatch, again):
    from looksay.runtime import card

    if again:
        assert looksay("remember", bundle, "--data", f"folder:{data}").status == 0

    def interrupt(memory, path):
        path.write_bytes(b"half")
        raise KeyboardInterrupt

    monkeypatch.setattr(card, "write_memory", interrupt)
    looksay("remember", bundle, "--data", f"folder:{data}")
    opened = Bundle.open(bundle, verify_all=True)
    assert opened.has_memory == again  # as it was
    assert opened.decoding.consensus == (1.2 if again else 0)
    monkeypatch.undo()
    assert looksay("remember", bundle, "--data", f"folder:{data}").status == 0
    assert Bundle.open(bundle, verify_all=True).has_memory
