"""Words out of a captioning model: greedy, beam search and sampling over one contract."""

from looksay.decoding.consensus import Consensus
from looksay.decoding.decode import NO_CONSENSUS, Recall, decode, decode_encoded
from looksay.decoding.ensemble import EnsembleStepper, Seen
from looksay.decoding.hypothesis import Hypothesis
from looksay.decoding.options import DecodingOptions
from looksay.decoding.stepper import Carry, Memory, Stepper

__all__ = [
    "NO_CONSENSUS",
    "Carry",
    "Consensus",
    "DecodingOptions",
    "EnsembleStepper",
    "Hypothesis",
    "Memory",
    "Recall",
    "Seen",
    "Stepper",
    "decode",
    "decode_encoded",
]
