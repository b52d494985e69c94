"""What a run's bundle remembers of its training pictures."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

pytest.importorskip("keras")

NUM, PLACES, SIZE, WORDS = 30, 4, 6, 9
VIEWS = ("plain", "crop-top-left", "mirror", "mirror-crop-top-left")
WHOLE = [0, 2]  # the views that show all of a picture


def features(masks: np.ndarray | None = None) -> SimpleNamespace:
    """Stored features, the rows of the pictures' views not in their order."""
    rng = np.random.default_rng(0)
    rows = rng.permutation(NUM * len(VIEWS)).reshape(NUM, -1)
    values = rng.normal(size=(NUM * len(VIEWS), PLACES, SIZE)).astype(np.float16)
    split = SimpleNamespace(rows=rows, records=(None,) * NUM)
    store = SimpleNamespace(array=lambda: values, masks=lambda: masks)
    return SimpleNamespace(splits={"train": split}, store=store, feature_size=SIZE)


def words() -> SimpleNamespace:
    """Captions with their ends, as training has them."""
    rng = np.random.default_rng(1)
    captions = [[[*rng.integers(4, WORDS, 5), 2]] * 2 for _ in range(NUM)]
    return SimpleNamespace(captions=captions, vocabulary=range(WORDS))


def same_memory(one, other) -> bool:
    arrays = [(m.projection, m.offset, m.vectors, m.said.values, m.said.idf) for m in (one, other)]
    return all(np.allclose(a, b, atol=1e-3) for a, b in zip(*arrays, strict=True))


def learnt(means_ND: np.ndarray):
    from looksay.consensus import learn_memory

    return learn_memory(means_ND, [[c[:-1] for c in of] for of in words().captions], WORDS)


def test_a_picture_is_the_mean_over_its_whole_views_and_places(monkeypatch):
    from looksay.training import remembering

    monkeypatch.setattr(remembering, "CHUNK", 7)
    kept = features()
    rows = kept.splits["train"].rows[:, WHOLE]
    means = kept.store.array().astype(np.float64)[rows].mean(axis=(1, 2))
    assert same_memory(remembering.remember(kept, words(), VIEWS, None), learnt(means))


def test_regions_that_do_not_exist_count_for_nothing():
    from looksay.training.remembering import remember

    masks = (np.arange(PLACES) < np.arange(NUM * len(VIEWS))[:, None] % PLACES + 1).astype(
        np.float32
    )
    kept = features(masks)
    values = kept.store.array().astype(np.float64)
    sums = (values * masks[..., None]).sum(axis=1) / masks.sum(axis=1, keepdims=True)
    means = sums[kept.splits["train"].rows[:, WHOLE]].mean(axis=1)
    assert same_memory(remember(kept, words(), VIEWS, None), learnt(means))


def test_what_is_not_kept_is_seen_anew_in_any_order(monkeypatch):
    from looksay.training import remembering

    seen = np.random.default_rng(2).normal(size=(NUM, PLACES, SIZE)).astype(np.float32)
    parts = [(list(range(20, NUM)), seen[20:]), (list(range(20)), seen[:20])]
    asked = []

    def see(features, split, backbone, wanted):
        asked.append((split, backbone, set(wanted)))
        return iter(parts)

    monkeypatch.setattr(remembering, "see_photographs", see)
    graph = Path("backbone.onnx")
    found = remembering.remember(features(), words(), VIEWS, graph)
    assert asked == [("train", graph, set(range(NUM)))]
    assert same_memory(found, learnt(seen.mean(axis=1)))


def test_of_very_many_pictures_some_are_remembered_spread_evenly(monkeypatch):
    from looksay.consensus import learn_memory, memory
    from looksay.training import remembering

    monkeypatch.setattr(memory, "MOST_PICTURES", 10)
    kept = features()
    chosen = memory.worth_remembering(NUM)
    assert len(set(chosen)) == 10 and chosen[0] == 0 and chosen[-1] == NUM - 1
    assert np.ptp(np.diff(chosen)) <= 1
    rows = kept.splits["train"].rows[chosen][:, WHOLE]
    means = kept.store.array().astype(np.float64)[rows].mean(axis=(1, 2))
    captions = [[c[:-1] for c in words().captions[number]] for number in chosen]
    assert same_memory(
        remembering.remember(kept, words(), VIEWS, None), learn_memory(means, captions, WORDS)
    )
