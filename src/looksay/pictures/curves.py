"""A run's training curves as a PNG, drawn with Pillow alone."""

from __future__ import annotations

import math
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from PIL import Image, ImageDraw

from looksay.errors import UsageError
from looksay.pictures.lettering import font_for, write

# Okabe and Ito's colours, which every kind of colour blindness tells apart; the lines are named
# where they end and have marks of different shape besides.
_BLUE, _ORANGE, _GREEN = "#0072b2", "#d55e00", "#007a5a"
_PAPER, _INK, _PALE_INK, _GRID = "#ffffff", "#15181f", "#5d6472", "#e3e6ec"

_SCALE = 3  # drawn this many times too large and shrunk: Pillow's lines have hard edges
_WIDTH, _PLOT_HEIGHT, _TOP, _BOTTOM, _LEFT, _RIGHT = 900, 260, 44, 46, 68, 120

_NAMES = {
    "loss": ("loss", "train_loss"),
    "dev_loss": ("dev_loss", "val_loss"),
    "dev_cider": ("dev_cider", "val_cider", "cider", "CIDEr-D"),
}

Points = list[tuple[float, float]]


@dataclass(frozen=True, kw_only=True)
class _Line:
    name: str
    colour: str
    square: bool
    points: Points


def training_curves(history: Sequence[Mapping[str, float]], path: str | os.PathLike[str]) -> Path:
    """Writes a PNG of the losses and of dev CIDEr by epoch, the best epoch marked.

    Args:
        history: an entry an epoch, with any of `loss`, `dev_loss` (or Keras's `val_loss`) and
            `dev_cider` (or `val_cider`; CIDEr-D as a fraction, drawn times 100), and `epoch`,
            which counts from 1 where it is missing. What is missing or not finite is left out.
        path: where to write; missing folders are made.

    Returns:
        The path written.
    """
    loss, dev_loss, cider = curve_points(history).values()
    epochs = [epoch for epoch, _ in loss + dev_loss + cider] or [1.0]
    sheet = _Sheet(min(epochs), max(epochs), plots=2)
    losses = [
        _Line(name="training", colour=_BLUE, square=False, points=loss),
        _Line(name="dev", colour=_ORANGE, square=True, points=dev_loss),
    ]
    sheet.plot(0, "Loss", losses)
    sheet.plot(1, "CIDEr-D on dev", [_Line(name="", colour=_GREEN, square=False, points=cider)])
    if cider:
        sheet.mark_best(1, max(cider, key=lambda point: point[1]))
    return _write(sheet.finished(), Path(path))


def curve_points(history: Sequence[Mapping[str, float]]) -> dict[str, Points]:
    """(epoch, value) of "loss", "dev_loss" and "dev_cider" (times 100), see `training_curves`."""
    points = {name: _points(history, names) for name, names in _NAMES.items()}
    points["dev_cider"] = [(epoch, 100 * value) for epoch, value in points["dev_cider"]]
    return points


def _points(history: Sequence[Mapping[str, float]], names: Sequence[str]) -> Points:
    points = []
    for index, entry in enumerate(history, start=1):
        value = next((entry[name] for name in names if entry.get(name) is not None), math.nan)
        if math.isfinite(value):
            points.append((float(entry.get("epoch", index)), float(value)))
    return points


def ticks(low: float, high: float, *, most: int, whole: bool = False) -> list[float]:
    """Round values at even steps of 1, 2 or 5 times a power of ten that cover [low, high]."""
    span = max(high - low, 1e-9)
    step = 10.0 ** math.floor(math.log10(span / most))
    step = next(step * factor for factor in (1, 2, 5, 10, 20) if span / (step * factor) <= most)
    if whole:
        step = max(1.0, round(step))
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    return [round(index * step, 10) for index in range(first, last + 1)]


