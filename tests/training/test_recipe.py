"""Recipes say what is wrong with them before any work."""

from __future__ import annotations

import json

import pytest

from looksay.errors import RecipeError
from looksay.training.recipe import RECIPES, load_recipe, recipe_from_dict

pytest.importorskip("keras")

from looksay.models import build_model  # noqa: E402

SHIPPED = sorted(path.stem for path in RECIPES.glob("*.toml"))


@pytest.mark.parametrize("name", SHIPPED)
def test_a_shipped_recipe_loads_builds_and_says_whom_it_follows(name):
    recipe = load_recipe(name)
    build_model(recipe.architecture, vocabulary_size=9, feature_size=4, **recipe.model_options)
    assert recipe.publication and recipe.title


@pytest.mark.parametrize("name", SHIPPED)
def test_a_recipe_survives_json(name):
    recipe = load_recipe(name)
    again = recipe_from_dict(json.loads(json.dumps(recipe.as_dict())))
    assert again == recipe


def test_settings_are_applied():
    recipe = load_recipe(
        "tutorial",
        ["training.epochs=3", 'features.views=["plain", "mirror"]', "model.hidden_size=7",
         "training.learning_rate=1", "name=mine"],
    )  # fmt: skip
    assert recipe.training.epochs == 3 and recipe.training.learning_rate == 1.0
    assert recipe.features.views == ("plain", "mirror")
    assert recipe.model_options["hidden_size"] == 7 and recipe.name == "mine"


@pytest.mark.parametrize(
    ("setting", "match"),
    [
        ("training.epoch=3", "epochs"),
        ("training.epochs", "key=value"),
        ("training.epochs=many", "training.epochs is 'many'"),
        ("training.epochs=0", "1 or more"),
        ("training.precision=float8", "float32"),
        ("trainig.epochs=3", "training"),
        ("features.backbone=resnet", "efficientnet_lite2"),
        ("features.views=['mirror']", "plain"),
        ("decoding.beam=3", "beam_size"),
        ("training.average_momentum=1.5", "below 1"),
        ("name.first=1", "no section"),
    ],
)
def test_a_wrong_setting_names_the_right_one(setting, match):
    with pytest.raises(RecipeError, match=match):
        load_recipe("default", [setting])


def test_an_unknown_recipe_names_the_nearest():
    with pytest.raises(RecipeError, match="did you mean 'default'"):
        load_recipe("defualt")


def test_a_file_that_is_no_recipe_is_named(tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text("name = ")
    with pytest.raises(RecipeError, match="mine.toml"):
        load_recipe(path)
    path.write_text("[training]\nepochs = 1\n")
    with pytest.raises(RecipeError, match="architecture"):
        load_recipe(path)


def test_unknown_architectures_and_options_are_refused():
    with pytest.raises(RecipeError, match="show_attend_tell"):
        build_model("show_atend_tell", vocabulary_size=9, feature_size=4)
    with pytest.raises(RecipeError, match="hidden_size"):
        build_model("tutorial_attention", vocabulary_size=9, feature_size=4, hiden_size=3)
