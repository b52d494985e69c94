"""The options that say how a caption is searched for, and which of them contradict each other."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

from looksay.errors import UsageError

SAMPLING_ONLY = ("temperature", "top_k", "top_p", "seed")

_OPTIONS = [
    click.option(
        "--beam",
        type=click.IntRange(min=1),
        metavar="K",
        help="Keep the K best beginnings at every word. More is slower and a little better.",
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
    greedy: bool = False,
    sample: bool = False,
    num_captions: int | None = None,
    max_words: int | None = None,
    **sampling: Any,
) -> dict[str, Any]:
    """The options as keyword arguments of a captioner; what is not said is left to the bundle.

    Raises UsageError where two options contradict each other.
    """
    chosen = [name for name, on in _methods(beam, greedy, sample).items() if on]
    if len(chosen) > 1:
        raise UsageError(f"{' and '.join(chosen)} contradict each other; choose one of them.")
    given = {name: value for name, value in sampling.items() if value is not None}
    if given and not sample:
        options = ", ".join("--" + name.replace("_", "-") for name in given)
        raise UsageError(f"{options} only makes sense when drawing words; add --sample.")
    if greedy and (num_captions or 1) > 1:
        raise UsageError(
            "--greedy finds one caption only; use --beam or --sample for --num-captions."
        )
    if beam is not None and (num_captions or 1) > beam:
        raise UsageError(
            f"--beam {beam} cannot find {num_captions} captions; use --beam {num_captions} or more."
        )
    if greedy or sample:
        given["method"] = "greedy" if greedy else "sample"
    elif beam is not None:
        given |= {"method": "beam", "beam_size": beam}
    more = {"num_captions": num_captions, "max_words": max_words}
    return given | {name: value for name, value in more.items() if value is not None}


def _methods(beam: int | None, greedy: bool, sample: bool) -> dict[str, bool]:
    return {"--beam": beam is not None, "--greedy": greedy, "--sample": sample}
