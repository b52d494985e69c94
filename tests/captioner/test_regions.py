"""A bundle with regions captions a plain photograph by itself, and shows the boxes it looked at."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import looksay
from looksay.decoding import DecodingOptions, decode
from looksay.errors import BundleError, UsageError
from looksay.features.regions.boxes import areas
from looksay.images import to_square
from looksay.runtime import ENGINES, Bundle
from looksay.runtime.regions import RegionSettings, region_mask

pytest.importorskip("onnx")
sys.path.insert(0, str(Path(__file__).parents[1] / "features" / "regions"))

from toy_bundle import FEATURES, NumpyStepper, write_toy_bundle  # noqa: E402
from toy_detector import SIDE, write_toy_detector  # noqa: E402

from looksay.export.roi_align import roi_align_graph  # noqa: E402

REGIONS = 12
SETTINGS = RegionSettings(
    source="detector", max_regions=REGIONS, detector_size=SIDE, class_names=("cat", "lamp")
)


def write(folder: Path, settings: RegionSettings = SETTINGS, **config) -> Path:
    detector = write_toy_detector(folder.parent / "detector.onnx").read_bytes()
    files = {
        "regions.onnx": roi_align_graph((2, 2), FEATURES).SerializeToString(),
        "detector.onnx": detector if settings.source == "detector" else None,
    }
    return write_toy_bundle(
        folder, num_regions=REGIONS, files=files, regions=settings.as_dict(), **config
    )


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    return write(tmp_path_factory.mktemp("regions") / "toy", name="regional")


@pytest.fixture(scope="module")
def photos() -> list[Image.Image]:
    """Wide photographs of noise, each with so many white patches, which are lamps."""
    rng = np.random.default_rng(0)
    found = []
    for number in range(6):
        image = Image.fromarray(rng.integers(0, 190, (64, 128, 3)).astype(np.uint8))
        for patch in range(number):
            left, top = 32 * (patch % 4), 32 * (patch // 4)
            image.paste((255, 255, 255), (left, top, left + 32, top + 32))
        found.append(image)
    return found


@pytest.mark.parametrize("engine", ENGINES)
def test_a_caption_has_the_boxes_it_looked_at(folder, photos, engine):
    pytest.importorskip(engine)
    captioner = looksay.load(folder, engine=engine, precision="f32")
    for number, photo in enumerate(photos):
        caption = captioner(photo)
        assert caption.box_names == ("lamp",) * number + ("whole picture",)
        assert caption.boxes.shape == (number + 1, 4)
        np.testing.assert_array_equal(caption.boxes[-1], [0, 0, 1, 1])
        assert caption.attention.shape == (len(caption.words), number + 1)
        # the toy gives padding some weight too, which no box shows
        assert (caption.attention > 0).all() and (caption.attention.sum(1) <= 1 + 1e-5).all()


def test_a_patch_is_boxed_where_it_lies(folder, photos):
    # the detector says 16 of its 32 pixels around the middle of the place; the photo is 32 x 16
    box = looksay.load(folder, precision="f32")(photos[1]).boxes[0]
    np.testing.assert_allclose(box, [0, 0, 12 / 32, 12 / 16], atol=1e-6)


def test_the_words_come_from_the_boxes_features(folder, photos):
    """The same as decoding, in NumPy, the features that lie in the boxes."""
    captioner = looksay.load(folder, precision="f32")
    toy = NumpyStepper()
    for photo in photos:
        caption = captioner(photo, method="greedy", max_words=8)
        square = to_square(photo, 8)
        grid = toy.backbone(square[None]).reshape(2, 2, -1)
        features = np.zeros((1, REGIONS, FEATURES), np.float32)
        for number, (x0, y0, x1, y1) in enumerate(caption.boxes):
            # two places a side, two points a place: bilinear between the places' middles
            u, v = ((np.arange(4) + 0.5) / 4 * (b - a) + a for a, b in ((x0, x1), (y0, y1)))
            right, down = (np.clip(2 * share - 0.5, 0, 1).mean() for share in (u, v))
            rows = (1 - down) * grid[0] + down * grid[1]
            features[0, number] = (1 - right) * rows[0] + right * rows[1]
        mask = np.zeros((1, REGIONS), np.float32)
        mask[0, : len(caption.boxes)] = 1
        options = DecodingOptions(method="greedy", max_words=8)
        [[expected]] = decode(toy, features, options, mask)
        assert caption.words == tuple(captioner.bundle.vocabulary.decode(expected.tokens))
        assert caption.log_prob == pytest.approx(expected.log_prob, abs=1e-3)


@pytest.mark.parametrize("batch_size", [1, 4])
def test_many_pictures_are_captioned_as_single_ones(folder, photos, batch_size):
    captioner = looksay.load(folder, precision="f32")
    single = [captioner(photo) for photo in photos]
    many = list(captioner.caption_many([*photos, b"bad"], batch_size=batch_size))
    assert many.pop().error is not None
    assert [one.words for one in many] == [one.words for one in single]
    for one, other in zip(many, single, strict=True):
        np.testing.assert_array_equal(one.boxes, other.boxes)
        np.testing.assert_allclose(one.attention, other.attention, atol=1e-5)


def test_squares_are_photographs_too(folder):
    square = np.full((1, 8, 8, 3), 255, np.uint8)
    features = looksay.load(folder, precision="f32").features(square)
    assert features.shape == (1, REGIONS, FEATURES) and np.abs(features[0, 0]).max() > 0


def test_json_has_the_boxes_with_the_attention(folder, photos):
    caption = looksay.load(folder)(photos[2], num_captions=2)
    record = json.loads(json.dumps(caption.to_json(attention=True)))
    assert [box["name"] for box in record["boxes"]] == ["lamp", "lamp", "whole picture"]
    assert record["boxes"][0]["score"] > 0.7 and record["boxes"][2]["score"] is None
    assert len(record["attention"][0]) == 3
    assert "boxes" not in caption.to_json()
    assert caption.alternatives[0].box_names == caption.box_names
    jsonschema = pytest.importorskip("jsonschema")
    from importlib.resources import files

    schema = files("looksay.cli").joinpath("caption.schema.json").read_text()
    whole = {**record, "image": "photo.jpg"}
    jsonschema.validate(whole, json.loads(schema))


@pytest.mark.parametrize("suffix", ["png", "html", "gif", "webp"])
def test_the_boxes_are_drawn(folder, photos, tmp_path, suffix):
    path = tmp_path / f"looked.{suffix}"
    looksay.load(folder)(photos[3]).save_picture(path)
    if suffix == "html":
        assert '"names":["lamp","lamp","lamp","whole picture"]' in path.read_text()
    else:
        with Image.open(path) as picture:
            assert picture.size[0] > 100


def test_an_ensemble_may_have_regions_and_grids(folder, photos, tmp_path):
    grid = write_toy_bundle(tmp_path / "grid", seed=1, name="gridded")
    caption = looksay.load([folder, grid])(photos[2])
    assert caption.attentions["regional"].shape[1:] == (3,)
    assert caption.attentions["gridded"].shape[1:] == (2, 2)
    np.testing.assert_array_equal(caption.attention, caption.attentions["regional"])
    other_way = looksay.load([grid, folder])(photos[2])
    assert other_way.boxes is None and other_way.attention.shape[1:] == (2, 2)
    twin = write(tmp_path / "twin", name="twin", seed=2)
    both = looksay.load([folder, twin])(photos[2])
    np.testing.assert_allclose(both.attention, np.mean(list(both.attentions.values()), axis=0))


def test_proposals_caption_without_a_detector(photos, tmp_path):
    pytest.importorskip("cv2")
    settings = RegionSettings(source="proposals", max_regions=REGIONS)
    caption = looksay.load(write(tmp_path / "proposed", settings))(photos[3])
    assert caption.box_names[-1] == "whole picture" and len(caption.boxes) > 1
    assert (areas(caption.boxes) > 0).all()


def test_published_features_have_no_photograph(tmp_path):
    settings = RegionSettings(source="file", max_regions=REGIONS)
    files = {"backbone.onnx": None}
    bundle = write_toy_bundle(
        tmp_path / "file", num_regions=REGIONS, regions=settings.as_dict(), files=files
    )
    assert Bundle.open(bundle).graphs == ("encode", "step")
    with pytest.raises(BundleError, match="published region features.*take a model"):
        looksay.load(bundle)
    with pytest.raises(UsageError, match="no graph 'backbone'"):
        Bundle.open(bundle).graph("backbone")


def test_the_format_says_that_there_are_regions(folder, bundle_folder):
    """A looksay of before refuses a format that it does not know, and reads bundles without."""
    assert json.loads((folder / "bundle.json").read_text())["format"] == 2
    assert json.loads((bundle_folder / "bundle.json").read_text())["format"] == 1


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"regions": 3}, "'regions' in .* must be an object"),
        ({"regions": {"source": "magic"}}, "source is 'magic'"),
        ({"regions": {**SETTINGS.as_dict(), "max_regions": 1000}}, "max_regions is 1000"),
        ({"regions": {**SETTINGS.as_dict(), "nms": 1}}, "no setting 'nms'"),
        ({"format": 1}, "has regions, which format 1"),
        ({"format": 4}, "reads up to 3; upgrade"),
    ],
)
def test_a_wrong_description_is_a_sentence(folder, tmp_path, change, words):
    config = json.loads((folder / "bundle.json").read_text()) | change
    del config["sha256"]  # the seal, which the change would break
    (tmp_path / "bundle.json").write_text(json.dumps(config))
    with pytest.raises(BundleError, match=words):
        Bundle.open(tmp_path)


@pytest.mark.parametrize("name", ["detector.onnx", "regions.onnx"])
def test_a_missing_or_changed_graph_is_a_sentence(tmp_path, name):
    bundle = write(tmp_path / "toy")
    data = (bundle / name).read_bytes()
    (bundle / name).write_bytes(data[:-1] + bytes([data[-1] ^ 1]))
    with pytest.raises(BundleError, match=f"{name}.*SHA-256"):
        Bundle.open(bundle)
    config = json.loads((bundle / "bundle.json").read_text())
    del config["files"][name], config["sha256"]
    (bundle / "bundle.json").write_text(json.dumps(config))
    with pytest.raises(BundleError, match=f"does not list '{name}'"):
        Bundle.open(bundle)


def test_captioning_with_regions_never_meets_keras(folder, photos, tmp_path):
    photos[2].save(tmp_path / "photo.png")
    code = (
        "import sys, looksay; "
        f"print(looksay.load({str(folder)!r})({str(tmp_path / 'photo.png')!r}).box_names); "
        "print(set(sys.modules) & {'keras', 'tensorflow', 'onnx', 'tf2onnx', 'cv2', 'jax'})"
    )
    run = subprocess.run(
        [sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, timeout=120
    )
    assert run.returncode == 0, run.stderr
    assert run.stdout.splitlines() == ["('lamp', 'lamp', 'whole picture')", "set()"]


def test_the_mask_follows_the_boxes():
    boxes = np.zeros((2, 3, 6), np.float32)
    boxes[0, 0] = [0, 0, 1, 1, 0, -1]
    np.testing.assert_array_equal(region_mask(boxes), [[1, 0, 0], [0, 0, 0]])
