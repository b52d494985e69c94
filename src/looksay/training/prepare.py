"""From a data set and a recipe to what training reads: words, tokens, features."""

from __future__ import annotations

import logging
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from looksay.data import Dataset, Record, load_data
from looksay.data.samples import sample_captions
from looksay.errors import DataError, FeatureError
from looksay.export.process import export_backbone
from looksay.features.backbones import Backbone, get_backbone
from looksay.features.extract import extract_features
from looksay.features.store import FeatureStore
from looksay.runtime import Graph, open_graph
from looksay.text import Vocabulary, max_tokens, split_words
from looksay.training.recipe import DataOptions, FeatureOptions, Recipe, TextOptions

logger = logging.getLogger(__name__)
COMPUTE_BATCH = 4  # pictures a run of the graph: small enough for the processor's caches


def load_recipe_data(
    address: str, options: DataOptions, *, seed: int = 0, split_file: Path | None = None
) -> Dataset:
    """The data set at `address`, or the recipe's sample of it where it has more captions."""
    dataset = load_data(address, seed=seed, split_file=split_file)
    available = sum(len(record.captions) for record in dataset.split("train"))
    if not 0 < options.sample_captions < available:
        return dataset
    return sample_captions(
        dataset,
        options.sample_captions,
        order=options.sample_order,
        seed=options.sample_seed,
        dev_share=options.dev_share,
    )


def default_features_folder() -> Path:
    """Where features are kept unless said otherwise: the user's cache."""
    cache = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(os.environ.get("LOOKSAY_CACHE", Path(cache) / "looksay")) / "features"


def store_folder(options: FeatureOptions) -> Path:
    """The folder of a backbone's features: each set of weights has its own."""
    backbone = get_backbone(options.backbone)
    digest = backbone.identity(options.weights)["weights"]
    return default_features_folder() / f"{backbone.name.replace(':', '-')}-{digest[:12]}"


@dataclass(frozen=True, kw_only=True)
class Split:
    """A split ready for use: records whose picture can be read, and the rows of its views."""

    records: tuple[Record, ...]
    rows: np.ndarray  # (N, views), the first view is the plain one


@dataclass(frozen=True, kw_only=True)
class Features:
    """A store with the features of some splits in it, and the graph that computed them."""

    backbone: Backbone
    store: FeatureStore
    graph: Path
    splits: dict[str, Split]
    problems: list[str]


def prepare_features(
    dataset: Dataset,
    options: FeatureOptions,
    folder: Path | None = None,
    *,
    splits: Sequence[str] = ("train", "dev"),
    progress: bool = False,
) -> Features:
    """Extract what is missing of the splits' features; `train` gets all views, the others one."""
    backbone = get_backbone(options.backbone)
    folder = folder or store_folder(options)
    wanted = {name: dataset.split(name) for name in splits}
    store = FeatureStore(folder, backbone.identity(options.weights))
    graph = folder / "backbone.onnx"
    if not graph.exists():
        logger.info("exporting the backbone %s", backbone.name)
        export_backbone(backbone, graph, options.weights)
    compute = _Compute(graph, backbone)
    prepared, problems = {}, []
    for name, records in wanted.items():
        views = options.views if name == "train" else ("plain",)
        done = extract_features(
            store,
            [record.image for record in records],
            views,
            compute,
            image_size=backbone.image_size,
            progress=progress,
        )
        problems += done.problems
        kept = tuple(record for record in records if record.image in done.hashes)
        if not kept:
            raise DataError(f"no picture of the split {name!r} can be read; {problems[0]}")
        keys = [(done.hashes[record.image], view) for record in kept for view in views]
        prepared[name] = Split(records=kept, rows=store.rows(keys).reshape(-1, len(views)))
    return Features(backbone=backbone, store=store, graph=graph, splits=prepared, problems=problems)


class _Compute:
    """The backbone's graph over any number of pictures; compiled when first needed."""

    def __init__(self, path: Path, backbone: Backbone) -> None:
        self._path, self._backbone = path, backbone
        self._graph: Graph | None = None

    def __call__(self, images_BSS3: np.ndarray) -> np.ndarray:
        if self._graph is None:
            # float32: the same features on every machine
            self._graph = open_graph(self._path, precision="f32", throughput=True)
        starts = range(0, len(images_BSS3), COMPUTE_BATCH)
        graph = self._graph
        runs = [graph.submit({"images": images_BSS3[i : i + COMPUTE_BATCH]}) for i in starts]
        features = np.concatenate([run.result()["features"] for run in runs])
        if features.shape[1:] != (self._backbone.num_places, self._backbone.feature_size):
            raise FeatureError(f"{self._path} is the graph of another backbone; delete it")
        return features


@dataclass(frozen=True, kw_only=True)
class Words:
    """The vocabulary and the training captions' tokens, for each picture, `<end>` included."""

    vocabulary: Vocabulary
    captions: list[list[list[int]]]
    max_tokens: int

    def log_frequencies(self) -> np.ndarray:
        """Log of each word's share of the targets (V,), add-one smoothed."""
        counts = np.ones(len(self.vocabulary))
        for of_picture in self.captions:
            for tokens in of_picture:
                np.add.at(counts, tokens, 1)
        return np.log(counts / counts.sum()).astype(np.float32)


def prepare_words(records: Sequence[Record], options: TextOptions) -> Words:
    """Vocabulary and length limit from these (training) captions and no others."""
    words = [[split_words(caption) for caption in record.captions] for record in records]
    vocabulary = Vocabulary.build(
        (caption for of_picture in words for caption in of_picture),
        max_words=options.max_words or None,
        min_count=options.min_count,
    )
    lengths = [len(caption) + 1 for of_picture in words for caption in of_picture]
    if options.max_tokens:
        limit = max_tokens(lengths, value=options.max_tokens)
    else:
        limit = max_tokens(lengths, percentile=options.max_tokens_percentile)
    captions = [
        [vocabulary.encode(caption, max_tokens=limit) for caption in of_picture]
        for of_picture in words
    ]
    return Words(vocabulary=vocabulary, captions=captions, max_tokens=limit)


def check_words(recipe: Recipe, words: Words) -> None:
    """DataError where the captions leave nothing to learn."""
    if len(words.vocabulary) <= 4:
        raise DataError(
            f"no word occurs {recipe.text.min_count} times in the training captions; "
            "use --set text.min_count=1"
        )
