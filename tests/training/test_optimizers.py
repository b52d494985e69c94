"""The optimiser that a recipe describes, and the averaged weights."""

from __future__ import annotations

import numpy as np
import pytest

keras = pytest.importorskip("keras")

from looksay.training.optimizers import averaged_weights, make_optimizer  # noqa: E402
from looksay.training.recipe_options import TrainingOptions  # noqa: E402


def rate_at(options: TrainingOptions, step: int, steps_per_epoch: int = 10) -> float:
    optimizer = make_optimizer(options, steps_per_epoch)
    optimizer.build([keras.Variable(np.zeros(1, np.float32))])
    optimizer.iterations.assign(step)
    return float(keras.ops.convert_to_numpy(optimizer.learning_rate))


def test_the_rate_rises_then_falls_to_a_hundredth():
    options = TrainingOptions(
        epochs=10, learning_rate=0.5, warmup_epochs=2.0, schedule="cosine"
    )  # fmt: skip
    rates = [rate_at(options, step) for step in (0, 10, 20, 60, 100, 200)]
    np.testing.assert_allclose(rates[:3], [0, 0.25, 0.5], atol=1e-6)
    np.testing.assert_allclose(rates[3], 0.5 * (0.01 + 0.99 * 0.5), atol=1e-6)
    np.testing.assert_allclose(rates[4:], [0.005, 0.005], atol=1e-6)


def test_a_constant_rate_stays_and_may_be_warmed_up():
    assert rate_at(TrainingOptions(learning_rate=0.5), 999) == pytest.approx(0.5)
    warmed = TrainingOptions(learning_rate=0.5, warmup_epochs=1.0)
    assert rate_at(warmed, 5) == pytest.approx(0.25)
    assert rate_at(warmed, 50) == pytest.approx(0.5)


def one_weight(**options):
    """A model y = w x with its optimiser."""
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1, use_bias=False)])
    training = TrainingOptions(learning_rate=0.1, **options)
    model.compile(make_optimizer(training, 10), "mse", jit_compile=False)
    model.optimizer.build(model.trainable_variables)
    return model


def step(model):
    model.train_on_batch(np.ones((2, 1), np.float32), np.full((2, 1), 9, np.float32))
    return model.get_weights()[0].item()


def test_the_average_forgets_its_start_and_is_lent_only():
    """After n steps its momentum is at most (2 + n) / (11 + n), not 0.999 from the first."""
    model = one_weight(average_momentum=0.999)
    values = [step(model) for _ in range(40)]
    with averaged_weights(model):
        average = model.get_weights()[0].item()
    assert min(values[20:]) < average < values[-1]
    assert model.get_weights()[0].item() == values[-1]


def test_the_weights_come_back_after_an_error():
    model = one_weight(average_momentum=0.999)
    value = [step(model) for _ in range(5)][-1]
    with pytest.raises(KeyboardInterrupt), averaged_weights(model):
        raise KeyboardInterrupt
    assert model.get_weights()[0].item() == value


def test_without_an_average_the_weights_are_the_weights():
    model = one_weight()
    value = step(model)
    with averaged_weights(model):
        assert model.get_weights()[0].item() == value


def test_decay_spares_biases_and_embeddings():
    optimizer = make_optimizer(TrainingOptions(weight_decay=0.1), 10)
    names = ("kernel", "bias", "recurrent_bias", "embeddings")
    variables = [keras.Variable(np.ones(2, np.float32), name=name) for name in names]
    optimizer.build(variables)
    for variable in variables:
        assert optimizer._use_weight_decay(variable) == (variable.name == "kernel")
