"""The folder of a training run: which may be begun or gone on with, and by one process."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from looksay.errors import TrainingError
from looksay.files import LEFT_BEHIND
from looksay.json_text import parse_json
from looksay.locks import LockTaken, sole_holder
from looksay.training.recipe import Recipe, recipe_from_dict

RECIPE = "recipe.json"


def check_folder(folder: Path, recipe: Recipe, resume: bool) -> None:
    """TrainingError where a run may not begin in the folder, or one with this recipe not go on."""
    if not resume:
        found = [path.name for path in folder.iterdir()] if folder.exists() else []
        if not all(name.startswith(LEFT_BEHIND) for name in found):
            raise TrainingError(f"{folder} is not empty; add --resume to go on, or choose another")
        return
    if not (folder / RECIPE).exists():
        raise TrainingError(f"{folder} holds no run to go on with; start without --resume")
    # a longer run is another learning-rate schedule, so that epochs may not differ either
    if recipe_of(folder).as_dict() != recipe.as_dict():
        raise TrainingError(f"{folder} was started with another recipe; resume with the same one")


def recipe_of(run: Path) -> Recipe:
    """The recipe that a run was started with; settings that are younger than the run have their
    defaults. TrainingError where it cannot be read."""
    try:
        values = parse_json((run / RECIPE).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise TrainingError(f"{run} is no training run: it has no readable {RECIPE}") from error
    return recipe_from_dict(values, str(run / RECIPE))


@contextmanager
def alone_in(folder: Path) -> Iterator[None]:
    """Keeps other processes from training in the folder meanwhile."""
    try:
        with sole_holder(folder / "lock"):
            yield
    except LockTaken:
        raise TrainingError(
            f"another process is training in {folder}; wait until it has ended, or choose "
            "another folder with --run"
        ) from None
    except sqlite3.Error as error:
        raise TrainingError(
            f"{folder}: its file `lock` cannot be used ({error}); see that the folder may be "
            "written and the disk has room, or choose another one with --run"
        ) from error
