"""SPICE (Anderson et al. 2016, arXiv:1607.08822) by its reference program, version 1.0, in Java.

The program parses captions with Stanford CoreNLP 3.6.0, which pycocoevalcap does not carry:
`stanford-corenlp-3.6.0.jar` and `stanford-corenlp-3.6.0-models.jar` are looked for in the folder
that the environment variable LOOKSAY_SPICE_MODELS names, and where pycocoevalcap would put them.
They are never downloaded here.
"""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from looksay.errors import MetricError
from looksay.metrics.java import find_java, find_program, java_version, run_java
from looksay.metrics.ngrams import Tokens, check_pairs
from looksay.metrics.sums import Sums, mean_sums

MEMORY = "-Xmx8G"  # as pycocoevalcap gives it
MODELS_FOLDER = "LOOKSAY_SPICE_MODELS"
MODELS = ("stanford-corenlp-3.6.0.jar", "stanford-corenlp-3.6.0-models.jar")
LAST_JAVA = 14  # with the JavaScript that the program writes its results by


def spice(references: Sequence[Sequence[Tokens]], candidates: Sequence[Tokens]) -> Sums:
    """SPICE, 0 to 1, of pictures' candidates: the F-score of scene graphs' tuples.

    Raises MetricError or MissingExtraError where the program cannot be run.
    """
    check_pairs(references, candidates)
    java, jar = find_java(), find_program("spice", "spice-1.0.jar")
    jars = [jar, *find_models(jar.parent / "lib"), jar.parent / "lib" / "*"]
    _check_version(java)
    program = [java, MEMORY, "-cp", os.pathsep.join(map(str, jars)), "edu.anu.spice.SpiceScorer"]
    with tempfile.TemporaryDirectory() as folder:
        given, answer = Path(folder) / "captions.json", Path(folder) / "scores.json"
        given.write_text(json.dumps(_entries(references, candidates)), encoding="ascii")
        options = [str(given), "-out", str(answer), "-subset", "-silent"]
        run_java("SPICE", [*program, *options], jar.parent)
        return mean_sums({"SPICE": _read(answer, len(candidates))})


def find_models(lib: Path) -> list[Path]:
    """CoreNLP's two jars. MetricError, saying where to put them, where one is missing."""
    named = os.environ.get(MODELS_FOLDER)
    folders = [*([Path(named).expanduser().absolute()] if named else []), lib]
    for folder in folders:
        found = [folder / name for name in MODELS]
        if all(path.is_file() for path in found):
            return found
    raise MetricError(
        f"SPICE is left out: Stanford CoreNLP 3.6.0 is not in {' or '.join(map(str, folders))}. "
        f"Put {' and '.join(MODELS)} into a folder and name it with {MODELS_FOLDER}."
    )


def _check_version(java: str) -> None:
    version = java_version(java)
    if version > LAST_JAVA:
        raise MetricError(
            f"SPICE is left out: {java} is Java {version}, and its program (1.0, of 2016) can "
            f"write no results after Java {LAST_JAVA}. Put a Java 8 or 11 first on the path."
        )


def _entries(references: Sequence[Sequence[Tokens]], candidates: Sequence[Tokens]) -> list[dict]:
    pairs = zip(references, candidates, strict=True)
    return [
        {"image_id": number, "test": " ".join(candidate), "refs": list(map(" ".join, of_one))}
        for number, (of_one, candidate) in enumerate(pairs)
    ]


def _read(path: Path, num_images: int) -> np.ndarray:
    """Each picture's score, (pictures,), from the program's file."""
    try:
        entries = json.loads(path.read_text(encoding="utf-8"))
        scores = {entry["image_id"]: float(entry["scores"]["All"]["f"]) for entry in entries}
        return np.array([scores[number] for number in range(num_images)])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise MetricError(f"SPICE is left out: its program's answer is odd ({error}).") from error
