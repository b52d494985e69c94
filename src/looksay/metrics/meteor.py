"""METEOR (Denkowski and Lavie 2014) by its reference program, version 1.5, in Java.

The program aligns captions with references by word, stem, synonym and paraphrase. It is asked for
the counts of each alignment, and the score is made of them here, equal to what it answers itself,
so that a set drawn from the pictures can be scored without asking again.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from looksay.errors import MetricError
from looksay.metrics.java import find_java, find_program, run_java
from looksay.metrics.ngrams import Tokens, check_pairs
from looksay.metrics.sums import Sums

MEMORY = "-Xmx2G"  # as pycocoevalcap gives it
COLUMNS = 23
# The program's parameters for English, its task "rank".
ALPHA, BETA, GAMMA, DELTA = 0.85, 0.2, 0.6, 0.75
STAGES = np.array([1.0, 0.6, 0.8, 0.6])  # word, stem, synonym, paraphrase


def meteor(references: Sequence[Sequence[Tokens]], candidates: Sequence[Tokens]) -> Sums:
    """METEOR, 0 to 1, of pictures' candidates; starting the program takes ten seconds and 1.2 GB.

    Raises MetricError or MissingExtraError where the program cannot be run.
    """
    check_pairs(references, candidates)
    java, jar = find_java(), find_program("meteor", "meteor-1.5.jar")
    command = [java, MEMORY, "-Dfile.encoding=UTF-8", "-jar", jar.name]
    lines = map(_question, references, candidates)
    answer = run_java(
        "METEOR",
        [*command, "-", "-", "-stdio", "-l", "en", "-norm"],
        jar.parent,
        "".join(f"{line}\n" for line in lines),
    )
    return Sums(("METEOR",), _table(answer, len(candidates)), meteor_of_sums)


def _question(references: Sequence[Tokens], candidate: Tokens) -> str:
    return " ||| ".join(["SCORE", *map(" ".join, references), " ".join(candidate)])


def _table(answer: str, num_images: int) -> np.ndarray:
    try:
        table = np.array([line.split() for line in answer.splitlines()], dtype=np.float64)
        if table.shape != (num_images, COLUMNS):
            raise ValueError(f"an answer of shape {table.shape}")
    except ValueError as error:
        raise MetricError(f"METEOR is left out: its program's answer is odd ({error}).") from error
    return forgive_single_chunks(table)


def forgive_single_chunks(table: np.ndarray) -> np.ndarray:
    """Counts (rows, COLUMNS) in which the single chunk of a caption that matches its reference from
    end to end counts as none, as the program has it."""
    whole = (table[:, 21] == table[:, 0]) & (table[:, 22] == table[:, 1]) & (table[:, 20] == 1)
    return np.where(whole[:, None] & (np.arange(COLUMNS) == 20), 0, table)


def meteor_of_sums(table: np.ndarray) -> np.ndarray:
    """Scores, (rows, 1), from rows of the program's counts or sums of them, (rows, 23).

    The counts: words of caption and reference, function words of each; for each stage matched
    content words of caption and reference, matched function words of each; chunks; matched words
    of caption and reference (section 3 of the paper).
    """
    words, function = table[:, :2], table[:, 2:4]
    content_matches, function_matches = np.split(table[:, 4:20].reshape(-1, len(STAGES), 4), 2, 2)
    matches = DELTA * content_matches + (1 - DELTA) * function_matches
    lengths = DELTA * (words - function) + (1 - DELTA) * function
    share = _divide(np.einsum("nsk,s->nk", matches, STAGES), lengths)
    precision, recall = share[:, 0], share[:, 1]
    mean = _divide(precision * recall, ALPHA * precision + (1 - ALPHA) * recall)
    fragments = _divide(table[:, 20], table[:, 21:].mean(axis=1))
    return (mean * (1 - GAMMA * fragments**BETA))[:, None]


def _divide(above: np.ndarray, below: np.ndarray) -> np.ndarray:
    """0 where there is nothing to divide by."""
    return np.divide(above, below, out=np.zeros_like(above), where=below > 0)
