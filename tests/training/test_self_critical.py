"""Self-critical training: its rewards, its gradient, and that it learns what is rewarded."""

from __future__ import annotations

import numpy as np
import pytest

keras = pytest.importorskip("keras")

from looksay.metrics import DocumentFrequencies, bleu, cider_d  # noqa: E402
from looksay.metrics.own_meteor import own_meteor  # noqa: E402
from looksay.models import build_model  # noqa: E402
from looksay.models.staircase import unpack  # noqa: E402
from looksay.text import END, PAD, SPECIALS, START, Vocabulary  # noqa: E402
from looksay.training.batches import CaptionBatches, after_start, pad_captions  # noqa: E402
from looksay.training.recipe_options import SelfCriticalOptions  # noqa: E402
from looksay.training.rewards import CaptionReward, leave_one_out  # noqa: E402
from looksay.training.self_critical import SelfCritic  # noqa: E402
from looksay.training.staircases import drawn_staircase  # noqa: E402

CAPTIONS = [
    [[4, 5, 6, 7, END], [4, 5, 8, END]],
    [[9, 10, 6, END], [9, 10, 6, 7, END]],
    [[5, 9, 4, END], [8, 9, 4, 6, END]],
]
WEIGHTS = {"cider_weight": 1.0, "bleu_weight": 0.5}


def words(tokens):
    return [str(token) for token in tokens]


def test_a_reward_is_the_metrics_weighted_sum_with_training_frequencies():
    reward = CaptionReward(CAPTIONS, **WEIGHTS)
    samples = [[[4, 5, 6, 7, END], [4, 4, END]], [[9, 10, 6, END], [6, 7, END]]]
    found = reward([0, 1], samples)
    assert found.shape == (2, 2)
    everything = [[words(one) for one in of] for of in CAPTIONS]
    frequencies = DocumentFrequencies.build(everything)
    for row, picture in enumerate((0, 1)):
        for column, sample in enumerate(samples[row]):
            pair = [everything[picture]], [words(sample)]
            expected = cider_d(*pair, frequencies)[0] + 0.5 * bleu(*pair)[0][3]
            assert found[row, column] == pytest.approx(expected)


def test_meteor_in_a_reward_is_that_of_the_words():
    spoken = Vocabulary([*SPECIALS, "dogs", "run", "dog", "fast", "a", "cat", "sits"])
    weights = {"cider_weight": 0.0, "meteor_weight": 2.0, "vocabulary": spoken}
    samples = [[[8, 6, 5, END], [6, END]], [[8, 9, END], [10, 10, END]]]
    found = CaptionReward(CAPTIONS, **weights)([0, 1], samples)
    references = [[spoken.decode(one) for one in of] for of in CAPTIONS]
    for row in (0, 1):
        for column, sample in enumerate(samples[row]):
            said = own_meteor([references[row]], [spoken.decode(sample)])
            (expected,) = said.corpus().values()
            assert found[row, column] == pytest.approx(2.0 * expected)
    assert found[0, 0] > 0.1  # by the stem that `dogs` and `dog` have in common
    with pytest.raises(ValueError, match="needs the words"):
        CaptionReward(CAPTIONS, meteor_weight=1.0)


def test_a_caption_cut_before_its_end_is_worth_less():
    whole, cut = CaptionReward(CAPTIONS)([0], [[[4, 5, 6, 7, END], [4, 5, 6, 7]]])[0]
    assert whole > cut > 0


def test_leaving_one_out_compares_with_the_others():
    rewards = np.array([[1.0, 2.0, 6.0]])
    np.testing.assert_allclose(leave_one_out(rewards), [[1 - 4, 2 - 3.5, 6 - 1.5]])


def small():
    keras.utils.set_random_seed(0)
    model = build_model(
        "show_attend_tell", vocabulary_size=11, feature_size=5, embedding_size=16,
        hidden_size=16, attention_size=8, output_dropout=0.0, label_smoothing=0.1,
    )  # fmt: skip
    features = np.random.default_rng(0).normal(size=(3, 4, 5)).astype(np.float16)
    batches = CaptionBatches(features, [[0], [1], [2]], CAPTIONS, batch_pictures=3, shuffle=False)
    return model, batches


def test_the_loss_weighs_captions_by_their_advantages():
    """By hand: minus the advantage times the log-probability, unsmoothed, over all words."""
    model, batches = small()
    targets = pad_captions(CAPTIONS)
    tokens = np.roll(targets, 1, axis=2)
    tokens[:, :, 0] = START
    inputs = {"features": batches[0][0]["features"], "tokens": tokens}
    advantages = np.random.default_rng(1).normal(size=targets.shape[:2]).astype(np.float32)
    outputs = model({k: keras.ops.convert_to_tensor(v) for k, v in inputs.items()})
    loss = model.compute_loss(x=inputs, y=targets, y_pred=outputs, sample_weight=advantages)
    logits = keras.ops.convert_to_numpy(outputs[0]).astype(np.float64)
    log_probs = logits - np.log(np.exp(logits).sum(-1, keepdims=True))
    chosen = np.take_along_axis(log_probs, targets[..., None], -1)[..., 0]
    real = targets != PAD
    expected = -(chosen * real * advantages[..., None]).sum() / real.sum()
    assert float(loss) == pytest.approx(expected, rel=1e-4)


