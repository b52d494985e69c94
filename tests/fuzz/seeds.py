"""Good input of every parser that is fuzzed, to begin from."""

from __future__ import annotations

import base64
import io
import json
import pickle
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

COCO = {
    "images": [{"id": 1, "file_name": "a.jpg"}, {"id": 2, "file_name": "b.jpg"}],
    "annotations": [{"image_id": 1, "id": 7, "caption": "A dog."}],
}
KARPATHY = {
    "images": [
        {"filename": "a.jpg", "split": "train", "sentences": [{"raw": "A dog.", "tokens": ["a"]}]},
        {"filename": "b.jpg", "split": "val", "filepath": "x", "sentences": [{"tokens": ["b"]}]},
    ]
}
BOXES = {
    "images": [{"id": 1, "file_name": "a.jpg", "width": 9, "height": 9}],
    "categories": [{"id": 3, "name": "dog"}],
    "annotations": [{"image_id": 1, "category_id": 3, "bbox": [1, 2, 3, 4.5]}],
}


def image() -> list[bytes]:
    from hostile_pictures import good_pictures

    return list(good_pictures().values())


def of_json(content: Any) -> Callable[[], list[bytes]]:
    return lambda: [json.dumps(content).encode()]


def bundle() -> list[bytes]:
    from looksay.runtime import SHIPPED

    config = json.loads((SHIPPED / "bundle.json").read_bytes())
    config.pop("sha256", None)  # without its seal, or nothing would get past that
    small = {key: value for key, value in config.items() if key not in ("figures", "data")}
    small["regions"] = {"source": "file"}
    return [json.dumps(config).encode(), json.dumps({**small, "format": 3}).encode()]


def recipes() -> list[bytes]:
    import looksay

    folder = Path(looksay.__file__).parent / "recipes"
    return [path.read_bytes() for path in sorted(folder.glob("*.toml"))]


def recipe_values() -> list[bytes]:
    parsed = [tomllib.loads(seed.decode()) for seed in recipes()]
    return [json.dumps({"name": "a recipe", **values}).encode() for values in parsed]


def tsv() -> list[bytes]:
    def numbers(count: int) -> bytes:
        return base64.b64encode(np.arange(count, dtype="<f4").tobytes())

    row = [b"7", b"640", b"480", b"2", numbers(8), numbers(6)]
    classes = base64.b64encode(np.arange(2, dtype="<i8").tobytes())
    wide = [*row[:3], classes, numbers(2), classes, numbers(2), *row[3:]]
    return [b"\t".join(row) + b"\n", b"\t".join(wide) + b"\n"]


def npz() -> list[bytes]:
    file = io.BytesIO()
    np.savez(file, feat=np.ones((2, 3), np.float32), bbox=np.ones((2, 4)), image_w=9, image_h=9)
    return [file.getvalue()]


def flax() -> list[bytes]:
    layer = {"kernel": np.ones((3, 3, 3, 2), np.float32), "bias": np.ones(2, np.float32)}
    return [pickle.dumps({"VGG16_0": {"Conv_0": layer}}, 4)]


def torch() -> list[bytes]:
    """A file of one tensor, (2, 3), as Torch wrote them: pickles, then the numbers."""
    tensor = (
        b"\x80\x02ccollections\nOrderedDict\n)R(X\x01\x00\x00\x00wctorch._utils\n"
        b"_rebuild_tensor_v2\n((X\x07\x00\x00\x00storagectorch\nFloatStorage\nX\x01\x00\x00\x000"
        b"X\x03\x00\x00\x00cpuK\x06NtQK\x00K\x02K\x03\x86K\x03K\x01\x86\x89Ntr"
    )
    tensor = tensor[:-2] + b"tRu."
    head = [pickle.dumps(0x1950A86A20F9469CFC6C, 2), pickle.dumps(1001, 2), pickle.dumps({}, 2)]
    values = (6).to_bytes(8, "little") + np.arange(6, dtype="<f4").tobytes()
    return [b"".join(head) + tensor + pickle.dumps(["0"], 2) + values]


def onnx_graph() -> list[bytes]:
    from onnx import TensorProto, helper

    ends = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [2]) for name in "xy"]
    fixed = helper.make_tensor("w", TensorProto.FLOAT, [2], [1.0, 2.0])
    node = helper.make_node("Add", ["x", "w"], ["y"])
    graph = helper.make_graph([node], "g", ends[:1], ends[1:], [fixed])
    return [helper.make_model(graph).SerializeToString()]


HTML = b"""<!doctype html><meta charset=utf-8><base href="/x/"><p>{{ page }}<a href=y>
<img src="a.jpg" alt='' width=3></a><picture>
<source srcset="a.webp 2x"><img SRC=b.jpg alt></picture><?php x ?>"""
MARKDOWN = b"""---\ntitle: x\n---\n# A\n\n> ![a *dog*](a.jpg "t") and [![](b.png)](c)
\n![x][y] ![y]

| a | b |\n|---|---|\n| ![1](1.jpg) | <img src=2.jpg> |\n\n[y]: z.jpg\n`![no](code)`\n"""
FORM = (
    b'multipart/form-data; boundary=x\n--x\r\nContent-Disposition: form-data; name="image"; '
    b'filename="a.jpg"\r\nContent-Type: image/jpeg\r\n\r\n\xff\xd8\xff\r\n--x--\r\n'
)
