"""Scores of captions on a split, whatever made the captions."""

from looksay.evaluation.captions import decode_split, search_split, to_coco_results
from looksay.evaluation.confidence import learn_confidence
from looksay.evaluation.language import CaptionLanguage, describe_language
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
    "Comparison",
    "Evaluation",
    "bootstrap_intervals",
    "compare_scores",
    "decode_split",
    "describe_language",
    "evaluate_captions",
    "evaluate_with",
    "learn_confidence",
    "make_scorer",
    "match_results",
    "read_results",
    "search_split",
    "to_coco_results",
    "write_evaluation",
]
