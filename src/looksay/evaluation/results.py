"""Scores with what is needed to show them: a table, JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from looksay.data import Record
from looksay.metrics import CaptionScorer


@dataclass(frozen=True, kw_only=True)
class Evaluation:
    """Scores of one set of captions. scores: by metric's name, as fractions (CIDEr-D 0.57)."""

    scores: dict[str, float]
    captions: dict[str, str]

    def table(self) -> str:
        """A line a metric, times 100, as the papers print them."""
        width = max(map(len, self.scores))
        rows = [f"{name:<{width}}  {100 * value:6.2f}" for name, value in self.scores.items()]
        return "\n".join([f"{len(self.captions)} pictures", *rows])

    def as_dict(self) -> dict[str, Any]:
        return {"images": len(self.captions), "scores": self.scores}


def evaluate_captions(records: Sequence[Record], captions: Mapping[str, str]) -> Evaluation:
    """Score captions, by the records' names, against the records' captions as references."""
    scorer = CaptionScorer({record.name: record.captions for record in records})
    return Evaluation(scores=scorer.score(captions).as_dict(), captions=dict(captions))
