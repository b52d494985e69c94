"""Bundles put to work.

B pictures, S their side, R places, D feature size.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, overload

import numpy as np

from looksay.captioner.caption import Caption, CaptionError
from looksay.captioner.ensemble import Ensemble, Ground, Said, overall
from looksay.captioner.features import FEW, Features
from looksay.captioner.loading import Loader, Picture, Watch, image_path, load_picture
from looksay.captioner.stream import Batch, stream
from looksay.consensus import mean_features
from looksay.decoding import NO_CONSENSUS, DecodingOptions
from looksay.errors import BundleError, ImageError, UsageError
from looksay.images import ImageLimits, ImageSource
from looksay.runtime import SHIPPED, Bundle, Graph, check_engine, open_graph
from looksay.runtime.confidence import measure_found, searched

BATCH_SIZE = 16

Model = str | os.PathLike[str] | Bundle


def load(
    model: Model | Sequence[Model] | None = None,
    *,
    engine: str = "openvino",
    precision: str = "auto",
    threads: int | None = None,
    limits: ImageLimits | None = None,
) -> Captioner:
    """A captioner from a bundle's folder, or from the one that comes with looksay.

    Args:
        model: a bundle's folder or an opened Bundle; several of them, of one vocabulary, caption
            together as an ensemble, as the first one's options say; None: the shipped one.
        engine: "openvino", or "onnxruntime" (the extra of that name).
        precision: "f32" gives the same captions on every machine, "bf16" is faster where the
            processor has it, "auto" takes bf16 there.
        threads: at most so many processor threads; None: as many as there are.
        limits: how large a picture may be.

    Raises BundleError for a damaged, foreign or too new bundle, UsageError for bundles whose
    vocabularies differ.
    """
    if model is None:
        model = _shipped()
    models = [model] if isinstance(model, (str, os.PathLike, Bundle)) else model
    bundles = [one if isinstance(one, Bundle) else Bundle.open(one) for one in models]
    return Captioner(bundles, engine=engine, precision=precision, threads=threads, limits=limits)


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
    turns. Several `bundles` are an ensemble; `bundle` is the first.

    Example:
        >>> captioner = looksay.load()
        >>> captioner("photo.jpg", beam_size=3).text
        'a brown dog runs through the grass'
    """

    def __init__(
        self,
        bundles: Bundle | Sequence[Bundle],
        *,
        engine: str = "openvino",
        precision: str = "auto",
        threads: int | None = None,
        limits: ImageLimits | None = None,
    ):
        check_engine(engine, precision, threads)
        self.bundles = (bundles,) if isinstance(bundles, Bundle) else tuple(bundles)
        self._engine: dict[str, Any] = {
            "engine": engine,
            "precision": precision,
            "threads": threads,
        }
        self._limits = limits or ImageLimits()
        self._turn = threading.RLock()
        self._ensemble = Ensemble(self.bundles, self._open)
        # an ensemble's probabilities are others than those that a member's was learnt from
        self._confidence = self.bundles[0].confidence if len(self.bundles) == 1 else None

    @property
    def bundle(self) -> Bundle:
        """The bundle; the first of an ensemble."""
        return self.bundles[0]

    @property
    def name(self) -> str:
        """The model's name; of an ensemble "first + second + ..."."""
        return self._ensemble.name

    @property
    def options(self) -> DecodingOptions:
        """How captions are made unless a call says otherwise."""
        return self.bundle.decoding

    def options_with(self, **changes: Any) -> DecodingOptions:
        """`options` with some replaced; UsageError for one that makes no sense for this model."""
        resolved = self.options.override(**changes)
        if resolved.asks_consensus and not self.bundle.has_memory:
            raise UsageError(NO_CONSENSUS)
        return resolved

    @property
    def precision(self) -> str:
        """What the graphs compute in, "f32" or "bf16"."""
        return self._ensemble.backbones.extractors[0].precision

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
        resolved = self.options_with(**options)
        picture = self.read(images)
        seen = self.look([picture], many=False)()
        return self.say([picture], seen, resolved, [0])[0]

    def read(self, source: ImageSource) -> Picture:
        """The first stage of captioning, for those that schedule the stages themselves: a picture
        as the models take it. Any number of threads may call it. Raises ImageError."""
        backbones = self._ensemble.backbones
        return load_picture(source, backbones.image_sizes, self._limits, backbones.lookers)

    def look(self, pictures: Sequence[Picture], *, many: bool) -> Callable[[], list[Features]]:
        """The second: start the backbones on pictures, at least one; the result waits for what
        each bundle's sees. `many` of them, now or soon, are run in parallel. For one thread."""
        return self._ensemble.backbones.start(pictures, many)

    def say(
        self,
        pictures: Sequence[Picture],
        seen: Sequence[Features],
        options: DecodingOptions,
        numbers: Sequence[int],
    ) -> list[Caption]:
        """The third: the captions of pictures, at least one, of which the bundles have `seen` so
        much. Samples are drawn by the pictures' `numbers`. It may run while others are looked at.
        """
        confidence = self._confidence
        if confidence is not None and not confidence.applies(options):
            confidence = None
        search = options if confidence is None else searched(options)
        with self._turn:
            found = self._ensemble.decode(seen, search, numbers)
        captions = []
        for number, (picture, said) in enumerate(zip(pictures, found, strict=True)):
            sure = None if confidence is None else confidence.of(measure_found(said.hypotheses))
            wanted = said._replace(hypotheses=said.hypotheses[: options.num_captions])
            grounds = self._ensemble.grounds(seen, number)
            captions.append(self._caption(picture, wanted, grounds, sure))
        return captions

    def caption_many(
        self,
        sources: Iterable[Any],
        *,
        batch_size: int = BATCH_SIZE,
        with_errors: bool = True,
        watch: Watch | None = None,
        **options: Any,
    ) -> Iterator[Caption | CaptionError]:
        """The captions of any number of pictures, one by one and in order, in bounded memory.

        Pictures are read in threads and the backbone runs while earlier pictures are decoded, so
        `sources` is read up to three batches ahead. A picture that cannot be read gives a
        CaptionError in its place, or raises its ImageError when `with_errors` is False. An
        ImageError among the sources, as `images.find_images` yields them, counts as one.

        `watch(source, photograph)` is called in the reading threads with each picture as it was
        opened: upright, RGB, perhaps reduced, its sides at least the model's where the file's are.
        Whoever wants small pictures of many has no need to open them again.
        """
        resolved = self.options_with(**options)
        if isinstance(batch_size, bool) or not isinstance(batch_size, int) or batch_size < 1:
            raise UsageError(f"batch_size is {batch_size!r}; it must be a whole number from 1 on.")

        def decode_batch(batch: Batch) -> Iterator[Caption | CaptionError]:
            return self._decode_batch(batch, resolved, with_errors)

        backbones = self._ensemble.backbones
        return stream(
            sources,
            batch_size=batch_size,
            loader=Loader(backbones.image_sizes, self._limits, backbones.lookers, watch),
            start=backbones.start,
            decode=decode_batch,
        )

    def mean_features(
        self, sources: Iterable[Any], *, batch_size: int = BATCH_SIZE
    ) -> Iterator[np.ndarray | ImageError]:
        """Of each picture the mean (D,) of the features that the (first) bundle's model sees in it,
        or why it cannot be read: in order, in bounded memory."""
        backbones = self._ensemble.backbones

        def decode_batch(batch: Batch) -> Iterator[np.ndarray | ImageError]:
            seen = batch.features()[0] if batch.features is not None else None
            means = iter(() if seen is None else mean_features(seen.values_BRD, seen.mask_BR))
            for picture in batch.pictures:
                yield next(means) if isinstance(picture, Picture) else picture.error

        return stream(
            sources,
            batch_size=batch_size,
            loader=Loader(backbones.image_sizes, self._limits, backbones.lookers),
            start=backbones.start,
            decode=decode_batch,
        )

    def features(self, images_BSS3: np.ndarray) -> np.ndarray:
        """The features, float32 (B, R, D), that the (first) bundle's backbone makes of square
        uint8 pictures (B, S, S, 3)."""
        size = self.bundle.image_size
        if images_BSS3.dtype != np.uint8 or images_BSS3.shape[1:] != (size, size, 3):
            raise UsageError(
                f"The model takes uint8 pictures of the shape (B, {size}, {size}, 3), not "
                f"{images_BSS3.dtype} {images_BSS3.shape}; images.load_square makes them."
            )
        extractor = self._ensemble.backbones.extractors[0]
        return extractor.start_squares(images_BSS3, many=len(images_BSS3) >= FEW)().values_BRD

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
            made = self.say(list(readable.values()), batch.features(), options, list(readable))
            captions = iter(made)
        for picture in batch.pictures:
            if isinstance(picture, Picture):
                yield next(captions)
            elif with_errors:
                image = image_path(picture.source)
                yield CaptionError(image=image, error=picture.error, model=self.name)
            else:
                raise picture.error

    def _caption(
        self,
        picture: Picture,
        said: Said,
        grounds: Sequence[Ground],
        confidence: float | None = None,
    ) -> Caption:
        best, *others = said.hypotheses
        words = tuple(self.bundle.vocabulary.decode(best.tokens))
        maps = self._ensemble.maps(best.attention, grounds)
        attention = overall(list(maps.values()), grounds)
        return Caption(
            text=self.bundle.vocabulary.join(words),
            words=words,
            log_prob=min(best.log_prob, 0.0),  # rounding can lift a sure word above certainty
            log_probs=best.log_probs[: len(words)],
            end_log_prob=float(best.log_probs[-1]) if best.ended else None,
            attention=attention[: len(words)],
            end_attention=attention[-1] if best.ended else None,
            attentions={name: each[: len(words)] for name, each in maps.items()},
            score=best.score,
            consensus=best.consensus,
            confidence=confidence,
            regions=grounds[0].boxes,
            topics=said.topics,
            alternatives=tuple(
                self._caption(picture, said._replace(hypotheses=[other]), grounds)
                for other in others
            ),
            image=image_path(picture.source),
            model=self.name,
            source=picture.source,
        )

    def _open(self, path: Path, **how: Any) -> Graph:
        with self._turn:
            return open_graph(path, **{**self._engine, **how})

    def __repr__(self) -> str:
        return f"Captioner({self.name!r}, engine={self._engine['engine']!r})"
