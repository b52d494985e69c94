"""The options that say which model runs, and on what."""

from __future__ import annotations

from collections.abc import Callable, Sequence
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

ENGINES = ("openvino", "onnxruntime")
RAY = "ray"  # no engine of its own: workers run OpenVINO

RAY_ADDRESS = click.option(
    "--ray-address",
    metavar="HOST:PORT",
    help="With --engine ray: the cluster's head.  [default: $RAY_ADDRESS, the cluster that "
    "`ray start` started here, or this machine alone]",
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
]

_ENGINE_HELP = "What runs the model; onnxruntime needs looksay[onnxruntime]"
_RAY_HELP = f"{_ENGINE_HELP}, ray (many workers, on one machine or a cluster) looksay[ray]"


def engine_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Adds the model and engine options to a click command."""
    return _MODEL(running_options(function))


def running_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Those that say how a model runs, for a command whose `--model` means something else."""
    return _options(function, _engine(ENGINES, f"{_ENGINE_HELP}."))


def engine_options_with_ray(function: Callable[..., Any]) -> Callable[..., Any]:
    """As `engine_options`, for a verb that Ray can spread over machines."""
    engine = _engine((*ENGINES, RAY), f"{_RAY_HELP}.")
    return _MODEL(_options(RAY_ADDRESS(function), engine))


def _options(function: Callable[..., Any], engine: Callable[..., Any]) -> Callable[..., Any]:
    for option in reversed([*_RUNNING, engine]):
        function = option(function)
    return function


def _engine(engines: Sequence[str], help: str) -> Callable[..., Any]:
    return click.option(
        "--engine", type=click.Choice(engines), default=ENGINES[0], show_default=True, help=help
    )


# for verbs that work through the photographs of a data set
batch_size_option = click.option(
    "--batch-size", type=click.IntRange(min=1, max=1024), default=16, help="Memory against speed."
)
engine_option = _engine(ENGINES, f"{_ENGINE_HELP}.")
