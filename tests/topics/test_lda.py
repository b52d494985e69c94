"""Topics of captions made of two kinds of pictures, where the answer is known."""

import numpy as np
import pytest

pytest.importorskip("sklearn")

from looksay.errors import DataError  # noqa: E402
from looksay.topics import fit_topics  # noqa: E402

DOGS = ["a brown dog runs through the grass", "the dog chases a ball on the lawn"]
BOATS = ["a boat sails on the sea", "the sailor steers his boat over the waves"]


def test_pictures_of_two_kinds_have_two_topics():
    found = fit_topics([DOGS, BOATS] * 10, 2)
    assert found.shares.shape == (20, 2) and found.shares.dtype == np.float32
    np.testing.assert_allclose(found.shares.sum(1), 1.0, atol=1e-5)
    of_dogs, of_boats = found.shares[0].argmax(), found.shares[1].argmax()
    assert of_dogs != of_boats
    assert (found.shares.argmax(1) == [of_dogs, of_boats] * 10).all()
    assert "dog" in found.top_words[of_dogs] and "boat" in found.top_words[of_boats]
    assert not {"the", "a", "on"} & {word for of in found.top_words for word in of[:5]}


def test_the_same_seed_gives_the_same_topics():
    captions = [DOGS, BOATS] * 10
    one, two = (fit_topics(captions, 3, seed=4) for _ in range(2))
    np.testing.assert_array_equal(one.shares, two.shares)
    assert one.top_words == two.top_words


def test_a_word_of_few_pictures_is_left_out():
    found = fit_topics([DOGS, BOATS] * 10 + [["a zebra"]], 2)
    assert "zebra" not in {word for of in found.top_words for word in of}


@pytest.mark.parametrize(
    ("captions", "sentence"),
    [
        ([DOGS] * 2, "3 topics cannot be found in the captions of 2 pictures"),
        ([[f"word{chr(97 + i)}"] for i in range(9)], "no word is in those of 5 pictures"),
        ([["the of and"]] * 9, "function words only"),
    ],
)
def test_captions_without_topics_are_refused(captions, sentence):
    with pytest.raises(DataError, match=sentence):
        fit_topics(captions, 3)
