"""`looksay describe`: an architecture, its sizes, and every tensor from picture to word."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
import numpy as np

from looksay.cli.training_options import need_training_extra, set_option
from looksay.files import finish_replacing

EPILOG = """\b
Examples:
  looksay describe tutorial
  looksay describe tutorial --shapes --batch 16
  looksay describe runs/default/bundle --values --image photo.jpg
"""
SHOWN_VALUES = 6  # of each tensor, with --values


@click.command(epilog=EPILOG)
@click.argument("source", metavar="RECIPE|BUNDLE")
@click.option("--shapes", is_flag=True, help="The shape of every tensor on the way.")
@click.option("--values", is_flag=True, help="Also the first values, mean and range of each.")
@click.option("--batch", default=1, show_default=True, type=click.IntRange(1), help="Pictures.")
@click.option("--words", default=5000, show_default=True, help="Vocabulary of a recipe's model.")
@click.option("--image", type=click.Path(path_type=Path), help="A picture, instead of noise.")
@set_option
def describe(
    source: str,
    shapes: bool,
    values: bool,
    batch: int,
    words: int,
    image: Path | None,
    settings: tuple[str, ...],
) -> None:
    """Say what a RECIPE makes or a BUNDLE is; with --shapes, follow a picture through it."""
    need_training_extra()
    finish_replacing(Path(source))
    is_bundle = (Path(source) / "bundle.json").exists()
    head, model, backbone, compute = (
        _bundle(source) if is_bundle else _recipe(source, settings, words)
    )
    for name, value in head.items():
        click.echo(f"{name:<14}{value}")
    click.echo(f"{'parameters':<14}{model.count_params():,}")
    for weight in model.weights:
        click.echo(f"  {weight.path:<44}{_shape(weight.shape)}")
    if shapes or values:
        _follow(model, backbone, compute, image, batch, values)


def _recipe(source: str, settings: tuple[str, ...], words: int) -> tuple[dict, Any, Any, Any]:
    from looksay.features.backbones import get_backbone
    from looksay.models import build_model
    from looksay.training.feature_sources import open_source
    from looksay.training.recipe import load_recipe

    recipe = load_recipe(source, settings)
    options = recipe.features
    backbone = get_backbone(options.backbone)
    published = options.regions == "file"
    size = open_source(options).feature_size if published else backbone.feature_size
    regions = 0 if options.regions == "none" else options.max_regions
    vocabulary = min(words, recipe.text.max_words or words)
    model = build_model(
        recipe.architecture,
        vocabulary_size=vocabulary,
        feature_size=size,
        **recipe.model_options,
    )
    head = {
        "recipe": recipe.name,
        "title": recipe.title,
        "publication": recipe.publication,
        **{f"departs {i + 1}": text for i, text in enumerate(recipe.departures)},
        "architecture": recipe.architecture,
        **_seen(backbone, options.regions, regions),
        "vocabulary": f"{vocabulary:,} words (--words)",
    }

    def compute(images_BSS3: np.ndarray) -> np.ndarray:
        if published:
            return _noise(len(images_BSS3), regions, size)
        return _as_regions(backbone.build(None).predict(images_BSS3, verbose=0), regions)

    return head, model, backbone, compute


def _bundle(source: str) -> tuple[dict, Any, Any, Any]:
    from looksay.export.bundle import load_bundle_model
    from looksay.features.backbones import get_backbone
    from looksay.runtime import Bundle, open_graph

    bundle = Bundle.open(source)
    settings = bundle.regions
    kind, regions = ("none", 0) if settings is None else (settings.source, settings.max_regions)
    # of published features the bundle names no backbone; the recipe's one is not used
    name = bundle.config["backbone"]["name"] if kind != "file" else "efficientnet_lite2"
    backbone = get_backbone(name)
    head = {
        "bundle": bundle.name,
        "architecture": bundle.config["architecture"],
        **_seen(backbone, kind, regions),
        "vocabulary": f"{len(bundle.vocabulary):,} words",
        "licence": bundle.config.get("licence", "not given"),
        **{
            name: f"{100 * v:.2f} (dev)"
            for name, v in bundle.config.get("figures", {}).get("dev", {}).items()
        },
    }

    def compute(images_BSS3: np.ndarray) -> np.ndarray:
        if kind == "file":
            return _noise(len(images_BSS3), regions, bundle.feature_size)
        graph = open_graph(bundle.graph("backbone"), precision="f32")
        return _as_regions(graph({"images": images_BSS3})["features"], regions)

    return head, load_bundle_model(Path(source)), backbone, compute


def _seen(backbone: Any, kind: str, regions: int) -> dict[str, str]:
    """The lines that say what the model sees."""
    if kind == "file":
        return {"regions": f"{regions} of published features (noise stands for them)"}
    seen = {"backbone": f"{backbone.name}, {_grid(backbone.image_size, backbone.grid)}"}
    if kind != "none":
        seen["regions"] = f"{regions} by {kind} (the whole picture stands for each)"
    return seen


def _noise(batch: int, regions: int, size: int) -> np.ndarray:
    return np.random.default_rng(0).normal(size=(batch, regions, size)).astype(np.float32)


def _as_regions(features_BPD: np.ndarray, regions: int) -> np.ndarray:
    """The grid as it is, or so many regions of the whole picture, (B, regions, D)."""
    if not regions:
        return features_BPD
    return np.repeat(features_BPD.mean(1, keepdims=True), regions, 1)


def _follow(
    model: Any, backbone: Any, compute: Any, image: Path | None, batch: int, values: bool
) -> None:
    """Print every tensor from the pictures to the first word's logits."""
    from looksay.images import load_square
    from looksay.models.trace import Traced, trace_model

    size = backbone.image_size
    if image is not None:
        one = load_square(image, size)
    else:
        one = np.random.default_rng(0).integers(0, 256, (size, size, 3), np.uint8)
    images = np.repeat(one[None], batch, 0)
    features = compute(images)
    way = [
        Traced("backbone", "images", (), images),
        Traced("backbone", "features", (images.shape,), features),
        *trace_model(model, features),
    ]
    _show(way, values)
    _summarise(way)


