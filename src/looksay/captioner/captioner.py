"""A bundle put to work.

B pictures, S their side, R places, D feature size.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, overload

import numpy as np

from looksay.captioner.caption import Caption, CaptionError
from looksay.captioner.loading import Loader, Picture, image_path, load_picture
from looksay.captioner.stream import FEW, Batch, stream
from looksay.decoding import DecodingOptions, Hypothesis, decode
from looksay.errors import BundleError, UsageError
from looksay.images import ImageLimits, ImageSource
from looksay.runtime import Bundle, Graph, GraphStepper, Pending, check_engine, open_graph

SHIPPED = Path(__file__).resolve().parents[1] / "bundles" / "default"

BATCH_SIZE = 16
_MOST_AT_ONCE = 8  # pictures that the backbone takes in one run: more are not faster


def load(
    model: str | os.PathLike[str] | Bundle | None = None,
    *,
    engine: str = "openvino",
    precision: str = "auto",
    threads: int | None = None,
    limits: ImageLimits | None = None,
) -> Captioner:
    """A captioner from a bundle's folder, or from the one that comes with looksay.

    Args:
        model: a bundle's folder or an opened Bundle; None: the shipped one.
        engine: "openvino", or "onnxruntime" (the extra of that name).
        precision: "f32" gives the same captions on every machine, "bf16" is faster where the
            processor has it, "auto" takes bf16 there.
        threads: at most so many processor threads; None: as many as there are.
        limits: how large a picture may be.

    Raises BundleError for a damaged, foreign or too new bundle.
    """
    if not isinstance(model, Bundle):
        model = Bundle.open(_shipped() if model is None else model)
    return Captioner(model, engine=engine, precision=precision, threads=threads, limits=limits)


def _shipped() -> Path:
    if not (SHIPPED / "bundle.json").is_file():
        raise BundleError(
            f"This installation of looksay came without a model (there is none in {SHIPPED}); "
            "name a bundle's folder, or install looksay again."
        )
    return SHIPPED


class Captioner:
    """Says what pictures show; make one with `looksay.load`.

    Graphs are compiled when they are first needed. It may be used by several threads, which take
    turns.

    Example:
        >>> captioner = looksay.load()
        >>> captioner("photo.jpg", beam_size=3).text
        'a brown dog runs through the grass'
    """

    def __init__(
        self,
        bundle: Bundle,
        *,
        engine: str = "openvino",
        precision: str = "auto",
        threads: int | None = None,
        limits: ImageLimits | None = None,
    ):
        check_engine(engine, precision, threads)
        self.bundle = bundle
        self._engine: dict[str, Any] = {
            "engine": engine,
            "precision": precision,
            "threads": threads,
        }
        self._limits = limits or ImageLimits()
        self._turn = threading.RLock()

    @property
    def name(self) -> str:
        """The model's name."""
        return self.bundle.name

    @property
    def options(self) -> DecodingOptions:
        """How captions are made unless a call says otherwise."""
        return self.bundle.decoding

    @property
    def precision(self) -> str:
        """What the graphs compute in, "f32" or "bf16"."""
        return self._backbone.precision

    @overload
    def __call__(self, images: list[Any] | tuple[Any, ...], **options: Any) -> list[Caption]: ...

    @overload
    def __call__(self, images: ImageSource, **options: Any) -> Caption: ...

    def __call__(self, images: Any, **options: Any) -> Caption | list[Caption]:
        """The caption of a picture, or those of a list of pictures.

        `options` replace single `DecodingOptions` of the bundle. Raises ImageError for a picture
        that cannot be read, UsageError for an option that makes no sense.
        """
        if isinstance(images, (list, tuple)):
            captions = self.caption_many(images, with_errors=False, **options)
            return [caption for caption in captions if isinstance(caption, Caption)]
        resolved = self.options.override(**options)
        picture = load_picture(images, self.bundle.image_size, self._limits)
        features_BRD = self.features(picture.pixels[None])
        return self._captions([picture], features_BRD, resolved, [0])[0]

    def caption_many(
        self,
        sources: Iterable[Any],
        *,
        batch_size: int = BATCH_SIZE,
        with_errors: bool = True,
        **options: Any,
    ) -> Iterator[Caption | CaptionError]:
        """The captions of any number of pictures, one by one and in order, in bounded memory.

        Pictures are read in threads and the backbone runs while earlier pictures are decoded, so
        `sources` is read up to three batches ahead. A picture that cannot be read gives a
        CaptionError in its place, or raises its ImageError when `with_errors` is False. An
        ImageError among the sources, as `images.find_images` yields them, counts as one.
        """
        resolved = self.options.override(**options)
        if isinstance(batch_size, bool) or not isinstance(batch_size, int) or batch_size < 1:
            raise UsageError(f"batch_size is {batch_size!r}; it must be a whole number from 1 on.")

        def decode_batch(batch: Batch) -> Iterator[Caption | CaptionError]:
            return self._decode_batch(batch, resolved, with_errors)

        return stream(
            sources,
            batch_size=batch_size,
            loader=Loader(self.bundle.image_size, self._limits),
            backbone=self._starter,
            decode=decode_batch,
        )

    def features(self, images_BSS3: np.ndarray) -> np.ndarray:
        """The backbone's features, float32 (B, R, D), of square uint8 pictures (B, S, S, 3)."""
        size = self.bundle.image_size
        if images_BSS3.dtype != np.uint8 or images_BSS3.shape[1:] != (size, size, 3):
            raise UsageError(
                f"The model takes uint8 pictures of the shape (B, {size}, {size}, 3), not "
                f"{images_BSS3.dtype} {images_BSS3.shape}; images.load_square makes them."
            )
        return self._starter(len(images_BSS3) >= FEW)(images_BSS3)()

    def _starter(self, many: bool) -> Callable[[np.ndarray], Callable[[], np.ndarray]]:
        """What starts the backbone on pictures and returns what waits for their features."""
        graph = self._parallel_backbone if many else self._backbone

        def start(images_BSS3: np.ndarray) -> Callable[[], np.ndarray]:
            size = min(max(len(images_BSS3) // graph.num_parallel, 1), _MOST_AT_ONCE)
            parts = range(0, len(images_BSS3), size)
            pending = [graph.submit({"images": images_BSS3[i : i + size]}) for i in parts]
            return lambda: self._gather(pending)

        return start

    def _gather(self, pending: Sequence[Pending]) -> np.ndarray:
        rows, columns = self.bundle.grid
        shape = rows * columns, self.bundle.feature_size
        if not pending:
            return np.empty((0, *shape), np.float32)
        features_BRD = np.concatenate([run.result()["features"] for run in pending])
        if features_BRD.shape[1:] != shape:
            raise BundleError(
                f"The backbone of {self.bundle.path} gives features {features_BRD.shape[1:]} where "
                f"bundle.json says {shape}; get or export the bundle again."
            )
        return features_BRD

    def _decode_batch(
        self, batch: Batch, options: DecodingOptions, with_errors: bool
    ) -> Iterator[Caption | CaptionError]:
        readable = {
            number: picture
            for number, picture in enumerate(batch.pictures, batch.first)
            if isinstance(picture, Picture)
        }
        captions: Iterator[Caption] = iter(())
        if batch.features is not None:
            made = self._captions(
                list(readable.values()), batch.features(), options, list(readable)
            )
            captions = iter(made)
        for picture in batch.pictures:
            if isinstance(picture, Picture):
                yield next(captions)
            elif with_errors:
                image = image_path(picture.source)
                yield CaptionError(image=image, error=picture.error, model=self.name)
            else:
                raise picture.error

    def _captions(
        self,
        pictures: Sequence[Picture],
        features_BRD: np.ndarray,
        options: DecodingOptions,
        numbers: Sequence[int],
    ) -> list[Caption]:
        with self._turn:
            found = decode(self._stepper, features_BRD, options, numbers=numbers)
        return [
            self._caption(picture, hypotheses)
            for picture, hypotheses in zip(pictures, found, strict=True)
        ]

    def _caption(self, picture: Picture, hypotheses: Sequence[Hypothesis]) -> Caption:
        best, *others = hypotheses
        words = tuple(self.bundle.vocabulary.decode(best.tokens))
        attention = best.attention.reshape(len(best.tokens), *self.bundle.grid)
        return Caption(
            text=self.bundle.vocabulary.join(words),
            words=words,
            log_prob=min(best.log_prob, 0.0),  # rounding can lift a sure word above certainty
            log_probs=best.log_probs[: len(words)],
            end_log_prob=float(best.log_probs[-1]) if best.ended else None,
            attention=attention[: len(words)],
            end_attention=attention[-1] if best.ended else None,
            score=best.score,
            alternatives=tuple(self._caption(picture, [other]) for other in others),
            image=image_path(picture.source),
            model=self.name,
            source=picture.source,
        )

    @cached_property
    def _backbone(self) -> Graph:
        return self._open("backbone")

    @cached_property
    def _parallel_backbone(self) -> Graph:
        return self._open("backbone", throughput=True)

    @cached_property
    def _stepper(self) -> GraphStepper:
        tokens = len(self.bundle.vocabulary)
        return GraphStepper(self._open("encode"), self._open("step"), tokens)

    def _open(self, name: str, **how: Any) -> Graph:
        with self._turn:
            return open_graph(self.bundle.graph(name), **self._engine, **how)

    def __repr__(self) -> str:
        return f"Captioner({self.name!r}, engine={self._engine['engine']!r})"
