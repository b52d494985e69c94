"""Recipes: everything that makes a model, in one TOML file that says which publication it follows.

A key that a section does not know is an error that names the nearest one. The recipe as it was
really used (defaults filled in, settings applied) is saved with the run and in the bundle.
"""

from __future__ import annotations

import dataclasses
import json
import shlex
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from looksay.decoding import DecodingOptions
from looksay.errors import LooksayError, RecipeError, nearest
from looksay.training.feature_options import FeatureOptions
from looksay.training.recipe_options import (
    DataOptions,
    DistillationOptions,
    SelfCriticalOptions,
    TextOptions,
    TrainingOptions,
)

RECIPES = Path(__file__).resolve().parents[1] / "recipes"
_LARGEST = 1e12  # no setting's number is larger


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """A recipe as it is used. model: `architecture` and its options (see `looksay.models`)."""

    name: str
    title: str = ""
    publication: str = ""
    departures: tuple[str, ...] = ()
    data: DataOptions = field(default_factory=DataOptions)
    features: FeatureOptions = field(default_factory=FeatureOptions)
    text: TextOptions = field(default_factory=TextOptions)
    model: dict[str, Any] = field(default_factory=dict)
    training: TrainingOptions = field(default_factory=TrainingOptions)
    distillation: DistillationOptions = field(default_factory=DistillationOptions)
    self_critical: SelfCriticalOptions = field(default_factory=SelfCriticalOptions)
    decoding: DecodingOptions = field(default_factory=DecodingOptions)

    def __post_init__(self) -> None:
        if self.distillation.teachers and self.training.start_is_target:
            raise RecipeError(
                "distillation.teachers has no place beside training.start_is_target, where the "
                "targets are not the words that teachers say"
            )
        training = self.training
        if not (training.epochs or training.start_from or self.self_critical.epochs):
            raise RecipeError("training.epochs is 0; it must be 1 or more")
        if self.features.streamed:
            self._check_streamed()

    def _check_streamed(self) -> None:
        if self.distillation.teachers:
            raise RecipeError(
                "distillation.teachers needs the features of all training pictures on disk; leave "
                "out features.streamed"
            )
        sizes = {"training": self.training.batch_pictures}
        if self.self_critical.epochs:
            sizes["self_critical"] = self.self_critical.batch_pictures
        for section, size in sizes.items():
            if self.features.buffer_pictures < size:
                raise RecipeError(
                    f"features.buffer_pictures is {self.features.buffer_pictures}; it must be "
                    f"{size} or more, a whole batch ({section}.batch_pictures)"
                )

    @property
    def architecture(self) -> str:
        return self.model["architecture"]

    @property
    def model_options(self) -> dict[str, Any]:
        return {name: value for name, value in self.model.items() if name != "architecture"}

    def as_dict(self) -> dict[str, Any]:
        """The whole recipe, ready for JSON."""
        return dataclasses.asdict(self)


def load_recipe(source: str | Path, settings: Sequence[str] = ()) -> Recipe:
    """The recipe of a name or a file, with settings (`training.epochs=3`) applied.

    Raises RecipeError before any work for a file that is no recipe, an unknown key (naming the
    nearest), or a value that makes no sense.
    """
    path = _find(source)
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise RecipeError(f"{path}: cannot be read ({error.strerror})") from error
    except (ValueError, RecursionError) as error:  # RecursionError: brackets without end
        raise RecipeError(f"{path} is not a recipe: {error}") from error
    values.setdefault("name", path.stem)
    for setting in settings:
        _set(values, setting)
    return recipe_from_dict(values, str(path))


def recipe_from_dict(values: Mapping[str, Any], where: str = "the recipe") -> Recipe:
    """A recipe from nested names and values; `where` says in errors whence they came."""
    values = dict(values)
    try:
        _check_keys(values, [f.name for f in dataclasses.fields(Recipe)], "")
        for section, kind in _SECTIONS.items():
            given = _table(values, section)
            _check_keys(given, [f.name for f in dataclasses.fields(kind)], f"{section}.")
            values[section] = kind(**{k: _typed(kind, section, k, v) for k, v in given.items()})
        model = _table(values, "model")
        if not isinstance(model.get("architecture"), str):
            raise RecipeError("model.architecture is missing, or no text")
        values["departures"] = _texts("departures", values.get("departures", ()))
        if "name" not in values:
            raise RecipeError("name is missing")
        for key in ("name", "title", "publication"):
            if not isinstance(values.get(key, ""), str):
                raise RecipeError(f"{key} is {values[key]!r:.100}; it must be a text")
        recipe = Recipe(**{**values, "model": model})
    except LooksayError as error:
        raise RecipeError(f"{where}: {error}") from error
    return recipe


