"""Each metric against the reference implementation's golden file, by hand, by its properties."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from looksay.errors import DataError
from looksay.metrics import (
    CaptionScorer,
    DocumentFrequencies,
    bleu,
    cider,
    cider_d,
    ptb_tokenize,
    rouge_l,
    score_captions,
)

GOLDEN = json.loads((Path(__file__).parent / "golden" / "scores.json").read_text("utf-8"))
REFERENCES = {name: picture["references"] for name, picture in GOLDEN["pictures"].items()}
CHINESE = "一 只 狗 在 草 地 跑"
CANDIDATES = {name: picture["candidate"] for name, picture in GOLDEN["pictures"].items()}
METRICS = ["BLEU-1", "BLEU-2", "BLEU-3", "BLEU-4", "ROUGE-L", "CIDEr", "CIDEr-D", "CIDEr-plain"]

CAPTION = st.lists(st.sampled_from("a b c dog".split()), max_size=9)
PICTURES = st.lists(
    st.tuples(st.lists(CAPTION, min_size=1, max_size=4), CAPTION), min_size=1, max_size=5
)


@pytest.mark.parametrize("metric", METRICS)
def test_golden(metric):
    scores = score_captions(REFERENCES, CANDIDATES)
    assert scores.images == tuple(REFERENCES)
    assert scores.as_dict()[metric] == pytest.approx(GOLDEN["corpus"][metric], abs=1e-6)
    expected = GOLDEN["per_image"][metric]
    np.testing.assert_allclose(scores.per_image[metric], expected, rtol=0, atol=1e-6)


def test_functions_of_tokens_agree_with_the_scorer():
    references = [list(map(ptb_tokenize, captions)) for captions in REFERENCES.values()]
    candidates = list(map(ptb_tokenize, CANDIDATES.values()))
    expected = score_captions(REFERENCES, CANDIDATES)
    corpus, each = bleu(references, candidates)
    assert corpus.tolist() == [expected.corpus[f"BLEU-{n}"] for n in (1, 2, 3, 4)]
    assert each.shape == (len(candidates), 4)
    for function, metric in ((rouge_l, "ROUGE-L"), (cider_d, "CIDEr-D")):
        corpus, each = function(references, candidates)
        assert corpus == expected.corpus[metric]
        np.testing.assert_array_equal(each, expected.per_image[metric])


def test_chinese_is_divided_as_the_field_divides_it_for_pycocoevalcap():
    (picture,) = (name for name, caption in CANDIDATES.items() if caption == CHINESE)
    references, candidates = dict(REFERENCES), dict(CANDIDATES)
    references[picture] = [
        caption.replace("一 只 狗 在 跑", "一只狗在跑。") for caption in references[picture]
    ]
    candidates[picture] = CHINESE.replace(" ", "")
    assert references[picture] != REFERENCES[picture]
    scores = score_captions(references, candidates)
    for metric in METRICS:
        assert scores.as_dict()[metric] == pytest.approx(GOLDEN["corpus"][metric], abs=1e-6)


def test_a_scorer_can_be_used_again():
    scorer = CaptionScorer(REFERENCES)
    first = scorer.score(CANDIDATES).as_dict()
    scorer.score(dict.fromkeys(CANDIDATES, "a dog"))
    assert scorer.score(CANDIDATES).as_dict() == first


def test_cider_by_hand_where_captions_match():
    # "a" is in both pictures' references, so its weight is log(2 / 2) = 0; n > 2 has nothing.
    references = [[["a", "b"]], [["a", "c"]]]
    corpus, each = cider(references, [["a", "b"], ["c"]])
    assert each.tolist() == pytest.approx([(1 + 1) / 4, 1 / 4])
    assert corpus == pytest.approx(0.375)


def test_the_scorers_plain_cider_is_the_papers_times_ten():
    references = [list(map(ptb_tokenize, captions)) for captions in REFERENCES.values()]
    candidates = list(map(ptb_tokenize, CANDIDATES.values()))
    expected, each = cider(references, candidates)
    scores = score_captions(REFERENCES, CANDIDATES)
    assert scores.corpus["CIDEr-plain"] == pytest.approx(10 * expected)
    np.testing.assert_allclose(scores.per_image["CIDEr-plain"], 10 * each)


def test_sums_of_a_part_are_the_scores_of_that_part():
    scores = score_captions(REFERENCES, CANDIDATES)
    frequencies = CaptionScorer(REFERENCES).frequencies
    part = list(REFERENCES)[5:40:3]
    chosen = np.isin(scores.images, part)
    expected = score_captions(
        {name: REFERENCES[name] for name in part},
        {name: CANDIDATES[name] for name in part},
        frequencies=frequencies,
    ).corpus
    for sums in scores.sums:
        found = sums.combine(sums.rows[chosen].sum(0, keepdims=True))[0]
        assert found.tolist() == pytest.approx([expected[name] for name in sums.names])


def test_cider_by_hand_with_a_repeated_word():
    # All weights are log 2. Unigrams (b 2, x 1) against (b 1, x 1); bigrams (bb, bx) against (bx).
    references, candidates = [[["b", "x"]], [["y"]]], [["b", "b", "x"], ["y"]]
    plain = (3 / math.sqrt(10) + 1 / math.sqrt(2)) / 4
    clipped = (2 / math.sqrt(10) + 1 / math.sqrt(2)) / 4 * math.exp(-1 / 72) * 10
    assert cider(references, candidates)[1][0] == pytest.approx(plain)
    assert cider_d(references, candidates)[1][0] == pytest.approx(clipped)


def test_cider_by_hand_with_two_references():
    # One reference is the candidate, the other has nothing in common with it: half.
    references = [[["p", "q", "r", "s"], ["t"]], [["u"]]]
    candidates = [["p", "q", "r", "s"], ["v"]]
    assert cider(references, candidates)[1].tolist() == pytest.approx([0.5, 0])


def test_frequencies_of_other_captions_score_a_single_picture():
    alone = [[["a", "dog"]]], [["a", "dog"]]
    assert cider_d(*alone)[0] == 0
    frequencies = DocumentFrequencies.build([[["a", "dog"]], [["a", "cat"]], [["a", "bird"]]])
    assert cider_d(*alone, frequencies)[0] == pytest.approx(10 * (1 + 1) / 4)
    scorer = CaptionScorer({"1": ["A dog."]}, frequencies=frequencies)
    assert scorer.score({"1": "a dog"}).corpus["CIDEr-D"] == pytest.approx(5)


def test_bleu_takes_the_closest_length_and_the_shorter_of_two():
    references = [[["a"] * 4, ["a"] * 8, ["a"] * 12]]
    assert bleu(references, [["a"] * 6])[0][0] == pytest.approx(1)  # 4, not 8: no penalty
    assert bleu(references, [["a"] * 7])[0][0] == pytest.approx(math.exp(1 - 8 / 7))


def test_rouge_takes_the_best_precision_and_the_best_recall():
    # The first reference gives precision 2 / 4, the second recall 1 / 1.
    score = rouge_l([[["a", "x", "b", "y"], ["c"]]], [["a", "b", "c", "z"]])[0]
    assert score == pytest.approx((1 + 1.44) * 0.5 * 1 / (1 + 1.44 * 0.5))


@settings(deadline=None)
@given(PICTURES)
def test_bounds(pictures):
    references, candidates = [p[0] for p in pictures], [p[1] for p in pictures]
    for function, most in ((bleu, 1), (rouge_l, 1), (cider, 1), (cider_d, 10)):
        corpus, each = function(references, candidates)
        assert np.all(each >= 0) and np.all(each <= most + 1e-9)
        assert np.all(0 <= np.asarray(corpus)) and np.all(np.asarray(corpus) <= most + 1e-9)


@settings(deadline=None)
@given(PICTURES, st.randoms(use_true_random=False))
def test_the_order_of_references_and_pictures_makes_no_difference(pictures, random):
    shuffled = [(random.sample(refs, len(refs)), candidate) for refs, candidate in pictures]
    random.shuffle(shuffled)
    for function in (bleu, rouge_l, cider, cider_d):
        first = function([p[0] for p in pictures], [p[1] for p in pictures])[0]
        second = function([p[0] for p in shuffled], [p[1] for p in shuffled])[0]
        np.testing.assert_allclose(first, second, atol=1e-9)


@settings(deadline=None)
@given(st.lists(CAPTION.filter(bool), min_size=1, max_size=5))
def test_a_reference_as_the_candidate_scores_best(captions):
    references = [[caption] for caption in captions]
    assert rouge_l(references, captions)[0] == pytest.approx(1)
    best = cider_d(references, captions)[1]
    for others in (captions[1:] + captions[:1], [["dog"]] * len(captions)):
        assert np.all(cider_d(references, others)[1] <= best + 1e-9)


def test_what_cannot_be_scored_is_refused():
    with pytest.raises(DataError, match="no captions"):
        score_captions({}, {})
    with pytest.raises(DataError, match="without reference"):
        score_captions({"a.jpg": []}, {"a.jpg": "A dog."})
    with pytest.raises(DataError, match="2 pictures have no caption to score: b.jpg and others"):
        score_captions({n: ["A dog."] for n in ("a.jpg", "b.jpg", "c.jpg")}, {"a.jpg": "A dog."})
    with pytest.raises(DataError, match="no references: b.jpg"):
        score_captions({"a.jpg": ["A dog."]}, {"a.jpg": "A dog.", "b.jpg": "A cat."})
    with pytest.raises(DataError, match="cannot be scored for"):
        bleu([[["a"]]], [])
