"""Bundles are data: a byte changed anywhere is noticed, and a graph leads nowhere."""

from __future__ import annotations

import json
import random
import shutil
from contextlib import nullcontext

import pytest

import looksay
from looksay.errors import BundleError
from looksay.runtime import SHIPPED, Bundle, write_manifest
from looksay.runtime.graph import open_graph
from looksay.runtime.manifest import read_manifest, required_files
from looksay.runtime.onnx_contents import check_onnx

onnx = pytest.importorskip("onnx")

PLACES = 24  # in each file


@pytest.fixture
def bundle(toy, tmp_path):
    return shutil.copytree(toy, tmp_path / "bundle")


def test_a_byte_changed_in_any_file_is_refused(bundle):
    chance = random.Random(3)
    for path in sorted(bundle.iterdir()):
        whole = path.read_bytes()
        places = {0, len(whole) - 1, *(chance.randrange(len(whole)) for _ in range(PLACES))}
        for place in sorted(places):
            for change in (1 << chance.randrange(8), 0xFF):
                flipped = bytearray(whole)
                flipped[place] ^= change
                path.write_bytes(flipped)
                with pytest.raises(BundleError) as caught:
                    Bundle.open(bundle, verify_all=True)
                sentence = str(caught.value)
                assert path.name in sentence and "\n" not in sentence, (path.name, place, sentence)
        path.write_bytes(whole)
    Bundle.open(bundle, verify_all=True)


def test_every_byte_of_the_description_counts(bundle):
    path = bundle / "bundle.json"
    whole, chance = path.read_bytes(), random.Random(4)
    for place in range(len(whole)):
        flipped = bytearray(whole)
        flipped[place] ^= chance.randrange(1, 256)
        path.write_bytes(flipped)
        with pytest.raises(BundleError, match=r"bundle\.json"):
            read_manifest(bundle)


def test_what_captioning_reads_is_checked_whenever_it_starts(bundle):
    for name in required_files(Bundle.open(bundle).config):
        path = bundle / name
        whole = path.read_bytes()
        path.write_bytes(whole[:-1] + bytes([whole[-1] ^ 0x40]))
        with pytest.raises(BundleError, match=f"{name} is damaged or was changed"):
            looksay.load(bundle)
        path.write_bytes(whole)


def test_the_shipped_bundle_is_sealed():
    assert next(iter(json.loads((SHIPPED / "bundle.json").read_bytes()))) == "sha256"
    Bundle.open(SHIPPED, verify_all=True)


def test_a_bundle_from_before_there_were_seals_opens(bundle):
    config = json.loads((bundle / "bundle.json").read_bytes())
    del config["sha256"]
    (bundle / "bundle.json").write_text(json.dumps(config))
    assert Bundle.open(bundle).name == "toy"


@pytest.mark.parametrize(
    "seal", ["0" * 64, "", None, 3, "\ud800" * 64, "f" * 63, ["a"], "F" * 64, "0" * 10_000]
)
def test_a_wrong_seal_is_refused(bundle, seal):
    path = bundle / "bundle.json"
    path.write_text(json.dumps(json.loads(path.read_bytes()) | {"sha256": seal}))
    with pytest.raises(BundleError, match="SHA-256 is not the one it begins with"):
        Bundle.open(bundle)


def test_a_bundle_is_sealed_anew(bundle):
    config = Bundle.open(bundle).config
    assert "sha256" not in config
    before = (bundle / "bundle.json").read_bytes()
    write_manifest(bundle, json.loads(before))  # with the old seal in it
    assert (bundle / "bundle.json").read_bytes() == before
    write_manifest(bundle, config | {"licence": "another"})
    assert Bundle.open(bundle).config["licence"] == "another"


def elsewhere(location: str) -> onnx.TensorProto:
    """A tensor whose numbers lie in another file."""
    tensor = onnx.TensorProto(
        name="w", data_type=onnx.TensorProto.UINT8, dims=[4], data_location="EXTERNAL"
    )
    tensor.external_data.add(key="location", value=location)
    return tensor


