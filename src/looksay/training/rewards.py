"""What self-critical training rewards: the field's metrics, over tokens.

B pictures, S samples of a picture.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache

import numpy as np

from looksay.metrics.bleu import BleuReferences, score_bleu
from looksay.metrics.cider import Weighted, score_cider, weigh
from looksay.metrics.ngrams import DocumentFrequencies, count_ngrams
from looksay.metrics.own_meteor import STEM, own_meteor
from looksay.text import Vocabulary

Sentence = Sequence[int]
# pictures whose references stay prepared, 45 kB each; COCO's 118,287 would take 5 GB
REMEMBERED = 20_000


class CaptionReward:
    """`cider_weight` times CIDEr-D plus `bleu_weight` times BLEU-4 plus `meteor_weight` times
    METEOR-stem of a picture's captions.

    captions: for each training picture its references' tokens. `<end>` is one of the tokens, so
    that a caption which stops in "with a" lacks n-grams that every reference has. Document
    frequencies come from these captions and no others. vocabulary: the tokens' words, of which
    METEOR takes the stems; only it needs them, and it knows nothing of `<end>`.
    """

    def __init__(
        self,
        captions: Sequence[Sequence[Sentence]],
        *,
        cider_weight: float = 1.0,
        bleu_weight: float = 0.0,
        meteor_weight: float = 0.0,
        vocabulary: Vocabulary | None = None,
    ) -> None:
        if meteor_weight and vocabulary is None:
            raise ValueError("METEOR needs the words of the tokens")
        self.cider_weight, self.bleu_weight = cider_weight, bleu_weight
        self.meteor_weight, self._vocabulary = meteor_weight, vocabulary
        self._captions = captions
        self._frequencies = DocumentFrequencies.build(map(_all_words, captions))
        self._references = lru_cache(REMEMBERED)(self._prepare)

    def _prepare(self, picture: int) -> tuple[list[Weighted], BleuReferences]:
        words = _all_words(self._captions[picture])
        counts = [count_ngrams(one) for one in words]
        (weighted,) = weigh([counts], self._frequencies)
        return weighted, BleuReferences.prepare(words, counts)

    def __call__(
        self, pictures: Iterable[int], samples: Sequence[Sequence[Sentence]]
    ) -> np.ndarray:
        """Rewards (B, S) of B pictures' samples, as many for each."""
        words = [_words(one) for of_picture in samples for one in of_picture]
        owners = [int(p) for p, of in zip(pictures, samples, strict=True) for _ in of]
        counts = [count_ngrams(one) for one in words]
        references = [self._references(p) for p in owners]
        _, cider = score_cider([weighted for weighted, _ in references], counts, self._frequencies)
        rewards = self.cider_weight * cider
        if self.bleu_weight:
            _, bleu = score_bleu([bleu for _, bleu in references], words, counts)
            rewards = rewards + self.bleu_weight * bleu[:, -1]
        if self.meteor_weight:
            rewards = rewards + self.meteor_weight * self._meteor(owners, samples)
        return rewards.reshape(len(samples), -1)

    def _meteor(self, owners: Sequence[int], samples: Sequence[Sequence[Sentence]]) -> np.ndarray:
        """METEOR-stem of each sample, (B x S,)."""
        assert self._vocabulary is not None
        decode = self._vocabulary.decode
        references = [[decode(one) for one in self._captions[picture]] for picture in owners]
        candidates = [decode(one) for of_picture in samples for one in of_picture]
        return own_meteor(references, candidates).per_image()[STEM]


def _all_words(captions: Sequence[Sentence]) -> list[tuple[str, ...]]:
    return [_words(one) for one in captions]


def _words(tokens: Sentence) -> tuple[str, ...]:
    """Tokens as the words that metrics count."""
    return tuple(map(str, tokens))


def leave_one_out(rewards_BS: np.ndarray) -> np.ndarray:
    """Each sample's reward less the mean of the picture's other samples."""
    others = rewards_BS.shape[1] - 1
    mean_B1 = rewards_BS.sum(1, keepdims=True)
    return rewards_BS - (mean_B1 - rewards_BS) / others
