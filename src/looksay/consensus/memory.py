"""The memory of a model: its training pictures as short vectors, and what people say of each.

What people would say of another picture is found by kernel ridge regression among the pictures
most like it: `values = k^T (K + ridge I)^-1 Y` with `k = exp(sharpness (cosine - 1))` and Y the
pictures' mean tf-idf vectors (see `counting`). Plain nearest neighbours do less well, and so does
any regression of few parameters: it takes the very pictures.

B pictures, R places, D feature size, P size of a vector, N training pictures, S those most like a
picture, G n-grams, Z values that are not 0.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, cached_property

import numpy as np
from threadpoolctl import ThreadpoolController

from looksay.consensus.counting import Said, count_captions
from looksay.consensus.recalled import Recalled

VECTOR_SIZE = 256
MOST_PICTURES = 50_000  # remembered; a bundle is to stay small, and captioning fast
MIN_PICTURES = 5  # an n-gram of fewer is no consensus
SHARPNESS, RIDGE, NEIGHBOURS = 2.0, 0.3, 400
_MOST = 127  # of int8
_SOLVED = 1e-5  # of the right side: how much of it may be left over
_MOST_STEPS = 100


@dataclass(frozen=True, kw_only=True)
class Memory:
    """projection (D, P), offset (P,): from the mean of a picture's features to its vector, whose
    length does not matter. vectors: (N, P) int8, of the training pictures. said: what people say
    of them."""

    projection: np.ndarray
    offset: np.ndarray
    vectors: np.ndarray
    said: Said
    sharpness: float = SHARPNESS
    ridge: float = RIDGE
    neighbours: int = NEIGHBOURS

    def recall(self, features_BRD: np.ndarray, mask_BR: np.ndarray | None = None) -> Recalled:
        """What people would say of pictures with these features."""
        with _pools().limit(limits=1, user_api="blas"):
            return self._recall(mean_features(features_BRD, mask_BR))

    def _recall(self, means_BD: np.ndarray) -> Recalled:
        vectors_BP = _unit(means_BD @ self.projection + self.offset)
        cosines_BN = vectors_BP @ self._unit_vectors.T
        said = self.said
        values_BG = np.empty((len(cosines_BN), len(said.ngrams)), np.float32)
        for values_G, cosines_N in zip(values_BG, cosines_BN, strict=True):
            values_G[:] = self._values_of(cosines_N)
        rarest = math.log(len(self.vectors))
        return Recalled(said.ngrams, values_BG, said.idf, said.norms, rarest)

    def _values_of(self, cosines_N: np.ndarray) -> np.ndarray:
        size = min(self.neighbours, len(cosines_N))
        nearest_S = np.argpartition(-cosines_N, size - 1)[:size]
        vectors_SP = self._unit_vectors[nearest_S]
        kernel_SS = self._kernel(vectors_SP @ vectors_SP.T)
        kernel_SS[np.diag_indices(size)] += self.ridge
        weights_S = _solve(kernel_SS, self._kernel(cosines_N[nearest_S]))
        return self.said.sum(nearest_S, weights_S)

    def _kernel(self, cosines: np.ndarray) -> np.ndarray:
        return np.exp(self.sharpness * (cosines - 1))

    @cached_property
    def _unit_vectors(self) -> np.ndarray:
        return _unit(self.vectors.astype(np.float32))


@cache
def _pools() -> ThreadpoolController:
    """The libraries' threads. Those of NumPy's own spin while they wait, and so take the processors
    from the model's: with them, captioning loses a third of its speed."""
    return ThreadpoolController()


def worth_remembering(num_pictures: int) -> np.ndarray:
    """The numbers of the training pictures to remember: all, or `MOST_PICTURES` spread evenly."""
    if num_pictures <= MOST_PICTURES:
        return np.arange(num_pictures)
    return np.linspace(0, num_pictures - 1, MOST_PICTURES).round().astype(np.int64)


def learn_memory(
    means_ND: np.ndarray,
    captions: Sequence[Sequence[Sequence[int]]],
    vocabulary_size: int,
) -> Memory:
    """The memory of training pictures by the means of their features and their captions' tokens.

    A vector has the `VECTOR_SIZE` principal components of the standardised means, each divided by
    the square root of its deviation.
    """
    means_ND = means_ND.astype(np.float64)
    mean_D, spread_D = means_ND.mean(axis=0), means_ND.std(axis=0)
    spread_D = np.where(spread_D > 1e-6, spread_D, np.inf)  # what never varies says nothing
    standard_ND = (means_ND - mean_D) / spread_D
    values, basis_DD = np.linalg.eigh(standard_ND.T @ standard_ND / len(means_ND))
    chosen = np.argsort(-values)[:VECTOR_SIZE]
    chosen = chosen[values[chosen] > 1e-6 * values.max(initial=0)]
    projection_DP = basis_DD[:, chosen] / values[chosen] ** 0.25 / spread_D[:, None]
    vectors_NP = _unit((means_ND - mean_D) @ projection_DP)
    projection_DP /= max(np.abs(projection_DP).max(initial=0), 1e-12)  # for float16's range
    projection_DP = projection_DP.astype(np.float16).astype(np.float64)
    scale = _MOST / max(np.abs(vectors_NP).max(initial=0), 1e-12)
    said = count_captions(captions, vocabulary_size, min_pictures=MIN_PICTURES)
    return Memory(
        projection=projection_DP.astype(np.float32),
        offset=(-mean_D @ projection_DP).astype(np.float32),
        vectors=np.round(vectors_NP * scale).astype(np.int8),
        said=said,
    )


def mean_features(features_BRD: np.ndarray, mask_BR: np.ndarray | None = None) -> np.ndarray:
    """The mean (B, D) of the features of the places that count."""
    if mask_BR is None:
        return features_BRD.mean(axis=1, dtype=np.float32)
    weights_BR1 = (mask_BR / np.maximum(mask_BR.sum(axis=1, keepdims=True), 1))[..., None]
    return (features_BRD * weights_BR1).sum(axis=1, dtype=np.float32)


def _unit(vectors_NP: np.ndarray) -> np.ndarray:
    lengths_N1 = np.linalg.norm(vectors_NP, axis=1, keepdims=True)
    return vectors_NP / np.maximum(lengths_N1, 1e-12)


def _solve(matrix_SS: np.ndarray, right_S: np.ndarray) -> np.ndarray:
    """x with `matrix x = right`, of a positive definite matrix: by conjugate gradients, which need
    a tenth of the time of an exact solution here."""
    found_S, left_S = np.zeros_like(right_S), right_S.copy()
    direction_S, remainder = left_S.copy(), left_S @ left_S
    enough = _SOLVED**2 * remainder
    for _ in range(_MOST_STEPS):
        if remainder <= enough:
            break
        product_S = matrix_SS @ direction_S
        step = remainder / (direction_S @ product_S)
        found_S += step * direction_S
        left_S -= step * product_S
        before, remainder = remainder, left_S @ left_S
        direction_S = left_S + direction_S * (remainder / before)
    return found_S
