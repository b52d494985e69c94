"""METEOR without Java: by hand, by its properties, and against the reference program."""

from __future__ import annotations

import importlib
import json
import shutil
import zipfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from looksay.errors import DataError, MetricError, MissingExtraError
from looksay.metrics import best_own_meteor, own_meteor, ptb_tokenize
from looksay.metrics.java import find_java, find_program, run_java
from looksay.metrics.wordnet import FOLDER, find_wordnet, load_wordnet

GOLDEN = json.loads((Path(__file__).parent / "golden" / "scores.json").read_text("utf-8"))
REFERENCES = [list(map(ptb_tokenize, p["references"])) for p in GOLDEN["pictures"].values()]
CANDIDATES = [ptb_tokenize(p["candidate"]) for p in GOLDEN["pictures"].values()]
MODULE = importlib.import_module("looksay.metrics.own_meteor")  # the function has its name
NUM_ODD = 20  # of the golden captions: signs, other scripts, hundreds of equal words

CAPTION = st.lists(st.sampled_from("a the dog dogs run running cat".split()), max_size=8)
PICTURES = st.lists(
    st.tuples(st.lists(CAPTION, min_size=1, max_size=4), CAPTION), min_size=1, max_size=4
)


class Synonyms:
    """In the place of WordNet: sofa is couch."""

    def synsets(self, word: str) -> frozenset[tuple[str, str]]:
        return frozenset({("noun", "1")} if word in ("sofa", "couch") else ())


def score(references: list[str], candidate: str, **how) -> float:
    sums = own_meteor([[r.split() for r in references]], [candidate.split()], **how)
    (each,) = sums.per_image().values()
    return float(each[0])


def penalty(chunks: int, matches: float) -> float:
    return 1 - 0.6 * (chunks / matches) ** 0.2


@pytest.mark.parametrize(
    ("reference", "candidate", "expected"),
    [
        ("lighthouse stands beside fields", "lighthouse stands beside fields", 1),
        # all words match, in two chunks of four words
        ("lighthouse stands beside fields", "beside fields lighthouse stands", penalty(2, 4)),
        ("lighthouse", "boat", 0),
        ("lighthouse", "", 0),
        ("", "lighthouse", 0),
        # stems, once without and once beside a word that is equal
        ("dogs", "dog", 0.6),
        ("brown dogs", "brown dog", (1 + 0.6) / 2),
        # a function word weighs 0.25, another 0.75; its only match is a chunk of its own
        ("the dog", "the cat", 0.25 * penalty(1, 1)),
        # P = 1 of 1, R = 1 of 2 content words; matches are 1 and 1
        ("brown dog", "dog", 0.5 / (0.85 + 0.15 * 0.5) * penalty(1, 1)),
        # hyphens divide, so this is one chunk of two words out of two
        ("snow-covered", "snow covered", 1),
        ("sofa", "couch", 0),
    ],
)
def test_by_hand(reference, candidate, expected):
    assert score([reference], candidate) == pytest.approx(expected)


def test_synonyms_count_where_wordnet_is():
    assert score(["sofa"], "couch", wordnet=Synonyms()) == pytest.approx(0.8)
    assert score(["sofas"], "sofa", wordnet=Synonyms()) == pytest.approx(0.6)  # by their stem
    named = own_meteor([[["sofa"]]], [["couch"]], wordnet=Synonyms())
    assert named.names == ("METEOR-synonym",)
    assert own_meteor([[["sofa"]]], [["couch"]]).names == ("METEOR-stem",)


def test_the_best_reference_counts():
    assert score(["tower", "brown dog", "brown dogs"], "brown dog") == 1
    assert score(["tower", "brown dogs"], "brown dog") == pytest.approx(0.8)


def test_a_sets_score_is_made_of_counts_and_no_mean():
    sums = own_meteor([[["dog"]], [["lighthouse", "stands"]]], [["dog"], ["boat", "stands"]])
    # P = R = 2 of 3; chunks: none of the caption equal to its reference, one of the other
    assert sums.corpus()["METEOR-stem"] == pytest.approx(2 / 3 * penalty(1, 2))
    assert sums.per_image()["METEOR-stem"].tolist() == pytest.approx([1, 0.5 * penalty(1, 1)])


def test_what_cannot_be_scored_is_refused():
    with pytest.raises(DataError, match="without reference"):
        own_meteor([[]], [["a"]])
    with pytest.raises(DataError, match="no captions"):
        own_meteor([], [])


