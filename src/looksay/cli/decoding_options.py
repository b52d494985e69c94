"""The options that say how a caption is searched for, and which of them contradict each other."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

from looksay.errors import UsageError

_OPTIONS = [
    click.option(
        "--beam",
        type=click.IntRange(min=1),
        metavar="K",
        help="Keep the K best beginnings at every word. More is slower and a little better.",
    ),
    click.option(
        "--beam-groups",
        type=click.IntRange(min=1),
        metavar="G",
        help="Divide the beam into G groups that choose different words (diverse beam search), so "
        "that the captions of --num-captions differ.  [default: 1]",
    ),
    click.option(
        "--diversity",
        type=click.FloatRange(min=0),
        metavar="S",
        help="With --beam-groups: how much a word loses, in natural logarithms of its probability, "
        "for each time an earlier group chose it.  [default: 0.5]",
    ),
    click.option(
        "--consensus",
        type=click.FloatRange(min=0),
        metavar="W",
        help="With a beam: how much it counts whether a caption agrees with what people say of "
        "like training pictures; 0: not at all.  [default: as the model says]",
    ),
    click.option("--greedy", is_flag=True, help="Take the likeliest word each time: fastest."),
    click.option("--sample", is_flag=True, help="Draw words by their probability: varied."),
    click.option(
        "--temperature",
        type=click.FloatRange(min=0, min_open=True),
        metavar="T",
        help="With --sample: below 1 bolder in the likely words, above 1 more adventurous.",
    ),
    click.option(
        "--top-k",
        type=click.IntRange(min=1),
        metavar="N",
        help="With --sample: draw from the N likeliest words only.",
    ),
    click.option(
        "--top-p",
        type=click.FloatRange(min=0, max=1, min_open=True),
        metavar="P",
        help="With --sample: draw from the fewest words that reach probability P together.",
    ),
    click.option("--seed", type=int, metavar="N", help="With --sample: the same captions again."),
    click.option(
        "--num-captions",
        type=click.IntRange(min=1),
        metavar="N",
        help="Captions for each picture, best first.  [default: 1]",
    ),
    click.option(
        "--max-words", type=click.IntRange(min=1), metavar="N", help="Longest caption allowed."
    ),
]


def decoding_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Adds the search options to a click command."""
    for option in reversed(_OPTIONS):
        function = option(function)
    return function


def resolve_decoding(
    *,
    beam: int | None = None,
    beam_groups: int | None = None,
    diversity: float | None = None,
    consensus: float | None = None,
    greedy: bool = False,
    sample: bool = False,
    num_captions: int | None = None,
    max_words: int | None = None,
    **sampling: Any,
) -> dict[str, Any]:
    """The options as keyword arguments of a captioner; what is not said is left to the bundle.

    Raises UsageError where two options contradict each other.
    """
    groups = _given(beam_groups=beam_groups, diversity=diversity, consensus=consensus)
    drawing = _given(**sampling)
    chosen = [name for name, on in _methods(beam, greedy, sample).items() if on]
    if len(chosen) > 1:
        raise UsageError(f"{' and '.join(chosen)} contradict each other; choose one of them.")
    if drawing and not sample:
        raise UsageError(f"{_flags(drawing)} only makes sense when drawing words; add --sample.")
    if groups and (greedy or sample):
        raise UsageError(
            f"{_flags(groups)} only makes sense for a beam; leave {chosen[0]} out, or use --beam."
        )
    if greedy and (num_captions or 1) > 1:
        raise UsageError(
            "--greedy finds one caption only; use --beam or --sample for --num-captions."
        )
    if beam is not None:
        _check_beam(beam, beam_groups or 1, num_captions or 1)
    options = _given(beam_size=beam) | groups | drawing
    if chosen or groups:
        options["method"] = "greedy" if greedy else "sample" if sample else "beam"
    return options | _given(num_captions=num_captions, max_words=max_words)


def _check_beam(beam: int, groups: int, num_captions: int) -> None:
    if num_captions > beam:
        raise UsageError(
            f"--beam {beam} cannot find {num_captions} captions; use --beam {num_captions} or more."
        )
    if beam % groups:
        raise UsageError(
            f"--beam {beam} cannot be divided into {groups} equal groups; use "
            f"--beam {(beam // groups + 1) * groups}."
        )


def _given(**options: Any) -> dict[str, Any]:
    return {name: value for name, value in options.items() if value is not None}


def _flags(options: dict[str, Any]) -> str:
    return ", ".join("--" + name.replace("_", "-") for name in options)


def _methods(beam: int | None, greedy: bool, sample: bool) -> dict[str, bool]:
    return {"--beam": beam is not None, "--greedy": greedy, "--sample": sample}
