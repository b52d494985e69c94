"""METEOR without Java and without paraphrases: our own, for English. It is not METEOR.

What METEOR 1.5 (Denkowski and Lavie 2014, https://aclanthology.org/W14-3348) computes under the
COCO caption protocol, with the matches of its first two or three stages: equal words, equal stems
(Snowball's English), and, where WordNet is on the machine, words of a common synset. The fourth
stage, a table of paraphrases, is left out, so the score is lower. The name says which stages there
were: METEOR-stem or METEOR-synonym.

How far it agrees with the reference program, as benchmarks/meteor_agreement.py measures it on 1,000
pictures of Flickr8k (scores times 100; r over the pictures' own scores):

    captions of                  METEOR   METEOR-synonym               METEOR-stem
    the shipped model            20.57    19.72, r 0.953, off 1.51     18.94, r 0.944, off 2.05
    people (one against four)    25.50    24.87, r 0.943, off 1.70     23.85, r 0.927, off 2.29

"off" is the mean absolute difference of a picture's score. With equal words alone, on both sides,
every count is the program's; one thing is deliberately not: it lets a stem's or a synonym's match
go where a word has a choice of them (it rounds their weights down to 0), and the paper does not.
That brings ours nearer, too: as the program does it, METEOR-synonym would be lower by another 0.5
and 0.9.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import lru_cache
from itertools import chain

import numpy as np

from looksay.metrics.alignment import align
from looksay.metrics.function_words import FUNCTION_WORDS
from looksay.metrics.meteor import COLUMNS, forgive_single_chunks, meteor_of_sums
from looksay.metrics.ngrams import Tokens, check_pairs
from looksay.metrics.sums import Sums
from looksay.metrics.wordnet import WordNet, find_wordnet, load_wordnet

STEM, SYNONYM = "METEOR-stem", "METEOR-synonym"
# Words joined by hyphens count as several, and so do signs: "neck-deep" is two, "50%" is two.
PIECE = re.compile(r"[^\W_]+(?:[.,][^\W_]+)*\.?|[^\s-]")

_Stage = Callable[[str, str], "int | None"]


def own_meteor(
    references: Sequence[Sequence[Tokens]],
    candidates: Sequence[Tokens],
    *,
    wordnet: WordNet | None = None,
) -> Sums:
    """METEOR-stem, 0 to 1, of pictures' candidates; METEOR-synonym where a `wordnet` is given.

    Each picture's score is that of the reference which gives the best one; the set's is made of the
    sums of those references' counts, as in METEOR.
    """
    check_pairs(references, candidates)
    stage = _stages(wordnet)
    rows = []
    for of_one, candidate in zip(references, candidates, strict=True):
        words = _pieces(candidate)
        table = np.array([_count(_pieces(reference), words, stage) for reference in of_one])
        table = forgive_single_chunks(table)
        rows.append(table[meteor_of_sums(table)[:, 0].argmax()])
    return Sums((STEM if wordnet is None else SYNONYM,), np.array(rows), meteor_of_sums)


def best_own_meteor(references: Sequence[Sequence[Tokens]], candidates: Sequence[Tokens]) -> Sums:
    """METEOR-synonym where WordNet is found on this machine, else METEOR-stem.

    MetricError where LOOKSAY_WORDNET names something that is no WordNet.
    """
    folder = find_wordnet()
    wordnet = None if folder is None else load_wordnet(folder)
    return own_meteor(references, candidates, wordnet=wordnet)


def _pieces(tokens: Tokens) -> list[str]:
    split = ([token] if token.isalnum() else PIECE.findall(token) for token in tokens)
    return list(chain.from_iterable(split))


def _count(reference: list[str], candidate: list[str], stage: _Stage) -> list[float]:
    """A row of counts, as `meteor_of_sums` takes them."""
    stages = [[stage(theirs, ours) for ours in candidate] for theirs in reference]
    found = align([[j for j, which in enumerate(row) if which is not None] for row in stages])
    row = [0.0] * COLUMNS
    row[:4] = len(candidate), len(reference), _function(candidate), _function(reference)
    for i, j in found.pairs:
        first = 4 + 4 * (stages[i][j] or 0)
        row[first + 2 * (candidate[j] in FUNCTION_WORDS)] += 1
        row[first + 2 * (reference[i] in FUNCTION_WORDS) + 1] += 1
    row[20:] = found.chunks, len(found.pairs), len(found.pairs)
    return row


def _function(words: list[str]) -> int:
    return sum(word in FUNCTION_WORDS for word in words)


@lru_cache(maxsize=2)  # rewards ask anew for each batch, of the same words
def _stages(wordnet: WordNet | None) -> _Stage:
    """Tells the first stage by which two words match, as a row of `meteor.STAGES`."""
    import snowballstemmer  # takes 30 ms, which other verbs need not wait for

    stem = lru_cache(maxsize=1 << 16)(snowballstemmer.stemmer("english").stemWord)
    synsets = None if wordnet is None else lru_cache(maxsize=1 << 16)(wordnet.synsets)

    @lru_cache(maxsize=1 << 20)
    def stage(first: str, second: str) -> int | None:
        if first == second:
            return 0
        if stem(first) == stem(second):
            return 1
        if synsets is not None and not synsets(first).isdisjoint(synsets(second)):
            return 2
        return None

    return stage
