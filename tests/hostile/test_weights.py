"""Published weights come as pickles; whatever those ask for, nothing is run, no other memory is
read, and none is filled."""

from __future__ import annotations

import pickle
import tracemalloc

import numpy as np
import pytest
from targets import TARGETS  # of the fuzzer: a good file of each kind

from looksay.errors import FeatureError
from looksay.features.torch_weights import read_torch_weights
from looksay.features.vgg16_weights import _read_flax

GOOD = TARGETS["torch-weights"].seeds()[0]
PLACE = b"QK\x00K\x02K\x03\x86K\x03K\x01\x86"  # offset 0, size (2, 3), stride (3, 1)


def read(tmp_path, data: bytes):
    path = tmp_path / "weights.pth"
    path.write_bytes(data)
    return read_torch_weights(path)


def test_a_good_file(tmp_path):
    (tensor,) = read(tmp_path, GOOD).values()
    np.testing.assert_array_equal(tensor, np.arange(6).reshape(2, 3))


@pytest.mark.parametrize(
    "place",
    [
        b"QJ\xff\xff\xff\xffK\x02K\x03\x86K\x03K\x01\x86",  # an offset of -1
        b"QK\x00K\x02K\x03\x86J\xfd\xff\xff\xffK\x01\x86",  # a stride of -3
        b"QK\x00J\xfe\xff\xff\xffK\x03\x86K\x03K\x01\x86",  # a size of -2
        b"QK\x00K\x02K\x03\x86K\x09K\x01\x86",  # beyond the end
        b"QK\x00J\x00\x00\x10\x00J\x00\x00\x10\x00\x86K\x00K\x00\x86",  # a terabyte of one number
        b"QK\x00G?\xf0\x00\x00\x00\x00\x00\x00K\x03\x86K\x03K\x01\x86",  # a size of 1.0
    ],
)
def test_a_tensor_that_reaches_beyond_its_values(tmp_path, place):
    assert GOOD.count(PLACE) == 1
    with pytest.raises(FeatureError, match="a tensor"):
        read(tmp_path, GOOD.replace(PLACE, place))


def test_a_storage_that_promises_too_much(tmp_path):
    with pytest.raises(FeatureError, match="promises"):
        read(tmp_path, GOOD.replace(b"cpuK\x06", b"cpu\x8a\x05\x00\x00\x00\x00\x02"))
    with pytest.raises(FeatureError, match="storage"):
        read(tmp_path, GOOD.replace(b"ctorch\nFloatStorage\n", b"X\x01\x00\x00\x00O"))


@pytest.mark.parametrize("reader", [read_torch_weights, _read_flax])
@pytest.mark.parametrize("bomb", [b"Js..sr.ss.", b"K\x00p999999999\n."])
def test_ten_bytes_that_fill_the_memory(tmp_path, reader, bomb):
    path = tmp_path / "bomb.ckpt"
    path.write_bytes(bomb)
    tracemalloc.start()
    try:
        with pytest.raises(FeatureError, match=r"bomb\.ckpt"):
            reader(path)
        assert tracemalloc.get_traced_memory()[1] < 10_000_000
    finally:
        tracemalloc.stop()


def array(dtype: str = "f4", shape: tuple[int, ...] = (2,), data: object = bytes(8)) -> bytes:
    """A pickle of an array, which need not be one."""
    return pickle.dumps(Pickled(dtype, shape, data), 4)


class Pickled:
    def __init__(self, dtype: str, shape: tuple[int, ...], data: object):
        self.parts = dtype, shape, data

    def __reduce__(self):
        dtype, shape, data = self.parts
        make = np.zeros(0).__reduce__()[0]
        return make, (np.ndarray, (0,), b"b"), (1, shape, Kind(dtype), False, data)


class Kind:
    def __init__(self, name: str):
        self.name = name

    def __reduce__(self):
        return np.dtype, (self.name, False, True), (3, "<", None, None, None, -1, -1, 0)


@pytest.mark.parametrize(
    "data",
    [array("O", data=["x", "y"]), array(shape=(10**12,)), array(shape=(-1, -1)), array(data="text"),
     array("V8"), pickle.dumps(np.ndarray), pickle.dumps(np.dtype("f4")), pickle.dumps([1, 2])],
)  # fmt: skip
def test_arrays_that_are_none(tmp_path, data):
    path = tmp_path / "weights.ckpt"
    tree = b"\x80\x04}\x8c\x07VGG16_0}\x8c\x06Conv_0}(\x8c\x06kernel" + data[2:-1]
    for whole in (data, tree + b"\x8c\x04bias" + data[2:-1] + b"usss."):
        path.write_bytes(whole)
        try:
            _read_flax(path)
        except (FeatureError, AttributeError, KeyError, TypeError):
            continue  # load_torch_vgg16 makes a sentence of them
        pytest.fail("it was read")
