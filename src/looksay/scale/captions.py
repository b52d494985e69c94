"""Captions of any number of pictures by workers on Ray, each with a captioner of its own."""

from __future__ import annotations

import hashlib
import itertools
import os
import platform
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass
from typing import Any

from looksay.captioner import Captioner, load
from looksay.captioner.caption import CaptionError
from looksay.errors import BundleError, ImageError, LooksayError
from looksay.runtime import Bundle
from looksay.scale import items as item_tables
from looksay.scale import rows as row_tables
from looksay.scale.cluster import connected, find_slots
from looksay.scale.items import Item
from looksay.scale.parts import Parts, digest
from looksay.scale.rounds import NUMBER, Job, answering, run_rounds

BATCH = 64  # pictures that a worker is given at once: what its death can cost
WINDOW = 500_000  # pictures that are planned before they are captioned


@dataclass
class Outcome:
    """How many pictures a run has captioned, how many have an error, and how many an earlier run
    had captioned."""

    captioned: int = 0
    failed: int = 0
    earlier: int = 0


class CaptionWorker:
    """One of the workers: loads the bundles once, then captions batch after batch."""

    def __init__(
        self,
        load_options: dict[str, Any],
        digests: list[str],
        options: dict[str, Any],
        batch_size: int | None,
        threads: int,
    ) -> None:
        self._options = options
        self._sizes: dict[str, Any] = {} if batch_size is None else {"batch_size": batch_size}
        self._broken: LooksayError | None = None
        try:
            self._captioner = load(**load_options, threads=threads)
            _check_same(self._captioner, digests)
        except LooksayError as error:  # raised here, it would come out as a failure of Ray's
            self._broken = error

    @answering
    def __call__(self, batch: Any) -> Any:
        """A table of items to one of rows."""
        if self._broken:
            raise self._broken
        rows = list(self._rows(list(item_tables.from_table(batch))))
        return row_tables.to_table(rows).append_column(NUMBER, batch[NUMBER])

    def _rows(self, items: list[Item]) -> Iterator[dict[str, Any]]:
        options = self._options
        if options.get("seed") is not None:  # else every batch would draw the same numbers
            options = options | {"seed": _seed(options["seed"], items[0])}
        captions = self._captioner.caption_many(
            (item.source for item in items), with_errors=True, **self._sizes, **options
        )
        for item, caption in zip(items, captions, strict=True):
            yield row_tables.to_row(item, caption.to_json())


def caption_on_ray(
    items: Iterable[Item],
    folder: str,
    *,
    load_options: dict[str, Any],
    options: dict[str, Any],
    batch_size: int | None = None,
    address: str | None = None,
    debug: bool = False,
    watch: Callable[[str, str | None], None] = lambda name, error: None,
) -> Outcome:
    """Captions the items that the folder of parts has no captions of.

    load_options: arguments of `captioner.load`. options: of its captions. watch: is told each
    picture's name when it is done, and its error. Raises LooksayError where nothing can go on; what
    has been captioned until then, or until an interrupt, is written.
    """
    load_options = _absolute(load_options)
    captioner = load(**load_options)
    captioner.options_with(**options)  # an option that makes no sense is told before any work
    parts, outcome = Parts(folder, captioner.name), Outcome()
    todo = _todo(items, parts, outcome)
    arguments = {
        "load_options": load_options,
        "digests": [_digest(bundle) for bundle in captioner.bundles],
        "options": options,
        "batch_size": batch_size,
    }
    started = False
    with closing(parts), ExitStack() as stack:
        while window := list(itertools.islice(todo, WINDOW)):
            if not started:  # nothing to do needs no Ray
                stack.enter_context(connected(address, debug=debug))
                started = True
            slots = find_slots()  # anew each time: machines may have joined
            job = Job(
                worker=CaptionWorker,
                arguments=arguments | {"threads": slots.cpus},
                batch=max(BATCH, batch_size or 0),
                slots=slots,
            )
            _caption(job, window, captioner.name, parts, outcome, watch)
    return outcome


def _todo(items: Iterable[Item], parts: Parts, outcome: Outcome) -> Iterator[Item]:
    """What has no caption yet; a picture that is named twice comes once."""
    taken: set[bytes] = set()
    for item in items:
        key = digest(item.place, str(item.offset))
        if key in taken:
            continue
        taken.add(key)
        if parts.is_done(item):
            outcome.earlier += 1
        else:
            yield item


def _caption(
    job: Job,
    window: list[Item],
    model: str,
    parts: Parts,
    outcome: Outcome,
    watch: Callable[[str, str | None], None],
) -> None:
    def give_up(lost: Any) -> Any:
        rows = [_lost_row(item, model) for item in item_tables.from_table(lost)]
        return row_tables.to_table(rows).append_column(NUMBER, lost[NUMBER])

    for answer in run_rounds(job, item_tables.to_table(window), give_up):
        rows = answer.drop_columns([NUMBER]).to_pylist()
        parts.add(rows)
        for row in rows:
            if row["error"] is None:
                outcome.captioned += 1
            else:
                outcome.failed += 1
            watch(row["image"], row["error"])


def _lost_row(item: Item, model: str) -> dict[str, Any]:
    error = ImageError(
        f"{item.name} has no caption: the worker died each time that it was tried. The picture may "
        "need too much memory, or the machines may be unwell."
    )
    return row_tables.to_row(item, CaptionError(image=None, error=error, model=model).to_json())


def _absolute(load_options: dict[str, Any]) -> dict[str, Any]:
    """Workers have another working folder."""
    models = load_options.get("model")
    if models is None:
        return load_options
    models = [models] if isinstance(models, (str, os.PathLike)) else models
    return load_options | {"model": [os.path.abspath(model) for model in models]}


def _digest(bundle: Bundle) -> str:
    files = bundle.config["files"]
    text = " ".join(f"{name} {bundle.digest(name)}" for name in sorted(files))
    return hashlib.sha256(text.encode()).hexdigest()


def _check_same(captioner: Captioner, digests: list[str]) -> None:
    for bundle, wanted in zip(captioner.bundles, digests, strict=True):
        if _digest(bundle) != wanted:
            raise BundleError(
                f"The machine {platform.node()} has another model in {bundle.path} than the "
                "one that the command was given; put the same bundle on every machine."
            )


def _seed(seed: int, first: Item) -> int:
    """A seed of the batch's own."""
    return int.from_bytes(digest(str(seed), first.place, str(first.offset))[:4], "big")
