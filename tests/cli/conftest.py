"""A captioner that needs no model, and the command line run in this process."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from looksay.errors import ImageError
from looksay.images import open_image

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from command_line import Looksay, command_line  # noqa: E402


@dataclass
class FakeCaption:
    """What the command line uses of a Caption."""

    text: str
    model: str = "fake"
    alternatives: tuple[str, ...] = ()

    @property
    def words(self) -> tuple[str, ...]:
        return tuple(self.text.split())

    def to_json(self, attention: bool = False) -> dict[str, Any]:
        record: dict[str, Any] = {
            "schema": 1,
            "image": None,
            "caption": self.text,
            "words": list(self.words),
            "log_prob": -1.5,
            "alternatives": [
                {"caption": text, "words": text.split(), "log_prob": -2.5}
                for text in self.alternatives
            ],
            "model": self.model,
            "error": None,
        }
        if attention:
            record["attention"] = [[[1.0]] for _ in self.words]
        return record

    def save_picture(self, path: Path) -> None:
        path.write_text(self.text)


@dataclass
class FakeError:
    """What the command line uses of a CaptionError."""

    message: str


@dataclass
class FakeCaptioner:
    """Names a picture's size; reads ahead as the real one does; remembers what it was asked."""

    name: str = "fake"
    calls: list[dict[str, Any]] = field(default_factory=list)
    seen: list[Any] = field(default_factory=list)
    interrupt_after: int | None = None

    def caption_many(
        self, sources: Iterable[Any], *, with_errors: bool, batch_size: int = 3, **options: Any
    ) -> Iterator[Any]:
        assert with_errors
        self.calls.append({"batch_size": batch_size, **options})
        batch: list[Any] = []
        for source in sources:
            batch.append(source)
            if len(batch) == batch_size:
                yield from self._answer(batch, options)
                batch = []
        yield from self._answer(batch, options)

    def _answer(self, batch: list[Any], options: dict[str, Any]) -> Iterator[Any]:
        for source in batch:
            if self.interrupt_after == len(self.seen):
                raise KeyboardInterrupt
            self.seen.append(source)
            try:
                width, height = open_image(source).size
            except ImageError as error:
                yield FakeError(str(error))
                continue
            others = options.get("num_captions", 1) - 1
            yield FakeCaption(f"a picture {width} by {height}", self.name, ("another",) * others)


@pytest.fixture
def looksay(capsys: pytest.CaptureFixture[str]) -> Looksay:
    """`looksay("caption", "a.jpg")` runs the command line and catches what it prints."""
    return command_line(capsys)


@pytest.fixture
def captioner(monkeypatch: pytest.MonkeyPatch) -> FakeCaptioner:
    """The fake captioner, in the place where the command line loads the real one."""
    fake = FakeCaptioner()
    monkeypatch.setattr("looksay.cli.caption.load_captioner", lambda **how: fake)
    return fake


@pytest.fixture
def photos(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder `photos` with a.png (10 by 11), b.jpg (20 by 21) and deep/c.png; cwd above it."""
    folder = tmp_path / "photos"
    (folder / "deep").mkdir(parents=True)
    for name, side in [("a.png", 10), ("b.jpg", 20), ("deep/c.png", 30)]:
        Image.new("RGB", (side, side + 1), "teal").save(folder / name)
    monkeypatch.chdir(tmp_path)
    return folder


class FakeStdin:
    """Standard input with these bytes."""

    def __init__(self, data: bytes) -> None:
        self.buffer = io.BytesIO(data)

    def isatty(self) -> bool:
        return False


@pytest.fixture
def stdin(monkeypatch: pytest.MonkeyPatch) -> Callable[[bytes], None]:
    """`stdin(b"...")` pipes bytes in."""
    return lambda data: monkeypatch.setattr("sys.stdin", FakeStdin(data))


@pytest.fixture
def colours(monkeypatch):
    """The captioner of `alt-text` and `embed`, which says what colour a picture is."""
    from library_captioner import ColourCaptioner

    fake = ColourCaptioner()
    for verb in ("alt_text", "embed"):
        monkeypatch.setattr(f"looksay.cli.{verb}.load_captioner", lambda **how: fake)
    return fake
