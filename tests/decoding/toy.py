"""A model of a few words whose probabilities depend on the picture and the whole sentence."""

from __future__ import annotations

import itertools

import numpy as np

from looksay.decoding import DecodingOptions
from looksay.text import END, SPECIALS, START, UNK

NUM_STATES = 1009
FIRST = len(SPECIALS)


class ToyStepper:
    """log p(next | state), the state a number that stands for all words so far.

    Like a model, it never writes into what it is given; unlike one, it is exact in every batch.
    """

    def __init__(self, num_words: int, seed: int, *, end_bias: float = 0.0, num_places: int = 4):
        rng = np.random.default_rng(seed)
        logits = rng.normal(size=(NUM_STATES, FIRST + num_words)) * 2
        logits[:, END] += end_bias
        logits[:, UNK] += 3  # tempting, and forbidden
        self.table = (logits - np.log(np.exp(logits).sum(-1, keepdims=True))).astype(np.float32)
        self.places = rng.random((NUM_STATES, num_places)).astype(np.float32)
        self.batches: list[tuple[int, int]] = []

    def encode(self, features, mask):
        pictures = features[:, 0, 0].astype(np.int64)
        return {"picture": pictures[:, None]}, {"state": pictures[:, None, None].copy()}

    def step(self, tokens, memory, carry):
        assert tokens.dtype == np.int32
        assert len(tokens) == len(memory["picture"]) == len(carry["state"])
        self.batches.append(tokens.shape)
        state = self.follow(carry["state"][..., 0], tokens)
        state = (state + memory["picture"]) % NUM_STATES
        return self.table[state], self.places[state], {"state": state[..., None]}

    @staticmethod
    def follow(state, token):
        return (state * 31 + token * 7 + 5) % NUM_STATES

    def score(self, picture: int, tokens: tuple[int, ...]):
        """The log-probabilities and attention of a sentence, computed word by word."""
        state, previous, log_probs, attention = picture, START, [], []
        for token in tokens:
            state = (self.follow(state, previous) + picture) % NUM_STATES
            log_probs.append(self.table[state, token])
            attention.append(self.places[state])
            previous = token
        return np.array(log_probs), np.array(attention)

    def sentences(self, options: DecodingOptions):
        """Every sentence that may be generated and ends."""
        words = range(FIRST, self.table.shape[1])
        for length in range(options.min_words, options.max_words + 1):
            for sentence in itertools.product(words, repeat=length):
                yield (*sentence, END)


def features(*pictures: int) -> np.ndarray:
    """Features that say which pictures these are."""
    return np.array(pictures, np.float32)[:, None, None] * np.ones((1, 4, 2), np.float32)
