"""Scores of captions against references: BLEU, ROUGE-L, CIDEr and CIDEr-D, without Java."""

from looksay.metrics.bleu import bleu
from looksay.metrics.cider import cider, cider_d
from looksay.metrics.ngrams import DocumentFrequencies
from looksay.metrics.rouge import rouge_l
from looksay.metrics.scorer import CaptionScorer, Scores, score_captions
from looksay.metrics.tokenize import ptb_tokenize

__all__ = [
    "CaptionScorer",
    "DocumentFrequencies",
    "Scores",
    "bleu",
    "cider",
    "cider_d",
    "ptb_tokenize",
    "rouge_l",
    "score_captions",
]
