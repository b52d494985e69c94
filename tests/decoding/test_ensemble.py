"""Ensembles average probabilities, and keep each member's state and attention apart."""

from __future__ import annotations

import numpy as np
import pytest
from toy import ToyStepper, features

from looksay.decoding import DecodingOptions, EnsembleStepper, decode, decode_encoded
from looksay.decoding.ensemble import mean_probability

BEAM = DecodingOptions(beam_size=4, num_captions=4)


class Lender(ToyStepper):
    """Gives the same array at each step, as an engine does that lends its output."""

    def step(self, tokens, memory, carry):
        log_probs, attention, carry = super().step(tokens, memory, carry)
        if not hasattr(self, "lent") or self.lent.shape != log_probs.shape:
            self.lent = np.empty_like(log_probs)
        self.lent[:] = log_probs
        return self.lent, attention, carry


def expected_log_probs(members, pictures, tokens):
    each = [member.score(p, tokens)[0] for member, p in zip(members, pictures, strict=True)]
    return np.log(np.mean(np.exp(np.array(each, np.float64)), axis=0))


@pytest.mark.parametrize("num_members", [2, 3])
def test_a_wide_beam_finds_the_best_sentences_of_the_mean(num_members):
    members = [ToyStepper(3, seed) for seed in range(num_members)]
    options = DecodingOptions(beam_size=150, num_captions=5, max_words=4)
    for picture, found in enumerate(decode(EnsembleStepper(members), features(0, 1, 2), options)):
        scored = []
        for tokens in members[0].sentences(options):
            log_probs = expected_log_probs(members, [picture] * num_members, tokens)
            scored.append((log_probs.sum() / len(tokens) ** options.length_power, tokens))
        best = sorted(scored, reverse=True)[:5]
        assert [hypothesis.tokens for hypothesis in found] == [tokens for _, tokens in best]
        assert [hypothesis.score for hypothesis in found] == pytest.approx([s for s, _ in best])


@pytest.mark.parametrize(
    "options",
    [BEAM, DecodingOptions(method="greedy"), DecodingOptions(method="sample", seed=3)],
    ids=lambda options: options.method,
)
@pytest.mark.parametrize("num_members", [1, 2, 3])
def test_a_member_with_itself_is_exactly_itself(options, num_members):
    member = Lender(9, 0)
    ensemble = EnsembleStepper([member] * num_members)
    pictures = features(*range(20))
    for alone, together in zip(
        decode(member, pictures, options), decode(ensemble, pictures, options), strict=True
    ):
        assert [h.tokens for h in together] == [h.tokens for h in alone]
        assert [h.score for h in together] == [h.score for h in alone]
        for one, both in zip(alone, together, strict=True):
            assert np.array_equal(both.log_probs, one.log_probs)
            assert np.array_equal(both.attention, np.tile(one.attention, num_members))


LENDER = Lender(9, 3)


@pytest.mark.parametrize(
    "members",
    [[ToyStepper(9, 0), ToyStepper(9, 1, num_places=7)], [LENDER, LENDER]],
    ids=["grids of 4 and 7 places", "one stepper twice"],
)
def test_each_member_sees_its_own_pictures_and_attends_to_its_own_places(members):
    """The second member is shown other pictures than the first."""
    ensemble = EnsembleStepper(members)
    seen = [(features(3, 4, 5), None), (features(13, 14, 15), None)]
    found = decode_encoded(ensemble, *ensemble.encode_each(seen), BEAM, [0, 1, 2])
    for first, hypotheses in zip((3, 4, 5), found, strict=True):
        for hypothesis in hypotheses:
            tokens, pictures = hypothesis.tokens, (first, first + 10)
            assert hypothesis.log_probs == pytest.approx(
                expected_log_probs(members, pictures, tokens), abs=1e-5
            )
            each = [m.score(p, tokens)[1] for m, p in zip(members, pictures, strict=True)]
            assert np.array_equal(hypothesis.attention, np.concatenate(each, axis=1))


def test_members_are_told_which_places_count():
    class Masked(ToyStepper):
        def encode(self, features, mask):
            self.mask = mask
            return super().encode(features, mask)

    members = [Masked(3, 0), Masked(3, 1)]
    mask = np.array([[1, 1, 0, 0]], np.float32)
    decode(EnsembleStepper(members), features(1), BEAM, mask)
    assert members[0].mask is mask and members[1].mask is mask


def test_the_mean_is_of_probabilities_however_small():
    first = np.array([0.0, -1000.0, -np.inf, -2.0, -np.inf], np.float32)
    second = np.array([-np.inf, -1000.0, -1.0, -200.0, -np.inf], np.float32)
    mean = mean_probability([first, second])
    half = np.log(2)
    assert mean == pytest.approx([-half, -1000, -1 - half, -2 - half, -np.inf])
    assert mean.dtype == np.float32
    several = np.log(np.random.default_rng(0).dirichlet(np.ones(6), (3, 2)))
    assert np.exp(mean_probability(list(several))).sum(axis=-1) == pytest.approx(1)


def test_a_mean_of_what_is_no_number_is_none():
    mean = mean_probability([np.float32([np.nan, -1]), np.float32([-1, -1])])
    assert np.isnan(mean[0]) and mean[1] == -1
