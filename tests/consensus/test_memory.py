"""The memory of training pictures: what it recalls, and how sentences agree with it."""

from __future__ import annotations

import dataclasses
import math
from collections import defaultdict

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from looksay.consensus import Memory, learn_memory, mean_features
from looksay.consensus.counting import count_captions
from looksay.consensus.memory import _solve
from looksay.consensus.recalled import Recalled
from looksay.metrics.cider import SCALE, Weighted, score_cider, similarity, weigh
from looksay.metrics.ngrams import MAX_N, DocumentFrequencies, count_ngrams
from looksay.text import SPECIALS

FIRST = len(SPECIALS)
VOCABULARY_SIZE = FIRST + 5
words = st.integers(FIRST, VOCABULARY_SIZE - 1)
sentences = st.lists(words, min_size=1, max_size=9)
pictures_captions = st.lists(st.lists(sentences, min_size=1, max_size=3), min_size=2, max_size=6)


def random_captions(num_pictures: int, rng: np.random.Generator) -> list[list[list[int]]]:
    return [
        [rng.integers(FIRST, VOCABULARY_SIZE, rng.integers(1, 8)).tolist() for _ in range(3)]
        for _ in range(num_pictures)
    ]


def all_said(memory: Memory, captions) -> Memory:
    """The memory, of what it is told without leaving out what is rare."""
    said = count_captions(captions, VOCABULARY_SIZE, min_pictures=1)
    return dataclasses.replace(memory, said=said)


def of_one(captions, picture: int, num_copies: int = 1) -> Recalled:
    """What is recalled when it is exactly what people say of one training picture."""
    said = count_captions(captions, VOCABULARY_SIZE, min_pictures=1)
    values = said.sum(np.array([picture]), np.ones(1))
    values_BG = np.tile(values, (num_copies, 1)).astype(np.float32)
    return Recalled(said.ngrams, values_BG, said.idf, said.norms, math.log(len(captions)))


def ciders(captions, picture: int, sentences) -> np.ndarray:
    """CIDEr of sentences with one picture's captions as their references."""
    counts = [[count_ngrams(each) for each in captions_of] for captions_of in captions]
    frequencies = DocumentFrequencies.from_counts(counts)
    references = weigh([counts[picture]] * len(sentences), frequencies)
    candidates = [count_ngrams(each) for each in sentences]
    return score_cider(references, candidates, frequencies, similarity, SCALE)[1]


def padded(sentences, length: int = 0) -> np.ndarray:
    length = max(length, *map(len, sentences))
    return np.array([[*each, *[-1] * (length - len(each))] for each in sentences])


@pytest.mark.parametrize("offset", [0, 3])
def test_a_training_picture_recalls_what_was_said_of_it(offset):
    rng = np.random.default_rng(0)
    captions = random_captions(12, rng)
    features = (rng.normal(size=(12, 4, 20)) * 3 + offset).astype(np.float32)
    learnt = learn_memory(mean_features(features), captions, VOCABULARY_SIZE)
    memory = dataclasses.replace(all_said(learnt, captions), sharpness=20.0, ridge=1e-6)
    recalled = memory.recall(features)
    for picture in range(12):
        own = memory.said.sum(np.array([picture]), np.ones(1))
        assert recalled._values_BG[picture] == pytest.approx(own, abs=0.03)
        found = recalled.agreements(np.full(3, picture), padded(captions[picture]))
        assert found == pytest.approx(ciders(captions, picture, captions[picture]), abs=0.3)


def test_features_far_from_0_are_remembered_as_well():
    """Their mean, many times what they vary by, must not come back by rounding."""
    rng = np.random.default_rng(1)
    means = rng.normal(size=(40, 30))
    captions = random_captions(40, rng)
    plain = learn_memory(means, captions, VOCABULARY_SIZE).recall(means[:, None])
    shifted = learn_memory(means + 100, captions, VOCABULARY_SIZE).recall(means[:, None] + 100)
    assert shifted._values_BG == pytest.approx(plain._values_BG, abs=0.02)


