"""What the sections of a recipe may say: data, text, training, distillation and self-critical
training; those of features and decoding are told in `feature_options` and `looksay.decoding`.

A value that makes no sense raises RecipeError.
"""

from __future__ import annotations

from dataclasses import dataclass

from looksay.data.samples import ORDERS
from looksay.errors import RecipeError
from looksay.text import is_language_tag

PRECISIONS = ("float32", "mixed_bfloat16", "mixed_float16")
BASELINES = ("leave_one_out", "greedy")
SCHEDULES = ("cosine", "constant")


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
    random weights), see `looksay.training.warm_start`. start_partly: it may have other sizes and
    parts; what fits is taken over.
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
    start_partly: bool = False
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
        for name, value in {"epochs": 0, "batch_pictures": 1, "captions_per_picture": 1}.items():
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

    teachers: bundles with the same words, which speak as an ensemble, each of what its own trunk
    sees; none: off.
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
    of the picture's other samples) or "greedy". cider_weight, bleu_weight, meteor_weight: of
    CIDEr-D (0 to 10), BLEU-4 and METEOR-stem (0 to 1 each, the latter for English) in the reward.
    learning_rate: at first; it falls to a hundredth by a cosine.
    """

    epochs: int = 0
    batch_pictures: int = 30
    samples: int = 5
    baseline: str = "leave_one_out"
    cider_weight: float = 1.0
    bleu_weight: float = 0.0
    meteor_weight: float = 0.0
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
