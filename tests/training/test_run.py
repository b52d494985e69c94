"""Every shipped recipe really trains; what a run's folder must be."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

keras = pytest.importorskip("keras")

from looksay.cli.main import run as looksay  # noqa: E402
from looksay.data import Record  # noqa: E402
from looksay.errors import RecipeError, TrainingError  # noqa: E402
from looksay.features.backbones import get_backbone  # noqa: E402
from looksay.locks import sole_holder  # noqa: E402
from looksay.models import build_model  # noqa: E402
from looksay.text import END, SPECIALS, Vocabulary  # noqa: E402
from looksay.training import callbacks  # noqa: E402
from looksay.training import run as runs  # noqa: E402
from looksay.training.folder import check_folder  # noqa: E402
from looksay.training.kept import check_same_model, load_epoch, load_mean  # noqa: E402
from looksay.training.making import compile_model, make_batches, make_model  # noqa: E402
from looksay.training.optimizers import make_optimizer  # noqa: E402
from looksay.training.prepare import Split, Words  # noqa: E402
from looksay.training.recipe import RECIPES, load_recipe  # noqa: E402
from looksay.training.tensorflow_fit import prepare_fit  # noqa: E402

SHIPPED = sorted(path.stem for path in RECIPES.glob("*.toml"))
WORDS = Words(
    vocabulary=Vocabulary((*SPECIALS, "a", "dog", "cat")),
    captions=[[[4, 5, END]], [[4, 6, END]], [[4, END]]],
    max_tokens=3,
)
RECORDS = tuple(
    Record(image=Path(f"{name}.jpg"), captions=(f"a {name}",), split="train")
    for name in ("dog", "cat", "thing")
)


def test_a_recipe_that_only_goes_on_asks_from_what(tmp_path):
    recipe = load_recipe("region-encoder-self-critical")
    with pytest.raises(RecipeError, match="only goes on from a model.*--from BUNDLE"):
        runs.check_run(tmp_path / "run", recipe, resume=False)


@pytest.mark.parametrize("name", SHIPPED)
def test_a_shipped_recipe_takes_a_step_that_changes_every_weight(name):
    """At a small size; all else as shipped."""
    sizes = [o for o in load_recipe(name).model_options if o.endswith("_size")]
    recipe = load_recipe(
        name, [*(f"model.{size}=6" for size in sizes), "training.compile=false",
               "training.warmup_epochs=0.0"],
    )  # fmt: skip
    shape, size = (2, 5), 5
    if recipe.features.trained_from:  # what its trunk goes on from, and gives
        kept, seen = get_backbone(recipe.features.kept), get_backbone(recipe.features.backbone)
        shape, size = (kept.num_places, kept.feature_size), seen.feature_size
    features = np.random.default_rng(0).normal(size=(3, *shape)).astype(np.float16)
    run = SimpleNamespace(
        recipe=recipe,
        words=WORDS,
        features=SimpleNamespace(
            feature_size=size,
            store=SimpleNamespace(array=lambda: features, masks=lambda: None),
            splits={"train": Split(records=RECORDS, rows=np.arange(3)[:, None])},
        ),
    )
    keras.utils.set_random_seed(0)
    model = make_model(run)
    targets = {"topics": np.eye(3, 6, dtype=np.float32)}
    batches = make_batches(
        run,
        recipe.training.batch_pictures,
        first_epoch=0,
        of_pictures={name: targets[name] for name in model.picture_targets},
    )
    compile_model(run, model, make_optimizer(recipe.training, len(batches)))
    before = model.get_weights()
    data = prepare_fit(model, batches)
    if keras.backend.backend() == "tensorflow":  # or each epoch ends with a sleep of up to a minute
        assert not data.options().autotune.enabled
    model.fit(data, epochs=2, verbose=0, shuffle=False)
    variables = model.trainable_variables
    after = dict(zip([w.path for w in model.weights], model.get_weights(), strict=True))
    old = dict(zip([w.path for w in model.weights], before, strict=True))
    for variable in variables:
        if name == "tutorial-as-published" and variable.path.endswith("cell/recurrent_kernel"):
            continue  # its mistake: no state ever meets these weights
        assert np.abs(after[variable.path] - old[variable.path]).max() > 0, variable.path


def test_the_first_guess_is_how_often_words_occur():
    shares = np.exp(WORDS.log_frequencies())
    assert shares.sum() == pytest.approx(1.0)
    assert shares.argmax() in (4, END) and shares[4] > shares[5] > 0


@pytest.fixture
def recipe():
    return load_recipe("default")


def test_a_folder_in_use_is_refused(tmp_path, recipe):
    check_folder(tmp_path, recipe, resume=False)
    (tmp_path / "holiday.txt").write_text("mine")
    with pytest.raises(TrainingError, match="not empty.*--resume"):
        check_folder(tmp_path, recipe, resume=False)


def test_what_a_kill_before_the_first_file_leaves_is_no_folder_in_use(tmp_path, recipe):
    (tmp_path / ".unfinished-x.recipe.json").write_text("{")
    check_folder(tmp_path, recipe, resume=False)


def test_one_process_trains_in_a_folder_at_a_time(tmp_path, monkeypatch):
    run = SimpleNamespace(folder=tmp_path, recipe=None)
    monkeypatch.setattr(runs, "_train", lambda run, resume, progress: run.folder / "bundle")
    with sole_holder(tmp_path / "lock"):
        with pytest.raises(TrainingError, match="another process is training in"):
            runs.train(run)
    assert runs.train(run) == tmp_path / "bundle"
    with pytest.raises(TrainingError, match="lock` cannot be used"):
        runs.train(SimpleNamespace(folder=tmp_path / "gone", recipe=None))


def test_the_best_epochs_weights_are_put_back(tmp_path):
    """As after a kill between the weights of a better epoch and the checkpoint that counts it."""
    history = [{"epoch": 1, "CIDEr-D": 0.3}, {"epoch": 2, "CIDEr-D": 0.2}]
    callbacks.restore_best(tmp_path, history)  # nothing kept: nothing done
    assert not any(tmp_path.iterdir())
    kept = callbacks.epoch_weights(tmp_path, 1)
    kept.parent.mkdir()
    kept.write_bytes(b"first")
    (tmp_path / callbacks.BEST).write_bytes(b"third")
    callbacks.restore_best(tmp_path, history)
    assert (tmp_path / callbacks.BEST).read_bytes() == b"first"


def test_of_more_than_999_epochs_the_last_ones_are_kept(tmp_path):
    history = [{"epoch": number, "CIDEr-D": 0.5} for number in (1, 999, 1000, 1001)]
    for entry in history:
        path = callbacks.epoch_weights(tmp_path, entry["epoch"])
        path.parent.mkdir(exist_ok=True)
        path.touch()
    assert list(callbacks.kept_epochs(tmp_path)) == [1, 999, 1000, 1001]
    callbacks.EpochEnd(tmp_path, history, dict, str, patience=0, keep_epochs=2)._forget(1001)
    assert list(callbacks.kept_epochs(tmp_path)) == [1, 1000, 1001]  # the best is the first


def test_another_recipe_cannot_resume(tmp_path, recipe):
    (tmp_path / "checkpoint.npz").write_bytes(b"")
    (tmp_path / "vocabulary.txt").write_bytes(b"")
    (tmp_path / "recipe.json").write_text(json.dumps(recipe.as_dict()))
    check_folder(tmp_path, recipe, resume=True)
    with pytest.raises(TrainingError, match="another recipe"):
        check_folder(tmp_path, load_recipe("default", ["training.epochs=3"]), resume=True)


def test_nothing_to_resume_is_a_sentence(tmp_path, recipe):
    with pytest.raises(TrainingError, match="start without --resume"):
        check_folder(tmp_path / "none", recipe, resume=True)


def test_a_damaged_recipe_of_a_run_is_a_sentence(tmp_path, recipe):
    (tmp_path / "checkpoint.npz").write_bytes(b"")
    (tmp_path / "recipe.json").write_text("{")
    with pytest.raises(TrainingError, match="recipe.json"):
        check_folder(tmp_path, recipe, resume=True)


def test_a_wrong_model_option_is_found_before_any_work(recipe):
    wrong = dataclasses.replace(recipe, model={**recipe.model, "hiden_size": 3})
    with pytest.raises(RecipeError, match="hidden_size"):
        runs.check_model_options(wrong)


def keep_run(folder, *settings):
    folder.mkdir()
    recipe = load_recipe("default", settings)
    (folder / "recipe.json").write_text(json.dumps(recipe.as_dict()))
    Vocabulary((*SPECIALS, "dog")).save(folder / "vocabulary.txt")
    return folder


def test_runs_are_of_one_model_where_their_sizes_apply_alike(tmp_path):
    run = keep_run(tmp_path / "run")
    said = ("model.values_size=0", "model.embedding_dropout=0.1", "training.seed=3")
    check_same_model(run, keep_run(tmp_path / "said", *said))
    with pytest.raises(TrainingError, match="another has other sizes than .*run: a mean"):
        check_same_model(run, keep_run(tmp_path / "another", "model.hidden_size=7"))


def test_weights_that_fit_their_model_no_more_are_a_sentence(tmp_path):
    small = {"vocabulary_size": 8, "feature_size": 4, "hidden_size": 8, "attention_size": 4}
    path = tmp_path / "best.weights.h5"
    build_model("show_attend_tell", **small, embedding_size=4).save_weights(path)
    with pytest.raises(TrainingError, match="best.weights.h5 does not fit the model"):
        load_mean(build_model("show_attend_tell", **small, embedding_size=6), [path])


def test_a_folder_in_use_is_told_before_any_data_is_read(tmp_path, capsys):
    (tmp_path / "holiday.txt").write_text("mine")
    nowhere = f"webdataset:{tmp_path / 'nowhere'}"
    assert looksay(["train", "default", "--data", nowhere, "--run", str(tmp_path)]) == 1
    assert "not empty" in capsys.readouterr().err


def test_an_epoch_of_no_run_is_a_sentence(tmp_path):
    with pytest.raises(TrainingError, match="no training run"):
        load_epoch(tmp_path)
