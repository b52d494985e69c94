"""The limit on a caption's length."""

from __future__ import annotations

import pytest

from looksay.errors import DataError, UsageError
from looksay.text import max_tokens


def test_limits():
    lengths = range(1, 101)
    assert max_tokens(lengths) == 100
    assert max_tokens(lengths, percentile=95) == 95
    assert max_tokens(lengths, percentile=94.5) == 95
    assert max_tokens(lengths, percentile=100) == 100
    assert max_tokens([7], percentile=1) == 7
    assert max_tokens(lengths, value=20) == 20
    assert max_tokens(lengths, value=500) == 100
    assert max_tokens(iter([3, 9, 5])) == 9


def test_what_makes_no_sense_is_refused():
    with pytest.raises(DataError):
        max_tokens([])
    for wrong in ({"percentile": 0}, {"percentile": 101}, {"value": 0}):
        with pytest.raises(UsageError):
            max_tokens([1], **wrong)
    with pytest.raises(UsageError, match="both"):
        max_tokens([1], percentile=50, value=3)
