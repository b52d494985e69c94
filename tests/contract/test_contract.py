"""What every captioning model keeps, on whatever backend KERAS_BACKEND names.

B pictures, C captions, K beams, R places, T words, V vocabulary.
"""

from __future__ import annotations

import json

import numpy as np
import pytest

keras = pytest.importorskip("keras")

from small_models import (  # noqa: E402
    FEATURES,
    PLACES,
    VARIANTS,
    VOCABULARY,
    picture_targets,
    small_inputs,
    small_model,
    small_options,
    targets_of,
)

from looksay.decoding import DecodingOptions, decode  # noqa: E402
from looksay.models import MODELS, build_model, model_options  # noqa: E402
from looksay.models.base import doubly_stochastic_penalty  # noqa: E402
from looksay.models.staircase import pack_columns, places  # noqa: E402
from looksay.models.stepper import KerasStepper  # noqa: E402
from looksay.text import END, PAD, UNK  # noqa: E402
from looksay.training.batches import CaptionBatches  # noqa: E402
from looksay.training.tensorflow_fit import prepare_fit  # noqa: E402

every_variant = pytest.mark.parametrize(("name", "full"), VARIANTS)
every_model = pytest.mark.parametrize("name", MODELS)


def numpy(tensor):
    return np.asarray(keras.ops.convert_to_numpy(tensor))


def run(model, inputs):
    """Logits (B, C, T, V) and attention (B, C, T, R), as NumPy arrays."""
    logits, attention = model({k: keras.ops.convert_to_tensor(v) for k, v in inputs.items()})
    return numpy(logits), numpy(attention)


def fit_once(model, inputs, targets):
    """One gradient step."""
    inputs = {**inputs, **picture_targets(model, len(targets))}
    # on JAX every operation alone would be compiled; on TensorFlow a graph needs no compiler
    model.compile(keras.optimizers.SGD(0.5), jit_compile=keras.backend.backend() == "jax")
    return float(model.train_on_batch(inputs, targets))


@every_variant
def test_the_shapes_are_the_contracts(name, full):
    model, inputs = small_model(name, full=full), small_inputs()
    logits, attention = run(model, inputs)
    assert logits.shape == (3, 2, 5, VOCABULARY) and logits.dtype == np.float32
    assert attention.shape == (3, 2, 5, PLACES)
    assert attention.min() >= 0.0 and attention.sum(-1).max() < 1.0 + 1e-5
    if not model.looks_away:
        np.testing.assert_allclose(attention.sum(-1), 1.0, atol=1e-5)
    memory, carry = model.encode(inputs["features"], np.ones((3, PLACES), np.float32))
    assert all(part.shape[0] == 3 for part in memory.values())
    assert all(tuple(part.shape[:2]) == (3, 1) for part in carry.values())


@every_variant
def test_as_many_steps_equal_one_call(name, full):
    model, inputs = small_model(name, full=full), small_inputs()
    logits, attention = run(model, inputs)
    memory, carry = model.encode(inputs["features"], np.ones((3, PLACES), np.float32))
    carry = {part: keras.ops.repeat(value, 2, 1) for part, value in carry.items()}
    for t in range(5):
        tokens_BK = keras.ops.convert_to_tensor(inputs["tokens"][:, :, t])
        step_logits, step_attention, carry = model.step(tokens_BK, memory, carry)
        np.testing.assert_allclose(numpy(step_logits), logits[:, :, t], atol=1e-4)
        np.testing.assert_allclose(numpy(step_attention), attention[:, :, t], atol=1e-4)


