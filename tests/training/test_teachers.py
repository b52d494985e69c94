"""What teachers say, beside the captions that it belongs to, and how it counts in the loss."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

keras = pytest.importorskip("keras")

from looksay.errors import RecipeError, TrainingError  # noqa: E402
from looksay.models import build_model  # noqa: E402
from looksay.text import END  # noqa: E402
from looksay.training.batches import CaptionBatches  # noqa: E402
from looksay.training.prepared import Features, Split  # noqa: E402
from looksay.training.recipe import load_recipe  # noqa: E402
from looksay.training.teacher_features import check_sight, looks_of  # noqa: E402
from looksay.training.teachers import SoftTargets, _likeliest  # noqa: E402

CAPTIONS = [[[4, 5, 6, END], [7, END]], [[5, END], [6, 4, END]], [[4, END], [5, 6, 7, 4, END]]]


def sure_teachers() -> SoftTargets:
    """They say each caption's own words, and beside them the first word, never."""
    tokens = [token for of in CAPTIONS for one in of for token in one]
    words = np.array([[token, 4] for token in tokens], np.int32)
    shares = np.tile(np.array([1.0, 0.0], np.float16), (len(tokens), 1))
    lengths = [len(one) for of in CAPTIONS for one in of]
    starts = np.cumsum([0, *lengths[:-1]]).reshape(3, 2)
    return SoftTargets(words, shares, list(starts))


def batches(**changed: object) -> CaptionBatches:
    features = np.zeros((3, 2, 5), np.float16)
    return CaptionBatches(
        features, np.arange(3)[:, None], CAPTIONS, batch_pictures=3, soft=sure_teachers(), **changed
    )


@pytest.mark.parametrize("captions_per_picture", [1, 2])
def test_the_teachers_words_stand_beside_the_captions_own(captions_per_picture):
    made = batches(captions_per_picture=captions_per_picture)
    for _ in range(3):
        inputs, targets = made[0]
        said = targets != 0
        assert np.array_equal(inputs["teacher_words"][..., 0][said], targets[said])
        assert np.array_equal(inputs["teacher_shares"][..., 0], said.astype(np.float32))
        made.plan_next()


def test_sure_teachers_and_the_captions_give_one_loss():
    model = build_model("show_and_tell", vocabulary_size=8, feature_size=5, hidden_size=6)
    inputs, targets = batches()[0]
    logits = keras.random.normal((*targets.shape, 8), seed=1)
    losses = []
    for weight in (0.0, 0.3, 1.0):
        model.teacher_weight = weight
        losses.append(float(model.compute_loss(inputs, targets, (logits, None))))
    assert losses[1:] == pytest.approx([losses[0]] * 2, rel=1e-5)
    half = {**inputs, "teacher_shares": np.full_like(inputs["teacher_shares"], 0.5)}
    log_probs = np.asarray(keras.ops.convert_to_numpy(keras.ops.log_softmax(logits)))
    picked = np.take_along_axis(log_probs, inputs["teacher_words"], -1).mean(-1)
    expected = -picked[targets != 0].mean()
    assert float(model.compute_loss(half, targets, (logits, None))) == pytest.approx(expected, 1e-4)


def test_self_critical_steps_do_not_ask_teachers():
    model = build_model("show_and_tell", vocabulary_size=8, feature_size=5, hidden_size=6)
    tokens = np.array([[[4, 5, END]]], np.int32)
    logits = keras.random.normal((1, 1, 3, 8), seed=1)
    advantages = np.ones((1, 1), np.float32)
    model.teacher_weight = 1.0
    loss = model.compute_loss({}, tokens, (logits, None), sample_weight=advantages)
    assert np.isfinite(float(loss))


def test_the_likeliest_words_share_what_there_is():
    words, shares = _likeliest(np.array([[0.1, 0.6, 0.0, 0.3], [0.25, 0.05, 0.5, 0.2]]), 2)
    assert [sorted(row) for row in words.tolist()] == [[1, 3], [0, 2]]
    np.testing.assert_allclose(np.sort(shares), [[1 / 3, 2 / 3]] * 2, atol=1e-3)


def test_settings_that_make_no_sense():
    for setting, words in (
        ("distillation.weight=1.5", "from 0 to 1"),
        ("distillation.kept_words=0", "1 or more"),
        ("distillation.teacher=1", "teachers"),
    ):
        with pytest.raises(RecipeError, match=words):
            load_recipe("default", [setting])
    with pytest.raises(RecipeError, match="start_is_target"):
        load_recipe("default", ['distillation.teachers=["x"]', "training.start_is_target=true"])


def run_on(identity: dict) -> SimpleNamespace:
    """As much of a run as its teachers look at: four pictures of two views, one store."""
    features = np.arange(8 * 3 * 2, dtype=np.float16).reshape(8, 3, 2)
    store = SimpleNamespace(
        identity={"format": 1, **identity},
        array=lambda: features,
        boxes=lambda: None,
    )
    records = (SimpleNamespace(image="picture"),) * 4
    split = Split(records=records, rows=np.arange(8).reshape(4, 2))
    return SimpleNamespace(
        features=Features(source=None, store=store, splits={"train": split}, problems=[])
    )


def test_teachers_of_the_runs_features_share_its_plain_views():
    run = run_on({"name": "lite0"})
    teachers = [SimpleNamespace(config={"backbone": {"name": "lite0"}})] * 2
    one, other = looks_of(run, teachers)
    features, mask = one([1, 3])
    assert other is one and mask.tolist() == [[1.0] * 3] * 2
    assert np.array_equal(features, run.features.store.array()[[2, 6]])
    assert np.array_equal(one([0])[0], run.features.store.array()[[0]])
    boxes = np.zeros((8, 3, 6), np.float32)
    boxes[2, :2, 2:4] = 1  # two regions and padding
    run.features.store.boxes = lambda: boxes
    assert one([1])[1].tolist() == [[1.0, 1.0, 0.0]]


def test_a_teacher_that_looks_at_other_regions_is_refused():
    config = {"backbone": {"name": "lite0", "regions": {}}}
    for graphs, regions in ((("backbone", "regions"), object()), (("encode", "step"), None)):
        bundle = SimpleNamespace(path="there", config=config, graphs=graphs, regions=regions)
        check_sight(run_on(config["backbone"]), bundle)
        with pytest.raises(TrainingError, match="the teacher there looks at other regions"):
            check_sight(run_on({"name": "lite0"}), bundle)
