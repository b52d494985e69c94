"""Captions as text, scored by all metrics at once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from looksay.errors import DataError
from looksay.metrics.bleu import BleuReferences, bleu_of_sums, bleu_table
from looksay.metrics.cider import score_cider, similarity, weigh
from looksay.metrics.ngrams import MAX_N, DocumentFrequencies, Tokens, check_pairs, count_ngrams
from looksay.metrics.own_meteor import STEM, SYNONYM
from looksay.metrics.rouge import rouge_l
from looksay.metrics.sums import Sums, mean_sums
from looksay.metrics.tokenize import tokenize_caption

BLEUS = tuple(f"BLEU-{n + 1}" for n in range(MAX_N))
# The order in which they are shown.
METRICS = (
    *BLEUS,
    *("METEOR", SYNONYM, STEM),
    *("ROUGE-L", "CIDEr", "CIDEr-D", "CIDEr-plain", "SPICE"),
)


@dataclass(frozen=True)
class Scores:
    """Scores of a set of captions, as fractions: papers show them times 100.

    `corpus` has each metric's score of the set, `per_image` an array of each, (pictures,), in the
    order of `images`; `sums` is what they are made of. The metrics are BLEU-1 to BLEU-4, ROUGE-L
    and three of CIDEr:

    - CIDEr is what the COCO protocol, pycocoevalcap and most papers report by that name. Their
      program clips counts and penalises lengths, as the paper's CIDEr-D does;
    - CIDEr-D is therefore the same number, by the paper's name;
    - CIDEr-plain is the paper's CIDEr (equations 1 to 3), times 10 as its authors' program has it.
    """

    images: tuple[str, ...]
    corpus: dict[str, float]
    per_image: dict[str, np.ndarray]
    sums: tuple[Sums, ...]

    @classmethod
    def of(cls, images: Sequence[str], sums: Iterable[Sums]) -> Scores:
        """The scores that the sums make, in the order of `METRICS`."""
        sums = tuple(sums)
        corpus = {name: score for part in sums for name, score in part.corpus().items()}
        each = {name: scores for part in sums for name, scores in part.per_image().items()}
        shown = [name for name in METRICS if name in corpus]
        return cls(tuple(images), {n: corpus[n] for n in shown}, {n: each[n] for n in shown}, sums)

    def as_dict(self) -> dict[str, float]:
        """The scores of the set by metric's name."""
        return dict(self.corpus)


class CaptionScorer:
    """Scores many sets of captions against the same references, which are prepared once.

    `references` are captions as written, by picture; `frequencies`, the document frequencies of
    CIDEr, come from them unless they are given. A scorer of one's own references compares sets of
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
        self.references = [
            list(map(tokenize_caption, captions)) for captions in references.values()
        ]
        check_pairs(self.references, self.images)
        counts = [list(map(count_ngrams, of_one)) for of_one in self.references]
        self.frequencies = frequencies or DocumentFrequencies.from_counts(counts)
        self._bleu = list(map(BleuReferences.prepare, self.references, counts))
        self._weighted = weigh(counts, self.frequencies)

    def tokenize(self, candidates: Mapping[str, str]) -> list[Tokens]:
        """The tokens of one caption, as written, for every picture of the references, in order.

        Raises DataError where a picture has no caption, or a caption no picture: scores of a part
        must not pass for scores of the whole.
        """
        _check_names(self.images, candidates)
        return [tokenize_caption(candidates[image]) for image in self.images]

    def score(self, candidates: Mapping[str, str]) -> Scores:
        """Score one caption for every picture of the references; DataError as in `tokenize`."""
        tokens = self.tokenize(candidates)
        counts = list(map(count_ngrams, tokens))
        _, rouge = rouge_l(self.references, tokens)
        _, clipped = score_cider(self._weighted, counts, self.frequencies)
        _, plain = score_cider(self._weighted, counts, self.frequencies, similarity)
        means = {"ROUGE-L": rouge, "CIDEr": clipped, "CIDEr-D": clipped, "CIDEr-plain": plain}
        table = bleu_table(self._bleu, tokens, counts)
        return Scores.of(self.images, (Sums(BLEUS, table, bleu_of_sums), mean_sums(means)))


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
