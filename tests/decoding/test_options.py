"""Options that make no sense are refused with a sentence."""

from __future__ import annotations

import json

import pytest

from looksay.decoding import DecodingOptions
from looksay.errors import UsageError


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"method": "best"}, "greedy, beam, sample"),
        ({"beam_size": 0}, "beam_size is 0"),
        ({"beam_size": 2.5}, "whole number"),
        ({"beam_size": True}, "whole number"),
        ({"max_words": 3, "min_words": 4}, "more than max_words"),
        ({"temperature": 0}, "temperature is 0"),
        ({"temperature": float("nan")}, "temperature is nan"),
        ({"top_p": 1.5}, "top_p is 1.5"),
        ({"length_power": "1"}, "length_power is '1'"),
        ({"seed": -1}, "seed is -1"),
        ({"method": "greedy", "num_captions": 2}, "one caption, not 2"),
        ({"num_captions": 6}, "raise beam_size to 6"),
        ({"beam_groups": 0}, "beam_groups is 0"),
        ({"beam_groups": 2}, "beam of 5 cannot be divided into 2 equal groups"),
        ({"diversity": -0.1}, "diversity is -0.1"),
    ],
)
def test_values_without_sense_are_refused(values, message):
    with pytest.raises(UsageError, match=message):
        DecodingOptions(**values)


def test_an_unknown_name_brings_up_the_nearest():
    with pytest.raises(UsageError, match="did you mean 'beam_size'"):
        DecodingOptions.from_dict({"beamsize": 3})
    with pytest.raises(UsageError, match="there are method, beam_size"):
        DecodingOptions().override(xyz=1)


def test_options_pass_through_json():
    options = DecodingOptions(beam_size=3, seed=4, length_power=1)
    assert DecodingOptions.from_dict(json.loads(json.dumps(options.as_dict()))) == options


def test_an_option_without_effect_is_refused_when_asked_for():
    with pytest.raises(UsageError, match="method='sample'"):
        DecodingOptions().override(temperature=0.5)
    with pytest.raises(UsageError, match="method='beam'"):
        DecodingOptions().override(method="greedy", beam_size=3)
    assert DecodingOptions().override(method="sample", temperature=0.5).temperature == 0.5
    with pytest.raises(UsageError, match="beam_groups has no effect on the method 'sample'"):
        DecodingOptions().override(method="sample", beam_groups=5)
    with pytest.raises(UsageError, match="single group of beams; set beam_groups"):
        DecodingOptions().override(diversity=1.0)
    groups = DecodingOptions(beam_size=6, beam_groups=3)
    assert groups.override(diversity=1.0).diversity == 1.0
    assert groups.override(method="greedy").method == "greedy"
