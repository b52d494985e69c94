"""Scores of captions on a split, whatever made the captions."""

from looksay.evaluation.captions import decode_split, to_coco_results
from looksay.evaluation.results import Evaluation, evaluate_captions

__all__ = ["Evaluation", "decode_split", "evaluate_captions", "to_coco_results"]