@every_variant
def test_packed_columns_give_what_whole_captions_give(name, full):
    model, inputs = small_model(name, full=full), small_inputs(num_captions=3)
    lengths = [5, 4, 2]
    columns = [inputs["tokens"][:, c, :length] for c, length in enumerate(lengths)]
    logits, attention = run(model, inputs)
    packed = {"features": inputs["features"], "columns": columns}
    packed = keras.tree.map_structure(keras.ops.convert_to_tensor, packed)
    packed_logits, packed_attention = map(numpy, model(packed))
    assert packed_logits.shape == (3, 11, VOCABULARY)
    for caption, row in enumerate(places(lengths)):
        for t, place in enumerate(row[: lengths[caption]]):
            np.testing.assert_allclose(packed_logits[:, place], logits[:, caption, t], atol=1e-4)
            np.testing.assert_allclose(
                packed_attention[:, place], attention[:, caption, t], atol=1e-5
            )
    # and the same loss, penalty included
    targets = targets_of(inputs["tokens"])
    for caption, length in enumerate(lengths):
        targets[:, caption, length:] = PAD
    table = np.concatenate([targets[:, c, :length] for c, length in enumerate(lengths)], 1)
    packed_targets = numpy(pack_columns([table[:, :5], table[:, 5:9], table[:, 9:]]))
    loss = model.compute_loss(x=packed, y=packed_targets, y_pred=model(packed))
    assert float(numpy(loss)) == pytest.approx(loss_of(model, inputs, targets), rel=1e-5)


@every_variant
def test_the_compiled_stepper_says_the_same_and_follows_the_weights(name, full):
    model, inputs = small_model(name, full=full), small_inputs(num_captions=1)
    stepper = KerasStepper(model)
    for _ in range(2):
        logits, attention = run(model, inputs)
        expected = numpy(keras.ops.log_softmax(logits[:, :, 0]))
        memory, carry = stepper.encode(inputs["features"], None)
        log_probs, looked, _ = stepper.step(inputs["tokens"][:, :, 0], memory, carry)
        np.testing.assert_allclose(log_probs, expected, atol=1e-4)
        np.testing.assert_allclose(looked, attention[:, :, 0], atol=1e-4)
        for variable in model.trainable_variables:
            variable.assign(numpy(variable) * 0.5)


@every_variant
def test_masked_places_do_not_matter(name, full):
    model, inputs = small_model(name, full=full), small_inputs()
    logits, _ = run(model, inputs)
    garbage = np.full((3, 2, FEATURES), 50.0, np.float32)
    more = {**inputs, "features": np.concatenate([inputs["features"], garbage], 1)}
    more["mask"] = np.repeat(np.float32([[1] * PLACES + [0, 0]]), 3, 0)
    masked, attention = run(model, more)
    np.testing.assert_allclose(masked, logits, atol=1e-4)
    assert attention[..., PLACES:].max() < 1e-6
    more["mask"] = np.ones_like(more["mask"])
    assert np.abs(run(model, more)[0] - logits).max() > 0.01  # the garbage is no trifle


@every_variant
def test_the_order_of_places_does_not_matter_where_there_is_none(name, full):
    model, inputs = small_model(name, full=full), small_inputs()
    inputs["mask"] = np.float32([[1, 1, 0, 1], [1, 1, 1, 1], [0, 1, 1, 1]])
    logits, attention = run(model, inputs)
    order = [2, 0, 3, 1]
    moved = {name: inputs[name][:, order] for name in ("features", "mask")}
    other, looked = run(model, {**inputs, **moved})
    if model.places_in_order:
        assert np.abs(other - logits).max() > 0.01
        return
    np.testing.assert_allclose(other, logits, atol=1e-4)
    np.testing.assert_allclose(looked, attention[..., order], atol=1e-4)


@every_variant
def test_a_picture_alone_equals_itself_in_a_batch(name, full):
    model, inputs = small_model(name, full=full), small_inputs()
    logits, _ = run(model, inputs)
    alone, _ = run(model, {key: value[1:2, ...] for key, value in inputs.items()})
    np.testing.assert_allclose(alone[0], logits[1], atol=1e-4)


@every_variant
def test_a_caption_does_not_see_its_neighbours_nor_its_own_future(name, full):
    model, inputs = small_model(name, full=full), small_inputs()
    logits, _ = run(model, inputs)
    changed = inputs["tokens"].copy()
    changed[:, 1] = UNK
    changed[:, 0, 3:] = UNK
    other, _ = run(model, {**inputs, "tokens": changed})
    np.testing.assert_allclose(other[:, 0, :3], logits[:, 0, :3], atol=1e-4)
    assert np.abs(other[:, 0, 3:] - logits[:, 0, 3:]).max() > 0.01


