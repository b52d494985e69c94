"""A training run: one folder, from a recipe and a data set to a bundle.

recipe.json        the recipe as used
vocabulary.txt
photographs.sha256 of streamed shards: what all training photographs together are known by
checkpoint.npz     everything that --resume needs, after each epoch
best.weights.h5    the best epoch's weights
epochs/            those of the last epochs, and as epoch 0 those of the bundle it started from
peeks/             what the model said of six pictures, epoch by epoch
curves.png, tensorboard/
lock               empty; held by the process that trains
bundle/            the product
"""

from __future__ import annotations

import json
import logging
from collections.abc import Sequence
from pathlib import Path

import keras

from looksay.data import Dataset
from looksay.decoding import DecodingOptions
from looksay.errors import RecipeError, TrainingError
from looksay.features.backbones import get_backbone
from looksay.features.store import FeatureStore
from looksay.files import replace_file
from looksay.models import CaptionModel
from looksay.models.stepper import KerasStepper
from looksay.models.weights import save_weights
from looksay.text import Vocabulary, split_words
from looksay.training.batches import feeding
from looksay.training.callbacks import (
    BEST,
    EpochEnd,
    Progress,
    TensorBoardScalars,
    best_epoch,
    epoch_weights,
    restore_best,
)
from looksay.training.checkpoints import load_checkpoint
from looksay.training.devices import check_devices, on_devices
from looksay.training.feature_sources import open_source
from looksay.training.finish import TrainingRun, write_scored_bundle
from looksay.training.folder import RECIPE, alone_in, check_folder
from looksay.training.making import compile_model, make_batches, make_model, set_up_backend
from looksay.training.optimizers import make_optimizer, make_self_critical_optimizer
from looksay.training.peeks import Peek, choose_peek, write_peeks
from looksay.training.picture_targets import picture_targets
from looksay.training.prepare import (
    check_words,
    prepare_features,
    prepare_words,
    store_folder,
)
from looksay.training.prepared import StreamedFeatures
from looksay.training.recipe import Recipe
from looksay.training.rewards import CaptionReward
from looksay.training.scores import score_split
from looksay.training.self_critical import SelfCritic, train_self_critical
from looksay.training.state import CHECKPOINT, load_state
from looksay.training.teachers import check_teachers, soft_targets
from looksay.training.tensorflow_fit import prepare_fit
from looksay.training.trunk import build_seeing_model, trunk_variables
from looksay.training.warm_start import check_start, start_from

logger = logging.getLogger(__name__)
PHOTOGRAPHS = "photographs.sha256"


def start_run(
    folder: Path,
    recipe: Recipe,
    dataset: Dataset,
    *,
    features_folder: Path | None = None,
    resume: bool = False,
    progress: bool = False,
) -> TrainingRun:
    """Check everything, extract what is missing, and lay out the folder. TrainingError for a
    folder in use, or one that cannot be resumed."""
    check_run(folder, recipe, resume)
    features = prepare_features(dataset, recipe.features, features_folder, progress=progress)
    words = prepare_words(features.splits["train"].records, recipe.text)
    check_words(recipe, words)
    run = TrainingRun(folder=folder, recipe=recipe, dataset=dataset, features=features, words=words)
    check_teachers(run)
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "vocabulary.txt"
    if resume and path.exists() and Vocabulary.load(path) != words.vocabulary:
        raise TrainingError(f"{folder} was trained on other captions; resume with the same --data")
    # first: a folder that has it can be resumed, one that has nothing can be started in
    replace_file(folder / RECIPE, json.dumps(recipe.as_dict(), indent=2).encode())
    words.vocabulary.save(path)
    if isinstance(features, StreamedFeatures):
        _note_photographs(folder, features)
    return run


def check_run(folder: Path, recipe: Recipe, resume: bool) -> None:
    """What can be known before the data is: TrainingError for a folder in use, or one that cannot
    be resumed, RecipeError where there is nothing to start from, and what `check_model_options`
    raises."""
    if not (recipe.training.epochs or recipe.training.start_from):
        raise RecipeError(
            f"the recipe {recipe.name} only goes on from a model that was trained before: say from "
            "which with --from BUNDLE"
        )
    check_folder(folder, recipe, resume)
    check_model_options(recipe, starts=not resume)


