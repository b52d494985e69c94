"""Options that the verbs of training share."""

from __future__ import annotations

import importlib.util
import logging
import os
import sys
from pathlib import Path

import click

from looksay.errors import MissingExtraError
from looksay.silence import silent_stderr

data_option = click.option(
    "--data",
    required=True,
    metavar="KIND:DIR",
    help="Photographs and captions: flickr8k:DIR, flickr30k:DIR, coco:DIR, karpathy:FILE.json, "
    "folder:DIR with captions.csv or metadata.jsonl in it, or webdataset:PATTERN of tar files (to "
    "train and to extract from, also in a store: webdataset:s3://BUCKET/PATTERN).",
)
set_option = click.option(
    "--set",
    "settings",
    multiple=True,
    metavar="KEY=VALUE",
    help="Change the recipe, as in --set training.epochs=5. May be given again.",
)
features_option = click.option(
    "--features",
    "features_folder",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Where features are kept.  [default: the user's cache]",
)
seed_option = click.option(
    "--split-seed",
    default=0,
    show_default=True,
    help="Splits a folder without splits of its own into train and dev.",
)
splits_option = click.option(
    "--splits",
    "split_file",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="The split that `looksay data split` stored, instead of the data set's own.",
)


def need_training_extra() -> None:
    """Import Keras and its backend; MissingExtraError where they are not installed."""
    for module in ("keras", "h5py"):
        if importlib.util.find_spec(module) is None:
            raise MissingExtraError("this needs Keras: pip install 'looksay[train]'")
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    try:
        with silent_stderr():  # TensorFlow's libraries
            importlib.import_module("keras")
    except ImportError as error:
        backend = os.environ.get("KERAS_BACKEND", "tensorflow")
        raise MissingExtraError(
            f"Keras cannot start its backend {backend} ({error}): pip install 'looksay[train]', "
            "or set KERAS_BACKEND to one that is installed"
        ) from error


def log_to_stderr() -> None:
    """Show what looksay reports of long work; other packages stay silent."""
    logger = logging.getLogger("looksay")
    if not logger.handlers:
        handler = logging.StreamHandler(sys.stderr)
        handler.setFormatter(logging.Formatter("%(message)s"))
        logger.addHandler(handler)
    logger.setLevel(min(logger.level or logging.INFO, logging.INFO))


def say_all(sentences: list[str]) -> None:
    """Problems and reports, one a line, on standard error."""
    for sentence in sentences:
        click.echo(f"looksay: {sentence}", err=True)
