"""`looksay download`, from a local mirror with tiny archives in the real ones' layout."""

from __future__ import annotations

import gzip
import io
import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import tarfile
import time
from dataclasses import replace
from pathlib import Path

import pytest

from looksay.data import load_data
from looksay.data.download import Patience, sources

HERE = Path(__file__).parents[1]
sys.path.insert(0, str(HERE))
from download_server import Behaviour, Files, fit_catalogue, make_zip, serving  # noqa: E402

NAMES = [f"{n}_abc.jpg" for n in range(4)]
NOISE = random.Random(0)


def coco_names(split: str) -> list[str]:
    """Two photographs of each split."""
    return NAMES[:2] if split == "train" else NAMES[2:]


def coco_captions(split: str) -> str:
    names = coco_names(split)
    return json.dumps(
        {
            "images": [{"id": n, "file_name": name} for n, name in enumerate(names)],
            "annotations": [{"image_id": n, "caption": "A dog."} for n in range(len(names))],
        }
    )


def karpathy_entries(coco: bool) -> list[dict[str, object]]:
    """The photographs as Karpathy's file lists them, one in each of his splits."""
    entries: list[dict[str, object]] = []
    for name, split in zip(NAMES, ("train", "restval", "val", "test"), strict=True):
        entry = {"filename": name, "split": split, "sentences": [{"raw": "A dog."}]}
        folder = "train2014" if name in coco_names("train") else "val2014"
        entries.append({**entry, "filepath": folder} if coco else entry)
    return entries


def tiny_archives() -> dict[str, bytes]:
    """Every archive of the catalogue with four photographs."""
    photos = {name: NOISE.randbytes(2000) for name in NAMES}
    archives = {
        "Flickr8k_Dataset.zip": {
            **{f"Flicker8k_Dataset/{name}": content for name, content in photos.items()},
            "__MACOSX/Flicker8k_Dataset/._x.jpg": b"litter",
        },
        "Flickr8k_text.zip": {
            "Flickr8k.token.txt": "".join(
                f"{name}#{k}\tA dog number {k} .\n" for name in NAMES for k in range(5)
            ),
            "Flickr_8k.trainImages.txt": f"{NAMES[0]}\n{NAMES[1]}\n",
            "Flickr_8k.devImages.txt": f"{NAMES[2]}\n",
            "Flickr_8k.testImages.txt": f"{NAMES[3]}\n",
            "readme.txt": "Flickr8k",
        },
        "caption_datasets.zip": {
            f"dataset_{name}.json": json.dumps({"images": karpathy_entries(name == "coco")})
            for name in ("coco", "flickr8k", "flickr30k")
        },
    }
    for year in ("2014", "2017"):
        for split in ("train", "val"):
            folder = split + year
            names = coco_names(split)
            archives[f"{folder}.zip"] = {f"{folder}/{name}": b"photo" for name in names}
        archives[f"annotations_trainval{year}.zip"] = {
            **{f"annotations/captions_{x}{year}.json": coco_captions(x) for x in ("train", "val")},
            **{f"annotations/instances_{x}{year}.json": "{}" for x in ("train", "val")},
        }
    return {name: make_zip(members) for name, members in archives.items()}


ARCHIVES = tiny_archives()


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch):
    """A mirror that LOOKSAY_BASE_URL names, with a catalogue to fit; a patient user, in a hurry."""
    with serving() as files:
        files.content.update(ARCHIVES)
        for name, value in fit_catalogue(ARCHIVES).items():
            monkeypatch.setattr(sources, name, value)
        monkeypatch.setattr(
            "looksay.cli.download.PATIENCE",
            Patience(num_attempts=3, first_wait_seconds=0.001, timeout_seconds=5),
        )
        monkeypatch.setenv("LOOKSAY_BASE_URL", files.base_url)
        yield files


def below(folder: Path) -> set[str]:
    return {p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file()}


def test_flickr8k_comes_as_load_data_reads_it(looksay, server, tmp_path):
    result = looksay("download", "flickr8k", tmp_path / "f8k", "--yes")
    assert result.status == 0, result.err
    assert result.lines[-1] == f"Everything is there. Use it with --data flickr8k:{tmp_path}/f8k"
    assert any("photographs, about 1.1" in line for line in result.lines)
    assert sorted(path.name for path in (tmp_path / "f8k").iterdir()) == [
        "Flicker8k_Dataset",
        "Flickr8k_text",
    ]
    dataset = load_data(f"flickr8k:{tmp_path / 'f8k'}")
    assert dataset.splits == {"train": 2, "dev": 1, "test": 1}
    assert dataset.report.captions == 20 and len(dataset.report.sentences()) == 1


