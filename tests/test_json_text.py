"""JSON of others: the value, or one kind of error."""

from __future__ import annotations

import json

import pytest

from looksay.json_text import parse_json


def test_values_come_as_they_are():
    assert parse_json('{"a": [1, null]}') == parse_json(b'{"a": [1, null]}') == {"a": [1, None]}
    assert parse_json('[{"a": 1, "b": 2}]', shorten=lambda found: found["a"]) == [1]


@pytest.mark.parametrize("text", ["[" * 100_000, '{"a":' * 100_000, "1" * 5000, "", b"\xff"])
def test_whatever_is_wrong_is_a_value_error(text):
    with pytest.raises(ValueError):
        parse_json(text)


def test_where_the_place_is_known_it_is_told():
    with pytest.raises(json.JSONDecodeError) as found:
        parse_json("[1, }")
    assert found.value.pos == 4
