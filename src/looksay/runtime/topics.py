"""The topics of a bundle's model: what a picture is about, before any word is said.

B pictures, Q topics.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from looksay.errors import BundleError
from looksay.json_text import parse_json

TOPICS = "topics.json"
MAX_BYTES = 1 << 20


@dataclass(frozen=True, kw_only=True)
class Topic:
    """A topic of a picture: its number, the share of the picture's topics that it has, and the
    words that are likeliest in it."""

    number: int
    share: float
    words: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """Plain Python values."""
        return {"topic": self.number, "share": round(self.share, 6), "words": list(self.words)}


def read_topics(path: Path) -> tuple[tuple[str, ...], ...]:
    """The top words of each topic; BundleError where the file is damaged."""
    try:
        if path.stat().st_size > MAX_BYTES:
            raise ValueError("it is far too large")
        found = parse_json(path.read_text(encoding="utf-8"))["top_words"]
        if not all(isinstance(word, str) for of_topic in found for word in of_topic):
            raise ValueError("a topic has something else than words")
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise BundleError(
            f"{path} does not list the words of topics ({error}); get or export the bundle again."
        ) from error
    return tuple(map(tuple, found))


def best_topics(
    shares_BQ: np.ndarray, top_words: tuple[tuple[str, ...], ...], count: int = 3
) -> list[tuple[Topic, ...]]:
    """The `count` topics with the greatest shares of each picture, greatest first."""
    if shares_BQ.shape[1] != len(top_words):
        raise BundleError(
            f"The model has {shares_BQ.shape[1]} topics and {TOPICS} has {len(top_words)}: they do "
            "not belong together; get or export the bundle again."
        )
    order_BQ = np.argsort(-shares_BQ, axis=1, kind="stable")[:, :count]
    return [
        tuple(Topic(number=int(q), share=float(row[q]), words=top_words[q]) for q in best)
        for row, best in zip(shares_BQ, order_BQ, strict=True)
    ]