@every_variant
def test_the_state_is_carried_from_word_to_word(name, full):
    """Where all places are alike, attention tells nothing of the words before; the state must."""
    model, inputs = small_model(name, full=full), small_inputs(1, 1, 4)
    inputs["features"][:] = inputs["features"][:, :1]
    other = {**inputs, "tokens": inputs["tokens"].copy()}
    other["tokens"][:, :, 0] = UNK
    difference = run(model, inputs)[0] - run(model, other)[0]
    assert np.abs(difference[0, 0, 3]).max() > 1e-3


@every_variant
def test_a_configuration_makes_the_same_model_again(name, full):
    model = small_model(name, full=full, dropout=0.25)
    config = json.loads(json.dumps(model.get_config()))
    again = type(model).from_config(config)
    again.build()
    assert again.get_config() == model.get_config()
    shapes = [(w.path.split("/", 1)[1], w.shape) for w in model.weights]
    assert [(w.path.split("/", 1)[1], w.shape) for w in again.weights] == shapes


@every_variant
def test_a_saved_model_loads_with_keras_alone(name, full, tmp_path):
    model, inputs = small_model(name, full=full), small_inputs()
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    assert type(loaded) is type(model)
    np.testing.assert_array_equal(run(loaded, inputs)[0], run(model, inputs)[0])


@every_variant
def test_saved_weights_load_into_a_fresh_model(name, full, tmp_path):
    model, inputs = small_model(name, full=full), small_inputs()
    model.save_weights(tmp_path / "model.weights.h5")
    config = {k: v for k, v in model.get_config().items() if k not in ("name", "trainable")}
    config.pop("dtype", None)
    fresh = build_model(name, **config)
    assert np.abs(run(fresh, inputs)[0] - run(model, inputs)[0]).max() > 0.01
    fresh.load_weights(tmp_path / "model.weights.h5")
    np.testing.assert_array_equal(run(fresh, inputs)[0], run(model, inputs)[0])


@every_variant
def test_gradients_reach_every_weight(name, full):
    # three words: backends compile an unrolled loop for long
    model, inputs = small_model(name, full=full, dropout=0.1), small_inputs(num_words=3)
    before = [numpy(w).copy() for w in model.trainable_variables]
    assert np.isfinite(fit_once(model, inputs, targets_of(inputs["tokens"])))
    for variable, value in zip(model.trainable_variables, before, strict=True):
        assert np.abs(numpy(variable) - value).max() > 0, f"{variable.path} learns nothing"


@every_model
@pytest.mark.parametrize("policy", ["mixed_bfloat16", "mixed_float16"])
def test_mixed_precision_stays_finite_and_near(name, policy):
    inputs = small_inputs(num_words=3)
    inputs["mask"] = np.ones((3, PLACES), np.float32)
    inputs["mask"][:, -1] = 0
    exact, looked = run(small_model(name, full=True), inputs)
    keras.config.set_dtype_policy(policy)
    model = small_model(name, full=True)
    logits, attention = run(model, inputs)
    assert logits.dtype == np.float32 and np.isfinite(logits).all()
    same_BCT = np.ones(logits.shape[:3], bool)
    if name == "hard_attention":
        # a choice between places may fall otherwise where they are nearly alike, and what is said
        # after it is another sentence
        same_BCT = np.cumprod(np.abs(attention - looked).max(-1) < 0.5, axis=-1).astype(bool)
    assert same_BCT.mean() > 0.8
    np.testing.assert_allclose(logits[same_BCT], exact[same_BCT], atol=0.3)
    assert float(np.float32(attention[..., -1]).max()) == 0.0
    assert np.isfinite(fit_once(model, inputs, targets_of(inputs["tokens"])))
    assert all(np.isfinite(numpy(w)).all() for w in model.trainable_variables)


