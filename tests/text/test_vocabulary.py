"""Vocabulary: order, limits, round trips, damaged files."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from looksay.errors import UsageError, VocabularyError
from looksay.text import END, PAD, SPECIALS, START, UNK, Vocabulary

CAPTIONS = [["a", "dog", "runs"], ["a", "cat", "runs"], ["a", "bird"]]
WORDS = st.text(min_size=1, max_size=8).filter(lambda w: w.split() == [w] and w.isprintable())


def test_order_is_by_count_then_alphabet():
    vocabulary = Vocabulary.build(CAPTIONS)
    assert vocabulary.words == (*SPECIALS, "a", "runs", "bird", "cat", "dog")
    assert len(vocabulary) == 9
    assert vocabulary.token("a") == 4
    assert "dog" in vocabulary and "<end>" not in vocabulary


def test_limits():
    assert Vocabulary.build(CAPTIONS, min_count=2).words[4:] == ("a", "runs")
    assert Vocabulary.build(CAPTIONS, max_words=3).words[4:] == ("a", "runs", "bird")
    assert Vocabulary.build([]).words == SPECIALS
    with pytest.raises(UsageError):
        Vocabulary.build(CAPTIONS, max_words=0)


def test_encode_ends_and_truncates_before_the_end():
    vocabulary = Vocabulary.build(CAPTIONS)
    assert vocabulary.encode(["a", "zebra", "runs"]) == [4, UNK, 5, END]
    assert vocabulary.encode(["a", "dog", "runs"], max_tokens=3) == [4, 8, END]
    assert vocabulary.encode(["a"], max_tokens=3) == [4, END]
    assert vocabulary.encode(["a"], max_tokens=1) == [END]
    with pytest.raises(UsageError):
        vocabulary.encode(["a"], max_tokens=0)


def test_specials_spelled_in_a_caption_are_unknown_words():
    vocabulary = Vocabulary.build([["<end>", "a", "<pad>"]])
    assert vocabulary.words == (*SPECIALS, "a")
    assert vocabulary.encode(["<end>", "a"]) == [UNK, 4, END]


def test_decode_drops_specials_and_stops_at_end():
    vocabulary = Vocabulary.build(CAPTIONS)
    tokens = np.array([START, 4, UNK, 8, PAD, END, 5], dtype=np.int32)
    assert vocabulary.decode(tokens) == ["a", "dog"]
    for outside in (-1, 9):
        with pytest.raises(VocabularyError, match="do not belong together"):
            vocabulary.decode([outside])


def test_join():
    vocabulary = Vocabulary.build(CAPTIONS)
    assert vocabulary.join(["a", "dog"]) == "a dog"
    assert vocabulary.join(["小", "狗"]) == "小狗"


@settings(deadline=None)
@given(st.lists(st.lists(WORDS, max_size=6), max_size=6))
def test_round_trips(tmp_path_factory, captions):
    vocabulary = Vocabulary.build(captions)
    path = tmp_path_factory.mktemp("vocabulary") / "vocabulary.txt"
    vocabulary.save(path)
    assert Vocabulary.load(path) == vocabulary
    assert not list(path.parent.glob("*.partial"))
    for caption in captions:
        known = [word for word in caption if word not in SPECIALS]
        assert vocabulary.decode(vocabulary.encode(caption)) == known


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "begins with"),
        (b"a\ndog\n", "begins with"),
        (b"<pad>\n<start>\n<end>\n<unk>\na\na\n", "twice"),
        (b"<pad>\n<start>\n<end>\n<unk>\na b\n", "space"),
        (b"<pad>\n<start>\n<end>\n<unk>\n\na\n", "empty"),
        (b"<pad>\n<start>\n<end>\n<unk>\n\xff\n", "UTF-8"),
    ],
)
def test_damaged_files_are_refused_by_name(tmp_path, content, reason):
    path = tmp_path / "vocabulary.txt"
    path.write_bytes(content)
    with pytest.raises(VocabularyError, match=reason) as caught:
        Vocabulary.load(path)
    assert str(path) in str(caught.value)


def test_a_missing_file_is_refused_and_windows_lines_are_read(tmp_path):
    with pytest.raises(VocabularyError, match="cannot be read"):
        Vocabulary.load(tmp_path / "none.txt")
    path = tmp_path / "windows.txt"
    path.write_bytes("\r\n".join([*SPECIALS, "straße", ""]).encode())
    assert Vocabulary.load(path).words[4:] == ("straße",)
