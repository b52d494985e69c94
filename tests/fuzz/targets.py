"""What is fuzzed: every parser of what somebody else wrote, with good input to begin from.

A target takes bytes and may raise a LooksayError (over HTTP a Problem), whose sentence a user
reads; all else that it raises is a finding.
"""

from __future__ import annotations

import base64
import contextlib
import io
import json
import pickle
import sqlite3
import tempfile
import tomllib
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from looksay.errors import LooksayError

Target = Callable[[bytes], object]


@dataclass(frozen=True)
class Fuzzed:
    """A parser: `make` gives the function, once its modules may be loaded; `seeds` good input."""

    make: Callable[[Path], Target]
    seeds: Callable[[], list[bytes]]


def run(target: Target, data: bytes) -> None:
    """The target on some bytes; what a user would not read as a sentence is raised."""
    try:
        target(data)
    except LooksayError as error:
        check_sentence(str(error))


def check_sentence(sentence: str) -> None:
    """Something to read, not much longer than the input that it may quote."""
    assert sentence.strip(), "an error without words"
    assert len(sentence) < 50_000, f"an error of {len(sentence)} characters: {sentence[:200]}"


def _image(_: Path) -> Target:
    from looksay.images import ImageLimits, open_image
    from looksay.images.open import picture_size

    limits = ImageLimits(max_pixels=4_000_000)

    def read(data: bytes) -> None:
        with contextlib.suppress(LooksayError):
            picture_size(data, "a picture", limits=limits)
        open_image(data, limits=limits, at_least=32)

    return read


def _data(files: dict[str, str | None], load: str) -> Callable[[Path], Target]:
    """A data set's folder in which the file whose content is None is the fuzzed one."""

    def make(folder: Path) -> Target:
        from looksay.data import load_data

        for name, content in files.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(content or "")
        fuzzed = folder / next(name for name, content in files.items() if content is None)

        def read(data: bytes) -> None:
            fuzzed.write_bytes(data)
            for sentence in load_data(load.format(folder=folder)).report.sentences():
                check_sentence(sentence)

        return read

    return make


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


def _file(name: str, read: Callable[[], Callable[[Path], object]]) -> Callable[[Path], Target]:
    """A reader of one file."""

    def make(folder: Path) -> Target:
        path, reader = folder / name, read()

        def target(data: bytes) -> None:
            path.write_bytes(data)
            reader(path)

        return target

    return make


def _recipe_reader() -> Callable[[Path], object]:
    from looksay.training.recipe import load_recipe

    return load_recipe


def _recipe_values(_: Path) -> Target:
    from looksay.training.recipe import recipe_from_dict

    def read(data: bytes) -> None:
        try:
            values = json.loads(data)
        except (ValueError, RecursionError):  # never gets there
            return
        if isinstance(values, dict):
            recipe_from_dict(values)

    return read


def _vocabulary_reader() -> Callable[[Path], object]:
    from looksay.text import Vocabulary

    return Vocabulary.load


def _splits_reader() -> Callable[[Path], object]:
    from looksay.data.split_file import read_splits

    return read_splits


def _boxes_reader() -> Callable[[Path], object]:
    from looksay.data.instances import load_boxes

    return load_boxes


def _onnx_reader() -> Callable[[Path], object]:
    from looksay.runtime.onnx_contents import check_onnx

    return check_onnx


def _torch_reader() -> Callable[[Path], object]:
    from looksay.features.torch_weights import read_torch_weights

    return read_torch_weights


def _flax_reader() -> Callable[[Path], object]:
    from looksay.features import vgg16_weights

    def read(path: Path) -> None:
        # as load_torch_vgg16 does, without a network
        with contextlib.suppress(*vgg16_weights.OTHER_NETWORK):
            vgg16_weights._read_flax(path)

    return read


def _regions_reader() -> Callable[[Path], object]:
    from looksay.features.regions.published import open_region_file

    def read(path: Path) -> None:
        place = path.parent if path.suffix == ".npz" else path
        source = open_region_file(place)
        source.identity()
        list(source.read({"7": path, "a": path}))

    return read


def _bundle(folder: Path) -> Target:
    from looksay.runtime.bundle import Bundle
    from looksay.runtime.manifest import read_manifest

    def read(data: bytes) -> None:
        (folder / "bundle.json").write_bytes(data)
        config = read_manifest(folder)
        bundle = Bundle(folder, config, None)  # type: ignore[arg-type]
        _ = bundle.name, bundle.decoding, bundle.confidence, bundle.regions, bundle.language
        _ = bundle.grid, bundle.graphs, repr(bundle)

    return read


