"""Imports go upward in the list of rooms only, and captioning never meets Keras."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import looksay

SOURCE = Path(looksay.__file__).parent

# Lowest first: a file imports from its own room and from the rooms before it.
ROOMS = (
    "errors",
    "files",
    "json_text",
    "locks",
    "places",
    "silence",
    "images",
    "text",
    "data",
    "metrics",
    "decoding",
    "consensus",
    "runtime",
    "pictures",
    "features",
    "topics",
    "layers",
    "models",
    "export",
    "evaluation",
    "training",
    "captioner",
    "scale",
    "library",
    "serve",
    "cli",
)

# Rooms that a base install uses, and what only training has.
BASE_ROOMS = (
    "errors",
    "files",
    "json_text",
    "locks",
    "places",
    "silence",
    "images",
    "text",
    "data",
    "metrics",
    "decoding",
    "consensus",
    "runtime",
    "pictures",
    "captioner",
    "library",
    "serve",
    "cli",
)
KERAS_ROOMS = ("features", "layers", "models", "export", "training", "topics")
TRAINING_ONLY = ("keras", "tensorflow", "tf2onnx", "onnx", "jax", "torch", "openvino_telemetry")

FILES = sorted(path.relative_to(SOURCE) for path in SOURCE.rglob("*.py"))


def room_of(path: Path) -> str | None:
    """The room of a file; None for the package's own __init__ and __main__."""
    first = path.parts[0].removesuffix(".py")
    return None if first in ("__init__", "__main__") else first


def imported(path: Path) -> Iterator[tuple[str, int, bool]]:
    """Every module a file names in an import, its line, and whether importing the file runs it."""
    tree = ast.parse((SOURCE / path).read_text(encoding="utf-8"))
    late = {
        id(inner)
        for node in ast.walk(tree)
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) or is_type_checking(node)
        for inner in ast.walk(node)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.name, node.lineno, id(node) not in late
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}:{node.lineno}: write the import from looksay on"
            assert node.module is not None
            for alias in node.names if node.module == "looksay" else []:
                yield f"looksay.{alias.name}", node.lineno, id(node) not in late
            if node.module != "looksay":
                yield node.module, node.lineno, id(node) not in late


def is_type_checking(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and ast.unparse(node.test).endswith("TYPE_CHECKING")


@pytest.mark.parametrize("path", FILES, ids=str)
def test_a_file_imports_only_from_the_rooms_before_its_own(path):
    room = room_of(path)
    if room is None:
        return
    assert room in ROOMS, f"{path}: no such room; name it in ROOMS and in CONTRIBUTING.md"
    for module, line, _ in imported(path):
        parts = module.split(".")
        if parts[0] == "looksay" and len(parts) > 1 and parts[1] in ROOMS:
            assert ROOMS.index(parts[1]) <= ROOMS.index(room), f"{path}:{line} imports {module}"


@pytest.mark.parametrize("path", [p for p in FILES if room_of(p) in BASE_ROOMS], ids=str)
def test_a_base_room_names_nothing_that_only_training_has(path):
    for module, line, _ in imported(path):
        assert module.split(".")[0] not in TRAINING_ONLY, f"{path}:{line} imports {module}"


@pytest.mark.parametrize("path", [p for p in FILES if room_of(p) in BASE_ROOMS], ids=str)
def test_a_base_room_takes_from_keras_rooms_inside_functions_only(path):
    """A verb may train; but only once it is called."""
    for module, line, at_import in imported(path):
        if at_import:
            room = module.split(".")[1:2]
            assert not set(room) & set(KERAS_ROOMS), f"{path}:{line} imports {module}"


def test_no_base_room_brings_keras_along():
    rooms = [
        room for room in BASE_ROOMS if (SOURCE / room / "__init__.py").exists() or is_module(room)
    ]
    code = "import sys, " + ", ".join(f"looksay.{room}" for room in rooms)
    code += ", looksay.cli.caption, looksay.cli.main, looksay.cli.models"
    code += "; print(' '.join(sys.modules))"
    run = subprocess.run(
        [sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, timeout=120
    )
    assert run.returncode == 0, run.stderr
    assert not set(run.stdout.split()) & set(TRAINING_ONLY)


def test_finding_regions_brings_neither_keras_nor_opencv_along():
    """Captioning does it, inside functions, in a base install."""
    names = ("boxes", "detector", "finder", "letterbox", "yolox")
    code = "import sys, " + ", ".join(f"looksay.features.regions.{name}" for name in names)
    code += "; print(' '.join(sys.modules))"
    run = subprocess.run(
        [sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, timeout=120
    )
    assert run.returncode == 0, run.stderr
    assert not set(run.stdout.split()) & {*TRAINING_ONLY, "cv2"}


def is_module(room: str) -> bool:
    return (SOURCE / f"{room}.py").exists()


def test_the_rules_here_can_fail(tmp_path, monkeypatch):
    (tmp_path / "text.py").write_text(
        "import keras\nfrom looksay import models\ndef f():\n    from looksay.training import fit\n"
    )
    monkeypatch.setattr(sys.modules[__name__], "SOURCE", tmp_path)
    assert list(imported(Path("text.py"))) == [
        ("keras", 1, True),
        ("looksay.models", 2, True),
        ("looksay.training", 4, False),
    ]
