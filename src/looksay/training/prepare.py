"""From a data set and a recipe to what training reads: words, tokens, features."""

from __future__ import annotations

import os
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from sys import intern
from typing import Any

import numpy as np

from looksay.data import Dataset, Record, load_data
from looksay.data.samples import sample_captions
from looksay.data.streamed import StreamedDataset
from looksay.errors import DataError, FeatureError, RecipeError
from looksay.features.extract import ComputeAll, Extraction
from looksay.features.extract_streamed import extract_streamed, in_shard_order, readable
from looksay.features.store import FeatureStore
from looksay.models import model_options
from looksay.text import Vocabulary, max_tokens, split_words
from looksay.training.feature_options import FeatureOptions
from looksay.training.feature_sources import (
    FeatureSource,
    folder_name,
    open_source,
)
from looksay.training.prepared import Features, Split, StreamedFeatures
from looksay.training.recipe import Recipe
from looksay.training.recipe_options import TextOptions


def load_recipe_data(
    address: str,
    recipe: Recipe,
    *,
    seed: int = 0,
    split_file: Path | None = None,
) -> Dataset:
    """The data set at `address`, or the recipe's sample of it where it has more captions; what is
    in shards in a store, and of streamed ones on a disk too, is kept in the user's cache."""
    options = recipe.data
    dataset = load_data(
        address,
        seed=seed,
        split_file=split_file,
        streamed=recipe.features.streamed,
        index_folder=_cache() / "shards",
    )
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


def store_folder(source: FeatureSource, chosen: Path | None) -> Path:
    """Where features are kept: in the folder chosen, or in the user's cache."""
    return chosen or _cache() / "features" / folder_name(source)


def _cache() -> Path:
    cache = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(os.environ.get("LOOKSAY_CACHE", Path(cache) / "looksay"))


def prepare_features(
    dataset: Dataset,
    options: FeatureOptions,
    folder: Path | None = None,
    *,
    splits: Sequence[str] = ("train", "dev"),
    progress: bool = False,
    compute_all: ComputeAll | None = None,
) -> Features:
    """Extract what is missing of the splits' features; `train` gets all views, the others one.

    compute_all: what computes them, see `looksay.features.extract`; None: this process.
    """
    source = open_source(options)
    folder = store_folder(source, folder)
    _check_streaming(dataset, options, source, compute_all)
    wanted = {name: dataset.split(name) for name in splits}
    store = FeatureStore(folder, source.identity())
    source.make_graphs(folder)
    prepared, problems = {}, []
    for name, records in wanted.items():
        views = options.views if name == "train" else ("plain",)
        keeps = not (options.streamed and name == "train")
        if isinstance(dataset, StreamedDataset) and not keeps:
            records = tuple(in_shard_order(dataset, records))
            done = readable(dataset, records)
        else:
            done = _extract(source, store, dataset, records, views, progress, compute_all)
        problems += done.problems
        kept = tuple(record for record in records if record.image in done.hashes)
        if not kept:
            raise DataError(f"no picture of the split {name!r} can be used; {problems[0]}")
        keys = [(done.hashes[record.image], view) for record in kept for view in views]
        rows = store.rows(keys) if keeps else np.tile(np.arange(len(views)), len(kept))
        prepared[name] = Split(records=kept, rows=rows.reshape(-1, len(views)))
    found: dict[str, Any] = {"source": source, "store": store, "splits": prepared}
    if isinstance(dataset, StreamedDataset):
        found |= {"shards": dataset, "unkept": "train" if options.streamed else ""}
        return StreamedFeatures(**found, problems=problems, views=options.views)
    return Features(**found, problems=problems)


def _check_streaming(
    dataset: Dataset,
    options: FeatureOptions,
    source: FeatureSource,
    compute_all: ComputeAll | None,
) -> None:
    if not isinstance(dataset, StreamedDataset):
        if options.streamed:
            raise FeatureError("features.streamed needs a data set that was loaded as streamed")
        return
    if source.regions is not None:
        raise FeatureError("features.regions needs photographs on a disk; copy the shards there")
    if compute_all is not None:
        raise FeatureError(
            "shards in a store are read by one process; leave out --engine, or copy them to a disk"
        )


def _extract(
    source: FeatureSource,
    store: FeatureStore,
    dataset: Dataset,
    records: Sequence[Record],
    views: Sequence[str],
    progress: bool,
    compute_all: ComputeAll | None,
) -> Extraction:
    if not isinstance(dataset, StreamedDataset):
        images = [record.image for record in records]
        return source.extract(store, images, views, progress, compute_all)
    compute, size = source.compute(store.folder), source.backbone.image_size
    return extract_streamed(
        store, dataset, records, views, compute, image_size=size, progress=progress
    )


def shown_rows(
    split: Split, views: Sequence[str], sided_words: Collection[str]
) -> list[np.ndarray]:
    """The rows of each picture's views, without the mirrored ones where a caption has one of the
    words that tell the sides apart."""
    straight = [not view.startswith("mirror") for view in views]
    sided = set(sided_words)
    return [
        rows[straight] if any(sided & set(split_words(c)) for c in record.captions) else rows
        for record, rows in zip(split.records, split.rows, strict=True)
    ]


@dataclass(frozen=True, kw_only=True)
class Words:
    """The vocabulary and the training captions' tokens, for each picture, `<end>` included."""

    vocabulary: Vocabulary
    captions: list[list[list[int]]]
    max_tokens: int

    def log_frequencies(self) -> np.ndarray:
        """Log of each word's share of the targets (V,), add-one smoothed."""
        tokens = chain.from_iterable(chain.from_iterable(self.captions))
        found = np.bincount(np.fromiter(tokens, np.int32), minlength=len(self.vocabulary))
        counts = found + 1.0
        return np.log(counts / counts.sum()).astype(np.float32)


def prepare_words(records: Sequence[Record], options: TextOptions) -> Words:
    """Vocabulary and length limit from these (training) captions and no others."""
    # each word once in memory, however often it is said
    words = [
        [list(map(intern, split_words(caption))) for caption in record.captions]
        for record in records
    ]
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
    """DataError where the captions leave nothing to learn, RecipeError where the model cannot hold
    the longest of them."""
    most = model_options(recipe.architecture).get("max_words", words.max_tokens)
    most = recipe.model_options.get("max_words", most)
    if words.max_tokens > most:
        raise RecipeError(
            f"captions have up to {words.max_tokens} words with their end and the model holds "
            f"{most}; use --set model.max_words={words.max_tokens} or --set text.max_tokens={most}"
        )
    if len(words.vocabulary) <= 4:
        raise DataError(
            f"no word occurs {recipe.text.min_count} times in the training captions; "
            "use --set text.min_count=1"
        )
