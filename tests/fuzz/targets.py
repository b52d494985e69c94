"""What is fuzzed: every parser of what somebody else wrote, with good input to begin from.

A target takes bytes and may raise a LooksayError (over HTTP a Problem), whose sentence a user
reads; all else that it raises is a finding.
"""

from __future__ import annotations

import contextlib
import pkgutil
import sqlite3
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

import seeds

from looksay.errors import LooksayError
from looksay.json_text import parse_json

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


def _data(
    name: str, load: str, *, photos: str = "", more: Mapping[str, str] = MappingProxyType({})
) -> Callable[[Path], Target]:
    """A data set's folder in which the file of that name is fuzzed: its photographs lie below
    `photos`, other files beside them."""

    def make(folder: Path) -> Target:
        from looksay.data import load_data

        others = {f"{photos}{photo}": "" for photo in ("a.jpg", "b.jpg", "x/b.jpg")} | dict(more)
        for other, content in {**others, name: ""}.items():
            (folder / other).parent.mkdir(parents=True, exist_ok=True)
            (folder / other).write_text(content)
        fuzzed = folder / name

        def read(data: bytes) -> None:
            fuzzed.write_bytes(data)
            for sentence in load_data(load.format(folder=folder)).report.sentences():
                check_sentence(sentence)

        return read

    return make


Reader = Callable[[Path], object]


def _file(name: str, reader: str | Callable[[], Reader]) -> Callable[[Path], Target]:
    """A reader of one file, by the name that it is imported by, or by what makes it."""

    def make(folder: Path) -> Target:
        path = folder / name
        read = pkgutil.resolve_name(reader) if isinstance(reader, str) else reader()

        def target(data: bytes) -> None:
            path.write_bytes(data)
            read(path)

        return target

    return make


def _recipe_values(_: Path) -> Target:
    from looksay.training.recipe import recipe_from_dict

    def read(data: bytes) -> None:
        try:
            values = parse_json(data)
        except ValueError:  # never gets there
            return
        if isinstance(values, dict):
            recipe_from_dict(values)

    return read


def _flax_reader() -> Reader:
    from looksay.features import vgg16_weights

    def read(path: Path) -> None:
        # as load_torch_vgg16 does, without a network
        with contextlib.suppress(*vgg16_weights.OTHER_NETWORK):
            vgg16_weights._read_flax(path)

    return read


def _regions_reader() -> Reader:
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
            query = CaptionQuery.model_validate(asked)
            query.decoding(DecodingOptions(beam_size=3), has_consensus=False)
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


TARGETS: dict[str, Fuzzed] = {
    "image": Fuzzed(_image, seeds.image),
    "coco": Fuzzed(
        _data("annotations/captions_train2017.json", "coco:{folder}", photos="train2017/"),
        seeds.of_json(seeds.COCO),
    ),
    "karpathy": Fuzzed(_data("k.json", "karpathy:{folder}/k.json"), seeds.of_json(seeds.KARPATHY)),
    "flickr8k": Fuzzed(
        _data(
            "Flickr8k.token.txt", "flickr8k:{folder}", photos="Images/",
            more={"Flickr_8k.trainImages.txt": "a.jpg\n"},
        ),
        lambda: [b"a.jpg#0\tA dog .\nb.jpg#1\tTwo .\n"],
    ),
    "flickr30k": Fuzzed(
        _data("results.csv", "flickr30k:{folder}", photos="images/"),
        lambda: [b"image_name| comment_number| comment\na.jpg| 0| A dog .\nb.jpg| 4   Two .\n"],
    ),
    "folder-jsonl": Fuzzed(
        _data("metadata.jsonl", "folder:{folder}"),
        lambda: [b'{"file_name": "a.jpg", "caption": "A dog.", "split": "dev"}\n'
                 b'{"image": "b.jpg", "captions": ["x", "y"]}\n'],
    ),
    "folder-csv": Fuzzed(
        _data("captions.csv", "folder:{folder}"),
        lambda: [b'image,caption,split\na.jpg,"A, dog",train\nb.jpg,Two,dev\n'],
    ),
    "splits": Fuzzed(
        _file("splits.json", "looksay.data.split_file:read_splits"),
        seeds.of_json({"format": 1, "splits": {"train": ["a.jpg"], "dev": ["b.jpg"]}}),
    ),
    "boxes": Fuzzed(
        _file("boxes.json", "looksay.data.instances:load_boxes"), seeds.of_json(seeds.BOXES)
    ),
    "recipe": Fuzzed(_file("recipe.toml", "looksay.training.recipe:load_recipe"), seeds.recipes),
    "recipe-values": Fuzzed(_recipe_values, seeds.recipe_values),
    "bundle": Fuzzed(_bundle, seeds.bundle),
    "onnx": Fuzzed(
        _file("graph.onnx", "looksay.runtime.onnx_contents:check_onnx"), seeds.onnx_graph
    ),
    "vocabulary": Fuzzed(
        _file("vocabulary.txt", "looksay.text:Vocabulary.load"),
        lambda: [b"<pad>\n<start>\n<end>\n<unk>\na\ndog\n"],
    ),
    "html": Fuzzed(_page("page.html"), lambda: [seeds.HTML]),
    "markdown": Fuzzed(_page("page.md"), lambda: [seeds.MARKDOWN]),
    "regions-tsv": Fuzzed(_file("a.tsv", _regions_reader), seeds.tsv),
    "regions-npz": Fuzzed(_file("a.npz", _regions_reader), seeds.npz),
    "query": Fuzzed(_query, lambda: ['"a dog" -cat OR tree \u4e00\u4e8c\u4e09'.encode()]),
    "options": Fuzzed(_options, lambda: [b"beam=3&method=sample&top_p=0.5&seed=1&max_words=9"]),
    "form": Fuzzed(_form, lambda: [seeds.FORM]),
    "torch-weights": Fuzzed(
        _file("w.pth", "looksay.features.torch_weights:read_torch_weights"), seeds.torch
    ),
    "flax-weights": Fuzzed(_file("w.ckpt", _flax_reader), seeds.flax),
}  # fmt: skip


@contextlib.contextmanager
def opened(name: str) -> Iterator[Target]:
    """The function of a target, with a folder of its own as long as it is open."""
    with tempfile.TemporaryDirectory() as folder:
        yield TARGETS[name].make(Path(folder))
