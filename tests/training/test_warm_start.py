"""A model that starts from a bundle's weights, its words matched by their spelling."""

from __future__ import annotations

import numpy as np
import pytest

for _module in ("keras", "h5py", "tensorflow"):
    pytest.importorskip(_module)

import keras  # noqa: E402

from looksay.errors import RecipeError, TrainingError  # noqa: E402
from looksay.models import MODELS, build_model, model_options  # noqa: E402
from looksay.runtime import SHIPPED, Bundle  # noqa: E402
from looksay.text import SPECIALS, Vocabulary  # noqa: E402
from looksay.training.recipe import load_recipe  # noqa: E402
from looksay.training.warm_start import (  # noqa: E402
    WORD_AXES,
    check_start,
    start_from,
    start_settings,
)

OTHERS = Vocabulary([*SPECIALS, "zebra", "dog", "fjord", "a"])


@pytest.fixture(scope="module")
def shipped() -> Bundle:
    return Bundle.open(SHIPPED)


def like(bundle: Bundle, words: int, **changed: object) -> keras.Model:
    """A model of random weights, otherwise as the bundle's."""
    options = {**bundle.config["model"], "vocabulary_size": words, **changed}
    return build_model(bundle.config["architecture"], **options)


def words_of(model: keras.Model, name: str, axis: int) -> np.ndarray:
    variable = next(v for v in model.weights if v.path.endswith(name))
    return np.moveaxis(keras.ops.convert_to_numpy(variable), axis, 0)


def test_words_take_over_their_rows_and_new_words_keep_theirs(shipped):
    whole = check_start(like(shipped, len(shipped.vocabulary)), "default")
    model = like(shipped, len(OTHERS))
    before = {n: words_of(model, n, axis).copy() for n, axis in WORD_AXES.items()}
    assert "fjord" not in shipped.vocabulary
    known = start_from(model, OTHERS, "default")
    new = [OTHERS.token(w) for w in ("zebra", "fjord") if w not in shipped.vocabulary]
    assert known == len(OTHERS) - len(new)
    for name, axis in WORD_AXES.items():
        theirs, ours = words_of(whole, name, axis), words_of(model, name, axis)
        for word in ("dog", "a"):
            assert np.array_equal(ours[OTHERS.token(word)], theirs[shipped.vocabulary.token(word)])
        assert np.array_equal(ours[:4], theirs[:4])
        assert np.array_equal(ours[new], before[name][new])
    for ours, theirs in zip(model.weights, whole.weights, strict=True):
        if "/".join(ours.path.split("/")[-2:]) not in WORD_AXES:
            assert np.array_equal(*map(keras.ops.convert_to_numpy, (ours, theirs)))


def test_the_same_words_give_the_same_model(shipped):
    model = like(shipped, len(shipped.vocabulary))
    assert start_from(model, shipped.vocabulary, str(SHIPPED)) == len(shipped.vocabulary)
    for ours, theirs in zip(model.weights, check_start(model, "default").weights, strict=True):
        assert np.array_equal(*map(keras.ops.convert_to_numpy, (ours, theirs)))


@pytest.mark.parametrize("name", sorted(MODELS))
def test_every_architecture_has_the_weights_that_go_by_the_word(name):
    paths = {
        "/".join(variable.path.split("/")[-2:])
        for variable in build_model(name, vocabulary_size=11, feature_size=5).weights
    }
    assert paths >= set(WORD_AXES)


@pytest.mark.parametrize("name", sorted(MODELS))
def test_every_weight_has_a_name_of_its_own(name):
    sizes = {option: 8 for option in model_options(name) if option.endswith("_size")}
    more = {"encoder_layers": 2} if "encoder_layers" in model_options(name) else {}
    model = build_model(name, vocabulary_size=11, feature_size=5, **sizes, **more)
    paths = [variable.path.partition("/")[2] for variable in model.weights]
    assert len(set(paths)) == len(paths) and all(paths)


def test_what_does_not_fit_is_said(shipped, monkeypatch):
    with pytest.raises(TrainingError, match="of another size.*480.*recipe.json"):
        check_start(like(shipped, 9, hidden_size=8), "default")
    plain = {"encoder_layers": 0, "values_size": 0, "memory_slots": 0}

    def give(**changed):
        monkeypatch.setattr(
            "looksay.training.warm_start.load_bundle_model",
            lambda folder: like(shipped, 9, **plain | changed),
        )

    give()
    with pytest.raises(
        TrainingError, match="values/kernel is missing there, .*16. here.*start_partly=true"
    ):
        check_start(like(shipped, 9, **plain | {"values_size": 16}), "default")
    give(values_size=1280)
    with pytest.raises(TrainingError, match="values/kernel is .* there, missing here"):
        check_start(like(shipped, 9, **plain), "default")
    monkeypatch.undo()
    other = build_model("show_and_tell", vocabulary_size=9, feature_size=5)
    with pytest.raises(TrainingError, match="is a show_attend_tell.*trains a show_and_tell"):
        check_start(other, "default")


def test_what_fits_can_be_taken_over_alone(shipped):
    whole = check_start(like(shipped, len(shipped.vocabulary)), "default")
    model = like(shipped, len(shipped.vocabulary), attention_size=9)
    before = {v.path: keras.ops.convert_to_numpy(v).copy() for v in model.weights}
    words = len(shipped.vocabulary)
    assert start_from(model, shipped.vocabulary, "default", partly=True) == words
    taken = {v.path.partition("/")[2]: v for v in whole.weights}
    for ours in model.weights:
        if ours.path.partition("/")[2].startswith("attention/"):  # its size is another: random
            expected = before[ours.path]
        else:
            expected = keras.ops.convert_to_numpy(taken[ours.path.partition("/")[2]])
        assert np.array_equal(keras.ops.convert_to_numpy(ours), expected), ours.path


def test_only_a_start_makes_training_without_epochs_sensible():
    with pytest.raises(RecipeError, match=r"training\.epochs is 0; it must be 1 or more"):
        load_recipe("default", ["training.epochs=0"])
    load_recipe("default", ["training.epochs=0", "training.start_from=default"])


@pytest.mark.parametrize("name", ["default", "default-finetune"])
def test_a_start_gives_its_sizes_and_the_recipe_its_rates(shipped, name):
    rate = "model.output_dropout=0.25"
    settings = start_settings("default", load_recipe(name))
    recipe = load_recipe(name, [*settings, rate])
    model = build_model(
        recipe.architecture, vocabulary_size=9, feature_size=1280, **recipe.model_options
    )
    check_start(model, "default")  # of one size with the shipped one
    assert recipe.model["output_dropout"] == 0.25
    assert recipe.model["label_smoothing"] == load_recipe(name).model["label_smoothing"]
    assert recipe.training.start_from == "default"
    assert recipe.features.weights == str(shipped.file("trunk.weights.h5"))


def test_a_start_of_another_kind_or_in_parts_leaves_the_sizes_to_the_recipe():
    for settings in (["training.start_partly=true"], ["model.architecture=show_and_tell"]):
        found = start_settings("default", load_recipe("default", settings))
        assert not [each for each in found if each.startswith("model.")]


@pytest.mark.parametrize("model", [None, ["hidden_size"]])
def test_a_start_that_describes_no_model_gives_no_sizes(shipped, monkeypatch, model):
    monkeypatch.setitem(shipped.config, "model", model)
    monkeypatch.setattr(Bundle, "open", lambda folder: shipped)
    found = start_settings("default", load_recipe("default"))
    assert not [each for each in found if each.startswith("model.")]
