"""The maths that captioning models share, as Keras layers on `keras.ops` alone."""

from looksay.layers.additive_attention import AdditiveAttention
from looksay.layers.cells import GRUCell, LSTMCell
from looksay.layers.pooling import mean_of_places
from looksay.layers.sentinel import SentinelAttention
from looksay.layers.transformer import DecoderBlock, region_encoder

__all__ = [
    "AdditiveAttention",
    "DecoderBlock",
    "GRUCell",
    "LSTMCell",
    "SentinelAttention",
    "mean_of_places",
    "region_encoder",
]
