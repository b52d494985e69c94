"""Captions of a split from a store's rows, their scores and COCO's format."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from looksay.data import Record
from looksay.decoding import DecodingOptions
from looksay.errors import MetricError
from looksay.evaluation import decode_split, evaluate_captions, to_coco_results
from looksay.metrics.sums import mean_sums
from looksay.text import END


class Counter:
    """Says the word 4 + (first feature), then ends; counts its batches."""

    num_words = 20

    def __init__(self):
        self.batches = []

    def encode(self, features_BRD, mask_BR):
        assert features_BRD.dtype == np.float32
        self.batches.append(len(features_BRD))
        carry = {"said": np.zeros((len(features_BRD), 1), np.float32)}
        return {"word": 4 + features_BRD[:, 0, 0].astype(int)}, carry

    def step(self, tokens_BK, memory, carry):
        logits = np.full((*tokens_BK.shape, self.num_words), -50.0, np.float32)
        first = carry["said"] == 0
        for b in range(len(tokens_BK)):
            for k in range(tokens_BK.shape[1]):
                logits[b, k, memory["word"][b] if first[b, k] else END] = 0.0
        attention = np.ones((*tokens_BK.shape, 1), np.float32)
        return logits, attention, {"said": carry["said"] + 1}


@pytest.mark.parametrize("batch_size", [1, 4, 64])
def test_each_picture_is_captioned_from_its_own_row(batch_size):
    store = np.arange(15, dtype=np.float16)[:, None, None]
    rows, stepper = np.array([7, 0, 14, 3, 3, 9]), Counter()
    options = DecodingOptions(method="beam", beam_size=2, max_words=3)
    found = decode_split(stepper, store, rows, options, batch_size=batch_size)
    assert [of.tokens for of in found] == [(4 + row, END) for row in rows]
    assert sum(stepper.batches) == 6 and max(stepper.batches) == min(batch_size, 6)


class Masked(Counter):
    """Says as many as its mask counts, in place of the feature."""

    def encode(self, features_BRD, mask_BR):
        memory, carry = super().encode(features_BRD, mask_BR)
        return {"word": 4 + mask_BR.sum(1).astype(int)}, carry


def test_each_picture_is_captioned_with_its_own_mask():
    store = np.zeros((9, 5, 1), np.float16)
    masks = (np.arange(5) < np.arange(9)[:, None] % 4).astype(np.float32)
    rows = np.array([7, 0, 2, 5])
    options = DecodingOptions(method="greedy", max_words=3)
    found = decode_split(Masked(), store, rows, options, masks, batch_size=2)
    assert [of.tokens[0] for of in found] == [4 + row % 4 for row in rows]


RECORDS = [
    Record(Path("a.jpg"), ("a dog runs on the grass", "a brown dog is running"), "dev"),
    Record(Path("b.jpg"), ("two men sit at a table", "men at a table"), "dev"),
]


def test_perfect_captions_score_one_and_wrong_ones_nothing():
    right = {record.name: record.captions[0] for record in RECORDS}
    wrong = {"a.jpg": "two men sit at a table", "b.jpg": "a dog runs on the grass"}
    good, bad = evaluate_captions(RECORDS, right), evaluate_captions(RECORDS, wrong)
    assert good.scores["BLEU-4"] == pytest.approx(1.0)
    assert bad.scores["BLEU-4"] < 0.01 and bad.scores["CIDEr-D"] < good.scores["CIDEr-D"] / 5
    assert good.table().splitlines()[0] == "2 pictures"
    assert any(line.split() == ["BLEU-4", "100.00"] for line in good.table().splitlines())
    assert good.as_dict() == {"images": 2, "scores": good.scores}


def test_statistics_are_shown_and_kept():
    captions = {record.name: record.captions[0] for record in RECORDS}
    bare = evaluate_captions(RECORDS, captions)
    found = bare.with_statistics(resamples=30, training=["A dog runs on the grass."])
    assert found.scores == bare.scores and found.language.novel == 0.5
    lines = found.table().splitlines()
    assert lines[0] == "2 pictures" and "(95% intervals of 30 bootstrap resamples)" in lines
    assert lines[1].split() == ["BLEU-1", "100.00", "(100.00", "to", "100.00)"]
    assert found.as_dict()["intervals"]["BLEU-1"] == pytest.approx([1, 1])
    assert found.as_dict()["captions"]["novel"] == 0.5
    none = bare.with_statistics(resamples=0)
    assert "intervals" not in none.as_dict() and "95%" not in none.table()


def test_a_metric_without_its_program_is_a_problem_and_the_others_are_there(monkeypatch):
    monkeypatch.setenv("PATH", "")
    captions = {record.name: record.captions[0] for record in RECORDS}
    found = evaluate_captions(RECORDS, captions, java=True)
    (problem,) = found.problems  # one sentence for both metrics
    assert "METEOR and SPICE are left out" in problem
    assert found.scores == evaluate_captions(RECORDS, captions).scores


def test_a_metric_of_java_stands_in_its_place(monkeypatch):
    def fake(references, candidates):
        return mean_sums({"METEOR": np.arange(len(candidates)) / 2})

    def broken(references, candidates):
        raise MetricError("SPICE is left out: it is.")

    monkeypatch.setattr("looksay.evaluation.results.meteor", fake)
    monkeypatch.setattr("looksay.evaluation.results.spice", broken)
    captions = {record.name: record.captions[0] for record in RECORDS}
    found = evaluate_captions(RECORDS, captions, java=True)
    assert list(found.scores)[3:6] == ["BLEU-4", "METEOR", "ROUGE-L"]
    assert found.scores["METEOR"] == 0.25 and found.problems == ("SPICE is left out: it is.",)


def test_cocos_ids_are_numbers_where_the_names_are():
    names = {
        "42": 42,
        "b.jpg": "b.jpg",
        "000000493652.jpg": 493652,
        "COCO_val2014_000000391895.jpg": 391895,
        "2258277193_586949ec62.jpg": "2258277193_586949ec62.jpg",
    }
    results = to_coco_results(dict.fromkeys(names, "a dog"))
    assert [result["image_id"] for result in results] == list(names.values())
    assert all(result["caption"] == "a dog" for result in results)