def check_run_data(
    folder: Path, recipe: Recipe, dataset: Dataset, features_folder: Path | None = None
) -> None:
    """Before any work: FeatureError where the feature store is not the run's, TrainingError where
    the captions cannot be. Which pictures can be read is only known later, see `open_run`."""
    source = open_source(recipe.features)
    FeatureStore(store_folder(source, features_folder), source.identity())
    dataset.split("dev")
    captions = (caption for record in dataset.split("train") for caption in record.captions)
    said = Vocabulary.build(map(split_words, captions), min_count=recipe.text.min_count)
    if not set(Vocabulary.load(folder / "vocabulary.txt").words) <= set(said.words):
        raise _on_other_captions(folder)


def _on_other_captions(folder: Path) -> TrainingError:
    return TrainingError(f"{folder} was trained on other captions; give its own --data")


def _note_photographs(folder: Path, features: StreamedFeatures) -> None:
    """Writes down which photographs the run learns from. TrainingError where it learnt from
    others."""
    path, now = folder / PHOTOGRAPHS, features.shards.fingerprint("train").encode()
    if not path.exists():
        replace_file(path, now)
    elif path.read_bytes() != now:
        raise TrainingError(
            f"{folder} was trained on other photographs; resume with the same --data, or start a "
            "new run where it has changed"
        )


def open_run(
    folder: Path, recipe: Recipe, dataset: Dataset, features_folder: Path | None = None
) -> TrainingRun:
    """A run that has trained already, with its data, to export from."""
    features = prepare_features(dataset, recipe.features, features_folder)
    words = prepare_words(features.splits["train"].records, recipe.text)
    if Vocabulary.load(folder / "vocabulary.txt") != words.vocabulary:
        raise _on_other_captions(folder)
    return TrainingRun(
        folder=folder, recipe=recipe, dataset=dataset, features=features, words=words
    )


def check_model_options(recipe: Recipe, starts: bool = False) -> None:
    """RecipeError for a model option that does not exist, before any long work; and TrainingError
    where the run `starts` from a bundle that does not fit."""
    # the true size may stand in a file of published features; any shows what options there are
    size = get_backbone(recipe.features.backbone).feature_size
    model = build_seeing_model(
        recipe.architecture,
        recipe.features,
        vocabulary_size=8,
        feature_size=size,
        **recipe.model_options,
    )
    if starts and recipe.training.start_from:
        start, partly = recipe.training.start_from, recipe.training.start_partly
        check_start(model, start, partly=partly)
    keras.backend.clear_session()


def train(
    run: TrainingRun, *, resume: bool = False, progress: bool = False, devices: int = 1
) -> Path:
    """Train, and write the bundle; returns its folder. devices: see `check_devices`, whose errors
    this raises. TrainingError while another process trains in the run's folder."""
    check_devices(devices, run.recipe)
    with alone_in(run.folder), on_devices(devices):
        return _train(run, resume, progress)


def _train(run: TrainingRun, resume: bool, progress: bool) -> Path:
    set_up_backend(run.recipe)
    model = make_model(run)
    checkpoint = run.folder / CHECKPOINT
    # a run stopped in its first epoch has no checkpoint yet
    history = load_state(checkpoint)["history"] if resume and checkpoint.exists() else []
    restore_best(run.folder, history)
    if run.recipe.training.start_from and not history:
        _start(run, model)
    # once: of streamed photographs they are read over a network
    peeks = [choose_peek(run.features, s, run.recipe.training.seed) for s in run.features.splits]
    if not any("reward" in entry for entry in history):
        _fit(run, model, history, peeks, progress)
    if run.recipe.self_critical.epochs:
        _fit_self_critical(run, model, history, peeks, progress)
    model.load_weights(run.folder / BEST)
    bundle = run.folder / "bundle"
    write_scored_bundle(run, model, bundle)
    logger.info("best epoch %d of %d; the bundle is %s", best_epoch(history), len(history), bundle)
    return bundle


