"""What a detector's ONNX file is: its picture, its classes, its key."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from looksay.errors import FeatureError
from looksay.features.regions.coco_classes import COCO_CLASSES
from looksay.features.regions.yolox import num_anchors
from looksay.runtime.manifest import sha256
from looksay.runtime.regions import DETECTOR, RegionSettings


def detector_settings(path: Path, names: Path | None = None, **settings: Any) -> RegionSettings:
    """The settings of a detector of YOLOX's layout; FeatureError where the file is none.

    names: a text file with a class a line; without one, COCO's names where there are 80 classes.
    """
    import onnx

    try:
        graph = onnx.load(path, load_external_data=False).graph
    except OSError as error:
        raise FeatureError(
            f"the detector {path} cannot be read ({error.strerror}); give its ONNX file with "
            "--set features.detector=FILE"
        ) from error
    except Exception as error:  # a damaged file raises its parser's own errors
        raise FeatureError(f"the detector {path} is no ONNX file, or is damaged") from error
    fixed = {tensor.name for tensor in graph.initializer}
    inputs = [_shape(value) for value in graph.input if value.name not in fixed]
    outputs = [_shape(value) for value in graph.output]
    if not _is_yolox(inputs, outputs):
        raise FeatureError(
            f"{path} is no detector of YOLOX's layout: it takes {_words(inputs)} and gives "
            f"{_words(outputs)}, not a picture (1, 3, S, S) and (1, anchors, 5 + classes)"
        )
    num_classes = outputs[0][2] - 5
    return RegionSettings(
        source=DETECTOR,
        detector_size=inputs[0][2],
        class_names=_class_names(names, num_classes),
        **settings,
    )


def detector_digest(path: Path) -> str:
    """The SHA-256 of the detector's file, in hexadecimal."""
    return sha256(path)


def _shape(value: Any) -> tuple[int, ...]:
    """A graph end's shape, 0 for what varies."""
    return tuple(dim.dim_value for dim in value.type.tensor_type.shape.dim)


def _is_yolox(inputs: list[tuple[int, ...]], outputs: list[tuple[int, ...]]) -> bool:
    if len(inputs) != 1 or len(outputs) != 1 or len(inputs[0]) != 4 or len(outputs[0]) != 3:
        return False
    batch, channels, height, width = inputs[0]
    square = channels == 3 and height == width and height > 0 and batch in (0, 1)
    return square and outputs[0][1] == num_anchors(height) and outputs[0][2] > 5


def _words(shapes: list[tuple[int, ...]]) -> str:
    return " and ".join(map(str, shapes)) or "nothing"


def _class_names(path: Path | None, num_classes: int) -> tuple[str, ...]:
    if path is None:
        return COCO_CLASSES if num_classes == len(COCO_CLASSES) else ()
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise FeatureError(f"the class names {path} cannot be read ({error})") from error
    names = tuple(line.strip() for line in lines if line.strip())
    if len(names) != num_classes:
        raise FeatureError(
            f"{path} has {len(names)} class names and the detector {num_classes} classes; give "
            "one a line"
        )
    return names
