"""WordNet (Miller 1995, https://wordnet.princeton.edu), to tell which words may mean the same.

It is read from its own database files, which looksay does not carry: the folder `dict` of
Princeton's archive, Debian's package wordnet-base, or what `nltk.download("wordnet")` left behind
(also as the archive that it came in).
"""

from __future__ import annotations

import os
import sys
import zipfile
from collections import defaultdict
from functools import lru_cache
from pathlib import Path

from looksay.errors import MetricError

FOLDER = "LOOKSAY_WORDNET"
PARTS = ("noun", "verb", "adj", "adv")
# Endings of inflected words and of the words they come from: morphy(7WN), rules of detachment.
ENDINGS = {
    "noun": (
        *(("s", ""), ("ses", "s"), ("xes", "x"), ("zes", "z"), ("ches", "ch"), ("shes", "sh")),
        *(("men", "man"), ("ies", "y")),
    ),
    "verb": (
        *(("s", ""), ("ies", "y"), ("es", "e"), ("es", ""), ("ed", "e"), ("ed", "")),
        *(("ing", "e"), ("ing", "")),
    ),
    "adj": (("er", ""), ("est", ""), ("er", "e"), ("est", "e")),
    "adv": (),
}

Synset = tuple[str, str]  # part of speech and offset in its file


class WordNet:
    """Synsets of single words, in any part of speech. MetricError for a folder without WordNet."""

    def __init__(self, folder: Path | zipfile.Path) -> None:
        try:
            self._synsets = {part: _read_index(folder / f"index.{part}") for part in PARTS}
            self._exceptions = {part: _read_exceptions(folder / f"{part}.exc") for part in PARTS}
        except (OSError, KeyError, ValueError, IndexError) as error:
            raise MetricError(
                f"METEOR-synonym is left out: {folder} has no WordNet database that can be read "
                f"({error}). Name the folder of its index files with {FOLDER}."
            ) from error

    def synsets(self, word: str) -> frozenset[Synset]:
        """The synsets of a word in lower case and of the words that it is an inflection of."""
        return frozenset(
            (part, offset)
            for part, known in self._synsets.items()
            for form in (word, *self._bases(part, word))
            for offset in known.get(form, ())
        )

    def _bases(self, part: str, word: str) -> list[str]:
        irregular = self._exceptions[part].get(word)
        if irregular is not None:
            return irregular
        return [
            word[: -len(ending)] + other
            for ending, other in ENDINGS[part]
            if word.endswith(ending) and len(word) > len(ending)
        ]


def find_wordnet() -> Path | zipfile.Path | None:
    """Where WordNet lies on this machine: what LOOKSAY_WORDNET names, else NLTK's or the system's.

    MetricError where the variable names something that is not there.
    """
    named = os.environ.get(FOLDER)
    if named:
        path = Path(named).expanduser()
        if not path.exists():
            raise MetricError(
                f"METEOR-synonym is left out: {FOLDER} names {path}, which does not exist."
            )
        return path
    return next((place for place in _usual_places() if (place / "index.noun").is_file()), None)


@lru_cache(maxsize=1)
def load_wordnet(folder: Path | zipfile.Path) -> WordNet:
    """The WordNet of a folder, read once."""
    return WordNet(folder)


def _usual_places() -> list[Path | zipfile.Path]:
    named = [Path(path) for path in os.environ.get("NLTK_DATA", "").split(os.pathsep) if path]
    system = [Path(start) for start in (sys.prefix, "/usr", "/usr/local")]
    kept = [start / part for start in system for part in ("", "share", "lib")]
    nltk = [*named, *(place / "nltk_data" for place in (Path.home(), *kept))]
    places: list[Path | zipfile.Path] = []
    for folder in nltk:
        corpus = folder / "corpora" / "wordnet"
        places.append(corpus)
        if corpus.with_suffix(".zip").is_file() and zipfile.is_zipfile(f"{corpus}.zip"):
            places.append(zipfile.Path(f"{corpus}.zip", "wordnet/"))
    return [*places, Path("/usr/share/wordnet")]


def _read_index(file: Path | zipfile.Path) -> dict[str, list[str]]:
    """Offsets of synsets by lemma: wndb(5WN). Lemmas of several words are left out, for captions
    are matched word by word."""
    found: dict[str, list[str]] = {}
    for line in file.read_text(encoding="utf-8").splitlines():
        if line.startswith(" ") or "_" in line.split(" ", 1)[0]:  # the licence; several words
            continue
        lemma, _, count, *fields = line.split()
        found[lemma] = fields[-int(count) :]
    if not found:
        raise ValueError(f"{file.name} is empty")
    return found


def _read_exceptions(file: Path | zipfile.Path) -> dict[str, list[str]]:
    """Base forms of irregular words."""
    found: defaultdict[str, list[str]] = defaultdict(list)
    for line in file.read_text(encoding="utf-8").splitlines():
        word, *bases = line.split()
        found[word] += bases
    return dict(found)
