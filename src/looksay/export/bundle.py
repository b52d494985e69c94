"""Writes a bundle: all that captioning needs, and what further training needs beside it."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import h5py
import numpy as np

import looksay
from looksay.decoding import DecodingOptions
from looksay.errors import BundleError
from looksay.export.onnx_file import is_halved, rounded
from looksay.export.process import run_export
from looksay.features.backbones import Backbone
from looksay.files import replacing_folder
from looksay.models import MODELS, CaptionModel
from looksay.models.weights import save_weights
from looksay.runtime import write_manifest
from looksay.runtime.regions import RegionSettings
from looksay.text import Vocabulary

WEIGHTS = "model.weights.h5"


def write_bundle(
    folder: Path,
    model: CaptionModel,
    vocabulary: Vocabulary,
    backbone: Backbone,
    backbone_graph: Path | None,
    *,
    name: str,
    recipe: dict[str, Any],
    identity: dict[str, Any],
    licence: str,
    regions: RegionSettings | None = None,
    attachments: Mapping[str, Path] | None = None,
    describe: Callable[[Path], tuple[str, dict[str, Any]]],
) -> None:
    """Write `folder` anew: graphs, vocabulary, weights, recipe, card, and bundle.json last.

    The weights in it are those of the graphs, rounded to float16. `model` is left as it is.
    backbone_graph: None where features are published ones, which no backbone of ours computes.
    regions: how regions are found, where the model looks at them; their graphs are attachments.
    attachments: further files of the bundle, by their names in it.
    describe: given the folder with the finished graphs, returns the card, and what bundle.json says
        of them: `figures`, and `language` and `confidence` where they are known.
    Raises BundleError when `folder` holds anything but a bundle.
    """
    check_place(folder)
    folder.parent.mkdir(parents=True, exist_ok=True)
    with replacing_folder(folder) as made:
        save_rounded_weights(model, made / WEIGHTS)
        num_places = backbone.num_places if regions is None else regions.max_regions
        export_graphs(model, num_places, made / WEIGHTS, made)
        if backbone_graph is not None:
            shutil.copyfile(backbone_graph, made / "backbone.onnx")
        for file_name, source in (attachments or {}).items():
            shutil.copyfile(source, made / file_name)
        vocabulary.save(made / "vocabulary.txt")
        (made / "recipe.json").write_text(json.dumps(recipe, indent=2) + "\n", encoding="utf-8")
        card, described = describe(made)
        (made / "card.md").write_text(card, encoding="utf-8")
        write_manifest(
            made,
            {
                "name": name,
                "version": looksay.__version__,
                "architecture": architecture_name(model),
                "model": model_config(model),
                "image_size": backbone.image_size,
                "grid": list(backbone.grid),
                "feature_size": model.feature_size,
                "backbone": identity,
                **({} if regions is None else {"regions": regions.as_dict()}),
                "decoding": DecodingOptions.from_dict(recipe["decoding"]).as_dict(),
                "licence": licence,
                **described,
            },
        )


def check_place(folder: Path) -> None:
    """BundleError where a bundle may not be written, since something else is there."""
    if folder.exists() and not folder.is_dir():
        raise BundleError(f"{folder} is a file; choose a folder")
    if folder.exists() and any(folder.iterdir()) and not (folder / "bundle.json").exists():
        raise BundleError(f"{folder} is not empty and no bundle; choose another folder")


def export_graphs(model: CaptionModel, num_places: int, weights: Path, folder: Path) -> None:
    """encode.onnx and step.onnx of a model with the weights in `weights`, for so many places (or
    regions) of a picture."""
    with tempfile.TemporaryDirectory() as scratch:
        job = {
            "kind": "caption",
            "architecture": architecture_name(model),
            "options": model_config(model),
            "weights": str(weights.resolve()),
            "num_places": num_places,
            "output": str(folder.resolve()),
        }
        run_export(job, Path(scratch))


def architecture_name(model: CaptionModel) -> str:
    """The name by which recipes call the model's class, or the one that it was made of."""
    kinds = type(model).__mro__
    return next(n for kind in kinds for n, known in MODELS.items() if kind is known)


def model_config(model: CaptionModel) -> dict[str, Any]:
    """What `build_model` takes to make the model again."""
    keras_own = ("name", "trainable", "dtype")
    return {name: v for name, v in model.get_config().items() if name not in keras_own}


def save_rounded_weights(model: CaptionModel, path: Path) -> None:
    """Keras's weights file with the values that the graphs have, halved in size the same way."""
    kept = model.get_weights()
    try:
        model.set_weights([rounded(np.asarray(value)) for value in kept])
        save_weights(model, path)
    finally:
        model.set_weights(kept)
    whole = path.with_suffix(".whole.h5")
    path.rename(whole)
    with h5py.File(whole) as source, h5py.File(path, "w") as target:
        _copy_halved(source, target)
    whole.unlink()


def _copy_halved(source: h5py.Group, target: h5py.Group) -> None:
    target.attrs.update(source.attrs)
    for name, item in source.items():
        if isinstance(item, h5py.Group):
            _copy_halved(item, target.create_group(name))
        else:
            value = item[()]
            halve = isinstance(value, np.ndarray) and is_halved(value)
            data = value.astype(np.float16) if halve else value
            target.create_dataset(name, data=data).attrs.update(item.attrs)


def load_bundle_model(folder: Path) -> CaptionModel:
    """The Keras model of a bundle, with its (rounded) weights: to train on, or to look into."""
    from looksay.models import build_model
    from looksay.runtime import Bundle

    bundle = Bundle.open(folder)
    config = bundle.config
    if not isinstance(config.get("model"), dict) or WEIGHTS not in config["files"]:
        raise BundleError(f"{folder} carries no Keras weights, only graphs")
    weights = bundle.file(WEIGHTS)
    try:
        model = build_model(config["architecture"], **config["model"])
        model.load_weights(weights)
    except (ValueError, TypeError, KeyError, OSError) as error:
        raise BundleError(f"{folder}: its weights do not fit its description") from error
    return model


__all__ = [
    "WEIGHTS",
    "check_place",
    "export_graphs",
    "load_bundle_model",
    "model_config",
    "write_bundle",
]
