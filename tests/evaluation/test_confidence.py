"""What counts as right comes from people; where they say too little, nothing is learnt."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from looksay.data import Record
from looksay.decoding import DecodingOptions
from looksay.errors import DataError
from looksay.evaluation.confidence import (
    confidence_lines,
    confidence_table,
    learn_confidence,
    score_against_people,
)
from looksay.runtime.confidence import SIGNS, Confidence

THINGS = "dog cat horse bird boat car train man woman child".split()
DOINGS = "runs sits sleeps jumps waits turns".split()
OPTIONS = DecodingOptions(beam_size=3)


def record(number: int, num_captions: int = 3) -> Record:
    thing, doing = THINGS[number % 10], DOINGS[number % 6]
    texts = (f"a {thing} {doing} here", f"the {thing} {doing} over there", f"one {thing} {doing}")
    return Record(Path(f"{number}.jpg"), texts[:num_captions], "dev")


RECORDS = [record(number) for number in range(120)]


def made(share: float = 0.5):
    """A right or a wrong caption of each picture, and signs that tell which, most of the time."""
    rng = np.random.default_rng(0)
    captions, signs = [], []
    for number, of_one in enumerate(RECORDS):
        right = rng.random() < share
        captions.append(of_one.captions[0] if right else "nothing of the kind " + "x" * number)
        told = right if rng.random() < 0.8 else not right
        signs.append(dict.fromkeys(SIGNS, 0.5) | {"log_prob": -1.0 + told + rng.normal() / 9})
    return captions, signs


def test_signs_that_tell_right_from_wrong_are_learnt():
    captions, signs = made()
    confidence = learn_confidence(RECORDS, captions, signs, OPTIONS, split="held")
    sure, unsure = ({**signs[0], "log_prob": value} for value in (0.0, -1.0))
    told = np.array([of_one["log_prob"] > -0.5 for of_one in signs])
    scores, threshold = score_against_people(RECORDS, captions)
    assert confidence.of(sure) == pytest.approx((scores >= threshold)[told].mean(), abs=0.05)
    assert confidence.of(unsure) == pytest.approx((scores >= threshold)[~told].mean(), abs=0.05)
    assert confidence.of(sure) > confidence.of(unsure) + 0.3
    assert confidence.calibration["auc"] > 0.6
    assert confidence.right["split"] == "held" and confidence.decoding == OPTIONS
    assert Confidence.from_dict(confidence.as_dict()) == confidence


def test_half_of_peoples_captions_reach_the_threshold():
    captions, _ = made()
    scores, threshold = score_against_people(RECORDS, captions)
    assert len(scores) == 120 and 0 < threshold < 10
    quarter = score_against_people(RECORDS, captions, people_share=0.25)[1]
    assert quarter < threshold
    spoken = [of_one.captions[0] for of_one in RECORDS]
    assert (score_against_people(RECORDS, spoken)[0] >= threshold).all()  # they quote a reference


@pytest.mark.parametrize(
    ("chosen", "options", "share", "message"),
    [
        (slice(0, 49), OPTIONS, 0.5, "'dev' has 49 captioned pictures, and it takes 50"),
        (slice(None), DecodingOptions(method="sample"), 0.5, "samples"),
        (slice(None), OPTIONS, 1.0, "120 of 120 captions count as right"),
        (slice(None), OPTIONS, 0.0, "0 of 120 captions count as right"),
    ],
)
def test_captions_that_cannot_teach_it_are_refused(chosen, options, share, message):
    captions, signs = made(share)
    with pytest.raises(DataError, match=message):
        learn_confidence(RECORDS[chosen], captions[chosen], signs[chosen], options)


def test_single_references_do_not_say_what_is_right():
    alone = [record(number, 1) for number in range(120)]
    with pytest.raises(DataError, match="two captions or more"):
        learn_confidence(alone, *made(), OPTIONS)


def test_the_card_tells_what_is_right_and_how_well_it_holds():
    confidence = learn_confidence(RECORDS, *made(), OPTIONS)
    card = "\n".join(confidence_lines(confidence))
    threshold = f"CIDEr-D reaches {100 * confidence.right['threshold']:.1f}"
    for part in (threshold, "50% of people's captions", "beam 3", "Brier score", "10 parts"):
        assert part in card.replace("\n", " ")
    assert card.count("\n| 12 | ") == 10  # the bins
    assert len(confidence_table(confidence).splitlines()) > 12
