"""Recipes say what is wrong with them before any work."""

from __future__ import annotations

import json
import shlex

import pytest

from looksay.errors import RecipeError
from looksay.training.recipe import (
    RECIPES,
    changed_settings,
    load_recipe,
    recipe_from_dict,
)

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
        ("features.precision=fp16", "did you mean 'bf16'"),
        ("features.regions=detecter", "did you mean 'detector'"),
        ("features.region=detector", "did you mean 'features.regions'|regions"),
        ("features.regions=detector", "needs the detector: --set features.detector=FILE.onnx"),
        ("features.regions=file", "needs the published features"),
        ("features.max_regions=50", "no effect where features.regions is 'none'"),
        ("features.detector=yolox.onnx", "belongs to features.regions=detector"),
        ("data.sample_order=last", "random"),
        ("data.dev_share=1", "between 0 and 1"),
    ],
)
def test_a_wrong_setting_names_the_right_one(setting, match):
    with pytest.raises(RecipeError, match=match):
        load_recipe("default", [setting])


@pytest.mark.parametrize(
    ("settings", "match"),
    [
        (["regions=detector", "detector=a.onnx", "max_regions=101"], "from 10 to 100"),
        (["regions=detector", "detector=a.onnx", "min_regions=40"], "from 1 to 36"),
        (["regions=detector", "detector=a.onnx", "nms_threshold=0.0"], "above 0"),
        (["regions=detector", "detector=a.onnx", "regions_file=b.tsv"], "features.regions=file"),
        (["regions=proposals", "score_threshold=0.5"], "features.regions=detector"),
        (["regions=file", "regions_file=a.tsv"], "the plain view only"),
        (["regions=file", "regions_file=a.tsv", "precision=bf16"], "precision has no effect"),
    ],
)
def test_an_impossible_combination_of_regions_is_refused(settings, match):
    """Of the default recipe, whose views are several."""
    with pytest.raises(RecipeError, match=match):
        load_recipe("default", [f"features.{setting}" for setting in settings])


@pytest.mark.parametrize(
    ("settings", "match"),
    [
        (["features.regions=proposals"], "features.regions=proposals needs photographs on a disk"),
        (['distillation.teachers=["default"]'], "needs the features of all training pictures"),
        (["features.buffer_pictures=20"], "must be 32 or more, a whole batch .training"),
        (
            ["features.buffer_pictures=40", "self_critical.epochs=1",
             "self_critical.batch_pictures=50"],
            "50 or more, a whole batch .self_critical",
        ),
        (["features.streamed=false", "features.buffer_pictures=99"], "streamed is false"),
    ],
)  # fmt: skip
def test_what_cannot_be_streamed_is_refused(settings, match):
    with pytest.raises(RecipeError, match=match):
        load_recipe(
            "default",
            ["features.streamed=true", "training.batch_pictures=32", "self_critical.epochs=0",
             *settings],
        )  # fmt: skip


def test_a_recipe_may_ask_for_regions():
    settings = ["features.regions=detector", "features.detector=a.onnx", "features.max_regions=50"]
    recipe = load_recipe("default", settings)
    assert recipe_from_dict(json.loads(json.dumps(recipe.as_dict()))) == recipe
    published = ["regions=file", "regions_file=a.tsv", "views=['plain']"]
    assert load_recipe("default", [f"features.{one}" for one in published]).features.regions


def test_a_language_is_a_tag():
    for tag in ("de", "zh-Hans", "pt-BR"):
        assert load_recipe("default", [f"text.language={tag}"]).text.language == tag
    for wrong in ("Deutsch (DE)", "d", "de_DE", "en-", "a-" + "b" * 40):
        with pytest.raises(RecipeError, match="language tag"):
            load_recipe("default", [f"text.language={wrong}"])


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


def test_the_published_systems_have_their_published_sizes():
    tutorial, scripts = load_recipe("tutorial"), load_recipe("recipes/tf2-scripts.toml")
    assert (tutorial.data.sample_captions, tutorial.data.dev_share) == (30_000, 0.2)
    assert (tutorial.training.batch_pictures, tutorial.training.epochs) == (10, 20)
    assert tutorial.decoding.method == "sample" and tutorial.text.max_words == 5000
    assert scripts.model_options["embedding_size"] == 128 and scripts.data.sample_order == "first"
    mistaken = load_recipe("tutorial-as-published")
    assert not mistaken.model_options["carry_state"] and not mistaken.training.shuffle


def test_a_sample_is_drawn_where_there_is_more(tmp_path):
    from looksay.training.prepare import load_recipe_data

    lines = [
        json.dumps({"file_name": f"{i}.png", "captions": ["one", "two"], "split": split})
        for i, split in enumerate(["train"] * 10 + ["dev"])
    ]
    (tmp_path / "metadata.jsonl").write_text("\n".join(lines))
    for i in range(11):
        (tmp_path / f"{i}.png").touch()
    address = f"folder:{tmp_path}"
    whole = load_recipe("default", ["data.sample_captions=20"])
    assert load_recipe_data(address, whole).splits == {
        "train": 10, "dev": 1,
    }  # fmt: skip
    settings = ["data.sample_captions=10", "data.dev_share=0.5"]
    drawn = load_recipe_data(address, load_recipe("default", settings))
    assert sum(len(record.captions) for record in drawn.records) == 10
    assert "10.png" not in {record.name for record in drawn.records}


def test_the_settings_that_made_a_recipe_make_it_again():
    settings = [
        "training.epochs=3", "training.compile=false", 'features.views=["plain"]',
        "features.weights=my weights.pth", "model.hidden_size=7", "training.learning_rate=0.5",
    ]  # fmt: skip
    changed = load_recipe("default", settings)
    words = shlex.split(" ".join(changed_settings(changed)))
    assert words[::2] == ["--set"] * len(settings)
    assert load_recipe("default", words[1::2]) == changed
    assert changed_settings(load_recipe("default")) == []
    assert changed_settings(load_recipe("default", ["name=mine", *settings])) == []
