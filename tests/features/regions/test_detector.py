"""A detector finds where things are in a photograph of any shape, on both engines."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

pytest.importorskip("onnx")

from toy_detector import SIDE, write_toy_detector  # noqa: E402

from looksay.errors import BundleError  # noqa: E402
from looksay.features.regions.coco_classes import COCO_CLASSES  # noqa: E402
from looksay.features.regions.detector import Detector  # noqa: E402
from looksay.features.regions.letterbox import PADDING_GREY, letterbox  # noqa: E402
from looksay.features.regions.yolox import decode_yolox, num_anchors  # noqa: E402
from looksay.images import open_image  # noqa: E402
from looksay.runtime import ENGINES, open_graph  # noqa: E402
from looksay.runtime.regions import RegionSettings  # noqa: E402


def photo(width: int, height: int, white: tuple[int, int, int, int]) -> Image.Image:
    image = Image.new("RGB", (width, height), (60, 60, 60))
    image.paste((255, 255, 255), white)
    return image


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    return write_toy_detector(tmp_path_factory.mktemp("detector") / "toy.onnx")


def detector(path, engine="openvino", **settings) -> Detector:
    given = {"source": "detector", "detector_size": SIDE, **settings}
    graph = open_graph(path, engine=engine, precision="f32")
    return Detector(graph, RegionSettings(**given), path)


def test_a_letterbox_keeps_the_shape():
    boxed = letterbox(photo(64, 32, (32, 0, 64, 32)), 16)
    assert boxed.pixels.shape == (16, 16, 3) and boxed.size == (16, 8)
    assert (boxed.pixels[8:] == PADDING_GREY).all()
    assert (boxed.pixels[:8, 9:] == 255).all() and (boxed.pixels[:8, :7] == 60).all()
    corners = boxed.to_photograph(np.float32([[0, 0, 16, 8], [8, 4, 16, 8]]))
    np.testing.assert_allclose(corners, [[0, 0, 1, 1], [0.5, 0.5, 1, 1]])


def test_the_output_is_read_stride_by_stride_and_row_by_row():
    output = np.zeros((num_anchors(64), 5 + 3), np.float32)
    # the fine grid has 8 x 8 places, the middle one 4 x 4: its row 1, column 2
    anchor = 64 + 1 * 4 + 2
    output[anchor] = [0.5, 0.25, np.log(2), np.log(1), 0.5, 0.1, 0.2, 0.8]
    found = decode_yolox(output, 64)[anchor]
    centre, size = (2.5 * 16, 1.25 * 16), (32, 16)
    expected = [
        centre[0] - size[0] / 2, centre[1] - size[1] / 2,
        centre[0] + size[0] / 2, centre[1] + size[1] / 2, 0.4, 2,
    ]  # fmt: skip
    np.testing.assert_allclose(found, expected, rtol=1e-6)


def test_a_wild_size_stays_a_number():
    output = np.full((num_anchors(32), 6), 1e6, np.float32)
    assert np.isfinite(decode_yolox(output, 32)).all()


@pytest.mark.parametrize("engine", ENGINES)
def test_white_is_found_where_it_lies(path, engine):
    pytest.importorskip(engine)
    finder = detector(path, engine)
    # wide: shown to the detector as 32 x 16; the place (1, 2) of it is 16..24 x 8..16
    photos = [photo(64, 32, (32, 16, 48, 32)), photo(32, 32, (0, 0, 32, 32))]
    wide, white = finder.find([finder.look(one) for one in photos])
    np.testing.assert_allclose(wide[:, :4], [[12 / 32, 4 / 16, 28 / 32, 20 / 16]], atol=1e-5)
    assert wide[0, 4] > 0.7 and wide[0, 5] == 1  # shrinking blurs the edges
    # neighbours overlap by a third, below the threshold: all sixteen places stay
    assert len(white) == 16 and (white[:, 4] == 1).all()


def test_overlapping_boxes_are_suppressed(path):
    finder = detector(path, nms_threshold=0.3)
    (white,) = finder.find([finder.look(photo(32, 32, (0, 0, 32, 32)))])
    assert 4 <= len(white) < 16


def test_a_detector_of_another_size_or_layout_is_a_sentence(path, tmp_path):
    other = detector(path, detector_size=64)
    with pytest.raises(BundleError, match=r"toy\.onnx cannot run on a picture of 64 pixels"):
        other.find([other.look(photo(9, 9, (0, 0, 9, 9)))])


@pytest.fixture(scope="module")
def yolox_nano() -> Path:
    default = Path(__file__).resolve().parents[4] / "shared" / "data"
    path = Path(os.environ.get("LOOKSAY_DATA", default)) / "detectors" / "yolox_nano.onnx"
    if not path.is_file():
        pytest.skip(f"there is no {path}; set LOOKSAY_DATA to the folder of the shared data")
    return path


@pytest.mark.parametrize("engine", ENGINES)
def test_yolox_finds_the_skier_and_the_dog(yolox_nano, engine):
    """What a person sees in two photographs of train2017."""
    pytest.importorskip(engine)
    folder = yolox_nano.parents[1] / "coco2017-mini" / "train2017"
    photos = [folder / "000000030752.jpg", folder / "000000054718.jpg"]
    if not all(photo.is_file() for photo in photos):
        pytest.skip(f"the photographs are not in {folder}")
    settings = RegionSettings(source="detector", class_names=COCO_CLASSES)
    graph = open_graph(yolox_nano, engine=engine, precision="f32")
    finder = Detector(graph, settings, yolox_nano)
    looked = [finder.look(open_image(photo, at_least=416)) for photo in photos]
    skier, elephants = finder.find(looked)
    assert [settings.name_of(row) for row in skier[:2]] == ["person", "dog"]
    person, dog = skier[0], skier[1]
    np.testing.assert_allclose(person[:4], [0.34, 0.15, 0.53, 0.84], atol=0.03)
    np.testing.assert_allclose(dog[:4], [0.54, 0.66, 0.68, 0.90], atol=0.03)
    assert [settings.name_of(row) for row in elephants[:4]] == ["elephant"] * 4
