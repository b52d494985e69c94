"""Scores of captions on a split, whatever made the captions; and where their words looked."""

from looksay.evaluation.captions import decode_split, search_split, to_coco_results
from looksay.evaluation.class_words import ClassWords
from looksay.evaluation.confidence import learn_confidence
from looksay.evaluation.language import CaptionLanguage, describe_language
from looksay.evaluation.pointing import Look, Pointing, looks_at, summarise_looks
from looksay.evaluation.resampling import Comparison, bootstrap_intervals, compare_scores
from looksay.evaluation.result_files import match_results, read_results, write_evaluation
from looksay.evaluation.results import (
    Evaluation,
    evaluate_captions,
    evaluate_with,
    make_scorer,
)

__all__ = [
    "CaptionLanguage",
    "ClassWords",
    "Comparison",
    "Evaluation",
    "Look",
    "Pointing",
    "bootstrap_intervals",
    "compare_scores",
    "decode_split",
    "describe_language",
    "evaluate_captions",
    "evaluate_with",
    "learn_confidence",
    "looks_at",
    "make_scorer",
    "match_results",
    "read_results",
    "search_split",
    "summarise_looks",
    "to_coco_results",
    "write_evaluation",
]
