"""What a detector's file says of itself, and what is said of a file that is none."""

from __future__ import annotations

import pytest

onnx = pytest.importorskip("onnx")

from toy_detector import SIDE, write_toy_detector  # noqa: E402

from looksay.errors import FeatureError  # noqa: E402
from looksay.export.roi_align import write_roi_align  # noqa: E402
from looksay.features.regions.detector_file import (  # noqa: E402
    detector_digest,
    detector_settings,
)


@pytest.fixture
def path(tmp_path):
    return write_toy_detector(tmp_path / "toy.onnx")


def test_size_and_classes_are_read(path, tmp_path):
    assert detector_settings(path).detector_size == SIDE
    assert detector_settings(path, max_regions=20).max_regions == 20
    assert detector_settings(path).class_names == ()  # two classes, and not COCO's
    names = tmp_path / "names.txt"
    names.write_text("cat\n\nlamp \n")
    assert detector_settings(path, names).class_names == ("cat", "lamp")
    names.write_text("cat\n")
    with pytest.raises(FeatureError, match="1 class names and the detector 2 classes"):
        detector_settings(path, names)
    with pytest.raises(FeatureError, match="cannot be read"):
        detector_settings(path, tmp_path / "none.txt")


def test_a_file_that_is_no_detector_is_a_sentence(tmp_path):
    other = tmp_path / "other.onnx"
    write_roi_align((2, 2), 3, other)
    with pytest.raises(FeatureError, match="no detector of YOLOX's layout: it takes"):
        detector_settings(other)
    other.write_bytes(b"no graph at all")
    with pytest.raises(FeatureError, match="no ONNX file|no detector"):
        detector_settings(other)
    with pytest.raises(FeatureError, match="features.detector=FILE"):
        detector_settings(tmp_path / "missing.onnx")


def test_another_detector_has_another_key(path, tmp_path):
    model = onnx.load(path)
    model.doc_string = "other"
    other = tmp_path / "second.onnx"
    other.write_bytes(model.SerializeToString())
    assert detector_digest(path) != detector_digest(other)
    assert len(detector_digest(path)) == 64