@pytest.mark.parametrize("neighbours", [5, 15, 400])
def test_values_are_those_of_kernel_ridge_regression_among_the_nearest(neighbours):
    rng = np.random.default_rng(2)
    means, captions = rng.normal(size=(15, 6)), random_captions(15, rng)
    learnt = all_said(learn_memory(means, captions, VOCABULARY_SIZE), captions)
    memory = dataclasses.replace(learnt, neighbours=neighbours)
    others = rng.normal(size=(4, 3, 6))
    values_BG = memory.recall(others)._values_BG
    said = [memory.said.sum(np.array([picture]), np.ones(1)) for picture in range(15)]
    remembered = [vector / np.linalg.norm(vector) for vector in memory.vectors.astype(float)]
    for features, values in zip(others, values_BG, strict=True):
        vector = features.mean(axis=0) @ memory.projection + memory.offset
        cosines = np.array([vector @ each / np.linalg.norm(vector) for each in remembered])
        nearest = np.argsort(-cosines)[:neighbours]
        kernel = [
            [math.exp(memory.sharpness * (remembered[i] @ remembered[j] - 1)) for j in nearest]
            for i in nearest
        ]
        right = np.exp(memory.sharpness * (cosines[nearest] - 1))
        weights = np.linalg.solve(kernel + memory.ridge * np.eye(len(nearest)), right)
        expected = sum(w * said[n] for w, n in zip(weights, nearest, strict=True))
        assert values == pytest.approx(expected, abs=1e-3)


def test_alike_pictures_have_alike_vectors():
    """Cosines of vectors as remembered, in int8, are those of vectors worked out at length."""
    rng = np.random.default_rng(3)
    means = rng.normal(size=(60, 8)) @ rng.normal(size=(8, 8)) * [1, 1, 1, 1, 9, 9, 0.1, 0.1]
    memory = learn_memory(means, random_captions(60, rng), VOCABULARY_SIZE)
    standard = (means - means.mean(axis=0)) / means.std(axis=0)
    left, sizes, _ = np.linalg.svd(standard, full_matrices=False)
    expected = left * np.sqrt(sizes)  # a component's deviation, but for its square root
    assert memory.vectors.dtype == np.int8
    assert cosines_of(memory.vectors) == pytest.approx(cosines_of(expected), abs=0.02)


def cosines_of(vectors) -> np.ndarray:
    vectors = np.array(vectors, float)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors @ vectors.T


@pytest.mark.parametrize("kind", [bool, np.int32, np.float32])
def test_padding_does_not_count(kind):
    rng = np.random.default_rng(4)
    features = rng.normal(size=(3, 5, 7)).astype(np.float32)
    mask = np.array([[1, 1, 1, 1, 1], [1, 1, 0, 0, 0], [0, 0, 0, 0, 0]], kind)
    features[1, 2:] = 1e6
    means = mean_features(features, mask)
    assert means[0] == pytest.approx(features[0].mean(axis=0), abs=1e-6)
    assert means[1] == pytest.approx(features[1, :2].mean(axis=0), abs=1e-6)
    assert means[2].tolist() == [0] * 7
    assert mean_features(features[:1]) == pytest.approx(means[:1], abs=1e-6)


def test_padded_pictures_recall_what_they_do_without_padding():
    rng = np.random.default_rng(5)
    memory = learn_memory(rng.normal(size=(9, 6)), [[[FIRST]]] * 6 + [[[FIRST + 1]]] * 3, 6)
    features = rng.normal(size=(2, 3, 6))
    wider = np.concatenate([features, np.full((2, 2, 6), 77.0)], axis=1)
    mask = np.array([[1, 1, 1, 0, 0]] * 2)
    plain, found = memory.recall(features), memory.recall(wider, mask)
    assert plain._values_BG.any()
    assert found._values_BG == pytest.approx(plain._values_BG, abs=1e-4)


@pytest.mark.parametrize("size", [1, 2, 30, 200])
@pytest.mark.parametrize("ridge", [0.01, 0.3])
def test_equations_are_solved_as_numpy_does(size, ridge):
    rng = np.random.default_rng(size)
    vectors = rng.normal(size=(size, 12)) + 0.5
    matrix = np.exp(2 * (cosines_of(vectors) - 1)) + ridge * np.eye(size)
    right = rng.random(size)
    before = right.copy()
    found = _solve(matrix, right)
    assert np.array_equal(right, before)
    exact = np.linalg.solve(matrix, right)
    assert found == pytest.approx(exact, abs=1e-3 * np.abs(exact).max())
    assert matrix @ found == pytest.approx(right, abs=1e-4 * np.linalg.norm(right))
    assert _solve(matrix, np.zeros(size)).tolist() == [0] * size