def loss_of(model, inputs, targets):
    outputs = model({k: keras.ops.convert_to_tensor(v) for k, v in inputs.items()})
    return float(numpy(model.compute_loss(x=inputs, y=targets, y_pred=outputs)))


def log_softmax(logits):
    shifted = logits.astype(np.float64) - logits.max(-1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(-1, keepdims=True))


@every_variant
def test_the_loss_is_the_mean_over_words_that_are_no_padding(name, full):
    model, inputs = small_model(name, full=full), small_inputs()
    targets = targets_of(inputs["tokens"])
    targets[0, 0, 2:] = PAD
    targets[1, 1, 3:] = PAD
    logits, attention = run(model, inputs)
    log_probs, total, words = log_softmax(logits), 0.0, 0
    smooth = model.label_smoothing
    for place in np.argwhere(targets != PAD):
        row = log_probs[tuple(place)]
        total -= (1 - smooth) * row[targets[tuple(place)]] + smooth * row.mean()
        words += 1
    assert words == 3 * 2 * 5 - 5
    expected = total / words + model.attention_penalty * penalty_in_numpy(attention, targets)
    assert loss_of(model, inputs, targets) == pytest.approx(expected, rel=1e-5)


def penalty_in_numpy(attention_BCTR, targets_BCT):
    """Xu et al. 2015, eq. 14: summed over places, the mean over captions that exist."""
    penalties = []
    for attention_TR, targets_T in zip(
        attention_BCTR.reshape(-1, *attention_BCTR.shape[2:]),
        targets_BCT.reshape(-1, targets_BCT.shape[-1]),
        strict=True,
    ):
        real = targets_T != PAD
        if real.any():
            penalties.append(sum((1 - attention_TR[real].sum(0)) ** 2))
    return np.mean(penalties)


def penalty_of(attention_BCTR, words_BCT):
    tensors = map(keras.ops.convert_to_tensor, (attention_BCTR, words_BCT))
    return numpy(doubly_stochastic_penalty(*tensors)).item()


def test_the_doubly_stochastic_penalty_is_a_sum_over_places():
    attention = np.random.default_rng(0).dirichlet(np.ones(7), (2, 3, 4)).astype(np.float32)
    targets = np.full((2, 3, 4), END, np.int32)
    targets[0, 1, 2:] = PAD
    targets[1, 2] = PAD
    words = (targets != PAD).astype(np.float32)
    found = penalty_of(attention, words)
    assert found == pytest.approx(penalty_in_numpy(attention, targets), rel=1e-5)
    # looking at each of two places once costs nothing, at one of them twice costs 1 + 1
    even, lopsided = np.float32([[[[1, 0], [0, 1]]]]), np.float32([[[[1, 0], [1, 0]]]])
    one = np.ones((1, 1, 2), np.float32)
    assert penalty_of(even, one) == 0.0
    assert penalty_of(lopsided, one) == 2.0


@every_variant
def test_the_tutorials_average_over_padding_weighs_long_batches_less(name, full):
    options = {"attention_penalty": 0.0, "average_over_padding": True}
    model, inputs = small_model(name, full=full, **options), small_inputs()
    targets = targets_of(inputs["tokens"])
    targets[0, 0, 2:] = PAD
    mistaken = loss_of(model, inputs, targets)
    model.average_over_padding = False
    right = loss_of(model, inputs, targets)
    assert mistaken == pytest.approx(right * (targets != PAD).mean(), rel=1e-5)


def test_the_ports_mistake_loses_the_state_and_keeps_the_attention():
    """Without the carried state only attention tells of the words before."""
    model, inputs = small_model("tutorial_attention", carry_state=False), small_inputs(1, 1, 4)
    other = {**inputs, "tokens": inputs["tokens"].copy()}
    other["tokens"][:, :, 0] = UNK
    assert np.abs(run(model, inputs)[0] - run(model, other)[0])[0, 0, 1].max() > 1e-4
    inputs["features"][:] = other["features"][:] = inputs["features"][:, :1]
    assert np.abs(run(model, inputs)[0] - run(model, other)[0])[0, 0, 1].max() < 1e-6


