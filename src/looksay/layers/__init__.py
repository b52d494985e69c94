"""The maths that captioning models share, as Keras layers on `keras.ops` alone."""

from looksay.layers.additive_attention import AdditiveAttention
from looksay.layers.cells import GRUCell, LSTMCell

__all__ = ["AdditiveAttention", "GRUCell", "LSTMCell"]