@settings(deadline=None)
@given(PICTURES, st.randoms(use_true_random=False))
def test_bounds_and_the_order_of_references(pictures, random):
    references, candidates = [p[0] for p in pictures], [p[1] for p in pictures]
    sums = own_meteor(references, candidates)
    (each,), (corpus,) = sums.per_image().values(), sums.corpus().values()
    assert np.all(each >= 0) and np.all(each <= 1 + 1e-12) and 0 <= corpus <= 1 + 1e-12
    shuffled = [random.sample(of_one, len(of_one)) for of_one in references]
    (again,) = own_meteor(shuffled, candidates).per_image().values()
    np.testing.assert_allclose(again, each)


@settings(deadline=None)
@given(CAPTION.filter(bool), st.data())
def test_no_caption_scores_more_than_the_reference_itself(caption, data):
    other = data.draw(st.lists(st.sampled_from(caption), min_size=len(caption), max_size=9))
    same = score([" ".join(caption)], " ".join(caption))
    assert same == pytest.approx(1)
    assert score([" ".join(caption)], " ".join(other)) <= same + 1e-12


def test_it_goes_with_the_reference_programs_scores():
    """The golden file has them, so this needs no Java."""
    (each,) = own_meteor(REFERENCES, CANDIDATES).per_image().values()
    expected = np.array(GOLDEN["per_image"]["METEOR"])
    assert np.corrcoef(each, expected)[0, 1] > 0.95
    assert abs(each.mean() - expected.mean()) < 0.03


def test_with_equal_words_alone_every_count_is_the_programs(monkeypatch):
    """Its stages but the first switched off on both sides, and its own function words."""
    try:
        java, jar = find_java(), find_program("meteor", "meteor-1.5.jar")
    except (MetricError, MissingExtraError):
        pytest.skip("no Java, or no pycocoevalcap")
    with zipfile.ZipFile(jar) as archive:
        words = archive.read("function/english.words").decode().split()
    monkeypatch.setattr(MODULE, "FUNCTION_WORDS", frozenset(words))
    monkeypatch.setattr("snowballstemmer.stemmer", lambda language: NoStemmer())
    monkeypatch.setattr(MODULE, "_stages", MODULE._stages.__wrapped__)  # not the remembered ones
    references = [[r] for of_one in REFERENCES[NUM_ODD:] for r in of_one]
    candidates = [c for c, refs in zip(CANDIDATES, REFERENCES, strict=True) for _ in refs][
        -len(references) :
    ]
    asked = "".join(
        f"SCORE ||| {' '.join(reference[0])} ||| {' '.join(candidate)}\n"
        for reference, candidate in zip(references, candidates, strict=True)
    )
    options = ["-", "-", "-stdio", "-l", "en", "-norm", "-m", "exact"]
    answer = run_java("METEOR", [java, "-Xmx1G", "-jar", jar.name, *options], jar.parent, asked)
    table = np.array([line.split() for line in answer.splitlines()], np.float64)
    rows = own_meteor(references, candidates).rows
    whole = rows[:, 20] != table[:, 20]  # there the single chunk counts as none, here it has been
    assert np.all(table[whole, 20] == 1) and np.all(rows[whole, 20] == 0)
    np.testing.assert_array_equal(np.delete(rows, 20, axis=1), np.delete(table, 20, axis=1))


class NoStemmer:
    def stemWord(self, word: str) -> str:  # noqa: N802 - the library's name
        return word


def test_with_the_real_wordnet_synonyms_match():
    try:
        folder = find_wordnet()
    except MetricError:
        folder = None
    if folder is None:
        pytest.skip("no WordNet")
    wordnet = load_wordnet(folder)
    assert score(["couches"], "sofa", wordnet=wordnet) == pytest.approx(0.8)
    assert score(["children"], "kid", wordnet=wordnet) == pytest.approx(0.8)
    assert score(["lighthouse"], "sofa", wordnet=wordnet) == 0


def test_without_wordnet_it_is_the_stems_score(monkeypatch):
    monkeypatch.delenv(FOLDER, raising=False)
    monkeypatch.setattr(MODULE, "find_wordnet", lambda: None)
    assert best_own_meteor([[["sofa"]]], [["couch"]]).names == ("METEOR-stem",)


def test_a_wordnet_that_is_named_and_missing_is_a_sentence(monkeypatch, tmp_path):
    monkeypatch.setenv(FOLDER, str(tmp_path / "nothing"))
    with pytest.raises(MetricError, match="METEOR-synonym is left out.*does not exist"):
        best_own_meteor([[["sofa"]]], [["couch"]])


def test_java_is_not_asked(monkeypatch):
    monkeypatch.setenv("PATH", "")
    assert shutil.which("java") is None
    assert score(["brown dog"], "brown dog") == 1
