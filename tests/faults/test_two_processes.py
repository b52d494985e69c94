"""Two processes at one store or one database at once: the second waits or is told; nothing is
spoilt, and readers are free."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from by_hand import Updating, check
from PIL import Image
from slow_store import IDENTITY, NUM_APPENDED, NUM_BEFORE_HOLD, compute, value_of

from looksay.cli.outputs import alone_at
from looksay.errors import FeatureError, LooksayError
from looksay.features.compute import Loaded
from looksay.features.store import FeatureStore, content_hash
from looksay.images import load_square
from looksay.library import Library

SLOW_STORE = Path(__file__).with_name("slow_store.py")
SLOW_CLI = Path(__file__).with_name("slow_cli.py")
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


@pytest.fixture
def two(tmp_path, photos) -> Iterator[tuple[Path, list[Path], list[subprocess.Popen[str]]]]:
    """A store in the middle of an extraction of 40 photographs, and a second one, of those from
    the 20th to the 60th, that has said that it waits."""
    folder, paths = tmp_path / "store", sorted(photos.iterdir())
    (tmp_path / "hold").touch()
    first = start(SLOW_STORE, "extract", folder, *paths[:40])
    wait_for(folder, NUM_BEFORE_HOLD, first)
    second = start(SLOW_STORE, "extract", folder, *paths[20:])
    assert second.stderr is not None and WAITING in second.stderr.readline()
    yield folder, paths, [first, second]
    for process in (first, second):
        process.kill()
        process.wait()
        process.stderr.close()


def test_a_second_extraction_waits_and_computes_only_the_rest(two):
    folder, paths, (first, second) = two
    (folder.with_name("hold")).unlink()
    seen = NUM_BEFORE_HOLD
    while second.poll() is None:  # readers are free meanwhile
        store = FeatureStore(folder, IDENTITY)
        assert seen <= len(store) == len(store.array())
        seen = len(store)
    assert end(first) == end(second) == ""
    is_right(folder, paths)
    assert [line.split()[0] for line in (folder / "index.txt").read_text().splitlines()] == [
        content_hash(path) for path in paths
    ]


def test_the_lock_is_gone_with_its_process(two):
    folder, paths, (first, second) = two
    first.send_signal(signal.SIGKILL)
    first.wait()
    (folder.with_name("hold")).unlink()
    end(second)
    is_right(folder, [*paths[:NUM_BEFORE_HOLD], *paths[20:]])


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
    deadline = time.monotonic() + 120
    while not database.exists():
        assert first.poll() is None and time.monotonic() < deadline
        time.sleep(0.01)
    first.send_signal(signal.SIGSTOP)  # however slow the second one is
    command = [sys.executable, "-m", "looksay", "index", str(photos), "--database", str(database)]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    finally:
        first.send_signal(signal.SIGCONT)
    assert done.returncode == 1, done.stderr
    assert done.stderr.startswith("looksay: Another run of `looksay index` is filling")
    end(first)
    check(database)
    assert len(Library(database)) == 60
    assert Updating(database, photos)().captioned == 0


@pytest.fixture
def album(tmp_path, monkeypatch) -> Path:
    """Six photographs in the working directory's folder `album`."""
    (tmp_path / "album").mkdir()
    for number in range(6):
        size = (20 + number, 20)
        Image.new("RGB", size, ("red", "lime")[number % 2]).save(tmp_path / f"album/{number}.jpg")
    monkeypatch.chdir(tmp_path)
    return tmp_path / "album"


@pytest.fixture
def begin(album) -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """`begin("caption", ...)` is that command after two captions; it waits for `hold` to go."""
    processes = []

    def begin(*words: str) -> subprocess.Popen[str]:
        Path("hold").touch()
        processes.append(process := start(SLOW_CLI, *words))
        deadline = time.monotonic() + 300
        while not Path("begun").exists():
            assert process.poll() is None and time.monotonic() < deadline
            time.sleep(0.01)
        return process

    yield begin
    for process in processes:
        process.kill()
        process.wait()
        process.stderr.close()


def go_on(process: subprocess.Popen[str]) -> None:
    Path("hold").unlink()
    end(process)


@pytest.mark.parametrize("output", ["out.jsonl", "out.json"])
def test_a_second_caption_to_one_file_is_told_and_the_first_goes_on(looksay, begin, output):
    first = begin("caption", "album", "--output", output)
    result = looksay("caption", "album", "--output", output)
    assert result.status == 1 and result.out == ""
    assert result.err.startswith(f"looksay: Another `looksay caption` is writing {output}; wait")
    assert looksay("caption", "album", "--output", f"another-{output}").status == 0
    go_on(first)
    assert Path(output).read_bytes() == Path(f"another-{output}").read_bytes()
    assert not list(Path().glob(".*"))  # no lock is left
    assert looksay("caption", "album", "--output", output).status == 0


def test_a_killed_caption_keeps_nobody_from_its_file(looksay, begin):
    first = begin("caption", "album", "--output", "out.jsonl")
    first.kill()
    first.wait()
    assert looksay("caption", "album", "--output", "out.jsonl").status == 0
    records = [json.loads(line) for line in Path("out.jsonl").read_text().splitlines()]
    assert [record["image"] for record in records] == [f"album/{n}.jpg" for n in range(6)]


def test_pipes_devices_and_standard_output_are_not_locked(tmp_path):
    with alone_at(tmp_path / "file"), pytest.raises(LooksayError), alone_at(tmp_path / "file"):
        pass
    os.mkfifo(tmp_path / "pipe")
    for shared in (None, Path("/dev/stdout"), Path("/dev/null"), tmp_path / "pipe"):
        with alone_at(shared), alone_at(shared):
            assert os.listdir(tmp_path) == ["pipe"]


@pytest.mark.skipif(shutil.which("exiftool") is None, reason="ExifTool is not installed")
@pytest.mark.parametrize("second", [["album/5.jpg"], ["album", "--undo"]])
def test_a_second_embed_into_the_same_photographs_is_told(looksay, begin, album, second):
    pytest.importorskip("exiftool")
    before = {path: path.read_bytes() for path in album.iterdir()}
    first = begin("embed", "album")
    result = looksay("embed", *second)
    assert result.status == 1 and result.out == ""
    assert result.err.splitlines()[-1].startswith("looksay: Another `looksay embed` is at work on")
    assert looksay("embed", "album/5.jpg", "--dry-run").status == 0  # it writes nothing
    go_on(first)
    assert not list(album.glob(".unfinished-*"))
    assert looksay("embed", "album").err == "6 unchanged.\n"
    assert looksay("embed", "album", "--undo").err == "6 undone.\n"
    assert {path: path.read_bytes() for path in album.iterdir()} == before


@pytest.mark.skipif(shutil.which("exiftool") is None, reason="ExifTool is not installed")
def test_embeds_into_other_folders_are_free(looksay, begin, album):
    pytest.importorskip("exiftool")
    for name in ("aaa", "other"):
        shutil.copytree(album, album.with_name(name))
    first = begin("embed", "aaa", "album")  # the first two of `aaa`
    assert looksay("embed", "other").err == "6 written.\n"
    assert looksay("embed", "album").err == "6 written.\n"  # not reached yet by the first
    go_on(first)
    assert looksay("embed", "aaa", "album").err == "12 unchanged.\n"
