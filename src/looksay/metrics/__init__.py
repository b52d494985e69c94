"""Scores of captions against references: BLEU, ROUGE-L and CIDEr; METEOR and SPICE by Java; and
METEOR-stem or METEOR-synonym, which need none."""

from looksay.metrics.bleu import bleu
from looksay.metrics.cider import cider, cider_d
from looksay.metrics.meteor import meteor
from looksay.metrics.ngrams import DocumentFrequencies
from looksay.metrics.own_meteor import best_own_meteor, own_meteor
from looksay.metrics.rouge import rouge_l
from looksay.metrics.scorer import CaptionScorer, Scores, score_captions
from looksay.metrics.spice import spice
from looksay.metrics.sums import Sums
from looksay.metrics.tokenize import ptb_tokenize, tokenize_caption

__all__ = [
    "CaptionScorer",
    "DocumentFrequencies",
    "Scores",
    "Sums",
    "best_own_meteor",
    "bleu",
    "cider",
    "cider_d",
    "meteor",
    "own_meteor",
    "ptb_tokenize",
    "rouge_l",
    "score_captions",
    "spice",
    "tokenize_caption",
]
