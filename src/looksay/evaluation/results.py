"""Scores with what is needed to show them: a table, JSON."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from looksay.data import Record
from looksay.errors import MetricError, MissingExtraError
from looksay.evaluation.language import CaptionLanguage, describe_language
from looksay.evaluation.resampling import Interval, bootstrap_intervals
from looksay.metrics import (
    CaptionScorer,
    DocumentFrequencies,
    Scores,
    Sums,
    best_own_meteor,
    meteor,
    spice,
)
from looksay.metrics.ngrams import Tokens

Metric = Callable[[Sequence[Sequence[Tokens]], Sequence[Tokens]], Sums]


@dataclass(frozen=True, kw_only=True)
class Evaluation:
    """Scores of one set of captions.

    scores: by metric's name, as fractions (CIDEr-D 0.57). captions: by picture's name. details: the
    scores of each picture. problems: sentences about metrics that could not be computed. intervals
    and language are empty until `with_statistics`.
    """

    scores: dict[str, float]
    captions: dict[str, str]
    details: Scores
    problems: tuple[str, ...] = ()
    intervals: dict[str, Interval] = field(default_factory=dict)
    resamples: int = 0
    language: CaptionLanguage | None = None

    def with_statistics(
        self, *, resamples: int = 1000, seed: int = 0, training: Iterable[str] | None = None
    ) -> Evaluation:
        """The same with bootstrap intervals (none where `resamples` is 0) and what the captions are
        like; `training` are the training captions, as written, where they are known."""
        intervals = (
            bootstrap_intervals(self.details, resamples=resamples, seed=seed) if resamples else {}
        )
        language = describe_language(self.captions.values(), training)
        return replace(self, intervals=intervals, resamples=resamples, language=language)

    def table(self) -> str:
        """A line a metric, times 100, as the papers print them."""
        about = self.language.lines() if self.language else []
        width = max(map(len, [*self.scores, *(name for name, _ in about)]))
        rows = [f"{len(self.captions)} pictures"]
        for name, value in self.scores.items():
            rows.append(f"{name:<{width}}  {100 * value:6.2f}{self._interval(name)}")
        if self.intervals:
            rows.append(f"(95% intervals of {self.resamples:,} bootstrap resamples)")
        rows += ["", *(f"{name:<{width}}  {value}" for name, value in about)] if about else []
        return "\n".join(rows)

    def _interval(self, name: str) -> str:
        if name not in self.intervals:
            return ""
        low, high = self.intervals[name]
        return f"  ({100 * low:.2f} to {100 * high:.2f})"

    def as_dict(self) -> dict[str, Any]:
        found: dict[str, Any] = {"images": len(self.captions), "scores": self.scores}
        if self.intervals:
            found["intervals"] = {name: list(ends) for name, ends in self.intervals.items()}
            found["resamples"] = self.resamples
        if self.language:
            found["captions"] = self.language.as_dict()
        return found


def evaluate_captions(
    records: Sequence[Record],
    captions: Mapping[str, str],
    *,
    frequencies: DocumentFrequencies | None = None,
    java: bool = False,
    own_meteor: bool | None = False,
) -> Evaluation:
    """Score captions, by the records' names, against the records' captions as references.

    frequencies: CIDEr's document frequencies; None: those of the records. java: METEOR and SPICE
    too; where one cannot be had, `problems` says why. own_meteor: METEOR-synonym or METEOR-stem,
    which need no Java, too; None: only where METEOR is not to be had.
    """
    scorer = make_scorer(records, frequencies)
    return evaluate_with(scorer, captions, java=java, own_meteor=own_meteor)


def make_scorer(
    records: Sequence[Record], frequencies: DocumentFrequencies | None = None
) -> CaptionScorer:
    """The records' captions, prepared as references for any number of `evaluate_with`."""
    references = {record.name: record.captions for record in records}
    return CaptionScorer(references, frequencies=frequencies)


def evaluate_with(
    scorer: CaptionScorer,
    captions: Mapping[str, str],
    *,
    java: bool = False,
    own_meteor: bool | None = False,
) -> Evaluation:
    """`evaluate_captions` against references that are prepared already."""
    scores = scorer.score(captions)
    problems: dict[str, None] = {}  # without repeats
    tokens = scorer.tokenize(captions)
    sums = list(scores.sums)

    def had(metric: Metric) -> bool:
        try:
            sums.append(metric(scorer.references, tokens))
            return True
        except (MetricError, MissingExtraError) as error:
            problems[str(error)] = None
            return False

    has_meteor = java and had(meteor)
    if own_meteor or (own_meteor is None and not has_meteor):
        had(best_own_meteor)
    if java:
        had(spice)
    scores = Scores.of(scores.images, sums)
    return Evaluation(
        scores=scores.as_dict(), captions=dict(captions), details=scores, problems=tuple(problems)
    )
