"""WordNet's files, made up here: lemmas, inflections, where they are looked for, what is odd."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from looksay.errors import MetricError
from looksay.metrics.wordnet import FOLDER, WordNet, find_wordnet, load_wordnet

LICENCE = "  1 This software and database is being provided to you, the LICENSEE\n"
FILES = {
    "index.noun": LICENCE
    + "couch n 2 3 @ ~ + 2 1 04256520 03100000\n"
    + "sofa n 1 2 @ ~ 1 1 04256520\n"
    + "sofa_bed n 1 1 @ 1 0 04256891\n"
    + "child n 1 1 @ 1 1 09917593\n"
    + "kid n 2 1 @ 2 1 09917593 02429456\n"
    + "glass n 1 1 @ 1 1 03438257\n",
    "index.verb": LICENCE + "run v 1 1 @ 1 1 01926311\njog v 1 1 @ 1 1 01926311\n",
    "index.adj": LICENCE + "large a 1 1 & 1 1 01382086\nbig a 1 1 & 1 1 01382086\n",
    "index.adv": LICENCE + "fast r 1 0 1 1 00086000\n",
    "noun.exc": "children child\n",
    "verb.exc": "ran run\n",
    "adj.exc": "",
    "adv.exc": "",
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "dict"
    made.mkdir()
    for name, text in FILES.items():
        (made / name).write_text(text)
    return made


@pytest.mark.parametrize(
    ("word", "synsets"),
    [
        ("sofa", {("noun", "04256520")}),
        ("couches", {("noun", "04256520"), ("noun", "03100000")}),  # ches, ch
        ("children", {("noun", "09917593")}),
        ("ran", {("verb", "01926311")}),
        ("jogs", {("verb", "01926311")}),
        ("larger", {("adj", "01382086")}),
        ("fast", {("adv", "00086000")}),
        ("glass", {("noun", "03438257")}),
        ("s", set()),
        ("", set()),
        ("sofa_bed", set()),
    ],
)
def test_words_and_what_they_are_inflections_of(folder, word, synsets):
    assert WordNet(folder).synsets(word) == synsets


def test_nltks_archive_is_read_as_it_is(folder, tmp_path, monkeypatch):
    monkeypatch.delenv(FOLDER, raising=False)
    corpora = tmp_path / "nltk" / "corpora"
    corpora.mkdir(parents=True)
    with zipfile.ZipFile(corpora / "wordnet.zip", "w") as archive:
        for name in FILES:
            archive.write(folder / name, f"wordnet/{name}")
    monkeypatch.setenv("NLTK_DATA", str(tmp_path / "nltk"))
    found = find_wordnet()
    assert found is not None
    assert load_wordnet(found).synsets("kid") >= {("noun", "09917593")}
    folder.rename(corpora / "wordnet")
    assert find_wordnet() == corpora / "wordnet"  # unpacked, where both are


def test_what_the_variable_names_comes_first(folder, monkeypatch):
    monkeypatch.setenv(FOLDER, str(folder))
    assert find_wordnet() == folder
    monkeypatch.setenv(FOLDER, str(folder / "nothing"))
    with pytest.raises(MetricError, match="names .*nothing, which does not exist"):
        find_wordnet()


@pytest.mark.parametrize(
    ("name", "text"),
    [("index.verb", None), ("index.noun", ""), ("index.adj", "big a\n"), ("noun.exc", None)],
)
def test_a_folder_without_wordnet_is_a_sentence(folder, name, text):
    if text is None:
        (folder / name).unlink()
    else:
        (folder / name).write_text(text)
    with pytest.raises(MetricError, match="^METEOR-synonym is left out.*LOOKSAY_WORDNET"):
        WordNet(folder)
