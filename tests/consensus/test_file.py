"""A memory written and read again; damaged files are refused with a sentence."""

from __future__ import annotations

import io
import pickle
import struct
import warnings
import zipfile
from collections import Counter
from itertools import product
from pathlib import Path

import numpy as np
import pytest

from looksay.consensus import Memory, learn_memory, read_memory, write_memory
from looksay.errors import BundleError
from looksay.text import SPECIALS

FIRST = len(SPECIALS)
FEATURE_SIZE, VOCABULARY_SIZE = 6, FIRST + 5
ADVICE = "get or export the bundle again."


def learnt(num_pictures: int = 30) -> Memory:
    rng = np.random.default_rng(0)
    captions = [
        [rng.integers(FIRST, VOCABULARY_SIZE, rng.integers(1, 8)).tolist() for _ in range(3)]
        for _ in range(num_pictures)
    ]
    return learn_memory(rng.normal(size=(num_pictures, FEATURE_SIZE)), captions, VOCABULARY_SIZE)


@pytest.fixture(scope="module")
def memory() -> Memory:
    return learnt()


@pytest.fixture
def path(memory, tmp_path) -> Path:
    write_memory(memory, tmp_path / "consensus.npz")
    return tmp_path / "consensus.npz"


def read(path: Path) -> Memory:
    return read_memory(path, feature_size=FEATURE_SIZE, vocabulary_size=VOCABULARY_SIZE)


def arrays_of(path: Path) -> dict[str, np.ndarray]:
    with np.load(path) as found:
        return dict(found)


def changed(path: Path, **arrays: np.ndarray | None) -> None:
    """Write the file again with other arrays in it; None leaves one out."""
    values = arrays_of(path) | arrays
    np.savez(path, **{name: array for name, array in values.items() if array is not None})


def with_member(path: Path, name: str, content: bytes) -> None:
    """Write the file again with other bytes for an array."""
    with zipfile.ZipFile(path) as archive:
        members = {each: archive.read(each) for each in archive.namelist()}
    with zipfile.ZipFile(path, "w") as archive:
        for each, its_content in (members | {f"{name}.npy": content}).items():
            archive.writestr(each, its_content)


def refused(path: Path) -> str:
    with pytest.raises(BundleError) as caught:
        read(path)
    message = str(caught.value)
    assert message.startswith(str(path)) and message.endswith(ADVICE) and "\n" not in message
    return message


def test_a_memory_read_again_recalls_the_same(memory, path):
    rng = np.random.default_rng(1)
    features = rng.normal(size=(4, 3, FEATURE_SIZE))
    mask = np.array([[1, 1, 1], [1, 1, 0], [1, 0, 0], [1, 1, 1]])
    words = rng.integers(FIRST, VOCABULARY_SIZE, (4, 8))
    words[1, 5:] = -1
    pictures = np.arange(4)
    before, after = (each.recall(features, mask) for each in (memory, read(path)))
    agreements = before.agreements(pictures, words)
    assert agreements.max() > 0.5
    assert after.agreements(pictures, words) == pytest.approx(agreements, rel=2e-3, abs=2e-3)
    for length in range(4):
        prefix = words[:, None, :length].clip(FIRST)
        gains = before.gains(pictures, prefix)
        assert gains.max() > 0.5
        assert after.gains(pictures, prefix) == pytest.approx(gains, rel=2e-3, abs=2e-3)


def test_all_settings_come_back(memory, path):
    again = read(path)
    for name in ("sharpness", "ridge", "neighbours"):
        assert getattr(again, name) == getattr(memory, name)
        assert type(getattr(again, name)) is type(getattr(memory, name))
    assert np.array_equal(again.vectors, memory.vectors)
    assert np.array_equal(again.said.norms, memory.said.norms)
    assert np.array_equal(again.said.columns, memory.said.columns)


@pytest.mark.parametrize("num_pictures", [1, 2, 5])
def test_a_memory_of_few_pictures_can_be_read_again(num_pictures, tmp_path):
    write_memory(learnt(num_pictures), tmp_path / "few.npz")
    assert len(read(tmp_path / "few.npz").vectors) == num_pictures


def test_what_is_written_twice_is_the_same(memory, path, tmp_path):
    write_memory(read(path), tmp_path / "again.npz")
    first, second = arrays_of(path), arrays_of(tmp_path / "again.npz")
    assert first.keys() == second.keys()
    for name, array in first.items():
        assert array.dtype == second[name].dtype and np.array_equal(array, second[name])


