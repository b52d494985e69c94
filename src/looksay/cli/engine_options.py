"""The options that say which model runs, and on what."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

_MODEL = click.option(
    "--model",
    "models",
    multiple=True,
    metavar="BUNDLE",
    help="A bundle's folder; given again, the bundles caption together as an ensemble, each "
    "word by the mean of their probabilities.  [default: the shipped one]",
)

_RUNNING = [
    click.option(
        "--batch-size",
        type=click.IntRange(min=1, max=1024),
        metavar="N",
        help="Pictures worked on at once: memory against speed.",
    ),
    click.option(
        "--precision",
        type=click.Choice(["auto", "f32", "bf16"]),
        default="auto",
        show_default=True,
        help="f32 gives the same captions on every machine; auto takes bf16 where it is faster.",
    ),
    click.option(
        "--engine",
        type=click.Choice(["openvino", "onnxruntime"]),
        default="openvino",
        show_default=True,
        help="What runs the model; onnxruntime needs looksay[onnxruntime].",
    ),
]


def engine_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Adds the model and engine options to a click command."""
    return _MODEL(running_options(function))


def running_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Those that say how a model runs, for a command whose `--model` means something else."""
    for option in reversed(_RUNNING):
        function = option(function)
    return function