@pytest.mark.parametrize("num_pictures", [1, 2, 5, 7])
@pytest.mark.parametrize("size", [1, 3, 40])
@pytest.mark.parametrize("varies", [False, True])
def test_few_pictures_and_constant_features_do_no_harm(num_pictures, size, varies):
    rng = np.random.default_rng(6)
    means = np.full((num_pictures, size), 2.5)
    if varies:
        means[:, 0] = rng.normal(size=num_pictures)
    captions = [[[FIRST, FIRST + 1]]] * num_pictures
    captions[0] = [[FIRST]]
    memory = learn_memory(means, captions, VOCABULARY_SIZE)
    recalled = memory.recall(rng.normal(size=(3, 4, size)))
    pictures = np.arange(3)
    gains = recalled.gains(pictures, np.full((3, 2, 4), FIRST))
    assert gains.shape == (3, 2, VOCABULARY_SIZE - FIRST)
    assert np.isfinite(gains).all()
    found = recalled.agreements(pictures, np.full((3, 5), FIRST))  # of no n-grams at all, often
    assert found.shape == (3,) and np.isfinite(found).all()


@settings(deadline=None, max_examples=100)
@given(captions=pictures_captions, said=st.lists(sentences, min_size=1, max_size=4), data=st.data())
def test_an_agreement_is_cider_with_what_is_recalled(captions, said, data):
    picture = data.draw(st.integers(0, len(captions) - 1))
    found = of_one(captions, picture).agreements(np.zeros(len(said), int), padded(said))
    assert found == pytest.approx(ciders(captions, picture, said), abs=1e-4)


def test_repeated_words_count_as_often_as_they_come():
    a, b, c = range(FIRST, FIRST + 3)
    captions = [[[a, b, a, b, a], [b, b]], [[a, c]], [[c, c, c]]]
    said = [[a, b, a, b, a, b], [b, b, b, b], [c, a, a, b, c, a, b], [a]]
    expected = ciders(captions, 0, said)
    found = of_one(captions, 0).agreements(np.zeros(4, int), padded(said))
    assert found == pytest.approx(expected, abs=1e-5)
    once = ciders(captions, 0, [sorted(set(each)) for each in said])
    assert not np.isclose(expected, once)[:3].any()


def test_a_caption_alone_agrees_wholly_with_itself():
    captions = [[list(range(FIRST, FIRST + 4))], [[FIRST + 4]]]
    [found] = of_one(captions, 0).agreements(np.array([0]), padded(captions[0]))
    assert found == pytest.approx(SCALE)


def test_rare_n_grams_weigh_as_the_rarest_in_a_sentence():
    """Left out, they agree with nothing, and lengthen the sentence's vector by log N each."""
    a, b = FIRST, FIRST + 1
    captions = [[[a]], [[a]], [[b]], [[FIRST + 2]]]
    said = count_captions(captions, VOCABULARY_SIZE, min_pictures=2)
    values_BG = said.sum(np.array([0]), np.ones(1))[None].astype(np.float32)
    recalled = Recalled(said.ngrams, values_BG, said.idf, said.norms, math.log(4))
    found = recalled.agreements(np.zeros(3, int), padded([[a], [a, b], [a, b, b]]))
    expected = [math.log(2) / math.hypot(math.log(2), n * math.log(4)) for n in range(3)]
    assert found == pytest.approx(np.array(expected) * SCALE / MAX_N, abs=1e-5)


@settings(deadline=None, max_examples=50)
@given(captions=pictures_captions, said=st.lists(sentences, min_size=1, max_size=4))
def test_padding_behind_the_ends_changes_no_agreement(captions, said):
    recalled = of_one(captions, 0, num_copies=2)
    pictures = np.arange(len(said)) % 2
    found = recalled.agreements(pictures, padded(said, 12))
    alone = [recalled.agreements(pictures[:1], padded([each]))[0] for each in said]
    assert found == pytest.approx(np.array(alone), abs=1e-5)


def test_no_sentences_have_no_agreements():
    recalled = of_one([[[FIRST]], [[FIRST + 1]]], 0)
    assert recalled.agreements(np.zeros(0, int), np.zeros((0, 1), int)).shape == (0,)


def test_each_picture_agrees_by_what_is_recalled_of_it():
    rng = np.random.default_rng(7)
    captions = random_captions(6, rng)
    said = count_captions(captions, VOCABULARY_SIZE, min_pictures=1)
    values_BG = np.array([said.sum(np.array([p]), np.ones(1)) for p in (4, 1)], np.float32)
    recalled = Recalled(said.ngrams, values_BG, said.idf, said.norms, math.log(6))
    spoken = captions[4] + captions[1]
    pictures = np.array([1, 0, 1, 0, 1, 0])
    expected = [
        ciders(captions, (4, 1)[row], [each])[0] for row, each in zip(pictures, spoken, strict=True)
    ]
    found = recalled.agreements(pictures, padded(spoken))
    assert found == pytest.approx(np.array(expected), abs=1e-4)
    prefixes = np.array([[captions[4][0][:1]], [captions[1][0][:1]]])
    swapped = recalled.gains(np.array([1, 0]), prefixes[::-1])[::-1]
    assert np.array_equal(recalled.gains(np.array([0, 1]), prefixes), swapped)