def _page(name: str) -> Callable[[Path], Target]:
    def make(_: Path) -> Target:
        from looksay.library.alt_text.page_text import decode_page
        from looksay.library.alt_text.pages import find_images

        def read(data: bytes) -> None:
            page = decode_page(data)
            assert page.encode(page.text) == data
            for place in find_images(page.text, name).places:
                assert 0 <= place.offset < len(page.text)
                if place.slot is not None:
                    assert 0 <= place.slot.start <= place.slot.end <= len(page.text)
                    place.slot.fill('a "dog" & <cat>')

        return read

    return make


def _query(_: Path) -> Target:
    from looksay.library.query import parse_query
    from looksay.library.schema import TABLES

    def read(data: bytes) -> None:
        parsed = parse_query(data.decode("utf-8", "replace"))
        with closing(sqlite3.connect(":memory:")) as connection:
            connection.executescript(TABLES)
            for expression in (parsed.every, parsed.telling, parsed.some, parsed.none):
                if expression:
                    connection.execute(
                        "SELECT rowid FROM captions WHERE captions MATCH ?", (expression,)
                    ).fetchall()

    return read


def _options(_: Path) -> Target:
    from urllib.parse import parse_qsl

    from pydantic import ValidationError

    from looksay.decoding import DecodingOptions
    from looksay.serve.problems import Problem
    from looksay.serve.query import CaptionQuery

    def read(data: bytes) -> None:
        asked = dict(parse_qsl(data.decode("latin-1"), keep_blank_values=True)[:50])
        try:
            CaptionQuery.model_validate(asked).decoding(DecodingOptions(beam_size=3))
        except ValidationError:
            pass
        except Problem as problem:
            assert 400 <= problem.status < 500
            problem.response()

    return read


def _form(_: Path) -> Target:
    from looksay.serve.forms import Form
    from looksay.serve.problems import Problem

    def read(data: bytes) -> None:
        kind, _, body = data.partition(b"\n")
        try:
            form = Form(kind.decode("latin-1"), 4)
            for start in range(0, len(body), 50):
                form.feed(body[start : start + 50])
            for sent in form.finish():
                assert isinstance(sent.data, bytes)
        except Problem as problem:
            assert 400 <= problem.status < 500
            problem.response()

    return read


def _image_seeds() -> list[bytes]:
    from hostile_pictures import good_pictures

    return list(good_pictures().values())


def _json_seed(content: Any) -> Callable[[], list[bytes]]:
    return lambda: [json.dumps(content).encode()]


def _bundle_seeds() -> list[bytes]:
    from looksay.runtime import SHIPPED

    config = json.loads((SHIPPED / "bundle.json").read_bytes())
    config.pop("sha256", None)  # without its seal, or nothing would get past that
    small = {key: value for key, value in config.items() if key not in ("figures", "data")}
    small["regions"] = {"source": "file"}
    return [json.dumps(config).encode(), json.dumps({**small, "format": 2}).encode()]


def _recipe_seeds() -> list[bytes]:
    import looksay

    folder = Path(looksay.__file__).parent / "recipes"
    return [path.read_bytes() for path in sorted(folder.glob("*.toml"))]


def _recipe_value_seeds() -> list[bytes]:
    recipes = [tomllib.loads(seed.decode()) for seed in _recipe_seeds()]
    return [json.dumps({"name": "a recipe", **recipe}).encode() for recipe in recipes]


def _tsv_seeds() -> list[bytes]:
    def numbers(count: int) -> bytes:
        return base64.b64encode(np.arange(count, dtype="<f4").tobytes())

    row = [b"7", b"640", b"480", b"2", numbers(8), numbers(6)]
    classes = base64.b64encode(np.arange(2, dtype="<i8").tobytes())
    wide = [*row[:3], classes, numbers(2), classes, numbers(2), *row[3:]]
    return [b"\t".join(row) + b"\n", b"\t".join(wide) + b"\n"]


def _npz_seeds() -> list[bytes]:
    file = io.BytesIO()
    np.savez(file, feat=np.ones((2, 3), np.float32), bbox=np.ones((2, 4)), image_w=9, image_h=9)
    return [file.getvalue()]


