"""Recurrent cells whose input projection stands outside.

Keras's cells project their input at every word. Here the part that depends on the words is
projected for a whole caption at once, outside the loop; a cell takes the sum of projected inputs
(..., gates x H) and adds its own recurrence. Any leading dimensions will do.
"""

from __future__ import annotations

from typing import Any

import keras
from keras import ops


class _Cell(keras.layers.Layer):
    """What both cells share: H units and a recurrent kernel."""

    num_gates = 0

    def __init__(
        self, units: int, recurrent_initializer: str = "orthogonal", **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.units = units
        self.recurrent_initializer = recurrent_initializer

    @property
    def input_size(self) -> int:
        """Size of the projected input that the call takes."""
        return self.num_gates * self.units

    def build(self, *_: Any) -> None:
        self.recurrent_kernel = self.add_weight(
            (self.units, self.input_size), self.recurrent_initializer, name="recurrent_kernel"
        )
        self.built = True

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "units": self.units,
            "recurrent_initializer": self.recurrent_initializer,
        }


@keras.saving.register_keras_serializable(package="looksay")
class LSTMCell(_Cell):
    """Long short-term memory (Hochreiter and Schmidhuber 1997), gates in Keras's order i, f, c, o.

    The forget gate starts open: its bias is 1 at first (Jozefowicz et al. 2015).
    """

    num_gates = 4

    def build(self, *_: Any) -> None:
        super().build()

        def forget_gate_open(shape: tuple[int, ...], dtype: Any = None) -> Any:
            ones = ops.ones((self.units,), dtype)
            zeros = ops.zeros((self.units,), dtype)
            return ops.concatenate([zeros, ones, zeros, zeros])

        self.bias = self.add_weight((self.input_size,), forget_gate_open, name="bias")

    def call(self, inputs: Any, hidden: Any, cell: Any) -> tuple[Any, Any]:
        """Projected inputs (..., 4H) and state (..., H) twice -> the next hidden and cell state."""
        z = inputs + ops.matmul(hidden, self.recurrent_kernel) + self.bias
        enter, forget, candidate, leave = ops.split(z, 4, axis=-1)
        cell = ops.sigmoid(forget) * cell + ops.sigmoid(enter) * ops.tanh(candidate)
        return ops.sigmoid(leave) * ops.tanh(cell), cell


@keras.saving.register_keras_serializable(package="looksay")
class GRUCell(_Cell):
    """Gated recurrent unit (Cho et al. 2014), gates in Keras's order z, r, h, as cuDNN has it
    (`reset_after`: the reset gate acts on the projected state)."""

    num_gates = 3

    def build(self, *_: Any) -> None:
        super().build()
        self.bias = self.add_weight((self.input_size,), "zeros", name="bias")
        self.recurrent_bias = self.add_weight((self.input_size,), "zeros", name="recurrent_bias")

    def call(self, inputs: Any, hidden: Any) -> Any:
        """Projected inputs (..., 3H) and hidden state (..., H) -> the next hidden state."""
        update, reset, candidate = ops.split(inputs + self.bias, 3, axis=-1)
        projected = ops.matmul(hidden, self.recurrent_kernel) + self.recurrent_bias
        update_state, reset_state, candidate_state = ops.split(projected, 3, axis=-1)
        update = ops.sigmoid(update + update_state)
        candidate = ops.tanh(candidate + ops.sigmoid(reset + reset_state) * candidate_state)
        return update * hidden + (1.0 - update) * candidate