def test_what_is_there_is_not_fetched_again(looksay, server, tmp_path):
    looksay("download", "flickr8k", tmp_path, "--yes")
    server.asked.clear()
    result = looksay("download", "flickr8k", tmp_path)  # and nobody is asked either
    assert result.status == 0 and not server.asked
    assert "there already" in result.out and "To download" not in result.out
    (tmp_path / "Flicker8k_Dataset" / NAMES[0]).unlink()
    result = looksay("download", "flickr8k", tmp_path, "--yes")
    assert [asked.path for asked in server.asked] == ["Flickr8k_Dataset.zip"]
    assert len(load_data(f"flickr8k:{tmp_path}").records) == 4


@pytest.mark.parametrize("year", ["2014", "2017"])
def test_coco_comes_in_its_usual_layout(looksay, server, tmp_path, year):
    args = ["--year", year, "--karpathy"] if year == "2014" else []
    result = looksay("download", "coco", tmp_path, *args, "--yes")
    assert result.status == 0, result.err
    expected = {f"{x}{year}/{name}" for x in ("train", "val") for name in coco_names(x)}
    expected |= {
        f"annotations/{kind}_{split}{year}.json"
        for kind in ("captions", "instances")
        for split in ("train", "val")
    }
    assert below(tmp_path) == expected | ({"dataset_coco.json"} if args else set())
    assert f"--data coco{year}:{tmp_path}" in result.lines[-1]
    assert "CC BY 4.0" in result.out
    dataset = load_data(f"coco{year}:{tmp_path}")
    assert dataset.splits == {"train": 2, "dev": 2} and len(dataset.report.sentences()) == 1
    if args:
        dataset = load_data(f"karpathy:{tmp_path}/dataset_coco.json")
        assert dataset.splits == {"train": 2, "dev": 1, "test": 1}


def test_both_editions_of_coco_live_side_by_side(looksay, server, tmp_path):
    for year in ("2014", "2017"):
        assert (
            looksay("download", "coco", tmp_path, "--year", year, "-y", "--split", "val").status
            == 0
        )
    folders = {"annotations", "val2014", "val2017"}
    assert {path.name for path in tmp_path.iterdir()} == folders
    for year in ("2014", "2017"):
        assert load_data(f"coco{year}:{tmp_path}").splits == {"dev": 2}
    assert len(below(tmp_path / "annotations")) == 8


def test_archives_are_kept_where_wanted(looksay, server, tmp_path):
    looksay("download", "flickr8k", tmp_path, "--yes", "--keep-archives")
    assert below(tmp_path / "downloads") == {"Flickr8k_Dataset.zip", "Flickr8k_text.zip"}


@pytest.mark.parametrize(("answer", "status"), [("y\n", 0), ("n\n", 1), ("\n", 1)])
def test_the_user_is_asked(looksay, server, tmp_path, monkeypatch, answer, status):
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    monkeypatch.setattr("sys.stdin", Terminal(answer))
    result = looksay("download", "flickr8k", tmp_path)
    assert result.status == status and "Go on? [y/N]" in result.out
    if status:
        assert result.err == "looksay: nothing was downloaded.\n"
        assert not server.asked and not below(tmp_path)


def test_where_nobody_can_be_asked_yes_must_be_said(looksay, server, tmp_path):
    result = looksay("download", "flickr8k", tmp_path)
    assert result.status == 2 and "add --yes" in result.err and not server.asked


@pytest.mark.parametrize(
    ("args", "status", "hint"),
    [
        (["imagenet", "x"], 2, "'coco', 'flickr8k', 'flickr30k'"),
        (["coco", "x", "--year", "2015"], 2, "2014"),
        (["flickr8k", "x", "--year", "2014"], 2, "leave --year and --split out"),
        (["coco", "x", "--karpathy"], 2, "add --year 2014"),
        (["flickr8k", "x", "--base-url", "file:///etc"], 2, "no web address"),
        (["flickr8k"], 2, "DIR"),
    ],
)
def test_wrong_usage(looksay, args, status, hint):
    result = looksay("download", *args, "--yes")
    assert result.status == status and hint in result.err