def _start(run: TrainingRun, model: CaptionModel) -> None:
    """Take a bundle's weights over, and keep what the run starts from as its epoch 0: the mean of
    the weights before and after is often better than either."""
    training = run.recipe.training
    start, partly = training.start_from, training.start_partly
    known = start_from(model, run.words.vocabulary, start, partly=partly)
    logger.info("%d of %d words were known before", known, len(run.words.vocabulary))
    try:
        save_weights(model, epoch_weights(run.folder, 0))
    except OSError as error:
        raise TrainingError(
            f"{run.folder}: the weights to start from cannot be saved ({error.strerror})"
        ) from error


def _fit(
    run: TrainingRun,
    model: CaptionModel,
    history: list[dict[str, float]],
    peeks: Sequence[Peek],
    progress: bool,
) -> None:
    """The epochs of cross-entropy that are left."""
    training = run.recipe.training
    if not training.epochs:
        return
    batches = make_batches(
        run,
        training.batch_pictures,
        first_epoch=len(history),
        of_pictures=picture_targets(run, model),
        soft=soft_targets(run, progress),
    )
    model.teacher_weight = run.recipe.distillation.weight
    compile_model(run, model, make_optimizer(training, len(batches), trunk_variables(model)))
    if history:
        load_checkpoint(run.folder / CHECKPOINT, model)
    if len(history) >= training.epochs or _stopped_early(history, training.patience):
        return
    with feeding(batches):
        model.fit(
            prepare_fit(model, batches),
            epochs=training.epochs,
            initial_epoch=len(history),
            callbacks=_callbacks(run, model, history, peeks, len(batches), progress),
            verbose=0,
            shuffle=False,
        )


def _fit_self_critical(
    run: TrainingRun,
    model: CaptionModel,
    history: list[dict[str, float]],
    peeks: Sequence[Peek],
    progress: bool,
) -> None:
    """The self-critical epochs that are left, from the best epoch before them."""
    options = run.recipe.self_critical
    started = sum("reward" in entry for entry in history)
    before = len(history) - started
    batches = make_batches(run, options.batch_pictures, first_epoch=len(history))
    if before and not started:
        # before compiling: Keras's weights file has the optimiser's state in it, iterations too
        model.load_weights(run.folder / BEST)
    optimizer = make_self_critical_optimizer(run.recipe, len(batches), trunk_variables(model))
    compile_model(run, model, optimizer)
    if started:
        load_checkpoint(run.folder / CHECKPOINT, model)
    reward = CaptionReward(
        run.words.captions,
        cider_weight=options.cider_weight,
        bleu_weight=options.bleu_weight,
        meteor_weight=options.meteor_weight,
        vocabulary=run.words.vocabulary,
    )
    critic = SelfCritic(
        model,
        batches,
        reward,
        options,
        max_words=run.words.max_tokens,
        seed=run.recipe.training.seed,
    )
    _, *callbacks = _callbacks(run, model, history, peeks, len(batches), progress)
    with feeding(batches):
        train_self_critical(
            model,
            critic,
            keras.callbacks.CallbackList(callbacks, model=model),
            first_epoch=len(history),
            epochs=before + options.epochs,
            progress=progress,
        )


def _stopped_early(history: list[dict[str, float]], patience: int) -> bool:
    return bool(history and patience and len(history) - best_epoch(history) >= patience)


def _callbacks(
    run: TrainingRun,
    model: CaptionModel,
    history: list[dict[str, float]],
    peeks: Sequence[Peek],
    num_batches: int,
    progress: bool,
) -> list[keras.callbacks.Callback]:
    store, splits = run.features.store, run.features.splits
    array, masks = store.array(), store.masks()
    stepper = KerasStepper(model)
    greedy = DecodingOptions(method="greedy", max_words=run.words.max_tokens)

    def score() -> dict[str, float]:
        return score_split(stepper, run.words.vocabulary, splits["dev"], array, greedy, masks)

    def peek(folder: Path) -> str:
        layout = run.features.source.layout
        return write_peeks(peeks, stepper, run.words.vocabulary, layout, greedy, folder)

    training = run.recipe.training
    epoch_end = EpochEnd(
        run.folder,
        history,
        score,
        peek,
        patience=training.patience,
        keep_epochs=training.keep_epochs,
    )
    return [
        Progress(num_batches, disable=not progress),
        epoch_end,
        TensorBoardScalars(run.folder / "tensorboard", history),
    ]
