"""Architectures and options by name, before any work."""

from __future__ import annotations

import pytest

pytest.importorskip("keras")

from looksay.errors import RecipeError  # noqa: E402
from looksay.models import MODELS, build_model, model_options  # noqa: E402

SIZES = {"vocabulary_size": 9, "feature_size": 4}


def test_an_unknown_architecture_names_the_nearest():
    with pytest.raises(RecipeError, match="did you mean 'show_attend_tell'"):
        build_model("show_atend_tell", **SIZES)


@pytest.mark.parametrize("name", MODELS)
def test_an_unknown_option_names_the_nearest(name):
    with pytest.raises(RecipeError, match="did you mean 'hidden_size'"):
        build_model(name, **SIZES, hiden_size=3)


@pytest.mark.parametrize("name", MODELS)
def test_options_are_those_of_the_recipe_not_of_the_data(name):
    options = model_options(name)
    assert {"label_smoothing", "attention_penalty", "hidden_size"} <= set(options)
    assert not {"vocabulary_size", "feature_size", "kwargs", "self"} & set(options)


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("hidden_size", "large"),
        ("hidden_size", 0),
        ("hidden_size", 64.0),
        ("hidden_size", True),
        ("label_smoothing", "much"),
        ("output_dropout", 1.0),
        ("feature_dropout", -0.1),
        ("attention_penalty", float("nan")),
        ("average_over_padding", 1),
    ],
)
def test_a_value_that_makes_no_sense_is_a_sentence(name, option, value):
    with pytest.raises(RecipeError, match=f"{option} is .*must be"):
        build_model(name, **SIZES, **{option: value})


def test_what_may_be_zero_may_be_zero():
    build_model("show_attend_tell", **SIZES, hidden_size=4, values_size=0, attention_penalty=2)


def test_places_that_attend_to_one_another_need_a_size():
    with pytest.raises(RecipeError, match=r"encoder_layers needs a size.*model\.values_size"):
        build_model("show_attend_tell", **SIZES, encoder_layers=2)
