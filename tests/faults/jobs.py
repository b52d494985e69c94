"""What needs no training: captioning to a file, indexing, alt texts, captions in photographs."""

from __future__ import annotations

import csv
import hashlib
import json
import os
import shutil
import sqlite3
import sys
from contextlib import closing, redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any

sys.path[:0] = [str(Path(__file__).parents[1]), str(Path(__file__).parents[1] / "library")]

from by_hand import check as check_database  # noqa: E402
from by_hand import save_photo  # noqa: E402
from killing import Job, files_below  # noqa: E402
from library_captioner import ColourCaptioner  # noqa: E402
from PIL import Image  # noqa: E402
from toy_bundle import write_toy_bundle  # noqa: E402

from looksay.cli import alt_text, embed, outputs  # noqa: E402
from looksay.cli.main import run  # noqa: E402
from looksay.library import batches  # noqa: E402

SECONDS_BETWEEN_WRITES = 0.02  # 1 and 5 s as users have it: short runs would write but once


class _OnToyBundle(Job):
    """With the toy's graphs, on photographs of noise."""

    NUM_PHOTOS = 60

    def __init__(self, inputs: Path) -> None:
        self.bundle = write_toy_bundle(inputs / "toy")
        self.photos = inputs / "photos"
        for seed in range(self.NUM_PHOTOS):
            save_photo(self.photos / f"{seed % 3}" / f"{seed:02}.jpg", seed)

    def prepare(self, folder: Path, number: int) -> None:
        (folder / "photos").symlink_to(self.photos)

    def engine(self) -> list[str]:
        return ["--model", str(self.bundle), "--precision", "f32", "--batch-size", "1"]


class CaptionToFile(_OnToyBundle):
    """`looksay caption photos --output FILE`, in each format in turn."""

    name = "caption"
    FORMATS = ("jsonl", "csv", "json", "text")

    def kinds(self) -> int:
        return len(self.FORMATS)

    def run(self, number: int) -> int:
        outputs.SECONDS_BETWEEN_REWRITES = SECONDS_BETWEEN_WRITES
        file = f"out.{self.FORMATS[number % self.kinds()]}"
        return run(["caption", "photos", "--greedy", *self.engine(), "--output", file])

    def check(self, folder: Path, undisturbed: Any) -> None:
        for name, content in files_below(folder).items():
            if name == "out.json":  # whole at every moment
                names = [record["image"] for record in json.loads(content)]
                assert len(set(names)) == len(names)
            else:  # what is there stays
                assert undisturbed[name].startswith(content), f"{name} has something else in it"

    def result(self, folder: Path) -> Any:
        ((name, content),) = files_below(folder).items()
        photos = sorted(self._names(name, content.decode()))
        assert len(photos) == len(set(photos)) == self.NUM_PHOTOS
        return {name: content}

    def _names(self, name: str, text: str) -> list[str]:
        if name == "out.csv":
            return [row["image"] for row in csv.DictReader(text.splitlines())]
        if name == "out.text":
            return [line.split("\t")[0] for line in text.splitlines()]
        records = json.loads(text) if name == "out.json" else map(json.loads, text.splitlines())
        return [record["image"] for record in records]


class FillIndex(_OnToyBundle):
    """`looksay index photos --database photos.db`."""

    name = "index"

    def run(self, number: int) -> int:
        batches.batches.__kwdefaults__["seconds"] = SECONDS_BETWEEN_WRITES
        return run(["index", "photos", "--database", "photos.db", *self.engine()])

    def check(self, folder: Path, undisturbed: Any) -> None:
        database = folder / "photos.db"
        if database.exists() and database.stat().st_size:
            check_database(database)

    def result(self, folder: Path) -> Any:
        database = folder / "photos.db"
        check_database(database)
        with closing(sqlite3.connect(database)) as connection:
            rows = connection.execute(
                "SELECT files.path, hex(sha256), contents.caption, words, log_prob, "
                "contents.alternatives, captions.caption FROM files JOIN contents "
                "ON contents.id = content_id JOIN captions ON captions.rowid = contents.id "
                "WHERE gone_at IS NULL AND error IS NULL ORDER BY files.path"
            ).fetchall()
            numbers = [
                connection.execute(f"SELECT count(*) FROM {table}").fetchone()
                for table in ("files", "contents", "captions", "roots", "models")
            ]
        assert numbers == [(self.NUM_PHOTOS,)] * 3 + [(1,)] * 2 and len(rows) == self.NUM_PHOTOS
        return rows


