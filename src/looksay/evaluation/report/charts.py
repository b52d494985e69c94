"""Small charts as inline SVG, in the colours of the page.

Text in them is hidden from screen readers, which are told a sentence about the whole instead.
"""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from looksay.pictures.curves import Points, ticks

_WIDTH, _HEIGHT = 420, 210
_LEFT, _RIGHT, _TOP, _BOTTOM = 42, 12, 22, 34


@dataclass(frozen=True, kw_only=True)
class _Axes:
    """From values to places: `across` and `up` are the values at the plot's ends."""

    across: tuple[float, float]
    up: tuple[float, float]

    def x(self, value: float) -> float:
        low, high = self.across
        return _LEFT + (value - low) / (high - low) * (_WIDTH - _LEFT - _RIGHT)

    def y(self, value: float) -> float:
        low, high = self.up
        return _HEIGHT - _BOTTOM - (value - low) / (high - low) * (_HEIGHT - _TOP - _BOTTOM)

    def drawn(self, across_name: str, up_name: str, marks: Sequence[float]) -> str:
        """Lines and numbers of both axes; `marks` are those below."""
        parts = [_text(4, 12, up_name)]
        for mark in ticks(*self.up, most=4):
            if self.up[0] <= mark <= self.up[1]:
                y = self.y(mark)
                parts.append(_line(_LEFT, y, _WIDTH - _RIGHT, y, "axis"))
                parts.append(_text(_LEFT - 6, y + 4, f"{mark:g}", "end"))
        for mark in marks:
            if self.across[0] <= mark <= self.across[1]:
                parts.append(_text(self.x(mark), _HEIGHT - _BOTTOM + 15, f"{mark:g}", "middle"))
        parts.append(_text(_WIDTH - _RIGHT, _HEIGHT - 5, across_name, "end"))
        return "".join(parts)


def histogram(
    counts: Sequence[float],
    edges: Sequence[float],
    *,
    across: str,
    up: str,
    told: str,
    outline: Sequence[float] | None = None,
    marks: Mapping[str, float] | None = None,
    whole: bool = False,
) -> str:
    """Bars of `counts` between `edges`, of which there is one more.

    Args:
        across, up: what the axes measure.
        told: what a screen reader says of it.
        outline: other counts over the same edges, as a line.
        marks: values by their names, as dashed lines.
        whole: a bar is a whole number, its left edge, and is labelled so.
    """
    top = ticks(0, max([*counts, *(outline or ()), 1e-9]), most=4)[-1]
    axes = _Axes(across=(edges[0], edges[-1]), up=(0, top))
    middle = 0.5 if whole else 0.0
    below = ticks(edges[0], edges[-1], most=8, whole=whole)
    parts = [axes.drawn(across, up, [])]
    for mark in below:
        if edges[0] <= mark <= edges[-1] - middle:
            place = axes.x(mark + middle), _HEIGHT - _BOTTOM + 15
            parts.append(_text(*place, f"{mark:g}", "middle"))
    for count, low, high in zip(counts, edges, edges[1:], strict=False):
        if count > 0:
            x, y = axes.x(low) + 0.5, axes.y(count)
            wide, tall = max(axes.x(high) - x - 0.5, 0.5), axes.y(0) - y
            shape = f'x="{x:.1f}" y="{y:.1f}" width="{wide:.1f}" height="{tall:.1f}"'
            name = f"{low:g}" if whole else f"{low:g} to {high:g}"
            parts.append(f'<rect class="bar" {shape}><title>{name}: {count:.4g}</title></rect>')
    if outline is not None:
        path = "".join(
            f"{'L' if i else 'M'}{axes.x(low):.1f},{axes.y(count):.1f}H{axes.x(high):.1f}"
            for i, (count, low, high) in enumerate(zip(outline, edges, edges[1:], strict=False))
        )
        parts.append(f'<path class="outline" d="{path}"/>')
    parts += _marks(axes, marks or {})
    return _svg(told, "".join(parts))


def line(points: Points, *, across: str, up: str, told: str) -> str:
    """Points, joined."""
    xs, ys = [x for x, _ in points], [y for _, y in points]
    first, last = min(xs), max(max(xs), min(xs) + 1)
    room = 0.05 * max(max(ys) - min(ys), 1e-3)
    up_marks = ticks(min(ys) - room, max(ys) + room, most=4)
    axes = _Axes(across=(first, last), up=(up_marks[0], up_marks[-1]))
    places = [(axes.x(x), axes.y(y)) for x, y in points]
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
    parts = [axes.drawn(across, up, ticks(first, last, most=10, whole=True))]
    parts.append(f'<polyline class="line" points="{path}"/>')
    parts += [f'<circle class="dot" cx="{x:.1f}" cy="{y:.1f}" r="3"/>' for x, y in places]
    return _svg(told, "".join(parts))


def bins(values: np.ndarray, *, most: int) -> tuple[list[float], list[float]]:
    """How many values lie in each of at most `most` even bins from 0 on, and the bins' edges."""
    highest = float(values.max(initial=0))
    edges = ticks(0, highest if highest > 0 else 1.0, most=most)
    # rounding may have left the last edge a hair below the highest value
    counts, _ = np.histogram(np.minimum(values, edges[-1]), edges)
    return [float(count) for count in counts], edges


def shares(values: np.ndarray, edges: Sequence[int]) -> list[float]:
    """Of whole numbers the percentage that each edge but the last stands for."""
    counts, _ = np.histogram(values, edges)
    return [100 * float(count) / max(1, len(values)) for count in counts]


def _marks(axes: _Axes, marks: Mapping[str, float]) -> list[str]:
    """Dashed lines; the leftmost is named on its left, the others on their right."""
    parts = []
    for number, (name, value) in enumerate(sorted(marks.items(), key=lambda mark: mark[1])):
        x = axes.x(min(max(value, axes.across[0]), axes.across[1]))
        left = number == 0 and len(marks) > 1 and x > _LEFT + 90
        parts.append(_line(x, _TOP - 4, x, _HEIGHT - _BOTTOM, "mark"))
        place = x - 4 if left else x + 4, _TOP + 4 + 14 * (0 if left else number)
        parts.append(_text(*place, f"{name} {value:.1f}", "end" if left else "start", "strong"))
    return parts


def _svg(told: str, content: str) -> str:
    return (
        f'<svg viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" aria-label="{html.escape(told)}">'
        f"{content}</svg>"
    )


def _line(x0: float, y0: float, x1: float, y1: float, kind: str) -> str:
    return f'<line class="{kind}" x1="{x0:.1f}" y1="{y0:.1f}" x2="{x1:.1f}" y2="{y1:.1f}"/>'


def _text(x: float, y: float, text: str, anchor: str = "start", kind: str = "") -> str:
    klass = f' class="{kind}"' if kind else ""
    place = f'x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}"'
    return f"<text {place}{klass}>{html.escape(text)}</text>"
