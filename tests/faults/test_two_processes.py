"""Two processes at one store or one database at once: the second waits or is told; nothing is
spoilt, and readers are free."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from by_hand import Updating, check
from slow_store import IDENTITY, NUM_APPENDED, compute, value_of

from looksay.errors import FeatureError
from looksay.features.compute import Loaded
from looksay.features.store import FeatureStore, content_hash
from looksay.images import load_square
from looksay.library import Library

SLOW_STORE = Path(__file__).with_name("slow_store.py")
SLOW_INDEX = Path(__file__).parents[1] / "library" / "slow_index.py"
WAITING = "another run is adding features"


def start(script: Path, *words: object) -> subprocess.Popen[str]:
    command = [sys.executable, str(script), *map(str, words)]
    return subprocess.Popen(command, stderr=subprocess.PIPE, text=True)


def end(process: subprocess.Popen[str]) -> str:
    """What a process said, which must end well."""
    _, said = process.communicate(timeout=120)
    assert process.returncode == 0, said
    return said


def wait_for(folder: Path, rows: int, process: subprocess.Popen[str]) -> None:
    deadline = time.monotonic() + 120
    while not (folder / "index.txt").exists() or len(FeatureStore(folder, IDENTITY)) < rows:
        assert process.poll() is None and time.monotonic() < deadline
        time.sleep(0.01)


def is_right(folder: Path, photos: list[Path]) -> None:
    """The store has these photographs' features, each once, and nothing else."""
    store = FeatureStore(folder, IDENTITY)
    assert len(store) == len(photos)
    assert (folder / "features.f16").stat().st_size == len(photos) * 4 * 3 * 2
    rows = store.array()[store.rows([(content_hash(path), "plain") for path in photos])]
    for path, row in zip(photos, rows, strict=True):
        (features,) = compute([Loaded(path, "plain", load_square(path, 8))])
        np.testing.assert_array_equal(row, features[0].astype(np.float16))


def test_a_second_extraction_waits_and_computes_only_the_rest(photos, tmp_path):
    folder, paths = tmp_path / "store", sorted(photos.iterdir())
    first = start(SLOW_STORE, "extract", folder, *paths[:40])
    wait_for(folder, 2, first)
    second = start(SLOW_STORE, "extract", folder, *paths[20:])
    seen = 0
    while first.poll() is None:  # readers are free meanwhile
        store = FeatureStore(folder, IDENTITY)
        assert seen <= len(store) == len(store.array())
        seen = len(store)
        time.sleep(0.02)
    assert end(first) == "" and WAITING in end(second)
    is_right(folder, paths)
    assert [line.split()[0] for line in (folder / "index.txt").read_text().splitlines()] == [
        content_hash(path) for path in paths
    ]


def test_the_lock_is_gone_with_its_process(photos, tmp_path):
    folder, paths = tmp_path / "store", sorted(photos.iterdir())[:30]
    first = start(SLOW_STORE, "extract", folder, *paths)
    wait_for(folder, 4, first)
    second = start(SLOW_STORE, "extract", folder, *paths)
    time.sleep(0.2)
    first.send_signal(signal.SIGKILL)
    first.communicate()
    end(second)
    is_right(folder, paths)


def test_rows_appended_by_two_processes_at_once(tmp_path):
    both = [start(SLOW_STORE, "append", tmp_path, name) for name in "ab"]
    for process in both:
        end(process)
    store = FeatureStore(tmp_path, IDENTITY)
    assert len(store) == 2 * NUM_APPENDED
    for name in "ab":
        rows = store.rows([(f"{name}{n:063x}", "plain") for n in range(NUM_APPENDED)])
        expected = [value_of(name, number) for number in range(NUM_APPENDED)]
        np.testing.assert_array_equal(store.array()[rows, 0, 0], expected)


def test_two_stores_of_different_kind_in_one_folder(tmp_path):
    FeatureStore(tmp_path, IDENTITY)
    with pytest.raises(FeatureError, match="other weights"):
        FeatureStore(tmp_path, {**IDENTITY, "weights": "def"})


def test_a_second_run_of_index_is_told_and_the_first_goes_on(photos, tmp_path):
    database = tmp_path / "photos.db"
    first = start(SLOW_INDEX, photos, database)
    lock, deadline = Path(f"{database}-lock"), time.monotonic() + 120
    while not lock.exists():
        assert first.poll() is None and time.monotonic() < deadline
        time.sleep(0.01)
    command = [sys.executable, "-m", "looksay", "index", str(photos), "--database", str(database)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 1 and first.poll() is None, done.stderr
    assert done.stderr.startswith("looksay: Another run of `looksay index` is filling")
    end(first)
    check(database)
    assert len(Library(database)) == 60
    assert Updating(database, photos)().captioned == 0