class WriteAltTexts(Job):
    """`looksay alt-text site --write`, with a captioner that says a picture's colour."""

    name = "alt-text"
    NUM_PAGES = 40

    def __init__(self, inputs: Path) -> None:
        self.site = inputs / "site"
        self.site.mkdir()
        for colour in ("red", "green"):
            Image.new("RGB", (64, 64), colour).save(self.site / f"{colour}.jpg")
        for number in range(self.NUM_PAGES):
            text = f"<p>{number}</p>\n<img src=red.jpg>\n<img src=green.jpg alt=''>\n" * 20
            (self.site / f"{number:02}.html").write_text(text)

    def prepare(self, folder: Path, number: int) -> None:
        shutil.copytree(self.site, folder / "site")

    def run(self, number: int) -> int:
        alt_text.load_captioner = lambda **_: ColourCaptioner()
        return run(["alt-text", "site", "--write"])

    def check(self, folder: Path, undisturbed: Any) -> None:
        before = files_below(self.site)
        for name, content in files_below(folder / "site").items():
            assert content in (before[name], undisturbed[name]), f"{name} is half written"

    def result(self, folder: Path) -> Any:
        pages = files_below(folder / "site")
        for name, content in pages.items():
            assert not name.endswith("html") or content.count(b'"A red picture"') == 20
        return pages


class EmbedCaptions(Job):
    """`looksay embed photos`, with that captioner; at the end `--undo` gives every byte back."""

    name = "embed"
    NUM_PHOTOS = 12

    def __init__(self, inputs: Path) -> None:
        self.photos = inputs / "to-embed"
        self.photos.mkdir()
        for number in range(self.NUM_PHOTOS):
            suffix = ("jpg", "png", "webp")[number % 3]
            Image.new("RGB", (20 + number, 20), "red").save(self.photos / f"{number:02}.{suffix}")

    def prepare(self, folder: Path, number: int) -> None:
        shutil.copytree(self.photos, folder / "photos")

    def run(self, number: int) -> int:
        embed.load_captioner = lambda **_: ColourCaptioner()
        return run(["embed", "photos"])

    def check(self, folder: Path, undisturbed: Any) -> None:
        before, journal = files_below(self.photos), _journal(folder / "photos")
        for name, content in files_below(folder / "photos").items():
            if name in before:
                written = hashlib.sha256(content).hexdigest()
                assert content == before[name] or written in journal, f"{name} has no way back"

    def result(self, folder: Path) -> Any:
        photos = {n: c for n, c in files_below(folder / "photos").items() if not n.startswith(".")}
        assert all(b"A red picture" in content for content in photos.values())
        shutil.copytree(folder / "photos", back := folder / "back")
        with open(os.devnull, "w") as nowhere, redirect_stdout(nowhere), redirect_stderr(nowhere):
            assert run(["embed", str(back), "--undo"]) == 0
        assert files_below(back) == files_below(self.photos), "undo gave something else"
        return photos


def _journal(folder: Path) -> set[str]:
    """The SHA-256 of each photograph to which the journal has a way back."""
    path = folder / ".looksay-undo.jsonl"
    lines = path.read_text().splitlines() if path.exists() else []
    return {json.loads(line)["after"] for line in lines if line.endswith("}")}


JOBS = {job.name: job for job in (CaptionToFile, FillIndex, WriteAltTexts, EmbedCaptions)}
