"""Our cells compute what Keras's do with the same weights."""

from __future__ import annotations

import numpy as np
import pytest

keras = pytest.importorskip("keras")

from looksay.layers import GRUCell, LSTMCell  # noqa: E402

CELLS = {"lstm": (LSTMCell, keras.layers.LSTMCell, 2), "gru": (GRUCell, keras.layers.GRUCell, 1)}
UNITS, INPUTS = 5, 4


def numpy(tensor):
    return np.asarray(keras.ops.convert_to_numpy(tensor))


def set_bias(ours, bias):
    """Keras keeps the GRU's two biases as two rows of one weight."""
    if bias.ndim == 2:
        ours.bias.assign(bias[0])
        ours.recurrent_bias.assign(bias[1])
    else:
        ours.bias.assign(bias)


@pytest.mark.parametrize("kind", CELLS)
def test_three_words_on_it_has_keras_state(kind):
    ours_class, theirs_class, num_states = CELLS[kind]
    rng = np.random.default_rng(0)
    ours, theirs = ours_class(UNITS), theirs_class(UNITS)
    ours.build()
    theirs.build((None, INPUTS))
    for weight in theirs.weights:
        weight.assign(rng.normal(size=weight.shape))
    kernel, recurrent, bias = (numpy(weight) for weight in theirs.weights)
    ours.recurrent_kernel.assign(recurrent)
    set_bias(ours, bias)
    states = [rng.normal(size=(3, UNITS)).astype(np.float32) for _ in range(num_states)]
    mine = list(states)
    for _ in range(3):
        word = rng.normal(size=(3, INPUTS)).astype(np.float32)
        _, states = theirs(word, list(states))
        result = ours(keras.ops.convert_to_tensor(word @ kernel), *mine)
        mine = list(result) if num_states == 2 else [result]
        for found, expected in zip(mine, keras.tree.flatten(states), strict=True):
            np.testing.assert_allclose(numpy(found), numpy(expected), atol=1e-5)


@pytest.mark.parametrize("kind", CELLS)
def test_leading_dimensions_do_not_matter(kind):
    cell, _, num_states = CELLS[kind]
    cell = cell(UNITS)
    cell.build()
    rng = np.random.default_rng(1)
    inputs = rng.normal(size=(2, 3, cell.input_size)).astype(np.float32)
    states = [rng.normal(size=(2, 3, UNITS)).astype(np.float32) for _ in range(num_states)]
    together = keras.tree.flatten(cell(inputs, *states))[0]
    apart = keras.tree.flatten(cell(inputs[1], *(state[1] for state in states)))[0]
    np.testing.assert_allclose(numpy(together)[1], numpy(apart), atol=1e-6)


@pytest.mark.parametrize("kind", CELLS)
def test_a_configuration_makes_the_same_cell_again(kind):
    cell = CELLS[kind][0](UNITS, "glorot_uniform")
    assert type(cell).from_config(cell.get_config()).get_config() == cell.get_config()


def test_the_forget_gate_starts_open():
    cell = LSTMCell(UNITS)
    cell.build()
    enter, forget, candidate, leave = np.split(numpy(cell.bias), 4)
    assert (forget == 1).all()
    assert not np.any([enter, candidate, leave])
