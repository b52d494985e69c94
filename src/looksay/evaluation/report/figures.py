"""The report's figures: scores with their intervals, what the captions are like, training."""

from __future__ import annotations

import html
from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from looksay.data import Record
from looksay.evaluation.report import charts
from looksay.evaluation.results import Evaluation
from looksay.metrics import tokenize_caption
from looksay.pictures.curves import curve_points

_LONGEST = 40  # words of a bar; longer captions are counted there
_METRIC = "CIDEr"  # whose distribution is shown


def figures_html(
    evaluation: Evaluation, records: Sequence[Record], history: Sequence[Mapping[str, float]]
) -> str:
    """Sections with tables and charts."""
    charted = _section(
        f"{_METRIC} by picture", _distribution(evaluation), "Length", _length(evaluation, records)
    )
    tables = _scores(evaluation) + charted + _language(evaluation)
    return f'<div class="figures">{tables}{_training(history)}</div>'


def _scores(evaluation: Evaluation) -> str:
    head = "<th scope=col>Metric</th><th scope=col>Score</th>"
    if evaluation.intervals:
        head += "<th scope=col>95% interval</th>"
    rows = []
    for name, value in evaluation.scores.items():
        cells = f"<th scope=row>{html.escape(name)}</th><td>{100 * value:.2f}</td>"
        if evaluation.intervals:
            low, high = evaluation.intervals[name]
            cells += f"<td>{100 * low:.2f} to {100 * high:.2f}</td>"
        rows.append(f"<tr>{cells}</tr>")
    about = "Times 100. BLEU and METEOR are the whole set's, no means of the pictures' own."
    if evaluation.resamples:
        about += f" Intervals of {evaluation.resamples:,} bootstrap resamples of the pictures."
    return _section(
        "Scores",
        f"<table><caption>{about}</caption><thead><tr>{head}</tr></thead>"
        f"<tbody>{''.join(rows)}</tbody></table>",
    )


def _distribution(evaluation: Evaluation) -> str:
    values = 100 * evaluation.details.per_image[_METRIC]
    counts, edges = charts.bins(values, most=25)
    mean, median = float(values.mean()), float(np.median(values))
    told = (
        f"How many pictures have which {_METRIC}: from {values.min():.1f} to {values.max():.1f}, "
        f"mean {mean:.1f}, median {median:.1f}."
    )
    chart = charts.histogram(
        counts,
        edges,
        across=_METRIC,
        up="pictures",
        told=told,
        marks={"mean": mean, "median": median},
    )
    return _figure(chart, told)


def _length(evaluation: Evaluation, records: Sequence[Record]) -> str:
    lengths = _lengths(evaluation.captions.values())
    of_references = _lengths(caption for record in records for caption in record.captions)
    told = (
        f"How long captions are: {min(lengths)} to {max(lengths)} words, median "
        f"{np.median(lengths):g}; the line: references, median {np.median(of_references):g}."
    )
    longest = max(lengths + of_references)
    if longest > _LONGEST:
        told += f" Those of {_LONGEST} words and more, up to {longest}, share the last bar."
    edges = list(range(min(lengths + of_references), min(longest, _LONGEST) + 2))
    chart = charts.histogram(
        charts.shares(np.minimum(lengths, _LONGEST), edges),
        edges,
        across="words",
        up="% of captions",
        told=told,
        outline=charts.shares(np.minimum(of_references, _LONGEST), edges),
        whole=True,
    )
    return _figure(chart, told)


def _language(evaluation: Evaluation) -> str:
    if evaluation.language is None:
        return ""
    rows = "".join(
        f"<tr><th scope=row>{html.escape(name)}</th><td>{html.escape(value)}</td></tr>"
        for name, value in evaluation.language.lines()
    )
    return _section("Captions", f"<table>{rows}</table>")


def _lengths(captions: Iterable[str]) -> list[int]:
    return [len(tokenize_caption(caption)) for caption in captions]


def _training(history: Sequence[Mapping[str, float]]) -> str:
    """The run's losses and its dev CIDEr, where they are known."""
    points = curve_points(history)
    loss, cider = points["loss"], points["dev_cider"]
    parts: list[str] = []
    if loss:
        (first, high), (last, low) = loss[0], loss[-1]
        told = f"Training loss: {high:.3f} in epoch {first:g}, {low:.3f} in epoch {last:g}."
        chart = charts.line(loss, across="epoch", up="loss", told=told)
        parts += ["Training: loss", _figure(chart, told)]
    if cider:
        epoch, best = max(cider, key=lambda point: point[1])
        told = f"CIDEr-D on dev by epoch: best {best:.1f}, in epoch {epoch:g}."
        chart = charts.line(cider, across="epoch", up="CIDEr-D", told=told)
        parts += ["Training: dev CIDEr-D", _figure(chart, told)]
    return _section(*parts) if parts else ""


def _figure(chart: str, told: str) -> str:
    """A chart with its sentence, which a screen reader has from the chart already."""
    return (
        f'<figure>{chart}<figcaption aria-hidden="true">{html.escape(told)}</figcaption></figure>'
    )


def _section(*parts: str) -> str:
    """A title, what stands under it, and perhaps another title with its own."""
    pairs = zip(parts[::2], parts[1::2], strict=True)
    inside = "".join(f"<h2>{html.escape(title)}</h2>{content}" for title, content in pairs)
    return f"<section>{inside}</section>"