@pytest.mark.parametrize(
    ("behaviour", "hint"),
    [
        (Behaviour(status=404), "answers 404 Not Found; the file may have moved: use a mirror"),
        (Behaviour(status=500), "answers 500 Internal Server Error, after 3 attempts"),
        (Behaviour(content_type="text/html"), "web page"),
    ],
)
def test_every_failure_is_a_sentence(looksay, server, tmp_path, behaviour, hint):
    server.script["Flickr8k_text.zip"] = [behaviour] * 9
    result = looksay("download", "flickr8k", tmp_path, "--yes")
    last = result.err.splitlines()[-1]
    assert result.status == 1 and last.startswith("looksay: http") and hint in last
    assert "Traceback" not in result.err and not (tmp_path / "Flickr8k_text").exists()


def test_another_file_at_the_mirror_is_refused(looksay, server, tmp_path):
    wrong = bytearray(ARCHIVES["Flickr8k_Dataset.zip"])
    wrong[100] ^= 1
    server.content["Flickr8k_Dataset.zip"] = bytes(wrong)
    result = looksay("download", "flickr8k", tmp_path, "--yes")
    assert result.status == 1 and "SHA256 sum" in result.err and "It was deleted" in result.err
    assert below(tmp_path) == {
        f"Flickr8k_text/{name}"
        for name in (
            "Flickr8k.token.txt",
            "Flickr_8k.trainImages.txt",
            "Flickr_8k.devImages.txt",
            "Flickr_8k.testImages.txt",
            "readme.txt",
        )
    }


def test_no_bar_where_nobody_looks(looksay, server, tmp_path):
    result = looksay("download", "flickr8k", tmp_path, "--yes")
    assert "%|" not in result.err and result.err.count("\n") == 2


# --- Flickr30k ------------------------------------------------------------------------------------


def flickr30k_captions() -> bytes:
    lines = "".join(f"{name}#{k}\tA dog number {k} .\n" for name in NAMES for k in range(5))
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        for name, text in [("readme.txt", "Flickr30k"), ("results_20130124.token", lines)]:
            info = tarfile.TarInfo(name)
            info.size = len(text)
            archive.addfile(info, io.BytesIO(text.encode()))
    return buffer.getvalue()


def test_flickr30k_says_what_must_be_asked_for_and_takes_it_from_there(
    looksay, server, tmp_path, monkeypatch
):
    server.content["flickr30k.tar.gz"] = flickr30k_captions()
    result = looksay("download", "flickr30k", tmp_path, "--yes", "--karpathy")
    assert result.status == 1
    assert below(tmp_path) == {"results_20130124.token", "dataset_flickr30k.json"}
    last = result.err.splitlines()[-1]
    for part in (
        "the photographs are missing",
        "form at https://shannon.cs.illinois.edu/DenotationGraph/",
        f"(flickr30k-images.tar.gz, about 4.40 GB) in {tmp_path}/downloads,",
        "run the same command again",
    ):
        assert part in last
    assert "no checksum of it is known" in result.err

    (tmp_path / "downloads").mkdir(exist_ok=True)
    came = tmp_path / "downloads" / "flickr30k-images.tar.gz"
    came.write_bytes(flickr30k_photographs())
    result = looksay("download", "flickr30k", tmp_path)
    assert result.status == 1 and "has 4 of 31,783 files" in result.err
    assert below(tmp_path / "flickr30k-images") == set(NAMES)

    by_hand = sources.FLICKR30K_BY_HAND
    by_hand = replace(by_hand, piece=replace(by_hand.piece, num_files=4))
    monkeypatch.setattr(sources, "FLICKR30K_BY_HAND", by_hand)
    shutil.rmtree(tmp_path / "flickr30k-images")
    result = looksay("download", "flickr30k", tmp_path)
    assert result.status == 0 and "you may delete it" in result.err and came.exists()
    assert result.lines[-1].endswith(f"--data flickr30k:{tmp_path}")
    assert load_data(f"flickr30k:{tmp_path}").splits == {"train": 2, "dev": 1, "test": 1}


def flickr30k_photographs() -> bytes:
    buffer = io.BytesIO()
    with gzip.GzipFile(fileobj=buffer, mode="wb") as zipped:
        with tarfile.open(fileobj=zipped, mode="w") as archive:
            for name in NAMES:
                info = tarfile.TarInfo(f"flickr30k-images/{name}")
                info.size = 5
                archive.addfile(info, io.BytesIO(b"photo"))
    return buffer.getvalue()