def _flax_seeds() -> list[bytes]:
    layer = {"kernel": np.ones((3, 3, 3, 2), np.float32), "bias": np.ones(2, np.float32)}
    return [pickle.dumps({"VGG16_0": {"Conv_0": layer}}, 4)]


def _torch_seeds() -> list[bytes]:
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


def _onnx_seeds() -> list[bytes]:
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
_PICTURES: dict[str, str | None] = {"a.jpg": "", "b.jpg": "", "x/b.jpg": ""}
_OF_COCO = {f"train2017/{name}": "" for name in _PICTURES}

TARGETS: dict[str, Fuzzed] = {
    "image": Fuzzed(_image, _image_seeds),
    "coco": Fuzzed(
        _data({**_OF_COCO, "annotations/captions_train2017.json": None}, "coco:{folder}"),
        _json_seed(COCO),
    ),
    "karpathy": Fuzzed(
        _data({**_PICTURES, "k.json": None}, "karpathy:{folder}/k.json"), _json_seed(KARPATHY)
    ),
    "flickr8k": Fuzzed(
        _data(
            {
                **{f"Images/{name}": "" for name in _PICTURES},
                "Flickr_8k.trainImages.txt": "a.jpg\n",
                "Flickr8k.token.txt": None,
            },
            "flickr8k:{folder}",
        ),
        lambda: [b"a.jpg#0\tA dog .\nb.jpg#1\tTwo .\n"],
    ),
    "flickr30k": Fuzzed(
        _data(
            {**{f"images/{name}": "" for name in _PICTURES}, "results.csv": None},
            "flickr30k:{folder}",
        ),
        lambda: [b"image_name| comment_number| comment\na.jpg| 0| A dog .\nb.jpg| 4   Two .\n"],
    ),
    "folder-jsonl": Fuzzed(
        _data({**_PICTURES, "metadata.jsonl": None}, "folder:{folder}"),
        lambda: [b'{"file_name": "a.jpg", "caption": "A dog.", "split": "dev"}\n'
                 b'{"image": "b.jpg", "captions": ["x", "y"]}\n'],
    ),
    "folder-csv": Fuzzed(
        _data({**_PICTURES, "captions.csv": None}, "folder:{folder}"),
        lambda: [b'image,caption,split\na.jpg,"A, dog",train\nb.jpg,Two,dev\n'],
    ),
    "splits": Fuzzed(
        _file("splits.json", _splits_reader),
        _json_seed({"format": 1, "splits": {"train": ["a.jpg"], "dev": ["b.jpg"]}}),
    ),
    "boxes": Fuzzed(_file("boxes.json", _boxes_reader), _json_seed(BOXES)),
    "recipe": Fuzzed(_file("recipe.toml", _recipe_reader), _recipe_seeds),
    "recipe-values": Fuzzed(_recipe_values, _recipe_value_seeds),
    "bundle": Fuzzed(_bundle, _bundle_seeds),
    "onnx": Fuzzed(_file("graph.onnx", _onnx_reader), _onnx_seeds),
    "vocabulary": Fuzzed(
        _file("vocabulary.txt", _vocabulary_reader),
        lambda: [b"<pad>\n<start>\n<end>\n<unk>\na\ndog\n"],
    ),
    "html": Fuzzed(_page("page.html"), lambda: [HTML]),
    "markdown": Fuzzed(_page("page.md"), lambda: [MARKDOWN]),
    "regions-tsv": Fuzzed(_file("a.tsv", _regions_reader), _tsv_seeds),
    "regions-npz": Fuzzed(_file("a.npz", _regions_reader), _npz_seeds),
    "query": Fuzzed(_query, lambda: ['"a dog" -cat OR tree \u4e00\u4e8c\u4e09'.encode()]),
    "options": Fuzzed(_options, lambda: [b"beam=3&method=sample&top_p=0.5&seed=1&max_words=9"]),
    "form": Fuzzed(_form, lambda: [FORM]),
    "torch-weights": Fuzzed(_file("w.pth", _torch_reader), _torch_seeds),
    "flax-weights": Fuzzed(_file("w.ckpt", _flax_reader), _flax_seeds),
}  # fmt: skip


@contextlib.contextmanager
def opened(name: str) -> Iterator[Target]:
    """The function of a target, with a folder of its own as long as it is open."""
    memory = Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=memory if memory.is_dir() else None) as folder:
        yield TARGETS[name].make(Path(folder))