def graph_with(tensor: onnx.TensorProto, where: str) -> onnx.ModelProto:
    """A model that has the tensor in one of the places where tensors can be."""
    ends = [onnx.helper.make_tensor_value_info(name, onnx.TensorProto.UINT8, [4]) for name in "xy"]
    if where == "initializer":
        nodes, fixed = [onnx.helper.make_node("Add", ["x", "w"], ["y"])], [tensor]
    else:
        constant = onnx.helper.make_node("Constant", [], ["w"], value=tensor)
        nodes = [constant, onnx.helper.make_node("Add", ["x", "w"], ["y"])]
        fixed = []
    if where == "branch":
        inner = onnx.helper.make_graph(nodes[:1], "inner", [], [])
        nodes = [onnx.helper.make_node("If", ["x"], ["y"], then_branch=inner, else_branch=inner)]
    graph = onnx.helper.make_graph(nodes, "g", ends[:1], ends[1:], fixed)
    model = onnx.helper.make_model(graph)
    if where == "function":
        model.functions.add(name="f").node.add().CopyFrom(nodes[0])
        del model.graph.node[:]
    return model


@pytest.mark.parametrize("where", ["initializer", "constant", "branch", "function"])
@pytest.mark.parametrize("location", ["/etc/hostname", "../secret", "beside.bin"])
def test_a_graph_with_numbers_in_another_file_is_refused(tmp_path, where, location):
    (tmp_path / "beside.bin").write_bytes(b"1234")
    path = tmp_path / "graph.onnx"
    path.write_bytes(graph_with(elsewhere(location), where).SerializeToString())
    with pytest.raises(BundleError, match="numbers in another file"):
        open_graph(path)
    inside = onnx.TensorProto(name="w", data_type=2, dims=[4], raw_data=b"1234")
    path.write_bytes(graph_with(inside, where).SerializeToString())
    check_onnx(path)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\x00" * 100,
        b'<?xml version="1.0"?><net name="a" version="11"><layers></layers></net>',
        b"\x3a\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff",  # a graph of endless length
        b"\x3a" + b"\x80" * 100,
        b"\x80\x04\x95",  # a pickle
        b"PK\x03\x04" + bytes(60),  # a zip, as Torch saves
    ],
)
def test_what_is_no_onnx_is_refused(tmp_path, content):
    (tmp_path / "graph.onnx").write_bytes(content)
    with pytest.raises(BundleError, match="is no graph"):
        open_graph(tmp_path / "graph.onnx")


def test_graphs_in_graphs_without_end_are_refused(tmp_path):
    path = tmp_path / "graph.onnx"
    for depth, refused in ((10, False), (3000, True)):
        graph = b""
        for _ in range(depth):
            for tag in b"\x32\x2a\x0a":  # in an attribute, of a node, of a graph
                graph = bytes([tag]) + varint(len(graph)) + graph
        path.write_bytes(b"\x3a" + varint(len(graph)) + graph)
        with pytest.raises(BundleError, match="is no graph") if refused else nullcontext():
            check_onnx(path)


def varint(number: int) -> bytes:
    """A number as Protocol Buffers write it."""
    low, rest = number & 0x7F, number >> 7
    return bytes([low | 0x80]) + varint(rest) if rest else bytes([low])


def test_nothing_in_the_package_reads_a_bundle_by_pickle():
    words = ("import pickle", "torch.load", "joblib", "allow_pickle=True", "safe_mode=False")
    source = SHIPPED.parents[1]
    found = {
        path.relative_to(source).as_posix()
        for path in source.rglob("*.py")
        if any(word in path.read_text("utf-8") for word in words)
    }
    # published weights of other projects, by unpicklers that know NumPy's and Torch's arrays alone
    assert found == {"features/torch_weights.py", "features/vgg16_weights.py"}
