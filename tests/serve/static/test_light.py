"""The page's mathematics of light is that of looksay.pictures, number for number."""

from __future__ import annotations

import numpy as np
import pytest

from looksay.pictures.maps import light, spread
from looksay.pictures.page_data import region
from looksay.pictures.regions import Regions, brightest

SEEDS = range(4)


@pytest.fixture
def run(visit):
    """Calls a function of light.js or where.js."""
    page = visit()
    script = """async ([file, name, values]) => {
        const result = (await import(`/static/${file}.js`))[name](...values);
        return ArrayBuffer.isView(result) ? Array.from(result) : result;
    }"""
    return lambda file, name, *values: page.evaluate(script, [file, name, list(values)])


def grids(seed):
    """Attention (T, R, C): peaked, flat and in between."""
    rng = np.random.default_rng(seed)
    sharp = rng.normal(size=(4, 1, 1)) ** 2 * 3
    scores = np.exp(sharp * rng.normal(size=(4, 5 + seed, 9)))
    return (scores / scores.sum(axis=(1, 2), keepdims=True)).astype(np.float32)


@pytest.mark.parametrize("seed", SEEDS)
def test_the_light_of_grids(seed, run):
    for grid in grids(seed):
        expected = light(spread(grid, (40, 30))).ravel()
        np.testing.assert_allclose(
            run("light", "lightOf", grid.tolist(), None, 40, 30), expected, atol=2e-5
        )


@pytest.mark.parametrize("seed", SEEDS)
def test_where_a_word_looked_in_words(seed, run):
    told = run("where", "whereOf", grids(seed).tolist(), None)
    expected = [region(grid).removeprefix("the ") for grid in grids(seed)]
    assert told == [f"looked at the {part}" for part in expected]


@pytest.mark.parametrize("seed", SEEDS)
def test_the_boxes_that_are_framed(seed, run):
    for weights in grids(seed)[:, 0]:
        assert run("where", "brightest", weights.tolist()) == brightest(weights)


def test_the_light_of_boxes(run):
    boxes = np.array([[0, 0, 0.5, 1], [0.25, 0.25, 1, 1], [0, 0, 1, 1]])
    weights = np.array([0.7, 0.25, 0.05])
    assert Regions(boxes, ("dog", "", "")).boxes is boxes
    told = [{"box": box, "name": None, "score": None} for box in boxes.tolist()]
    lit = np.reshape(run("light", "lightOf", weights.tolist(), told, 40, 40), (40, 40))
    levels = light(weights)
    assert lit[5, 5] == pytest.approx(levels[0]) and lit[30, 15] == pytest.approx(levels[0])
    assert lit[30, 30] == pytest.approx(levels[1]) and lit[5, 30] == pytest.approx(levels[2])


def test_what_a_sentinel_took_is_told(run):
    looks = [[[0.6, 0.1], [0.0, 0.0]], [[0.05, 0.05], [0.05, 0.05]]]
    told = run("where", "whereOf", looks, None)
    assert told[0] == "looked 70 % at the upper left"
    assert told[1] == "looked 20 % at the whole picture"
    named = [{"box": [0, 0, 1, 1], "name": "dog"}, {"box": [0, 0, 0.2, 0.2], "name": None}]
    assert run("where", "whereOf", [[0.99, 0.01]], named) == ["looked at dog"]
    assert run("where", "whereOf", [[0.01, 0.99]], named) == ["looked at the upper left"]