class _Sheet:
    """Plots below each other over the same epochs."""

    def __init__(self, first: float, last: float, *, plots: int) -> None:
        self.first, self.last = first, max(last, first + 1)
        self.height = _TOP + plots * (_PLOT_HEIGHT + _BOTTOM) + (plots - 1) * 20
        self.image = Image.new("RGB", (_WIDTH * _SCALE, self.height * _SCALE), _PAPER)
        self.draw = ImageDraw.Draw(self.image)
        self.ranges: dict[int, tuple[float, float]] = {}

    def finished(self) -> Image.Image:
        return self.image.resize((_WIDTH, self.height), Image.Resampling.BOX)

    def plot(self, index: int, title: str, lines: Sequence[_Line]) -> None:
        """One plot: its title, its axes with ticks, its lines with their names at their ends."""
        values = [value for line in lines for _, value in line.points] or [0.0, 1.0]
        low, high = min(values), max(values)
        if high - low < 1e-6 * max(1.0, abs(high)):  # one epoch, or a value that never moves
            low, high = low - 0.1 * max(1.0, abs(low)), high + 0.1 * max(1.0, abs(high))
        marks = ticks(low, high, most=5)
        self.ranges[index] = marks[0], marks[-1]
        self._axes(index, title, marks)
        if not any(line.points for line in lines):
            middle = (_LEFT + _WIDTH - _RIGHT) / 2, self._top(index) + _PLOT_HEIGHT / 2
            self._text(middle, "not measured yet", 16, _PALE_INK, "mm")
        for line in lines:
            self._line(index, line)
        self._names(index, [line for line in lines if line.points and line.name])

    def mark_best(self, index: int, point: tuple[float, float]) -> None:
        """A ring around the best epoch, its value beside it."""
        x, y = self._at(index, point)
        self._ring(x, y, 8)
        text = f"best: {point[1]:.1f}, epoch {point[0]:g}"
        room_below = y < self._top(index) + 30
        anchor = "ra" if x > (_LEFT + _WIDTH - _RIGHT) / 2 else "la"
        below = (x + (10 if anchor == "ra" else -10), y + (14 if room_below else -32))
        self._text(below, text, 16, _INK, anchor)

    def _axes(self, index: int, title: str, marks: Sequence[float]) -> None:
        top = self._top(index)
        self._text((_LEFT, top - 32), title, 18, _INK, "la")
        for mark in marks:
            y = self._at(index, (self.first, mark))[1]
            self._stroke([(_LEFT, y), (_WIDTH - _RIGHT, y)], _GRID, 1)
            self._text((_LEFT - 10, y), f"{mark:g}", 15, _PALE_INK, "rm")
        base = top + _PLOT_HEIGHT
        self._stroke([(_LEFT, base), (_WIDTH - _RIGHT, base)], _PALE_INK, 1.3)
        for epoch in ticks(self.first, self.last, most=12, whole=True):
            if self.first <= epoch <= self.last:
                x = self._at(index, (epoch, marks[0]))[0]
                self._stroke([(x, base), (x, base + 5)], _PALE_INK, 1.3)
                self._text((x, base + 8), f"{epoch:g}", 15, _PALE_INK, "ma")
        self._text((_WIDTH - _RIGHT + 16, base + 8), "epoch", 15, _PALE_INK, "la")

    def _line(self, index: int, line: _Line) -> None:
        places = [self._at(index, point) for point in line.points]
        if len(places) > 1:
            self._stroke(places, line.colour, 2.2)
        radius = 3.6 if len(places) <= 40 else 0.0
        for x, y in places:
            box = tuple(_SCALE * side for side in (x - radius, y - radius, x + radius, y + radius))
            if radius and line.square:
                self.draw.rectangle(box, fill=line.colour)
            elif radius:
                self.draw.ellipse(box, fill=line.colour)

    def _names(self, index: int, lines: Sequence[_Line]) -> None:
        """The lines' names beside their last points, moved apart where they would overlap."""
        ends = sorted((self._at(index, line.points[-1]), line.name, line.colour) for line in lines)
        ends.sort(key=lambda end: end[0][1])
        lowest = -math.inf
        for (x, y), name, colour in ends:
            lowest = max(y, lowest + 20)
            self._text((x + 12, lowest), name, 16, colour, "lm")

    def _top(self, index: int) -> float:
        return _TOP + index * (_PLOT_HEIGHT + _BOTTOM + 20)

    def _at(self, index: int, point: tuple[float, float]) -> tuple[float, float]:
        low, high = self.ranges[index]
        across = (point[0] - self.first) / (self.last - self.first)
        up = (point[1] - low) / (high - low)
        x = _LEFT + 12 + across * (_WIDTH - _LEFT - _RIGHT - 24)
        return x, self._top(index) + _PLOT_HEIGHT * (1 - up)

    def _stroke(self, places: Sequence[tuple[float, float]], colour: str, width: float) -> None:
        large = [(x * _SCALE, y * _SCALE) for x, y in places]
        self.draw.line(large, fill=colour, width=max(1, round(width * _SCALE)), joint="curve")

    def _ring(self, x: float, y: float, radius: float) -> None:
        box = tuple(_SCALE * side for side in (x - radius, y - radius, x + radius, y + radius))
        self.draw.ellipse(box, outline=_INK, width=2 * _SCALE)

    def _text(
        self, xy: tuple[float, float], text: str, size: int, colour: str, anchor: str
    ) -> None:
        large = xy[0] * _SCALE, xy[1] * _SCALE
        write(self.draw, large, text, font_for(text, size * _SCALE), fill=colour, anchor=anchor)


def _write(image: Image.Image, target: Path) -> Path:
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        image.save(target, "PNG", optimize=True)
    except OSError as error:
        raise UsageError(f"{target} cannot be written: {error.strerror or error}.") from error
    return target
