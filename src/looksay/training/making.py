"""What a run trains with, as its recipe says: the model, the compiled step, the batches."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import keras
import numpy as np

from looksay.models import CaptionModel
from looksay.training.batches import CaptionBatches
from looksay.training.finish import TrainingRun
from looksay.training.prepare import shown_rows
from looksay.training.prepared import StreamedFeatures
from looksay.training.recipe import Recipe
from looksay.training.streamed_batches import StreamedBatches
from looksay.training.teachers import SoftTargets
from looksay.training.trunk import build_seeing_model, trunk_variables


def set_up_backend(recipe: Recipe) -> None:
    keras.config.set_dtype_policy(recipe.training.precision)
    keras.utils.set_random_seed(recipe.training.seed)
    if recipe.training.deterministic and keras.backend.backend() == "tensorflow":
        import tensorflow

        tensorflow.config.experimental.enable_op_determinism()


def make_model(run: TrainingRun) -> CaptionModel:
    """The model as the recipe says."""
    recipe = run.recipe
    model = build_seeing_model(
        recipe.architecture,
        recipe.features,
        vocabulary_size=len(run.words.vocabulary),
        feature_size=run.features.feature_size,
        **recipe.model_options,
    )
    if recipe.training.output_bias:
        model.set_output_bias(run.words.log_frequencies())
    return model


def compile_model(run: TrainingRun, model: CaptionModel, optimizer: keras.Optimizer) -> None:
    training = run.recipe.training
    optimizer.build(model.trainable_variables)
    compiled = training.compile and _compiles_well(model, training.deterministic)
    model.compile(optimizer=optimizer, jit_compile=compiled)


def _compiles_well(model: CaptionModel, deterministic: bool) -> bool:
    """Whether XLA serves: Torch's compiler gains nothing on an unrolled loop and takes minutes."""
    if keras.backend.backend() != "tensorflow":
        return keras.backend.backend() == "jax"
    import tensorflow

    # its deterministic operations exclude XLA, whose depthwise convolutions on a CPU take a step
    # through a trained trunk twice as long as TensorFlow's own
    slow = trunk_variables(model) and not tensorflow.config.list_physical_devices("GPU")
    return not (deterministic or slow)


def make_batches(
    run: TrainingRun,
    batch_pictures: int,
    first_epoch: int,
    of_pictures: Mapping[str, np.ndarray] | None = None,
    soft: SoftTargets | None = None,
) -> CaptionBatches:
    training, split = run.recipe.training, run.features.splits["train"]
    rows = shown_rows(split, run.recipe.features.views, training.sided_words)
    options: dict[str, Any] = {
        "of_pictures": of_pictures,
        "soft": soft,
        "batch_pictures": batch_pictures,
        "captions_per_picture": training.captions_per_picture,
        "seed": training.seed,
        "first_epoch": first_epoch,
        "shuffle": training.shuffle,
        "start_is_target": training.start_is_target,
        "pad_to": run.words.max_tokens if training.pad_to_longest else 0,
    }
    features = run.features
    if isinstance(features, StreamedFeatures) and features.unkept:
        return StreamedBatches(
            features.read,
            features.store.row_shape,
            rows,
            run.words.captions,
            shards=[features.shards.shard_of(record) for record in split.records],
            buffer_pictures=run.recipe.features.buffer_pictures,
            **options,
        )
    array, masks = features.store.array(), features.store.masks()
    return CaptionBatches(array, rows, run.words.captions, masks=masks, **options)
