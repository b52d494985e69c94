"""Probabilities of known truth are learnt, and their calibration is told as it is."""

from __future__ import annotations

import numpy as np
import pytest

from looksay.evaluation.calibration import (
    area_under_curve,
    cross_validate,
    describe_calibration,
    fit_logistic,
    standardise,
)

BIAS, WEIGHTS = -0.7, np.array([1.2, -0.6, 0.0])


@pytest.fixture(scope="module")
def drawn():
    """4,000 captions whose probability of being right is known, and which were."""
    rng = np.random.default_rng(3)
    signs_NF = rng.normal(size=(4000, 3))
    truth_N = 1 / (1 + np.exp(-(BIAS + signs_NF @ WEIGHTS)))
    return signs_NF, truth_N, (rng.random(4000) < truth_N).astype(float)


def test_the_logistic_that_drew_the_labels_is_found_again(drawn):
    signs_NF, _, yes_N = drawn
    bias, weights_F = fit_logistic(signs_NF, yes_N)
    assert bias == pytest.approx(BIAS, abs=0.1)
    assert weights_F == pytest.approx(WEIGHTS, abs=0.12)


def test_it_is_scikit_learns():
    linear = pytest.importorskip("sklearn.linear_model")
    rng = np.random.default_rng(0)
    signs_NF = rng.normal(size=(120, 4))
    yes_N = (signs_NF[:, 0] + rng.normal(size=120) > 0.3).astype(float)
    bias, weights_F = fit_logistic(signs_NF, yes_N, penalty=2.0)
    theirs = linear.LogisticRegression(C=0.5, tol=1e-10, max_iter=1000).fit(signs_NF, yes_N)
    assert weights_F == pytest.approx(theirs.coef_[0], abs=1e-4)
    assert bias == pytest.approx(theirs.intercept_[0], abs=1e-4)


def test_probabilities_of_captions_not_learnt_from_are_calibrated(drawn):
    signs_NF, truth_N, yes_N = drawn
    p_N = cross_validate(signs_NF * 50 + 7, yes_N)  # whatever the signs' scale is
    assert np.abs(p_N - truth_N).mean() < 0.02
    told = describe_calibration(p_N, yes_N)
    assert told["ece"] < 0.03 and told["captions"] == 4000
    assert told["brier"] < told["brier_of_share"] - 0.03
    assert told["right"] == pytest.approx(yes_N.mean(), abs=1e-4)
    assert [each["captions"] for each in told["bins"]] == [400] * 10
    confidences = [each["confidence"] for each in told["bins"]]
    assert confidences == sorted(confidences)
    shares = [each["right"] for each in told["coverage"]]
    assert shares[0] > 0.6 > shares[-1] and shares[-1] == told["right"]


def test_overconfidence_is_told(drawn):
    _, truth_N, yes_N = drawn
    sure_N = np.where(truth_N > 0.5, 0.99, 0.01)
    assert describe_calibration(sure_N, yes_N)["ece"] > 0.15


def test_no_held_out_label_leaks_into_its_own_probability():
    rng = np.random.default_rng(1)
    signs_NF, yes_N = rng.normal(size=(400, 5)), (rng.random(400) < 0.4).astype(float)
    assert area_under_curve(cross_validate(signs_NF, yes_N), yes_N) == pytest.approx(0.5, abs=0.08)


def test_a_sign_that_never_varies_and_labels_that_are_separable_do_no_harm():
    signs_NF = np.column_stack([np.linspace(-1, 1, 60), np.full(60, 3.0)])
    means_F, scales_F = standardise(signs_NF)
    assert scales_F[1] == 1
    bias, weights_F = fit_logistic((signs_NF - means_F) / scales_F, signs_NF[:, 0] > 0)
    assert np.isfinite([bias, *weights_F]).all() and weights_F[1] == pytest.approx(0, abs=1e-6)


def test_the_area_under_the_curve_counts_pairs():
    p_N, yes_N = np.array([0.1, 0.4, 0.4, 0.8]), np.array([0.0, 0.0, 1.0, 1.0])
    assert area_under_curve(p_N, yes_N) == pytest.approx(3.5 / 4)
    assert area_under_curve(p_N, np.ones(4)) == 0.5
