"""The optimiser of a recipe: Adam or AdamW, warm-up and cosine, clipping, averaged weights."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import keras
from keras import ops


@keras.saving.register_keras_serializable(package="looksay")
class AveragedAdamW(keras.optimizers.AdamW):
    """AdamW that keeps an exponential average of the weights which forgets its start.

    Keras's average has one momentum, so that with 0.999 the random start still rules after a
    thousand steps. Here the momentum of step n is min(ema_momentum, (1 + n) / (10 + n)).

    Some variables may learn at a share of the rate, see `slow_down` (not on Torch, where Keras
    updates all variables at once).
    """

    def slow_down(self, variables: Iterable[keras.Variable], share: float) -> None:
        """These learn at `share` of the learning rate."""
        self._shares = {variable.path: share for variable in variables}

    def update_step(self, gradient: Any, variable: Any, learning_rate: Any) -> None:
        # on TensorFlow `variable` is not Keras's, which has the path
        path = self._trainable_variables[self._get_variable_index(variable)].path
        share = getattr(self, "_shares", {}).get(path, 1.0)
        super().update_step(gradient, variable, learning_rate * share)

    def _update_model_variables_moving_average(self, trainable_variables: list) -> None:
        if not self.use_ema:
            return
        step = ops.cast(self.iterations, "float32")
        momentum = ops.minimum(self.ema_momentum, (1.0 + step) / (10.0 + step))
        for variable, average in zip(
            trainable_variables, self._model_variables_moving_average, strict=True
        ):
            if average is not None:
                kept = ops.cast(momentum, average.dtype)
                average.assign(kept * average + (1.0 - kept) * variable.value)


@contextmanager
def averaged_weights(model: keras.Model) -> Iterator[None]:
    """Inside, the model has its averaged weights; after, those that train on."""
    averages: list[Any] = getattr(model.optimizer, "_model_variables_moving_average", [])
    if not averages:
        yield
        return
    kept = [ops.convert_to_numpy(variable) for variable in model.trainable_variables]
    try:
        for variable, average in zip(model.trainable_variables, averages, strict=True):
            variable.assign(average.value)
        yield
    finally:
        for variable, value in zip(model.trainable_variables, kept, strict=True):
            variable.assign(value)


def make_optimizer(
    training: Any, steps_per_epoch: int, trunk: Sequence[keras.Variable] = ()
) -> keras.Optimizer:
    """The optimiser that a recipe's `TrainingOptions` describe. trunk: what learns at its rate."""
    steps = max(1, steps_per_epoch * training.epochs)
    warmup = round(steps_per_epoch * training.warmup_epochs)
    rate: Any = training.learning_rate
    if training.schedule == "cosine" or warmup:
        final = 0.01 if training.schedule == "cosine" else 1.0
        rate = keras.optimizers.schedules.CosineDecay(
            0.0 if warmup else rate,
            max(1, steps - warmup),
            alpha=final,
            warmup_target=training.learning_rate if warmup else None,
            warmup_steps=warmup,
        )
    average = training.average_momentum
    optimizer = AveragedAdamW(
        rate,
        weight_decay=training.weight_decay,
        clipnorm=training.clip_norm or None,
        use_ema=bool(average),
        ema_momentum=average or 0.99,
    )
    if training.weight_decay:
        # decay would pull rare words' embeddings and every bias to nothing
        # nor is the trunk, which knows more than these pictures teach, to forget it
        optimizer.exclude_from_weight_decay(list(trunk), ["bias", "embedding"])
    if trunk:
        optimizer.slow_down(trunk, training.trunk_rate)
    return optimizer


def make_self_critical_optimizer(
    recipe: Any, steps_per_epoch: int, trunk: Sequence[keras.Variable] = ()
) -> keras.Optimizer:
    """The optimiser of a recipe's self-critical epochs: that of its training, with a rate and a
    cosine of its own."""
    own = dataclasses.replace(
        recipe.training,
        epochs=recipe.self_critical.epochs,
        learning_rate=recipe.self_critical.learning_rate,
        schedule="cosine",
        warmup_epochs=0.0,
    )
    return make_optimizer(own, steps_per_epoch, trunk)