@pytest.mark.parametrize("baseline", ["leave_one_out", "greedy"])
def test_rewarded_captions_become_likelier(baseline):
    model, batches = small()
    model.compile(keras.optimizers.Adam(0.02), jit_compile=False)
    options = SelfCriticalOptions(epochs=1, samples=8, baseline=baseline)
    critic = SelfCritic(model, batches, CaptionReward(CAPTIONS), options, max_words=6)
    rewards = []
    for _ in range(60):
        rewards.append(critic.step(0)[0])
        batches.plan_next()
    assert np.mean(rewards[-5:]) > 2 * np.mean(rewards[:5])


def critic_that_notes(model, batches, **options) -> tuple[SelfCritic, list]:
    model.compile(keras.optimizers.Adam(0.02), jit_compile=False)
    own = SelfCriticalOptions(**options)
    critic = SelfCritic(model, batches, CaptionReward(CAPTIONS), own, max_words=6)
    taught = []
    critic._step = lambda batch: taught.append(batch) or 0.0
    return critic, taught


def test_inputs_start_with_start_and_the_longest_samples_come_first():
    critic, seen = critic_that_notes(*small(), samples=3)
    critic.step(0)
    ((inputs, targets, advantages),) = seen
    lengths = [column.shape[1] for column in inputs["columns"]]
    assert lengths == sorted(lengths, reverse=True) and len(lengths) == 3
    assert all((column[:, 0] == START).all() for column in inputs["columns"])
    targets_BST, weights_BST = (unpacked(part, lengths) for part in (targets, advantages))
    for number, column in enumerate(inputs["columns"]):
        said = targets_BST[:, number, : lengths[number] - 1]
        np.testing.assert_array_equal(column[:, 1:], said)
    sizes_BS = (targets_BST != PAD).sum(-1)
    assert (np.diff(sizes_BS, axis=1) <= 0).all()
    np.testing.assert_allclose(weights_BST[:, :, 0].sum(1), 0.0, atol=1e-5)


def unpacked(packed: np.ndarray, lengths: list[int]) -> np.ndarray:
    return keras.ops.convert_to_numpy(unpack(keras.ops.convert_to_tensor(packed), lengths))


def test_each_sample_weighs_what_it_was_worth():
    """Packed and sorted as they are, the loss is that of the samples as they were drawn."""
    model, batches = small()
    critic, seen = critic_that_notes(model, batches, samples=4)
    drawn = []
    sample = critic._sample
    critic._sample = lambda *args: drawn.append(sample(*args)) or drawn[-1]
    critic.step(0)
    ((inputs, targets, advantages),) = seen
    (samples,) = drawn
    outputs = model({**inputs, "features": keras.ops.convert_to_tensor(inputs["features"])})
    loss = model.compute_loss(x=inputs, y=targets, y_pred=outputs, sample_weight=advantages)
    plain = pad_captions(samples)
    whole = {"features": inputs["features"], "tokens": after_start(plain)}
    outputs = model({k: keras.ops.convert_to_tensor(v) for k, v in whole.items()})
    worth = leave_one_out(critic.reward([0, 1, 2], samples)).astype(np.float32)
    expected = model.compute_loss(x=whole, y=plain, y_pred=outputs, sample_weight=worth)
    assert float(loss) == pytest.approx(float(expected), rel=1e-4) and abs(float(loss)) > 1e-3


def test_a_picture_that_was_not_seen_teaches_nothing():
    model, batches = small()
    critic, taught = critic_that_notes(model, batches, samples=8)
    of_all = critic.step(0)[0]
    batches.seen = lambda pictures: pictures != 0
    of_two = critic.step(0)[0]
    (all_B, two_B) = (np.abs(advantages).sum(1) for _, _, advantages in taught)
    assert (all_B > 0).all() and (two_B > 0).tolist() == [False, True, True]
    assert of_two != of_all
    batches.seen = lambda pictures: pictures < 0
    assert critic.step(0)[0] == 0.0


def test_the_shape_of_samples_covers_them_and_depends_on_them_alone():
    assert drawn_staircase(np.array([[9, 21, 12], [8, 8, 8]])).tolist() == [24, 12, 12]
    assert drawn_staircase(np.array([[1, 0, 6], [3, 7, 2]])).tolist() == [12, 6, 6]
