"""Captions as text, scored by all metrics at once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from looksay.errors import DataError
from looksay.metrics.bleu import BleuReferences, score_bleu
from looksay.metrics.cider import score_cider, weigh
from looksay.metrics.ngrams import MAX_N, DocumentFrequencies, check_pairs, count_ngrams
from looksay.metrics.rouge import rouge_l
from looksay.metrics.tokenize import ptb_tokenize


@dataclass(frozen=True)
class Scores:
    """Scores of a set of captions, as fractions: papers show them times 100.

    `corpus` has BLEU-1 to BLEU-4, ROUGE-L and CIDEr-D of the set, `per_image` an array of each,
    (pictures,), in the order of `images`.
    """

    images: tuple[str, ...]
    corpus: dict[str, float]
    per_image: dict[str, np.ndarray]

    def as_dict(self) -> dict[str, float]:
        """The scores of the set by metric's name."""
        return dict(self.corpus)


class CaptionScorer:
    """Scores many sets of captions against the same references, which are prepared once.

    `references` are captions as written, by picture; `frequencies`, the document frequencies of
    CIDEr-D, come from them unless they are given. A scorer of one's own references compares sets of
    captions for them only; see `DocumentFrequencies`.

    >>> scorer = CaptionScorer({"a.jpg": ["A dog runs.", "A brown dog."], "b.jpg": ["Two cats."]})
    >>> scores = scorer.score({"a.jpg": "A dog.", "b.jpg": "Two cats."})
    >>> round(scores.as_dict()["BLEU-1"], 2)
    0.78
    """

    def __init__(
        self,
        references: Mapping[str, Sequence[str]],
        *,
        frequencies: DocumentFrequencies | None = None,
    ):
        self.images = tuple(references)
        self._tokens = [list(map(ptb_tokenize, captions)) for captions in references.values()]
        check_pairs(self._tokens, self.images)
        counts = [list(map(count_ngrams, of_one)) for of_one in self._tokens]
        self.frequencies = frequencies or DocumentFrequencies.from_counts(counts)
        self._bleu = list(map(BleuReferences.prepare, self._tokens, counts))
        self._weighted = weigh(counts, self.frequencies)

    def score(self, candidates: Mapping[str, str]) -> Scores:
        """Score one caption, as written, for every picture of the references.

        Raises DataError where a picture has no caption, or a caption no picture: scores of a part
        must not pass for scores of the whole.
        """
        _check_names(self.images, candidates)
        tokens = [ptb_tokenize(candidates[image]) for image in self.images]
        counts = list(map(count_ngrams, tokens))
        corpus: dict[str, float] = {}
        per_image: dict[str, np.ndarray] = {}
        of_set, of_each = score_bleu(self._bleu, tokens, counts)
        for n in range(MAX_N):
            corpus[f"BLEU-{n + 1}"], per_image[f"BLEU-{n + 1}"] = float(of_set[n]), of_each[:, n]
        corpus["ROUGE-L"], per_image["ROUGE-L"] = rouge_l(self._tokens, tokens)
        corpus["CIDEr-D"], per_image["CIDEr-D"] = score_cider(
            self._weighted, counts, self.frequencies
        )
        return Scores(self.images, corpus, per_image)


def score_captions(
    references: Mapping[str, Sequence[str]],
    candidates: Mapping[str, str],
    *,
    frequencies: DocumentFrequencies | None = None,
) -> Scores:
    """Score one set of captions, as written, by picture; see `CaptionScorer` for several."""
    return CaptionScorer(references, frequencies=frequencies).score(candidates)


def _check_names(images: Sequence[str], candidates: Mapping[str, str]) -> None:
    missing = [image for image in images if image not in candidates]
    if missing:
        raise DataError(f"{len(missing)} pictures have no caption to score: {_some(missing)}.")
    unknown = candidates.keys() - set(images)
    if unknown:
        raise DataError(f"{len(unknown)} captions have no references: {_some(sorted(unknown))}.")


def _some(names: Iterable[str]) -> str:
    first, *others = names
    return f"{first} and others" if others else first