def test_a_file_cut_short_is_refused(path):
    content = path.read_bytes()
    for size in (0, 1, 100, len(content) // 2, len(content) - 1):
        path.write_bytes(content[:size])
        refused(path)


@pytest.mark.parametrize("content", [b"no zip at all", b"\x93NUMPY", b"PK\x05\x06" + bytes(18)])
def test_another_kind_of_file_is_refused(content, path):
    path.write_bytes(content)
    refused(path)


def test_a_lone_array_is_refused(path):
    with path.open("wb") as file:
        np.save(file, np.arange(9))
    refused(path)


def test_a_missing_file_is_refused(tmp_path):
    refused(tmp_path / "none.npz")


def outcomes(path: Path, contents) -> Counter:
    """How reading each of them ended: "read", "refused", or what else was raised."""
    found: Counter = Counter()
    for content in contents:
        path.write_bytes(content)
        try:
            with warnings.catch_warnings(action="ignore"):
                read(path)
            found["read"] += 1
        except BundleError as error:
            assert str(error).endswith(ADVICE) and "\n" not in str(error)
            found["refused"] += 1
        except Exception as error:
            found[type(error).__name__] += 1
    return found


def flipped(content: bytes, place: int, bits: int) -> bytes:
    damaged = bytearray(content)
    damaged[place] ^= bits
    return bytes(damaged)


def test_damage_anywhere_is_refused_or_does_not_matter(path):
    content = path.read_bytes()
    places = range(0, len(content), 7)
    found = outcomes(path, (flipped(content, place, 1 + 254 * (place % 2)) for place in places))
    assert found["refused"] > 0.5 * len(places)
    assert set(found) == {"read", "refused"}, found


@pytest.mark.parametrize("name", ["projection", "sizes"])
def test_damage_of_an_array_s_header_is_refused_or_does_not_matter(name, path):
    """With a checksum that fits, so that NumPy has to read it."""
    with zipfile.ZipFile(path) as archive:
        member = archive.read(f"{name}.npy")

    def contents():
        for place, bits in product(range(80), (4, 255)):
            path.write_bytes(content)
            with_member(path, name, flipped(member, place, bits))
            yield path.read_bytes()

    content = path.read_bytes()
    found = outcomes(path, contents())
    assert found["refused"] > 120
    assert set(found) <= {"read", "refused"}, found


def test_a_missing_array_is_refused_by_name(path):
    for name in arrays_of(path):
        content = path.read_bytes()
        changed(path, **{name: None})
        assert name in refused(path)
        path.write_bytes(content)


def test_numbers_of_another_kind_are_refused_by_name(path):
    for name, array in arrays_of(path).items():
        content = path.read_bytes()
        is_whole = np.issubdtype(array.dtype, np.integer)
        for kind in (np.float32 if is_whole else np.int32, np.complex64, bool, "U3", "M8[s]"):
            other = array.astype(np.int64).astype(kind)
            changed(path, **{name: other})
            assert name in refused(path), kind
        changed(path, **{name: array[None]})
        assert name in refused(path)
        path.write_bytes(content)


@pytest.mark.parametrize("name", ["sizes", "words", "vectors", "starts"])
def test_durations_are_no_whole_numbers(name, path):
    """NumPy counts them among the integers."""
    changed(path, **{name: arrays_of(path)[name].astype(np.int64).astype("m8[s]")})
    assert name in refused(path)


class Bomb:
    """Would leave a file behind if it were ever unpickled."""

    def __init__(self, trace: Path):
        self.trace = trace

    def __reduce__(self):
        return Path.touch, (self.trace,)


@pytest.mark.parametrize("name", ["idf", "vectors"])
def test_pickled_objects_are_not_unpickled(name, path, tmp_path):
    trace = tmp_path / "trace"
    objects = np.empty(3, object)
    objects[:] = [Bomb(trace)] * 3
    changed(path, **{name: objects})
    refused(path)
    with_member(path, name, pickle.dumps(Bomb(trace)))
    refused(path)
    assert not trace.exists()
    pickle.loads(pickle.dumps(Bomb(trace)))
    assert trace.exists()  # it works where it is


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_what_is_no_number_is_refused_by_name(value, path):
    for name, array in arrays_of(path).items():
        if np.issubdtype(array.dtype, np.floating):
            content = path.read_bytes()
            damaged = array.copy()
            damaged.flat[-1] = value
            changed(path, **{name: damaged})
            assert name in refused(path)
            path.write_bytes(content)


def one_changed(path: Path, name: str, place: int, value: int) -> None:
    array = arrays_of(path)[name].astype(np.int64)
    array[place] = value
    changed(path, **{name: array})


@pytest.mark.parametrize(
    ("name", "place", "value"),
    [
        ("columns", 0, -1),
        ("columns", 3, 10**6),
        ("starts", 0, 1),
        ("starts", 1, -1),
        ("starts", 1, 10**6),
        ("starts", -1, 10**6),
        ("words", 0, FIRST - 1),
        ("words", 0, -1),
        ("words", 4, VOCABULARY_SIZE),
        ("words", -1, VOCABULARY_SIZE),
        ("words", -1, 2**62),
        ("parents", 0, 1),
        ("parents", 0, -1),
        ("parents", -1, 10**6),
        ("parents", -1, -1),
        ("sizes", 0, -1),
        ("sizes", 3, 10**6),
    ],
)
def test_numbers_that_lead_nowhere_are_refused_by_name(name, place, value, path):
    one_changed(path, name, place, value)
    message = refused(path)
    assert any(each in message for each in (name, "n-grams are no tree", "idf has another size"))


def test_columns_end_with_the_last_n_gram(memory, path):
    one_changed(path, "columns", 0, len(memory.said.ngrams) - 1)
    read(path)
    one_changed(path, "columns", 0, len(memory.said.ngrams))
    assert "columns" in refused(path)


def test_parents_end_with_the_last_n_gram_of_the_order_before(memory, path):
    sizes = [size for size in memory.said.ngrams.sizes if size]
    assert len(sizes) > 1
    one_changed(path, "parents", -1, sizes[-2] - 1)
    read(path)
    one_changed(path, "parents", -1, sizes[-2])
    assert "tree" in refused(path)


def test_starts_may_stand_still_but_not_go_back(path):
    starts = arrays_of(path)["starts"].astype(np.int64)
    one_changed(path, "starts", 2, starts[1])
    read(path)
    one_changed(path, "starts", 2, starts[1] - 1)
    assert "starts" in refused(path)


def test_n_grams_that_are_out_of_order_are_refused(path):
    words = arrays_of(path)["words"]
    changed(path, words=words[[1, 0, *range(2, len(words))]])
    assert "tree" in refused(path)
    changed(path, words=words[[0, 0, *range(2, len(words))]])
    assert "tree" in refused(path)


@pytest.mark.parametrize("name", ["offset", "words", "idf", "starts", "columns", "norms", "kernel"])
def test_arrays_of_another_length_are_refused_by_name(name, path):
    array = arrays_of(path)[name]
    for other in (array[:-1], np.append(array, array[-1:])):
        changed(path, **{name: other})
        assert name in refused(path)


@pytest.mark.parametrize(
    "kernel", [[-1, 0.3, 400], [1e9, 0.3, 400], [2, 0, 400], [2, -1, 400], [2, 0.3, 0]]
)
def test_settings_that_cannot_be_right_are_refused(kernel, path):
    changed(path, kernel=np.array(kernel, np.float64))
    assert "kernel" in refused(path)


def test_a_memory_of_no_pictures_is_refused(path):
    vectors = arrays_of(path)["vectors"]
    empty = np.zeros(0, np.int64)
    changed(
        path, vectors=vectors[:0], starts=np.zeros(1, np.int64), columns=empty, values=0.0 * empty
    )
    refused(path)


def test_a_memory_for_another_model_is_refused(path):
    for size in (FEATURE_SIZE - 1, FEATURE_SIZE + 1):
        with pytest.raises(BundleError, match="projection has another size"):
            read_memory(path, feature_size=size, vocabulary_size=VOCABULARY_SIZE)
    with pytest.raises(BundleError, match="no tree"):
        read_memory(path, feature_size=FEATURE_SIZE, vocabulary_size=VOCABULARY_SIZE - 1)


def test_a_member_far_too_large_is_refused_before_it_is_unpacked(path):
    content = bytearray(path.read_bytes())
    entry = content.index(b"PK\x01\x02")  # of the first member, in the archive's list of them
    struct.pack_into("<L", content, entry + 24, 0xFFFFFF00)
    path.write_bytes(content)
    assert "far too large" in refused(path)


@pytest.mark.parametrize("length", [10**5, 10**15, 2**63 - 1, 10**30, -1])
def test_an_array_that_claims_to_be_too_large_is_refused(length, path):
    header = io.BytesIO()
    described = {"descr": "<f4", "fortran_order": False, "shape": (length,)}
    np.lib.format.write_array_header_1_0(header, described)
    with_member(path, "idf", header.getvalue() + bytes(64))
    refused(path)


@pytest.mark.parametrize(
    "content", [b"", b"no array", b"\x93NUMPY", b"\x93NUMPY\x01\x00\x05\x00{[(("]
)
def test_a_member_that_is_no_array_is_refused(content, path):
    with_member(path, "idf", content)
    refused(path)
