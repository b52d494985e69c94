"""Probabilities of yes or no: learning them, and whether they hold.

N captions, F signs of each.
"""

from __future__ import annotations

from typing import Any

import numpy as np

NUM_FOLDS = 10
NUM_BINS = 10
COVERAGES = (0.1, 0.25, 0.5, 0.75, 1.0)
PENALTY = 1.0  # on squared weights of standardised signs; the bias goes free
MAX_STEPS = 100


def fit_logistic(
    signs_NF: np.ndarray, yes_N: np.ndarray, penalty: float = PENALTY
) -> tuple[float, np.ndarray]:
    """Bias and weights (F,) of a logistic regression with an L2 penalty, by Newton's method."""
    design = np.column_stack([np.ones(len(yes_N)), signs_NF])
    shrink = np.diag([0.0, *[penalty] * signs_NF.shape[1]])
    weights = np.zeros(design.shape[1])
    for _ in range(MAX_STEPS):
        p_N = _sigmoid(design @ weights)
        gradient = design.T @ (yes_N - p_N) - shrink @ weights
        curvature = design.T @ (design * (p_N * (1 - p_N))[:, None]) + shrink
        # the lift keeps the curvature solvable where nearly every p is 0 or 1
        step = np.linalg.solve(curvature + 1e-9 * np.eye(len(weights)), gradient)
        weights = weights + step
        if np.abs(step).max() < 1e-10:
            break
    return float(weights[0]), weights[1:]


def standardise(signs_NF: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Means and scales (F,); a sign that never varies has the scale 1, and so no effect."""
    scales_F = signs_NF.std(axis=0)
    return signs_NF.mean(axis=0), np.where(scales_F > 1e-6, scales_F, 1.0)


def cross_validate(
    signs_NF: np.ndarray, yes_N: np.ndarray, *, folds: int = NUM_FOLDS, seed: int = 0
) -> np.ndarray:
    """Each caption's probability (N,) from the captions of the other folds alone."""
    fold_N = np.random.default_rng(seed).permutation(len(yes_N)) % folds
    found_N = np.zeros(len(yes_N))
    for fold in range(folds):
        held = fold_N == fold
        means_F, scales_F = standardise(signs_NF[~held])
        bias, weights_F = fit_logistic((signs_NF[~held] - means_F) / scales_F, yes_N[~held])
        found_N[held] = _sigmoid(bias + (signs_NF[held] - means_F) / scales_F @ weights_F)
    return found_N


def describe_calibration(p_N: np.ndarray, yes_N: np.ndarray) -> dict[str, Any]:
    """How well the probabilities hold, in plain numbers.

    ece: expected calibration error, over bins of equally many captions. brier: the mean squared
    error, to be below that of the share of yes said of every caption, `brier_of_share`. auc: how
    often a yes has the greater probability than a no. bins: least confident first. coverage: the
    share of yes among the most confident captions.
    """
    order = np.argsort(p_N, kind="stable")
    parts = [part for part in np.array_split(order, NUM_BINS) if len(part)]
    bins = [
        {
            "captions": len(part),
            "confidence": _rounded(p_N[part].mean()),
            "right": _rounded(yes_N[part].mean()),
        }
        for part in parts
    ]
    gaps = [len(part) * abs(p_N[part].mean() - yes_N[part].mean()) for part in parts]
    share = float(yes_N.mean())
    return {
        "captions": len(p_N),
        "right": _rounded(share),
        "ece": _rounded(sum(gaps) / len(p_N)),
        "brier": _rounded(np.mean((p_N - yes_N) ** 2)),
        "brier_of_share": _rounded(share * (1 - share)),
        "auc": _rounded(area_under_curve(p_N, yes_N)),
        "bins": bins,
        "coverage": [
            {"most_confident": part, "right": _rounded(yes_N[_last(order, part)].mean())}
            for part in COVERAGES
        ],
    }


def area_under_curve(p_N: np.ndarray, yes_N: np.ndarray) -> float:
    """How often a yes has a greater probability than a no, ties counted half (Mann-Whitney)."""
    values, place_N = np.unique(p_N, return_inverse=True)
    yes, no = (np.bincount(place_N[yes_N == want], minlength=len(values)) for want in (1, 0))
    if not yes.sum() or not no.sum():
        return 0.5
    below = np.cumsum(no) - no
    return float((yes * (below + no / 2)).sum() / (yes.sum() * no.sum()))


def _last(order: np.ndarray, part: float) -> np.ndarray:
    return order[len(order) - max(1, round(part * len(order))) :]


def _sigmoid(x: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-np.clip(x, -50, 50)))


def _rounded(value: Any) -> float:
    return round(float(value), 4)
