"""The contract that every captioning model keeps.

Decoding, training, pictures, the server and export know `encode`, `step` and `call`, and nothing
else of a model. An architecture gives `encode`, `embed`, `advance` and `read_out`; this class makes
`step` (one word) and `call` (teacher forcing over T words) of them, so that both are one maths.
A model whose loss needs more than logits and attention takes notes in training, see `word_notes`.

B pictures, K beams or captions of a picture (C in training), R places, D feature size, T words,
N words of all captions of a picture (packed, see staircase.py), V vocabulary.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
from keras import layers, ops

from looksay.models.staircase import heights, pack_columns, unpack

PAD = 0  # as in looksay.text

Tensor = Any
Memory = dict[str, Tensor]
Carry = dict[str, Tensor]
Notes = dict[str, Tensor]


class CaptionModel(keras.Model):
    """A picture's features to the words of its captions, with attention.

    vocabulary_size: V. feature_size: D. label_smoothing: share of each target's probability that
    is spread over all words. attention_penalty: weight of the doubly stochastic penalty (Xu et al.
    2015, eq. 14), a sum over places: each place should be looked at about once in a caption.
    average_over_padding: the tutorials' mistake, see `compute_loss`. The dropouts are shares:
    `feature_dropout` of whole feature channels of a picture, `embedding_dropout` of word
    embeddings, `output_dropout` before the vocabulary.

    word_notes: what `advance` gives after the outputs that `read_out` takes, by name: values
    (B, K, ...) of each word that only `extra_loss` reads. picture_notes: the entries of the memory
    that it reads. Both go with `call`'s result while training, and never into a graph's way.
    picture_targets: what the batches must give of a picture for `extra_loss` beside its captions,
    by name (see `looksay.training.picture_targets`). looks_away: whether a word's attention can add
    up to less than 1. places_in_order: whether the order of the places matters.
    """

    word_notes: tuple[str, ...] = ()
    picture_notes: tuple[str, ...] = ()
    picture_targets: tuple[str, ...] = ()
    looks_away = False
    places_in_order = False

    def __init__(
        self,
        *,
        vocabulary_size: int,
        feature_size: int,
        label_smoothing: float = 0.0,
        attention_penalty: float = 0.0,
        average_over_padding: bool = False,
        feature_dropout: float = 0.0,
        embedding_dropout: float = 0.0,
        output_dropout: float = 0.0,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.vocabulary_size = vocabulary_size
        self.feature_size = feature_size
        self.label_smoothing = label_smoothing
        self.attention_penalty = attention_penalty
        self.average_over_padding = average_over_padding
        self.dropouts = {
            "feature_dropout": feature_dropout,
            "embedding_dropout": embedding_dropout,
            "output_dropout": output_dropout,
        }
        # a dropped channel is dropped at every place: the same pattern must not leak elsewhere
        self.drop_features = layers.SpatialDropout1D(feature_dropout, name="drop_features")
        self.drop_words = layers.Dropout(embedding_dropout, name="drop_words")
        self.drop_output = layers.Dropout(output_dropout, name="drop_output")
        self.options: dict[str, Any] = {}  # the architecture's own, by name
        self.teacher_weight = 0.5

    # ------------------------------------------------------------------ what a model gives

    def encode(
        self, features_BRD: Tensor, mask_BR: Tensor, training: bool = False
    ) -> tuple[Memory, Carry]:
        """What belongs to the picture, computed once, and the first state, of shape (B, 1, ...)."""
        raise NotImplementedError

    def embed(self, tokens: Tensor, training: bool = False) -> tuple[Tensor, ...]:
        """What depends on the words alone, each (..., any size): computed outside the loop."""
        raise NotImplementedError

    def advance(
        self, embedded: tuple, memory: Memory, carry: Carry, training: bool = False
    ) -> tuple[tuple[Tensor, ...], Tensor, Carry]:
        """One word on: embedded (B, K, ...) -> outputs (B, K, ...), attention (B, K, R), carry.

        A word's attention adds up to 1, or to less where the model can look away from the picture.
        """
        raise NotImplementedError

    def read_out(self, embedded: tuple, outputs: tuple, training: bool = False) -> Tensor:
        """Logits (..., V) from the embedded words and what `advance` gave."""
        raise NotImplementedError

    def extra_loss(self, x: Any, notes: Notes, entropy_BCT: Tensor, words_BCT: Tensor) -> Tensor:
        """What the model adds to the loss, from its notes: those of words (B, C, T, ...), those of
        pictures as the memory has them. x: the inputs. entropy: of each target. words: 1 where
        there is one."""
        raise NotImplementedError

    def set_output_bias(self, log_frequencies_V: Any) -> None:
        """Start from how often each word occurs, instead of learning that first. The layer before
        the words is called `logits` in every model."""
        self.logits.bias.assign(log_frequencies_V)

    # ------------------------------------------------------------------ the contract

    def step(self, tokens_BK: Tensor, memory: Memory, carry: Carry) -> tuple[Tensor, Tensor, Carry]:
        """The last words (B, K) -> logits (B, K, V), attention (B, K, R) and the next carry."""
        embedded = self.embed(tokens_BK)
        outputs, attention_BKR, carry = self.advance(embedded, memory, carry)
        return self.read_out(embedded, outputs), attention_BKR, carry

    def call(self, inputs: dict[str, Tensor], training: bool = False) -> tuple[Tensor, ...]:
        """Teacher forcing: features (B, R, D), tokens (B, C, T) and, where places can be missing,
        mask (B, R) -> logits (B, C, T, V) and attention (B, C, T, R); while training also the notes
        of a model that takes any.

        The C captions of a picture share its memory. In place of `tokens`, `columns` has a tensor
        (B, T_c) for each caption, of falling lengths; the results are then packed (staircase.py):
        logits (B, N, V) and attention (B, N, R).
        """
        features_BRD, packed = inputs["features"], "columns" in inputs
        mask_BR = inputs.get("mask")
        if mask_BR is None:
            mask_BR = ops.ones_like(features_BRD[:, :, 0])
        if packed:
            columns = inputs["columns"]
        else:
            columns = [inputs["tokens"][:, c] for c in range(inputs["tokens"].shape[1])]
        memory, carry = self.encode(features_BRD, mask_BR, training)
        said = self.roll_out(memory, carry, columns, training)
        if not packed:
            lengths = [column.shape[1] for column in columns]
            said = keras.tree.map_structure(lambda part: unpack(part, lengths), said)
        logits, attention, notes = said
        if not (training and (self.word_notes or self.picture_notes)):
            return logits, attention
        return logits, attention, notes | {name: memory[name] for name in self.picture_notes}

    def roll_out(
        self, memory: Memory, carry: Carry, columns: Sequence[Tensor], training: bool
    ) -> tuple[Tensor, Tensor, Notes]:
        """Packed logits (B, N, V), attention (B, N, R) and notes of words (B, N, ...); at each step
        only the captions that have a word there are computed."""
        at_once = heights([column.shape[1] for column in columns])
        carry = {name: ops.repeat(part, len(columns), 1) for name, part in carry.items()}
        embedded = self.embed(pack_columns(columns), training)
        ends = np.cumsum(at_once)[:-1].tolist()
        # Torch does not split into one part
        parts = (ops.split(part, ends, axis=1) if ends else [part] for part in embedded)
        words = zip(*parts, strict=True)
        steps = []
        # an unrolled loop: it runs on every backend, and on CPUs as fast as a scan
        for word, height in zip(words, at_once, strict=True):
            carry = {name: part[:, :height] for name, part in carry.items()}
            outputs, attention_BKR, carry = self.advance(word, memory, carry, training)
            steps.append((*outputs, attention_BKR))
        *said, attention_BNR = (ops.concatenate(of, 1) for of in zip(*steps, strict=True))
        first_note = len(said) - len(self.word_notes)
        notes = dict(zip(self.word_notes, said[first_note:], strict=True))
        return self.read_out(embedded, tuple(said), training), attention_BNR, notes

    def build(self, input_shape: Any = None) -> None:
        """Create every weight; the sizes are known from the configuration."""
        raise NotImplementedError

    # ------------------------------------------------------------------ training with Keras

    def compute_loss(
        self,
        x: Any = None,
        y: Any = None,
        y_pred: Any = None,
        sample_weight: Any = None,
        training: bool = True,
    ) -> Tensor:
        """Cross-entropy of the words that are not padding, plus the attention penalty.

        Targets y are (B, C, T) tokens, each caption ending in `<end>`, then PAD; packed (B, N)
        where x has `columns`. The sum over words is divided by their number; with
        `average_over_padding` by the number of all positions, so that the same words weigh less in
        a batch with a long caption.

        With `sample_weight`, the advantages of self-critical training (Rennie et al. 2017, eq. 7),
        of captions (B, C) or, packed, of words (B, N), cross-entropy counts as often as they say,
        without label smoothing and without the penalty: the advantages of a picture sum to about 0,
        so the sum is still divided by the number of words, never by that of the weights.

        Where x has `teacher_words` and `teacher_shares` (B, N, K), what the word's teachers would
        have said (see `looksay.training.teachers`), the cross-entropy against these shares counts
        `teacher_weight`, and that against the caption's word the rest.
        """
        logits_BCTV, attention_BCTR, *rest = y_pred
        notes = rest[0] if rest else {}
        words = ops.cast(ops.not_equal(y, PAD), "float32")
        count = ops.ones_like(words) if self.average_over_padding else words
        entropy_BCT = self._cross_entropy(y, logits_BCTV, sample_weight is None)
        if sample_weight is None and "teacher_words" in x:
            said = _soft_cross_entropy(x["teacher_words"], x["teacher_shares"], logits_BCTV)
            entropy_BCT += self.teacher_weight * (said - entropy_BCT)
        entropy_BCT *= words
        if sample_weight is not None:
            weights = ops.cast(sample_weight, "float32")
            weighted = entropy_BCT * (weights if len(y.shape) == 2 else weights[..., None])
            return ops.sum(weighted) / ops.maximum(ops.sum(count), 1.0)
        loss = ops.sum(entropy_BCT) / ops.maximum(ops.sum(count), 1.0)
        if not (self.attention_penalty or notes):
            return loss
        of_words = {name: notes[name] for name in self.word_notes if notes}
        said = entropy_BCT, words, attention_BCTR, of_words
        if len(words.shape) == 2:
            lengths = [column.shape[1] for column in x["columns"]]
            said = keras.tree.map_structure(lambda part: unpack(part, lengths), said)
        entropy_BCT, words, attention_BCTR, of_words = said
        if self.attention_penalty:
            loss += self.attention_penalty * doubly_stochastic_penalty(attention_BCTR, words)
        if notes:
            loss += self.extra_loss(x, {**notes, **of_words}, entropy_BCT, words)
        return loss

    def _cross_entropy(self, targets_BCT: Tensor, logits_BCTV: Tensor, smooth: bool) -> Tensor:
        """Cross-entropy (B, C, T) against the target, on request smoothed over the vocabulary."""
        logits = ops.cast(logits_BCTV, "float32")
        # - sum_w q(w) log p(w) with q = (1 - s) one_hot + s / V, without making q
        norm = ops.logsumexp(logits, axis=-1)
        chosen = ops.squeeze(
            ops.take_along_axis(logits, ops.cast(targets_BCT, "int32")[..., None], -1), -1
        )
        if not (smooth and self.label_smoothing):
            return norm - chosen
        share = self.label_smoothing
        return norm - (1.0 - share) * chosen - share * ops.mean(logits, -1)

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "vocabulary_size": self.vocabulary_size,
            "feature_size": self.feature_size,
            "label_smoothing": self.label_smoothing,
            "attention_penalty": self.attention_penalty,
            "average_over_padding": self.average_over_padding,
            **self.dropouts,
            **self.options,
        }


def _soft_cross_entropy(words_BNK: Tensor, shares_BNK: Tensor, logits_BNV: Tensor) -> Tensor:
    """Cross-entropy (B, N) against a few words' shares, which add up to 1."""
    logits = ops.cast(logits_BNV, "float32")
    said = ops.take_along_axis(logits, ops.cast(words_BNK, "int32"), -1)
    expected = ops.sum(ops.cast(shares_BNK, "float32") * said, -1)
    return ops.logsumexp(logits, axis=-1) - expected


def doubly_stochastic_penalty(attention_BCTR: Tensor, words_BCT: Tensor) -> Tensor:
    """`sum_i (1 - sum_t alpha_ti)^2` (Xu et al. 2015, eq. 14), a SUM over places, as the author's
    code has it; the mean over captions. Words that are padding do not count."""
    attention = ops.cast(attention_BCTR, "float32") * words_BCT[..., None]
    looked_BCR = ops.sum(attention, 2)
    real_BC = ops.cast(ops.any(words_BCT > 0, -1), "float32")
    penalty_BC = ops.sum(ops.square(1.0 - looked_BCR), -1) * real_BC
    return ops.sum(penalty_BC) / ops.maximum(ops.sum(real_BC), 1.0)