def test_hard_attention_looks_at_one_place_and_learns_where():
    model, inputs = small_model("hard_attention"), small_inputs()
    _, attention = run(model, inputs)
    assert set(np.unique(attention)) == {0.0, 1.0}
    # in training places are sampled, so that two calls differ, and the weights show the chances
    tensors = {k: keras.ops.convert_to_tensor(v) for k, v in inputs.items()}
    (one, chances, notes), (two, _, _) = (model(tensors, training=True) for _ in range(2))
    assert np.abs(numpy(one) - numpy(two)).max() > 1e-3
    assert 0.0 < numpy(chances).max() < 1.0
    assert set(notes) == {"log_place", "entropy"} and numpy(notes["entropy"]).min() > 0.0


def test_hard_attention_comes_to_look_at_the_place_that_tells():
    """One place of four says which word follows, the others are noise: without soft attention's
    gradient only the reward can teach where it is."""
    rng = np.random.default_rng(2)
    words = np.array([4, 5, 6, 7] * 16)
    features = rng.normal(0, 0.3, (64, PLACES, FEATURES)).astype(np.float32)
    where = rng.integers(0, PLACES, 64)
    features[np.arange(64), where, 0] = 2.0
    features[np.arange(64), where, 1 + words % 4] = 2.0
    sizes = {option: 24 for option in small_options("hard_attention") if option.endswith("_size")}
    own = {"values_size": 0, "output_dropout": 0.0, "soft_share": 0.0, "reinforce_weight": 0.9}
    batch = {"features": features, "tokens": np.full((64, 1, 1), 1, np.int32)}
    right = []
    for seed in range(3):  # one can settle for a place that tells a little
        keras.utils.set_random_seed(seed)
        model = build_model(
            "hard_attention", vocabulary_size=VOCABULARY, feature_size=FEATURES, **{**sizes, **own}
        )
        model.compile(keras.optimizers.Adam(0.01), jit_compile=False)
        for _ in range(50):
            model.train_on_batch(batch, words[:, None, None].astype(np.int32))
        _, attention = run(model, batch)
        right.append((attention[:, 0, 0].argmax(-1) == where).mean())
    assert np.mean(right) > 0.6  # by chance 0.25


def test_the_sentinel_takes_what_the_places_are_not_given():
    model, inputs = small_model("adaptive_attention"), small_inputs()
    looked = run(model, inputs)[1].sum(-1)
    assert 0.0 < looked.min() and looked.max() < 1.0 and looked.std() > 0.01


def test_topics_guide_the_words():
    model, inputs = small_model("topic_guided"), small_inputs(num_captions=1)
    memory, carry = model.encode(inputs["features"], np.ones((3, PLACES), np.float32))
    np.testing.assert_allclose(numpy(memory["topics"]).sum(-1), 1.0, atol=1e-5)
    tokens_BK = keras.ops.convert_to_tensor(inputs["tokens"][:, :, 0])
    guided = numpy(model.step(tokens_BK, memory, carry)[0])
    without = {**memory, "topics": keras.ops.zeros_like(memory["topics"])}
    assert np.abs(numpy(model.step(tokens_BK, without, carry)[0]) - guided).max() > 1e-3


def test_the_topic_network_learns_the_topics():
    model, inputs = small_model("topic_guided", topic_penalty=0.5), small_inputs()
    targets, wanted = targets_of(inputs["tokens"]), picture_targets(model, 3)["topics"]
    model.compile(keras.optimizers.Adam(0.02), jit_compile=False)
    for _ in range(150):
        model.train_on_batch({**inputs, "topics": wanted}, targets)
    memory, _ = model.encode(inputs["features"], np.ones((3, PLACES), np.float32))
    np.testing.assert_allclose(numpy(memory["topics"]), wanted, atol=0.05)


