"""Confidence: the probability that a caption is right, from what the model knows of itself.

A logistic model of a few signs of the search, its numbers in bundle.json. What "right" means, and
how the numbers are learnt, is in `looksay.evaluation.confidence`.

T tokens of the caption with its end, K captions that the beam found, F signs.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from looksay.decoding import DecodingOptions, Hypothesis
from looksay.errors import UsageError, nearest
from looksay.text import END, SPECIALS

SIGNS = {
    "log_prob": "mean log-probability of the words and the end",
    "weakest": "mean log-probability of the three least likely of them",
    "num_words": "number of words",
    "rarity": "mean logarithm of the words' places in the vocabulary, the commonest first",
    "share": "the caption's part of the probability of all captions that the beam found",
    "consensus": "agreement with what people say of like training pictures; 0 without a memory",
}
NUM_WEAKEST = 3
MOST = 1e6  # no number of a sane model is larger

_OF_BEAM = ("beam_size", "beam_groups", "diversity", "consensus")
_OF_SEARCH = ("method", "max_words", "min_words", "length_power", "no_repeat_ngram")


def measure(
    tokens: Sequence[int],
    log_probs_T: np.ndarray,
    totals_K: Sequence[float],
    consensus: float | None = None,
) -> dict[str, float]:
    """The signs of a caption: its words' tokens (END may be among them), the log-probability of
    each with that of the end, those of all the captions found, its own first, and its agreement
    with the consensus."""
    words = [token for token in tokens if token != END]
    ranks = [max(word - len(SPECIALS) + 1, 1) for word in words]
    lowest = np.sort(log_probs_T)[:NUM_WEAKEST]
    others = np.asarray(totals_K, np.float64)
    return {
        "log_prob": _mean(log_probs_T),
        "weakest": _mean(lowest),
        "num_words": float(len(words)),
        "rarity": _mean(np.log(ranks)),
        "share": float(1 / np.exp(others - others[0]).sum()),
        "consensus": consensus or 0.0,
    }


def measure_found(found: Sequence[Hypothesis]) -> dict[str, float]:
    """`measure` of the first of a search's captions."""
    best = found[0]
    totals = [each.log_prob for each in found]
    return measure(best.words, best.log_probs, totals, best.consensus)


def searched(options: DecodingOptions) -> DecodingOptions:
    """The options with all captions that the search finds, which the signs need. The best one is
    the same, and so are those that `options` asks for."""
    if options.method != "beam":
        return options
    return dataclasses.replace(options, num_captions=options.beam_size)


@dataclass(frozen=True, kw_only=True)
class Weight:
    """One sign's: its mean and scale among the captions learnt from, and its weight."""

    mean: float
    scale: float
    weight: float


@dataclass(frozen=True, kw_only=True)
class Confidence:
    """What a bundle knows of how often its captions are right.

    decoding: the search it was learnt with; another one's captions have no confidence.
    right: what counted as right, with the data and the threshold. calibration: how well the
    probabilities held on captions not learnt from.
    """

    bias: float
    signs: dict[str, Weight]
    decoding: DecodingOptions
    right: dict[str, Any] = dataclasses.field(default_factory=dict)
    calibration: dict[str, Any] = dataclasses.field(default_factory=dict)

    def of(self, signs: Mapping[str, float]) -> float:
        """The probability that a caption with these signs is right, 0 to 1."""
        total = self.bias
        for name, of_sign in self.signs.items():
            total += of_sign.weight * (signs[name] - of_sign.mean) / of_sign.scale
        return float(1 / (1 + math.exp(-max(min(total, 50.0), -50.0))))

    def applies(self, options: DecodingOptions) -> bool:
        """Whether captions searched for in this way are those it was learnt from."""
        return _search(options) == _search(self.decoding)

    def as_dict(self) -> dict[str, Any]:
        """The section "confidence" of bundle.json."""
        return {
            "bias": self.bias,
            "signs": {name: dataclasses.asdict(sign) for name, sign in self.signs.items()},
            "decoding": self.decoding.as_dict(),
            "right": self.right,
            "calibration": self.calibration,
        }

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Confidence:
        """Read and check the section; UsageError says what is wrong with it."""
        known = [field.name for field in dataclasses.fields(cls)]
        for name in values:
            if name not in known:
                raise UsageError(f"it has no {name!r}{nearest(name, known)}")
        for name in ("signs", "decoding", "right", "calibration"):
            if not isinstance(values.get(name, {}), dict):
                raise UsageError(f"{name!r} must be an object, not {values[name]!r:.60}")
        if not values.get("signs"):
            raise UsageError("it has no 'signs'")
        return cls(
            bias=_number(values.get("bias"), "bias"),
            signs={name: _weight(name, sign) for name, sign in values["signs"].items()},
            decoding=DecodingOptions.from_dict(values.get("decoding", {})),
            right=dict(values.get("right", {})),
            calibration=dict(values.get("calibration", {})),
        )


def _weight(name: str, values: Any) -> Weight:
    if name not in SIGNS:
        raise UsageError(
            f"there is no sign {name!r}{nearest(name, SIGNS)}; this looksay knows "
            f"{', '.join(SIGNS)}. A newer one may know more: pip install --upgrade looksay"
        )
    if not isinstance(values, dict) or set(values) != {"mean", "scale", "weight"}:
        raise UsageError(f"the sign {name!r} must have mean, scale and weight, and nothing else")
    sign = Weight(**{key: _number(value, f"{name} {key}") for key, value in values.items()})
    if sign.scale < 1 / MOST:
        raise UsageError(f"{name} scale is {sign.scale!r}; it must be above 0")
    return sign


def _number(value: Any, name: str) -> float:
    """A finite number; JSON's own parser lets NaN and Infinity through."""
    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    if not number or not abs(value) <= MOST:
        raise UsageError(f"{name} is {value!r:.60}; it must be a number up to {MOST:,.0f}")
    return float(value)


def _search(options: DecodingOptions) -> dict[str, Any]:
    """The options that decide which caption is found first."""
    names = [*_OF_SEARCH, *(_OF_BEAM if options.method == "beam" else ())]
    values = {name: getattr(options, name) for name in names}
    if values.get("beam_groups") == 1:
        del values["diversity"]
    if options.method == "sample":
        return {**values, "sample": object()}  # equal to no other: a sample is not the best caption
    return values


def _mean(values: np.ndarray) -> float:
    return float(np.mean(values, dtype=np.float64)) if len(values) else 0.0