# --- stopped from outside -------------------------------------------------------------------------


@pytest.fixture
def mirror(tmp_path: Path, server: Files) -> Path:
    """The tiny archives as files: a process of its own makes its catalogue fit them."""
    folder = tmp_path / "mirror"
    folder.mkdir()
    for name, content in ARCHIVES.items():
        (folder / name).write_bytes(content)
    return folder


def start(mirror: Path, folder: Path, stderr: int = subprocess.PIPE) -> subprocess.Popen[str]:
    """`looksay download flickr8k` in a process of its own."""
    return subprocess.Popen(
        [sys.executable, HERE / "download_server.py", mirror, "download", "flickr8k", folder, "-y"],
        stdout=subprocess.PIPE,
        stderr=stderr,
        text=True,
        # tests started in the background, as by nohup, inherit that Ctrl-C is ignored
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )


def wait_for(condition, process: subprocess.Popen[str]) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.02)


def size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL, signal.SIGTERM])
def test_stopped_in_the_middle_and_run_again(server, mirror, tmp_path, how):
    """Ctrl-C says what is kept and how to go on; a kill says nothing and costs no more."""
    server.script["Flickr8k_Dataset.zip"] = [Behaviour(hang_after=5000)]
    folder = tmp_path / "set"
    partial = folder / "downloads" / "Flickr8k_Dataset.zip.partial"
    process = start(mirror, folder)
    wait_for(lambda: server.hanging.is_set() and size(partial) > 0, process)
    time.sleep(0.1)
    process.send_signal(how)
    _, said = process.communicate(timeout=60)
    assert process.returncode == (130 if how is signal.SIGINT else -how)
    if how is signal.SIGINT:
        assert f"of Flickr8k_Dataset.zip are kept in {partial}" in said
        assert "Run the same command again to go on." in said
        assert "Traceback" not in said and said.endswith("looksay: interrupted.\n")
    kept = size(partial)
    assert 0 < kept <= 5000
    server.asked.clear()

    process = start(mirror, folder)
    out, said = process.communicate(timeout=60)
    assert process.returncode == 0, said
    assert [(asked.path, asked.range) for asked in server.asked] == [
        ("Flickr8k_Dataset.zip", f"bytes={kept}-")
    ]
    assert re.search(r"Flickr8k_Dataset.zip: .* of which 0.0 MB are there", out)
    assert len(load_data(f"flickr8k:{folder}").records) == 4
    assert not (folder / "downloads").exists()


def test_killed_while_unpacking_and_run_again(server, mirror, tmp_path):
    photos = {f"Flicker8k_Dataset/{n}.jpg": NOISE.randbytes(2000) for n in range(1500)}
    server.content["Flickr8k_Dataset.zip"] = content = make_zip(photos)
    (mirror / "Flickr8k_Dataset.zip").write_bytes(content)
    folder = tmp_path / "set"
    staging = folder / "downloads" / "Flickr8k_Dataset.zip.unpacking" / "Flicker8k_Dataset"
    process = start(mirror, folder)
    wait_for(lambda: staging.is_dir() and any(staging.iterdir()), process)
    process.kill()
    process.communicate(timeout=60)
    assert process.returncode == -signal.SIGKILL
    assert not (folder / "Flicker8k_Dataset").exists()
    server.asked.clear()

    process = start(mirror, folder)
    assert process.communicate(timeout=60)[1].endswith("photographs unpacked.\n")
    assert process.returncode == 0 and not server.asked
    found = {path.name: path.read_bytes() for path in (folder / "Flicker8k_Dataset").iterdir()}
    assert found == {Path(name).name: content for name, content in photos.items()}
    assert not (folder / "downloads").exists()


def test_a_bar_on_a_terminal(server, mirror, tmp_path):
    termios = pytest.importorskip("termios")
    reader, writer = os.openpty()
    termios.tcsetwinsize(writer, (24, 100))
    process = start(mirror, tmp_path / "set", stderr=writer)
    process.communicate(timeout=60)
    os.close(writer)
    shown = os.read(reader, 100_000).decode()
    os.close(reader)
    assert process.returncode == 0
    for part in ("Flickr8k_Dataset.zip: 100%", "checking: 100%", "unpacking: 100%"):
        assert part in shown
