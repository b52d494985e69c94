"""Whether a word's attention lies on what the word names.

For each word of a caption that names a class which has boxes in the picture: is the place that the
word looks at most inside one of them (the pointing game, Zhang et al. 2016,
https://arxiv.org/abs/1608.00507; for captions Zhou et al. 2019, https://arxiv.org/abs/1812.06587),
and how much of its attention is (Liu et al. 2017, https://arxiv.org/abs/1605.09553)? The attention
is that of the step which emitted the word. Boxes that fill the picture are hit by any model, so
each figure stands beside what chance does.

P places, N boxes, T words.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

import numpy as np

from looksay.errors import DataError
from looksay.evaluation.class_words import ClassWords
from looksay.evaluation.coverage import are_inside, centres, grid_places, shares_inside
from looksay.evaluation.resampling import Interval, bootstrap_intervals
from looksay.metrics import Scores, Sums

Objects = Mapping[str, np.ndarray]
"""A picture's boxes (N, 4) by class: x0, y0, x1, y1 as shares of the picture."""

POINTING, RANDOM, CENTRE, MASS, AREA = NAMES = (
    *("pointing", "random place", "picture's centre"),
    *("attention inside", "even attention"),
)
# What the attention does more than chance does.
GAINS = {
    f"{POINTING} - {RANDOM}": (POINTING, RANDOM),
    f"{POINTING} - {CENTRE}": (POINTING, CENTRE),
    f"{MASS} - {AREA}": (MASS, AREA),
}
_MIDDLE = np.array([[0.5, 0.5]])
_MOST_CLASSES = 10  # in the table


@dataclass(frozen=True, kw_only=True)
class Look:
    """One word's look. pointing: 1 where the middle of its most looked at place is in a box of the
    class, 0 where it is not; between them where several places are looked at most alike. inside:
    the share of its attention to the picture that lies in the boxes.

    By chance: random_place, pointing at any place of the model; centre, always at the picture's;
    even, attention that is the same for all places, which over a grid is the area of the boxes.
    """

    word: str
    class_name: str
    pointing: float
    inside: float
    random_place: float
    centre: float
    even: float


def looks_at(
    words: Sequence[str],
    attention: np.ndarray,
    objects: Objects,
    class_words: ClassWords,
    regions: np.ndarray | None = None,
) -> list[Look]:
    """The looks of a caption's words that name a class of the picture's boxes.

    attention: (T, rows, columns) over a grid; (T, P) over `regions` (P, 4).
    """
    if regions is None and attention.ndim == 3:
        regions = grid_places(*attention.shape[1:])
    if regions is None or attention.size != len(words) * len(regions):
        raise DataError(
            f"Attention {attention.shape} of {len(words)} words does not fit its places."
        )
    weights_TP = np.asarray(attention, np.float64).reshape(len(words), len(regions))
    found = []
    for named in class_words.find(words):
        boxes_N4 = objects.get(named.class_name)
        if boxes_N4 is not None and len(boxes_N4):
            found.append(
                _look(named.word, named.class_name, weights_TP[named.place], regions, boxes_N4)
            )
    return found


def _look(
    word: str, class_name: str, weights_P: np.ndarray, places_P4: np.ndarray, boxes_N4: np.ndarray
) -> Look:
    hits_P = are_inside(centres(places_P4), boxes_N4)
    shares_P = shares_inside(places_P4, boxes_N4)
    total = float(weights_P.sum())
    return Look(
        word=word,
        class_name=class_name,
        pointing=float(hits_P[weights_P == weights_P.max()].mean()),
        inside=float(weights_P @ shares_P) / total if total > 0 else 0.0,
        random_place=float(hits_P.mean()),
        centre=float(are_inside(_MIDDLE, boxes_N4)[0]),
        even=float(shares_P.mean()),
    )


