"""How a caption is made, as one checked value."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from looksay.errors import UsageError, nearest

METHODS = ("greedy", "beam", "sample")

_ONLY_FOR = {
    "beam_size": ("beam",),
    "beam_groups": ("beam",),
    "diversity": ("beam",),
    "consensus": ("beam",),
    "temperature": ("sample",),
    "top_k": ("sample",),
    "top_p": ("sample",),
}

# The least and the greatest value that makes sense.
_INTEGERS = {
    "beam_size": (1, 1000),
    "beam_groups": (1, 1000),
    "num_captions": (1, 1000),
    "max_words": (1, 1000),
    "min_words": (0, 1000),
    "no_repeat_ngram": (0, 1000),
    "top_k": (0, 10**9),
    "seed": (0, 2**63 - 1),
}
_NUMBERS = {
    "length_power": (0.0, 10.0),
    "diversity": (0.0, 1e3),
    "consensus": (0.0, 1e3),
    "temperature": (1e-3, 1e3),
    "top_p": (1e-9, 1.0),
}


@dataclasses.dataclass(frozen=True, kw_only=True)
class DecodingOptions:
    """The method and its settings; UsageError for a value that makes no sense.

    Args:
        method: "greedy" (the likeliest word each time), "beam" or "sample".
        beam_size: sentences followed at once by beam search; 1 is greedy.
        beam_groups: groups that the beam is divided into, each kept away from the words of those
            before it (diverse beam search); 1: plain beam search.
        diversity: how strongly, in natural logarithms of probability for each time that a group
            before chose the word at the same place; 0.2 to 0.8 in the paper.
        num_captions: captions of a picture: the best of the beam, or as many samples.
        max_words: a sentence is cut after so many words if it has not ended.
        min_words: no sentence ends before so many words.
        length_power: score = log-probability / length ** length_power; 0 favours short sentences.
        consensus: how much it counts in beam search whether a caption agrees with what people say
            of like training pictures, see `looksay.decoding.consensus`; 0: not at all.
        no_repeat_ngram: no sequence of so many words comes twice in a caption; 0: repeats allowed.
        temperature: below 1 samples are likelier and more alike, above 1 wilder.
        top_k: sample among the so many likeliest words; 0: among all.
        top_p: sample among the likeliest words that together have this probability.
        seed: the same seed and picture number give the same sample; None: differs each time.
    """

    method: str = "beam"
    beam_size: int = 5
    beam_groups: int = 1
    diversity: float = 0.5
    consensus: float = 0.0
    num_captions: int = 1
    max_words: int = 20
    min_words: int = 1
    length_power: float = 0.7
    no_repeat_ngram: int = 0
    temperature: float = 1.0
    top_k: int = 0
    top_p: float = 1.0
    seed: int | None = None

    def __post_init__(self) -> None:
        if self.method not in METHODS:
            raise UsageError(
                f"The decoding method {self.method!r} is unknown; use one of {', '.join(METHODS)}."
            )
        for name, (low, high) in _INTEGERS.items():
            value = getattr(self, name)
            if name == "seed" and value is None:
                continue
            if not _is_number(value, int) or not low <= value <= high:
                raise UsageError(f"{name} is {value!r}; it must be a whole number from {low} on.")
        for name, (least, most) in _NUMBERS.items():
            value = getattr(self, name)
            if not _is_number(value, (int, float)) or not least <= value <= most:
                raise UsageError(f"{name} is {value!r}; it must be between {least:g} and {most:g}.")
        self._check_together()

    def _check_together(self) -> None:
        if self.min_words > self.max_words:
            raise UsageError(
                f"min_words ({self.min_words}) is more than max_words ({self.max_words})."
            )
        if self.method == "greedy" and self.num_captions > 1:
            raise UsageError(
                f"Greedy decoding gives one caption, not {self.num_captions}; use beam or sample."
            )
        if self.method == "beam" and self.num_captions > self.beam_size:
            raise UsageError(
                f"A beam of {self.beam_size} cannot give {self.num_captions} captions; "
                f"raise beam_size to {self.num_captions} or more."
            )
        if self.method == "beam" and self.beam_size % self.beam_groups:
            raise UsageError(
                f"A beam of {self.beam_size} cannot be divided into {self.beam_groups} equal "
                "groups; make beam_size a multiple of beam_groups."
            )

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> DecodingOptions:
        """Options from names and values, as a bundle or a recipe has them."""
        _check_names(values)
        return cls(**values)

    def override(self, **values: Any) -> DecodingOptions:
        """These options with some replaced; one without effect on the method is an error."""
        _check_names(values)
        options = dataclasses.replace(self, **values)
        for name in values:
            if options.method not in _ONLY_FOR.get(name, METHODS):
                raise UsageError(
                    f"{name} has no effect on the method {options.method!r}; it belongs to "
                    f"method={_ONLY_FOR[name][0]!r}."
                )
        if "diversity" in values and options.beam_groups == 1:
            raise UsageError(
                "diversity has no effect on a single group of beams; set beam_groups to 2 or more."
            )
        return options

    @property
    def asks_consensus(self) -> bool:
        """Whether captions made so depend on the consensus: a beam of one is greedy search."""
        return self.method == "beam" and self.beam_size > 1 and self.consensus > 0

    def as_dict(self) -> dict[str, Any]:
        """Names and values, ready for JSON. A consensus of 0 is left out: a looksay of before it
        reads such a bundle as well."""
        values = dataclasses.asdict(self)
        return values if self.consensus else {k: v for k, v in values.items() if k != "consensus"}


def _is_number(value: Any, kind: Any) -> bool:
    return isinstance(value, kind) and not isinstance(value, bool)


def _check_names(values: Mapping[str, Any]) -> None:
    names = [field.name for field in dataclasses.fields(DecodingOptions)]
    for name in values:
        if name not in names:
            raise UsageError(
                f"There is no decoding option {name!r}{nearest(str(name), names)}; "
                f"there are {', '.join(names)}."
            )
