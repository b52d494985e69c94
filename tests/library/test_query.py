"""What people type becomes a search, and never an error of syntax."""

from __future__ import annotations

import sqlite3
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from looksay.errors import UsageError
from looksay.library.query import MAX_CHARACTERS, parse_query
from looksay.library.schema import TABLES
from looksay.library.tokens import clean, has_word, join, split

CAPTIONS = {
    1: "a brown dog runs on the beach",
    2: "two dogs are playing in the water",
    3: "a man is sitting on a beach",
    4: "a red ball and a dog on a lawn",
    5: "ein Hund läuft über den Strand",
    6: "eine Frau fährt mit dem Fahrrad",
    7: "一只狗在海滩上奔跑",
    8: "两个女孩在公园里玩耍",
    9: "ball that is red",
}


@pytest.fixture(scope="module")
def index():
    connection = sqlite3.connect(":memory:")
    connection.executescript(TABLES)
    connection.executemany(
        "INSERT INTO captions (rowid, caption, alternatives) VALUES (?, ?, '')",
        ((number, split(clean(text))) for number, text in CAPTIONS.items()),
    )
    yield connection
    connection.close()


def match(index, expression):
    rows = index.execute("SELECT rowid FROM captions WHERE captions MATCH ?", (expression,))
    return {number for (number,) in rows}


def found(index, text):
    """With every word, with every telling word, with some; without what is left out."""
    query = parse_query(text)
    none = match(index, query.none) if query.none else set()
    return tuple(match(index, part) - none for part in (query.every, query.telling, query.some))


@pytest.mark.parametrize(
    ("text", "every", "telling", "some"),
    [
        ("dog on a beach", {1}, {1}, {1, 2, 3, 4}),
        ("DOGS", {1, 2, 4}, {1, 2, 4}, {1, 2, 4}),
        ("the dog", {1, 2}, {1, 2, 4}, {1, 2, 4}),
        ("the", {1, 2}, {1, 2}, {1, 2}),
        ('"red ball"', {4}, {4}, {4}),
        ("“red ball”", {4}, {4}, {4}),
        ('"red ball', {4}, {4}, {4}),
        ("red ball", {4, 9}, {4, 9}, {4, 9}),
        ("dog -beach", {2, 4}, {2, 4}, {2, 4}),
        ('dog -"on a lawn"', {1, 2}, {1, 2}, {1, 2}),
        ("lawn OR water", {2, 4}, {2, 4}, {2, 4}),
        ("dog lawn OR water", {2, 4}, {2, 4}, {1, 2, 4}),
        ("lauft", {5}, {5}, {5}),
        ("LÄUFT Strand", {5}, {5}, {5}),
        (unicodedata.normalize("NFD", "läuft"), {5}, {5}, {5}),
        ("Frau mit Fahrrad", {6}, {6}, {6}),
        ("狗", {7}, {7}, {7}),
        ("海滩", {7}, {7}, {7}),
        ("狗 海滩", {7}, {7}, {7}),
        ("海滩的狗", set(), set(), {7}),
        ('"海滩的狗"', set(), set(), set()),
        ("女孩 -公园", set(), set(), set()),
        ("两个女孩", {8}, {8}, {8}),
    ],
)
def test_what_a_query_finds(index, text, every, telling, some):
    assert found(index, text) == (every, telling, some)


@pytest.mark.parametrize(
    "text",
    ["caption:dog", "dog*", "NEAR(dog beach)", "dog AND", "NOT", "(dog", "^dog", "{dog}", "do'g",
     "dog + beach", "OR dog", "dog OR", "- dog", "a OR -b", 'x"y"z', "\x00dog\x00"],
)  # fmt: skip
def test_what_would_be_syntax_is_text(index, text):
    found(index, text)


@pytest.mark.parametrize("text", ["", "  ", "?!", "-", '""', "😀", '-"', "OR OR", "\x00"])
def test_nothing_to_search_for_is_said(text):
    with pytest.raises(UsageError, match="no word to search for"):
        parse_query(text)


def test_endless_queries_are_refused():
    with pytest.raises(UsageError, match="shorten"):
        parse_query("dog " * MAX_CHARACTERS)
    with pytest.raises(UsageError, match="more than 64 words"):
        parse_query("dog " * 100)


def test_only_exclusions_want_nothing():
    query = parse_query("-dog -beach")
    assert query.wanted == () and query.none == '"dog" OR "beach"'


PIECES = st.sampled_from(
    ["dog", "beach", '"', "-", " ", "OR", "AND", "NOT", "NEAR", "(", ")", "*", ":", "^", "'", "狗",
     "海", "\u3000", "\x1f", "\x02", "\ud800", "é", "e\u0301", "ก็", "हिन्दी", "𠀀", "\u200b", "ß"]
)  # fmt: skip


@settings(max_examples=400, deadline=None)
@given(text=st.one_of(st.text(max_size=60), st.lists(PIECES, max_size=20).map("".join)))
def test_no_text_is_an_error_but_in_a_sentence(index, text):
    try:
        query = parse_query(text)
    except UsageError:
        return
    parts = (query.every, query.telling, query.some) if query.wanted else ()
    sets = [match(index, part) for part in (*parts, *([query.none] if query.none else []))]
    if query.wanted:
        assert sets[0] <= sets[1] <= sets[2]


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=80))
def test_splitting_is_taken_back(text):
    text = clean(text)
    assert join(split(text)) == text


def test_the_longest_query_of_characters_is_no_trouble(index):
    assert found(index, "狗" * MAX_CHARACTERS)[0] == set()


@pytest.mark.parametrize("text", CAPTIONS.values())
def test_a_caption_finds_itself(index, text):
    number = next(number for number, caption in CAPTIONS.items() if caption == text)
    assert number in found(index, text)[0] and number in found(index, f'"{text}"')[0]
    assert has_word(text)
