"""The short form of the fuzzing: every parser on its good input, and on some hundreds of changes
of it that are the same every time."""

from __future__ import annotations

import importlib.util
import random
import sys
import time
from pathlib import Path

import pytest

_TESTS = Path(__file__).parents[1]
sys.path[:0] = [str(_TESTS / "fuzz"), str(_TESTS / "hostile")]

from mutate import PIECES, mutate_json  # noqa: E402
from targets import TARGETS, opened, run  # noqa: E402

CHANGES = 150
NEEDED = {
    "html": ("justhtml",),
    "markdown": ("justhtml", "markdown_it"),
    "options": ("pydantic", "fastapi"),
    "form": ("python_multipart", "fastapi"),
    "onnx": ("onnx",),
    # a recipe that names a layer of its backbone asks the network, which Keras holds
    "recipe": ("keras",),
    "recipe-values": ("keras",),
}


@pytest.mark.parametrize("name", TARGETS)
def test_it_answers_with_a_result_or_a_sentence(name):
    for module in NEEDED.get(name, ()):
        if importlib.util.find_spec(module) is None:
            pytest.skip(f"needs {module}")
    chance, seeds = random.Random(name), TARGETS[name].seeds()
    with opened(name) as target:
        for seed in seeds:
            target(seed)  # no error at all
        for number in range(CHANGES):
            data = changed(chance.choice(seeds), chance, number)
            began = time.process_time()
            run(target, data)
            assert time.process_time() - began < 5, data


def changed(data: bytes, chance: random.Random, number: int) -> bytes:
    """The bytes with something wrong in them."""
    if data.startswith(b"{") and number % 4:
        return mutate_json(data, 20_000, chance.randrange(1 << 30))
    for _ in range(1 << number % 4):
        place = chance.randrange(len(data) + 1)
        what = chance.choice((*PIECES, bytes([chance.randrange(256)])))
        data = data[:place] + what + data[place + chance.randrange(4) :]
    return data
