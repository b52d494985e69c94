"""What people say of pictures like one: learnt from captions, recalled by features, in NumPy."""

from looksay.consensus.file import CONSENSUS, read_memory, write_memory
from looksay.consensus.memory import Memory, learn_memory, mean_features, worth_remembering

__all__ = [
    "CONSENSUS",
    "Memory",
    "learn_memory",
    "mean_features",
    "read_memory",
    "worth_remembering",
    "write_memory",
]
