"""How sure a caption is, calibrated where the model has learnt that."""

from __future__ import annotations

import dataclasses
import sys
from pathlib import Path

import pytest

from looksay.library.sureness import how_sure

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from library_captioner import caption_of  # noqa: E402


def test_words_stand_in_where_nothing_is_calibrated():
    sure = how_sure(caption_of("a red picture", 0.6))
    assert sure.value == pytest.approx(0.6) and sure.meaning == "mean word probability"
    assert not sure.enough() and sure.enough(0.5)
    assert how_sure(caption_of("a red picture", 0.8)).enough()


def test_the_calibrated_probability_comes_first():
    sure = how_sure(dataclasses.replace(caption_of("a red picture", 0.9), confidence=0.45))
    assert sure == (0.45, True) and sure.meaning == "calibrated"
    assert not sure.enough() and sure.enough(0.4)
