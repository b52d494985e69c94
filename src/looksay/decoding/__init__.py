"""Words out of a captioning model: greedy, beam search and sampling over one contract."""

from looksay.decoding.decode import decode, decode_encoded
from looksay.decoding.ensemble import EnsembleStepper, Seen
from looksay.decoding.hypothesis import Hypothesis
from looksay.decoding.options import DecodingOptions
from looksay.decoding.stepper import Carry, Memory, Stepper

__all__ = [
    "Carry",
    "DecodingOptions",
    "EnsembleStepper",
    "Hypothesis",
    "Memory",
    "Seen",
    "Stepper",
    "decode",
    "decode_encoded",
]
