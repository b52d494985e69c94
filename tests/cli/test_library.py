"""`looksay index` and `looksay search` as somebody types them, over a toy model."""

from __future__ import annotations

import json
import os
import queue
import shutil
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

sys.path.insert(0, str(Path(__file__).parents[1]))

LOOKSAY = [sys.executable, "-m", "looksay"]


def save_photo(path: Path, seed: int) -> Path:
    pixels = np.random.default_rng(seed).integers(0, 256, (8, 8, 3), dtype=np.uint8)
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(path)
    return path


@pytest.fixture(scope="module")
def toy(tmp_path_factory) -> Path:
    pytest.importorskip("onnx")
    from toy_bundle import write_toy_bundle

    return write_toy_bundle(tmp_path_factory.mktemp("bundles") / "toy")


@pytest.fixture
def pictures(tmp_path, monkeypatch) -> Path:
    """Six photographs below `pictures`, and the current folder above it."""
    for seed in range(6):
        save_photo(tmp_path / "pictures" / str(seed % 2) / f"{seed}.png", seed)
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("LOOKSAY_DATABASE", raising=False)
    return tmp_path / "pictures"


@pytest.fixture
def index(looksay, toy):
    return lambda *args: looksay("index", *args, "--model", toy, "--json")


def test_index_then_search(looksay, index, toy, pictures):
    result = index("pictures")
    assert result.status == 0 and result.err == ""
    report = json.loads(result.out)
    assert report["captioned"] == report["new"] == report["files"] == 6
    assert json.loads(index().out)["captioned"] == 0  # it knows the folder

    lines = looksay("caption", "pictures", "--model", toy).lines
    assert len(lines) == 6
    for line in lines:
        found = looksay("search", "--limit", 100, "--", line.split("\t")[1])
        assert line in found.lines


def test_the_summary_is_a_line_for_people(looksay, toy, pictures):
    result = looksay("index", "pictures", "--model", toy)
    assert result.out == "6 files: 6 new, 6 captioned.\n"
    result = looksay("index", "--model", toy)
    assert result.out == "6 files: nothing has changed.\n"


def test_a_bad_picture_is_a_line_and_status_one(index, pictures):
    (pictures / "bad.jpg").write_text("no picture")
    result = index("pictures")
    assert result.status == 1 and json.loads(result.out)["failed"] == 1
    assert result.err.count("\n") == 1 and "bad.jpg holds text, not a picture" in result.err
    assert json.loads(index().out)["failed"] == 1  # tried again
    os.remove(pictures / "bad.jpg")
    assert index().status == 0


def test_other_options_recaption_only_when_asked(index, pictures):
    index("pictures")
    result = index("--greedy")
    assert json.loads(result.out)["captioned"] == 0
    assert "6 photographs keep captions" in result.err and "--recaption" in result.err
    result = index("--greedy", "--recaption")
    assert json.loads(result.out)["captioned"] == 6 and result.err == ""
    assert json.loads(index("--greedy").out)["other_model"] == 0


def test_more_captions_of_a_photograph_can_be_searched(looksay, index, pictures):
    index("pictures", "--num-captions", 3)
    record = json.loads(looksay("search", "--json", "--", "-zebra").out)
    assert record["total"] == 6
    assert all(len(photo["alternatives"]) == 2 for photo in record["photographs"])


def test_the_contact_sheet_is_written(looksay, index, pictures, tmp_path):
    index("pictures")
    result = looksay("search", "--html", "sheet.html", "--", "-zebra")
    assert result.status == 0 and result.out == "" and "sheet.html shows 6 of 6" in result.err
    assert (tmp_path / "sheet.html").read_text().count("data:image/jpeg") == 6
    result = looksay("search", "dog", "--html", "nowhere/sheet.html")
    assert result.status == 1 and "nowhere" in result.err and "Traceback" not in result.err


