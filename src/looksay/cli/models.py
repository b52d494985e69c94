"""`looksay models`: the bundles at hand, what they are and how good they are."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import click

from looksay.errors import BundleError
from looksay.files import finish_replacing

SHIPPED = Path(__file__).resolve().parent.parent / "bundles"
MANIFEST = "bundle.json"


@click.command(
    epilog="""\b
Examples:
  looksay models              the models that come with looksay
  looksay models runs/        and the bundles in a folder of your own
"""
)
@click.argument("folders", nargs=-1, metavar="[FOLDER]...", type=click.Path(path_type=Path))
@click.option(
    "--format",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="json: an array, for programs.",
)
def models(folders: tuple[Path, ...], format: str) -> int:
    """List the models at hand: the shipped ones, and those in the folders named.

    A folder is a bundle itself or holds bundles. Each bundle's files are checked against their
    hashes; a damaged one is a line on standard error.
    """
    found: list[dict[str, Any]] = []
    failed = False
    for path in _bundles([SHIPPED, *folders]):
        if isinstance(path, str):
            failed = _complain(path)
            continue
        try:
            found.append(describe(path))
        except BundleError as error:
            failed = _complain(str(error))
    if format == "json":
        click.echo(json.dumps(found, ensure_ascii=False, indent=2))
    else:
        click.echo("\n\n".join(to_text(model) for model in found) or "No model ships with looksay.")
    return 1 if failed else 0


def _complain(sentence: str) -> bool:
    click.echo(f"looksay: {sentence}", err=True)
    return True


def _bundles(folders: Iterable[Path]) -> Iterator[Path | str]:
    """The bundles' folders, or a sentence for a folder without one."""
    for folder in folders:
        finish_replacing(folder)
        if (folder / MANIFEST).is_file():
            yield folder
            continue
        inside = sorted(manifest.parent for manifest in folder.glob(f"*/{MANIFEST}"))
        yield from inside
        if not inside and folder != SHIPPED:
            yield f"{folder} holds no bundle (a folder with a {MANIFEST})."


def describe(path: Path) -> dict[str, Any]:
    """What a bundle says of itself; BundleError where it is damaged."""
    from looksay.runtime import Bundle

    bundle = Bundle.open(path)
    config = bundle.config
    sizes = {name: entry["bytes"] for name, entry in config["files"].items()}
    backbone = config.get("backbone") or {}
    return {
        "name": bundle.name,
        "path": str(path),
        "architecture": config.get("architecture"),
        "backbone": backbone.get("name") if isinstance(backbone, dict) else str(backbone),
        "image_size": bundle.image_size,
        "grid": list(bundle.grid),
        "words": len(bundle.vocabulary),
        "language": bundle.language,
        "bytes": sum(sizes.values()),
        "graph_bytes": sum(size for name, size in sizes.items() if name.endswith(".onnx")),
        "figures": config.get("figures") or {},
        "licence": config.get("licence"),
    }


def to_text(model: dict[str, Any]) -> str:
    """A bundle in a few lines for people."""
    rows, columns = model["grid"]
    lines = [
        model["name"],
        f"  {model['architecture']} on {model['backbone']} ({model['image_size']} px, "
        f"{rows} x {columns} places), {model['words']:,} words",
        f"  {_mega(model['graph_bytes'])} of graphs, {_mega(model['bytes'])} in all",
    ]
    if model["language"]:
        lines.append(f"  captions in {model['language']}")
    if model["figures"]:
        lines.append("  " + ", ".join(_figure(*item) for item in _flat(model["figures"])))
    if model["licence"]:
        lines.append(f"  licence: {model['licence']}")
    lines.append(f"  {model['path']}")
    return "\n".join(lines)


def _mega(size: int) -> str:
    return f"{size / 1e6:.1f} MB"


def _flat(figures: dict[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in figures.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{prefix}{name} ")
        else:
            yield f"{prefix}{name}", value


def _figure(name: str, value: Any) -> str:
    return f"{name} {value:.4g}" if isinstance(value, float) else f"{name} {value}"