def test_a_sentence_longer_than_the_transformers_cache_goes_on():
    model = small_model("transformer", max_words=3)
    stepper = KerasStepper(model)
    memory, carry = stepper.encode(small_inputs()["features"], None)
    for _ in range(6):
        log_probs, _, carry = stepper.step(np.full((3, 1), UNK, np.int32), memory, carry)
        assert np.isfinite(log_probs).all()


@every_variant
def test_an_empty_caption_counts_for_nothing(name, full):
    model, inputs = small_model(name, full=full), small_inputs()
    targets = targets_of(inputs["tokens"])
    loss = loss_of(model, inputs, targets)
    more = {**inputs, "tokens": np.pad(inputs["tokens"], ((0, 0), (0, 1), (0, 2)))}
    padded = np.pad(targets, ((0, 0), (0, 1), (0, 2)), constant_values=PAD)
    assert loss_of(model, more, padded) == pytest.approx(loss, rel=1e-5)
    # nothing but padding is no division by zero
    assert loss_of(model, more, np.full_like(padded, PAD)) == 0.0


@every_model
@pytest.mark.parametrize("dropout", ["feature_dropout", "embedding_dropout", "output_dropout"])
def test_dropout_acts_in_training_alone(name, dropout):
    model, inputs = small_model(name, **{dropout: 0.9}), small_inputs()
    tensors = {k: keras.ops.convert_to_tensor(v) for k, v in inputs.items()}
    one, two = (numpy(model(tensors, training=True)[0]) for _ in range(2))
    assert np.abs(one - two).max() > 1e-4
    np.testing.assert_array_equal(run(model, inputs)[0], run(model, inputs)[0])


@every_model
def test_four_pictures_are_learnt_by_heart(name):
    features = np.random.default_rng(1).normal(size=(4, PLACES, FEATURES)).astype(np.float16)
    captions = [[[4, 5, END]], [[5, 4, END]], [[7, END]], [[8, 9, END]]]
    sizes = {option: 24 for option in small_options(name) if option.endswith("_size")}
    dropouts = {option: 0.0 for option in small_options(name) if option.endswith("_dropout")}
    # what is learnt beside the words would be left of the loss
    beside = {option: 0.0 for option in model_options(name) if option.endswith("_penalty")}
    keras.utils.set_random_seed(0)
    model = build_model(
        name, vocabulary_size=VOCABULARY, feature_size=FEATURES, **sizes, **dropouts, **beside
    )
    rows = [[i] for i in range(4)]
    batches = CaptionBatches(
        features, rows, captions, batch_pictures=4, of_pictures=picture_targets(model, 4)
    )
    model.compile(keras.optimizers.Adam(0.02), jit_compile=False)
    done = model.fit(prepare_fit(model, batches), epochs=45, verbose=0, shuffle=False)
    assert done.history["loss"][-1] < 0.1 < done.history["loss"][0]
    options = DecodingOptions(method="greedy", max_words=8)
    found = decode(KerasStepper(model), features.astype(np.float32), options)
    assert [list(of[0].tokens) for of in found] == [of[0] for of in captions]


class Noted(CaptionBatches):
    """Notes which batches of which epochs were asked for."""

    def __getitem__(self, index):
        self.shown = [*getattr(self, "shown", []), (self.epoch, index)]
        return super().__getitem__(index)


@pytest.mark.parametrize("first", [0, 1])
def test_every_epoch_shows_every_batch_of_its_own_plan(first):
    """Also where the training goes on from an epoch: the same batches as if it had not stopped."""
    features = np.ones((6, PLACES, FEATURES), np.float16)
    captions = [[[4, END]]] * 6
    batches = Noted(
        features, [[i] for i in range(6)], captions, batch_pictures=2, first_epoch=first
    )
    model = small_model(next(iter(MODELS)))
    model.compile(keras.optimizers.SGD(0.1), jit_compile=False)
    model.fit(
        prepare_fit(model, batches), epochs=3, initial_epoch=first, verbose=0, shuffle=False
    )  # fmt: skip
    shown = list(dict.fromkeys(batches.shown))
    assert shown == [(epoch, index) for epoch in range(first, 3) for index in range(3)]