@pytest.mark.parametrize(
    ("args", "status", "words"),
    [
        (["index"], 1, "no folder yet"),
        (["index", "nothing"], 1, "does not exist"),
        (["index", "pictures/0/0.png"], 1, "name a folder"),
        (["index", "pictures", "--poll"], 2, "--watch"),
        (["index", "pictures", "--watch", "--recaption"], 2, "--recaption"),
        (["index", "pictures", "--database", "no/where.db"], 1, "no for where.db does not exist"),
        (["index", "pictures", "--database", "pictures"], 1, "is a folder"),
        (["search", "dog"], 1, "looksay index PHOTOS"),
        (["search"], 2, "QUERY"),
        (["search", "dog", "--limit", "0"], 2, "--limit"),
    ],
)
def test_wrong_usage_is_a_sentence(looksay, toy, pictures, args, status, words):
    extra = ["--model", toy] if args[0] == "index" else []
    result = looksay(*args, *extra)
    assert result.status == status and words in result.err and result.out == ""


def test_a_senseless_query_is_a_sentence(looksay, index, pictures):
    index("pictures")
    result = looksay("search", "?!")
    assert result.status == 2 and "no word to search for" in result.err
    result = looksay("search", "elephant")
    assert (result.status, result.out) == (0, "") and "no photograph" in result.err


def test_a_library_without_captions_says_so(looksay, toy, pictures):
    (pictures.parent / "empty").mkdir()
    assert looksay("index", "empty", "--model", toy).status == 1
    assert "no captioned photographs yet" in looksay("search", "dog").err


def test_odd_names_come_out_whole(looksay, index, pictures):
    name = os.fsdecode(b"caf\xe9\t.png")
    try:
        save_photo(pictures / name, 50)
    except OSError:
        pytest.skip("this file system has no such names")
    index("pictures")
    record = json.loads(looksay("search", "--json", "--", "-zebra").out)
    assert os.fspath(pictures / name) in [photo["image"] for photo in record["photographs"]]


class Watching:
    """`looksay index --watch` in a process of its own, and the reports it prints."""

    def __init__(self, *args: object) -> None:
        self.process = subprocess.Popen(
            [*LOOKSAY, "index", *map(str, args), "--watch", "--json"],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.lines: queue.Queue[str] = queue.Queue()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        for line in self.process.stdout:
            self.lines.put(line)

    def until(self, **counts: int) -> None:
        """Waits until the reports from now on have added up to these counts, and to no more."""
        total = dict.fromkeys(counts, 0)
        deadline = time.monotonic() + 90
        while total != counts:
            report = json.loads(self.lines.get(timeout=deadline - time.monotonic()))
            for name in counts:
                total[name] += report[name]
                assert total[name] <= counts[name], report

    def end(self) -> tuple[int, str]:
        self.process.send_signal(signal.SIGINT)
        _, err = self.process.communicate(timeout=60)
        return self.process.returncode, err


@pytest.mark.skipif(sys.platform == "win32", reason="sends SIGINT")
@pytest.mark.parametrize("how", [[], ["--poll"]], ids=["events", "polling"])
def test_watching_follows_the_files(looksay, toy, pictures, how):
    pytest.importorskip("watchfiles")
    watching = Watching("pictures", "--model", toy, *how)
    try:
        watching.until(captioned=6)
        save_photo(pictures / "deep/er/new.png", 60)
        watching.until(new=1, captioned=1)
        shutil.move(pictures / "0", pictures / "moved")
        save_photo(pictures / "1/1.png", 61)
        watching.until(moved=3, changed=1, captioned=1, gone=0)
        data = save_photo(pictures.parent / "outside.png", 62).read_bytes()
        with open(pictures / "slow.png", "wb") as file:  # written over more than SETTLE_SECONDS
            for start in range(0, len(data), len(data) // 10):
                file.write(data[start : start + len(data) // 10])
                file.flush()
                time.sleep(0.3)
        watching.until(new=1, captioned=1, failed=0)
        shutil.rmtree(pictures / "moved")
        watching.until(gone=3, captioned=0)
        status, err = watching.end()
    finally:
        watching.process.kill()
    assert status == 0 and "Traceback" not in err and "the library is whole" in err
    assert json.loads(looksay("search", "--json", "--", "-zebra").out)["total"] == 5


def test_watching_without_its_library(looksay, toy, pictures, monkeypatch):
    monkeypatch.setitem(sys.modules, "watchfiles", None)
    result = looksay("index", "pictures", "--watch", "--model", toy)
    assert result.status == 1 and "looksay[library]" in result.err