def _show(way: list[Any], values: bool) -> None:
    stage = ""
    for traced in way:
        if traced.stage != stage:
            stage = traced.stage
            click.echo(f"{stage}:")
        came = ", ".join(map(_shape, traced.came_from))
        arrow = f"{came} -> " if came else ""
        click.echo(f"  {traced.name:<44}{arrow}{_shape(traced.value.shape)}")
        if values:
            flat = traced.value.astype(np.float64).ravel()
            first = " ".join(f"{x:.4g}" for x in flat[:SHOWN_VALUES])
            click.echo(
                f"      {first} ...  mean {flat.mean():.4g}, {flat.min():.4g} to {flat.max():.4g}"
            )


def _summarise(way: list[Any]) -> None:
    """One word in the shapes that the published scripts print: one beam, its axis left out."""
    last = {traced.name: traced.value.shape for traced in way}
    tokens, logits, attention = (
        last[name] for name in ("tokens", "result.logits", "result.attention")
    )
    click.echo("one word (of one beam, whose axis is left out):")
    rows = {
        "features": f"{_shape(last['features'])} -> {_shape(_memory(last))}",
        "word": _shape(tokens),
        **{
            f"state {name.removeprefix('carry.')}": _shape((shape[0], *shape[2:]))
            for name, shape in last.items()
            if name.startswith("carry.")
        },
        "logits": _shape((logits[0], *logits[2:])),
        "attention": _shape((attention[0], attention[2], 1)),
    }
    for name, shape in rows.items():
        click.echo(f"  {name:<44}{shape}")


def _memory(shapes: dict[str, tuple[int, ...]]) -> tuple[int, ...]:
    """What a picture's features become: the attended values, where the model attends."""
    kept = {name: shape for name, shape in shapes.items() if name.startswith("memory.")}
    return kept.get("memory.values", next(iter(kept.values())))


def _grid(size: int, grid: tuple[int, int]) -> str:
    return f"{size} px, {grid[0]} x {grid[1]} places"


def _shape(shape: Any) -> str:
    return f"({', '.join(map(str, shape))})"