def share_of(captions, picture: int, norms: np.ndarray):
    """Of each n-gram: its value times its idf, of a sentence with vectors of these lengths."""
    counts = [[count_ngrams(each) for each in captions_of] for captions_of in captions]
    frequencies = DocumentFrequencies.from_counts(counts)
    shares: dict[tuple[int, ...], float] = defaultdict(float)
    for each in counts[picture]:
        weighted = Weighted.of(each, frequencies)
        for gram, weight in weighted.weights.items():
            if weight:
                value = weight / weighted.norms[len(gram) - 1] / len(counts[picture])
                scale = SCALE / MAX_N / norms[len(gram) - 1]
                shares[gram] += value * frequencies.idf(gram) * scale
    return shares


def gained(shares, prefix, word: int) -> float:
    """By the n-grams that a word completes; one said before takes back what it gave alone."""
    sign = -1 if word in prefix else 1
    longer = range(2, min(MAX_N, len(prefix) + 1) + 1)
    return sign * shares[(word,)] + sum(shares[(*prefix, word)[-n:]] for n in longer)


@settings(deadline=None, max_examples=50)
@given(captions=pictures_captions, prefixes=st.lists(sentences, min_size=1, max_size=3))
def test_a_word_gains_what_the_n_grams_that_it_completes_add(captions, prefixes):
    recalled = of_one(captions, 0)
    norms = count_captions(captions, VOCABULARY_SIZE, min_pictures=1).norms
    shares = share_of(captions, 0, norms)
    length = min(map(len, prefixes))
    for shorter in range(length + 1):  # the first word has no prefix
        beams = [tuple(prefix[:shorter]) for prefix in prefixes]
        found = recalled.gains(np.array([0]), np.array([beams], np.int32))
        expected = [
            [gained(shares, beam, word) for word in range(FIRST, VOCABULARY_SIZE)] for beam in beams
        ]
        assert found[0] == pytest.approx(np.array(expected), abs=1e-4)


@settings(deadline=None, max_examples=50)
@given(captions=pictures_captions, sentence=st.permutations(range(FIRST, VOCABULARY_SIZE)))
def test_gains_add_up_to_all_that_a_sentence_without_repeats_shares(captions, sentence):
    recalled = of_one(captions, 0)
    norms = count_captions(captions, VOCABULARY_SIZE, min_pictures=1).norms
    shares = share_of(captions, 0, norms)
    total = 0.0
    for place, word in enumerate(sentence):
        gains = recalled.gains(np.array([0]), np.array([[sentence[:place]]], int))
        total += gains[0, 0, word - FIRST]
    assert total == pytest.approx(sum(shares[gram] for gram in count_ngrams(sentence)), abs=1e-4)


def test_a_word_said_before_takes_back_what_it_gave_however_often():
    a, b = FIRST, FIRST + 1
    recalled = of_one([[[a, b]], [[FIRST + 2]]], 0)
    prefixes = np.array([[[b, b, b], [a, b, a], [a, a, b], [b, a, a]]])
    gains = recalled.gains(np.array([0]), prefixes)[0, :, :2]
    unsaid = recalled.gains(np.array([0]), np.array([[[FIRST + 2]]]))[0, 0, :2]
    assert (unsaid > 1).all()
    after_a = np.array([0, SCALE / MAX_N])  # "a b" is a whole order of its own
    assert gains[0] == pytest.approx(unsaid * [1, -1])
    assert gains[1] == pytest.approx(unsaid * -1 + after_a)
    assert gains[2] == pytest.approx(unsaid * -1)
    assert gains[3] == pytest.approx(unsaid * -1 + after_a)


def test_gains_are_new_each_time():
    """Whoever asks may scale them where they lie."""
    recalled = of_one([[[FIRST]], [[FIRST + 1]]], 0)
    prefix = np.zeros((1, 1, 0), np.int32)
    first = recalled.gains(np.array([0]), prefix)
    expected = first.copy()
    first *= 7
    assert expected.any()
    assert np.array_equal(recalled.gains(np.array([0]), prefix), expected)
