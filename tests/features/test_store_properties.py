"""Whatever is appended, and wherever a kill cuts the files, the store has the rows that counted."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

import numpy as np
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from looksay.features.store import FeatureStore

IDENTITY = {"name": "toy", "weights": "abc", "grid": [1, 2], "feature_size": 3}
ROW_BYTES = 2 * 3 * 2


class Store(RuleBasedStateMachine):
    """The store beside a dict of what it must hold."""

    def __init__(self):
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        self.store = FeatureStore(self.folder, IDENTITY)
        self.expected: dict[tuple[str, str], float] = {}
        self.count = 0

    def teardown(self):
        shutil.rmtree(self.folder)

    @rule(values=st.lists(st.integers(-1000, 1000), max_size=5))
    def append(self, values):
        keys = [(f"{self.count + place:064x}", "plain") for place in range(len(values))]
        self.count += len(values)
        rows = np.array(values, np.float32)[:, None, None] * np.ones((1, 2, 3), np.float32)
        self.store.append(keys, rows)
        self.expected |= dict(zip(keys, values, strict=True))

    @rule()
    def reopen(self):
        self.store = FeatureStore(self.folder, IDENTITY)

    @rule(features=st.binary(max_size=3 * ROW_BYTES), line=st.integers(0, 64))
    def kill_while_appending(self, features, line):
        """Some of the values are written; where they all are, some of the line too."""
        (self.folder / "features.f16").open("ab").close()
        with (self.folder / "features.f16").open("ab") as file:
            file.write(features)
        if len(features) >= ROW_BYTES:
            with (self.folder / "index.txt").open("ab") as file:
                file.write(b"f" * line)
        self.reopen()

    @rule(bytes_lost=st.integers(1, 60))
    def kill_within_the_last_line(self, bytes_lost):
        """Half a line may stand there already: opening mends nothing, the next writer does."""
        index = self.folder / "index.txt"
        if index.exists():
            kept = index.read_bytes()[:-bytes_lost]
            index.write_bytes(kept)
            while len(self.expected) > kept.count(b"\n"):
                self.expected.popitem()
            self.reopen()

    @invariant()
    def holds_what_counted(self):
        keys = list(self.expected)
        assert len(self.store) == len(keys)
        assert self.store.missing([*keys, ("0" * 63 + "x", "plain")]) == [("0" * 63 + "x", "plain")]
        found = self.store.array()[self.store.rows(keys)][:, 0, 0]
        np.testing.assert_array_equal(found, list(self.expected.values()))


TestStore = Store.TestCase
TestStore.settings = settings(max_examples=25, stateful_step_count=15, deadline=None)