def change_decoding(recipe: Recipe, settings: Sequence[str]) -> Recipe:
    """The recipe with some settings of `decoding`; RecipeError for others, which belong to the
    training that is over."""
    values = recipe.as_dict()
    for setting in settings:
        if not setting.strip().startswith("decoding."):
            raise RecipeError(
                f"--set {setting!r}: a run is exported as it was trained, only settings of "
                "decoding can change, as in --set decoding.beam_size=3"
            )
        _set(values, setting)
    return recipe_from_dict(values, "--set")


def changed_settings(recipe: Recipe) -> list[str]:
    """The `--set` options that make this recipe of the shipped one of its name; none where there is
    no such recipe."""
    if not (RECIPES / f"{recipe.name}.toml").is_file():
        return []
    shipped, options = load_recipe(recipe.name).as_dict(), []
    for section, values in recipe.as_dict().items():
        if not isinstance(values, dict):
            continue
        for name, value in values.items():
            if shipped[section].get(name) != value:
                written = json.dumps(list(value) if isinstance(value, tuple) else value)
                options.append(f"--set {shlex.quote(f'{section}.{name}={written}')}")
    return options


_SECTIONS: dict[str, Any] = {
    "data": DataOptions,
    "features": FeatureOptions,
    "text": TextOptions,
    "training": TrainingOptions,
    "distillation": DistillationOptions,
    "self_critical": SelfCriticalOptions,
    "decoding": DecodingOptions,
}


def _find(source: str | Path) -> Path:
    path = Path(source)
    shipped = RECIPES / f"{path.stem if path.parts[:-1] == ('recipes',) else source}.toml"
    if path.is_file() or (path.suffix == ".toml" and not shipped.is_file()):
        return path
    if not shipped.is_file():
        known = sorted(p.stem for p in RECIPES.glob("*.toml"))
        raise RecipeError(
            f"there is no recipe {str(source)!r}{nearest(str(source), known)}; "
            f"looksay has {', '.join(known)}, or give a .toml file"
        )
    return shipped


def _set(values: dict[str, Any], setting: str) -> None:
    """Apply `section.key=value`; the value is TOML, or else a plain text."""
    key, equals, text = setting.partition("=")
    if not equals or not key.strip():
        raise RecipeError(f"--set {setting!r} is not of the form key=value, as training.epochs=3")
    try:
        value = tomllib.loads(f"value = {text}")["value"]
    except ValueError:
        value = text
    *sections, last = key.strip().split(".")
    for section in sections:
        values = values.setdefault(section, {})
        if not isinstance(values, dict):
            raise RecipeError(f"--set {setting!r}: {section!r} is no section of a recipe")
    values[last] = value


def _check_keys(values: Mapping[str, Any], known: Sequence[str], prefix: str) -> None:
    for key in values:
        if key not in known:
            raise RecipeError(
                f"there is no setting {prefix + key!r}{nearest(key, known)}; "
                f"known here: {', '.join(known)}"
            )


def _table(values: Mapping[str, Any], section: str) -> dict[str, Any]:
    given = values.get(section, {})
    if not isinstance(given, Mapping):
        raise RecipeError(f"{section} is {given!r:.100}; it must be a section, [{section}]")
    return dict(given)


def _texts(key: str, value: Any) -> tuple[str, ...]:
    if not isinstance(value, (list, tuple)) or not all(isinstance(one, str) for one in value):
        raise RecipeError(f"{key} is {value!r:.100}; it must be a list of texts")
    return tuple(value)


def _typed(kind: Any, section: str, key: str, value: Any) -> Any:
    """The value in the type that its field's default has."""
    default = next(f.default for f in dataclasses.fields(kind) if f.name == key)
    if isinstance(default, tuple):
        return _texts(f"{section}.{key}", value)
    if isinstance(default, float) and type(value) in (int, float):
        if not abs(value) <= _LARGEST:  # nor infinite, nor no number
            raise RecipeError(f"{section}.{key} is {value!r:.100}; that is no sensible number")
        return float(value)
    if default is None or isinstance(default, dataclasses.Field) or type(value) is type(default):
        return value
    raise RecipeError(
        f"{section}.{key} is {value!r:.100}; it must be a {type(default).__name__} like {default!r}"
    )
