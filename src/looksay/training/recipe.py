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

from looksay.data.samples import ORDERS
from looksay.decoding import DecodingOptions
from looksay.errors import LooksayError, RecipeError, nearest
from looksay.text import is_language_tag
from looksay.training.feature_options import FeatureOptions

RECIPES = Path(__file__).resolve().parents[1] / "recipes"
PRECISIONS = ("float32", "mixed_bfloat16", "mixed_float16")
BASELINES = ("leave_one_out", "greedy")
SCHEDULES = ("cosine", "constant")
_LARGEST = 1e12  # no setting's number is larger


@dataclass(frozen=True, kw_only=True)
class DataOptions:
    """Which captions a recipe takes of a data set that has more.

    sample_captions: so many of the training split's captions (0: all). sample_order: "random", by
    `sample_seed`, or "first", as the annotation file has them. dev_share: of the sample's pictures,
    held out in place of the data set's own dev split.
    """

    sample_captions: int = 0
    sample_order: str = "random"
    sample_seed: int = 0
    dev_share: float = 0.2

    def __post_init__(self) -> None:
        if self.sample_order not in ORDERS:
            raise RecipeError(
                f"data.sample_order is {self.sample_order!r}; it must be one of {ORDERS}"
            )
        if self.sample_captions < 0 or not 0.0 < self.dev_share < 1.0:
            raise RecipeError(
                "data.sample_captions must be 0 or more, data.dev_share between 0 and 1"
            )


@dataclass(frozen=True, kw_only=True)
class TextOptions:
    """max_words: words of the vocabulary at most (0: no limit). min_count: a word's occurrences at
    least. max_tokens: a caption's tokens at most, `<end>` among them (0: by percentile).
    max_tokens_percentile: the share of training captions, per cent, that stay whole. language: the
    captions' language, a tag such as "de" or "zh-Hans", for whoever reads them out ("": English
    where the data set is a published English one, else not said)."""

    max_words: int = 0
    min_count: int = 1
    max_tokens: int = 0
    max_tokens_percentile: float = 100.0
    language: str = ""

    def __post_init__(self) -> None:
        if self.language and not is_language_tag(self.language):
            raise RecipeError(
                f"text.language is {self.language!r}; it must be a language tag (BCP 47) such as "
                '"de", "zh-Hans" or "pt-BR"'
            )


@dataclass(frozen=True, kw_only=True)
class TrainingOptions:
    """How a model learns.

    start_from: the bundle whose weights training starts from ("default" is the shipped one; "" for
    random weights), see `looksay.training.warm_start`.
    epochs: passes over the training pictures; 0 where only self-critical epochs follow.
    batch_pictures: pictures a step, each with up to `captions_per_picture` captions.
    learning_rate: Adam's, at its highest. warmup_epochs: epochs over which it rises.
    schedule: "cosine" (falls to a hundredth) or "constant". weight_decay: 0 is plain Adam.
    trunk_rate: the learning rate of what is trained of the trunk (`features.trained_from`), as a
    share of the decoder's. sided_words: pictures whose captions have one of these are never shown
    mirrored, which would make the captions wrong.
    clip_norm: each gradient's norm at most (0: no limit).
    average_momentum: of the average of the weights that is scored and kept (0: no average).
    patience: epochs without a better dev CIDEr-D until training stops (0: never).
    precision: Keras's policy. output_bias: start from the words' frequencies.
    compile: compile the step with XLA, where the backend has it and gains by it.
    deterministic: exactly the same weights again; on TensorFlow this excludes `compile`.
    keep_epochs: how many last epochs' weights stay on disk beside the best.
    shuffle: a new order every epoch. start_is_target, pad_to_longest: the tutorials' mistakes, see
    `looksay.training.batches`.
    """

    start_from: str = ""
    epochs: int = 20
    batch_pictures: int = 32
    captions_per_picture: int = 5
    learning_rate: float = 1e-3
    warmup_epochs: float = 0.0
    schedule: str = "constant"
    weight_decay: float = 0.0
    trunk_rate: float = 0.1
    sided_words: tuple[str, ...] = ("left", "right")
    clip_norm: float = 0.0
    average_momentum: float = 0.0
    patience: int = 0
    precision: str = "float32"
    output_bias: bool = True
    compile: bool = True
    deterministic: bool = True
    seed: int = 0
    keep_epochs: int = 3
    shuffle: bool = True
    start_is_target: bool = False
    pad_to_longest: bool = False

    def __post_init__(self) -> None:
        for name, choices in (("precision", PRECISIONS), ("schedule", SCHEDULES)):
            value = getattr(self, name)
            if value not in choices:
                raise RecipeError(f"training.{name} is {value!r}; it must be one of {choices}")
        least = {"epochs": 0 if self.start_from else 1, "batch_pictures": 1}
        for name, value in (least | {"captions_per_picture": 1}).items():
            if getattr(self, name) < value:
                raise RecipeError(
                    f"training.{name} is {getattr(self, name)}; it must be {value} or more"
                )
        if not 0.0 <= self.average_momentum < 1.0:
            raise RecipeError("training.average_momentum must be from 0 to below 1")
        if self.learning_rate <= 0.0:
            raise RecipeError("training.learning_rate must be above 0")
        if self.trunk_rate < 0.0:
            raise RecipeError("training.trunk_rate must be 0 or above")


@dataclass(frozen=True, kw_only=True)
class DistillationOptions:
    """Learning from what other models would have said, in the epochs of `training`, see
    `looksay.training.teachers`.

    teachers: bundles with the same words and features, which speak as an ensemble; none: off.
    weight: of the teachers' words in the loss; the captions' own have the rest. kept_words: of how
    many of the likeliest words at each place the teachers' shares are kept.
    """

    teachers: tuple[str, ...] = ()
    weight: float = 0.5
    kept_words: int = 16

    def __post_init__(self) -> None:
        if not 0.0 <= self.weight <= 1.0:
            raise RecipeError(f"distillation.weight is {self.weight}; it must be from 0 to 1")
        if self.kept_words < 1:
            raise RecipeError("distillation.kept_words must be 1 or more")


@dataclass(frozen=True, kw_only=True)
class SelfCriticalOptions:
    """Self-critical training after the epochs of `training`, from the best of them.

    epochs: 0 for none. samples: captions sampled of a picture. baseline: "leave_one_out" (the mean
    of the picture's other samples) or "greedy". cider_weight, bleu_weight: of CIDEr-D (0 to 10) and
    BLEU-4 (0 to 1) in the reward. learning_rate: at first; it falls to a hundredth by a cosine.
    """

    epochs: int = 0
    batch_pictures: int = 30
    samples: int = 5
    baseline: str = "leave_one_out"
    cider_weight: float = 1.0
    bleu_weight: float = 0.0
    learning_rate: float = 1e-4

    def __post_init__(self) -> None:
        if self.baseline not in BASELINES:
            raise RecipeError(
                f"self_critical.baseline is {self.baseline!r}; it must be one of {BASELINES}"
            )
        least = {"epochs": 0, "batch_pictures": 1, "samples": 1 + (self.baseline != "greedy")}
        for name, value in least.items():
            if getattr(self, name) < value:
                raise RecipeError(
                    f"self_critical.{name} is {getattr(self, name)}; it must be {value} or more"
                )
        if self.learning_rate <= 0.0:
            raise RecipeError("self_critical.learning_rate must be above 0")


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