@dataclass(frozen=True, kw_only=True)
class Pointing:
    """The means over all words' looks, as fractions. scores: by name, see `NAMES` and `GAINS`.
    intervals: of each, from a bootstrap of the pictures. classes: the means of each class, those
    with most words first. pictures: how many were captioned; looks: by picture, where it has any.
    """

    pictures: int
    looks: dict[str, list[Look]]
    scores: dict[str, float]
    classes: dict[str, dict[str, float]]
    intervals: dict[str, Interval] = field(default_factory=dict)
    resamples: int = 0

    @property
    def num_words(self) -> int:
        return sum(map(len, self.looks.values()))

    def with_intervals(self, *, resamples: int, seed: int = 0) -> Pointing:
        """The same with 95% bootstrap intervals; none where `resamples` is 0."""
        if not resamples:
            return self
        rows = np.array([_row(looks) for looks in self.looks.values()])
        sums = Sums((*NAMES, *GAINS), rows, _combine)
        scores = Scores(tuple(self.looks), self.scores, sums.per_image(), (sums,))
        intervals = bootstrap_intervals(scores, resamples=resamples, seed=seed)
        return replace(self, intervals=intervals, resamples=resamples)

    def table(self) -> str:
        """For people, times 100: what the attention does, what chance does, and the classes."""
        lines = [
            f"{self.pictures} pictures; {self.num_words} words in {len(self.looks)} of them name "
            "a class that has a box there"
        ]
        width = max(map(len, self.scores))
        for name, value in self.scores.items():
            sign = "+" if name in GAINS else ""
            lines.append(f"{name:<{width}}  {100 * value:{sign}7.2f}{self._interval(name)}")
        if self.intervals:
            lines.append(f"(95% intervals of {self.resamples:,} bootstrap resamples of pictures)")
        return "\n".join([*lines, "", *self._class_lines()])

    def _interval(self, name: str) -> str:
        if name not in self.intervals:
            return ""
        low, high = self.intervals[name]
        return f"  ({100 * low:.2f} to {100 * high:.2f})"

    def _class_lines(self) -> list[str]:
        shown = list(self.classes.items())[:_MOST_CLASSES]
        width = max(len("class"), *(len(name) for name, _ in shown))
        lines = [f"{'class':<{width}}{'words':>7}" + "".join(f"{name:>18}" for name in NAMES)]
        for name, means in shown:
            numbers = "".join(f"{100 * means[column]:18.2f}" for column in NAMES)
            lines.append(f"{name:<{width}}{means['words']:7.0f}{numbers}")
        left = len(self.classes) - len(shown)
        more = "class" if left == 1 else "classes"
        return lines + ([f"and {left} more {more}, none with more words"] if left else [])

    def as_dict(self) -> dict[str, Any]:
        found: dict[str, Any] = {
            "images": self.pictures,
            "images_with_words": len(self.looks),
            "words": self.num_words,
            "scores": self.scores,
            "classes": self.classes,
        }
        if self.intervals:
            found["intervals"] = {name: list(ends) for name, ends in self.intervals.items()}
            found["resamples"] = self.resamples
        return found

    def words_as_dicts(self) -> list[dict[str, Any]]:
        """A record a word."""
        return [
            {"image": name, **asdict(look)} for name, looks in self.looks.items() for look in looks
        ]


def summarise_looks(looks: Mapping[str, Sequence[Look]]) -> Pointing:
    """The means of looks by picture. DataError where no picture has any."""
    some = {name: list(of_one) for name, of_one in looks.items() if of_one}
    every = [look for of_one in some.values() for look in of_one]
    if not every:
        raise DataError(
            "No word of the captions names a class that has a box in its picture, so there is "
            "nothing to measure; are the boxes those of these pictures?"
        )
    by_class: dict[str, list[Look]] = {}
    for look in every:
        by_class.setdefault(look.class_name, []).append(look)
    ordered = sorted(by_class.items(), key=lambda entry: (-len(entry[1]), entry[0]))
    return Pointing(
        pictures=len(looks),
        looks=some,
        scores=_means(every),
        classes={name: {"words": float(len(of_one)), **_means(of_one)} for name, of_one in ordered},
    )


def _row(looks: Sequence[Look]) -> np.ndarray:
    """Sums over looks, in the order of `NAMES`, and their number."""
    columns = [
        (look.pointing, look.random_place, look.centre, look.inside, look.even, 1) for look in looks
    ]
    return np.sum(columns, axis=0)


def _combine(sums: np.ndarray) -> np.ndarray:
    means = sums[:, :-1] / sums[:, -1:]
    gains = [
        means[:, NAMES.index(more)] - means[:, NAMES.index(less)] for more, less in GAINS.values()
    ]
    return np.column_stack([means, *gains])


def _means(looks: Sequence[Look]) -> dict[str, float]:
    values = _combine(_row(looks)[None])[0].tolist()
    return dict(zip((*NAMES, *GAINS), values, strict=True))
