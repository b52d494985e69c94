"""A model's captions of a split's pictures, for the verbs that measure it."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from looksay.errors import UsageError

if TYPE_CHECKING:
    from looksay import Caption
    from looksay.data import Record

BATCH_SIZE = 16


def choose_models(bundle: Path | None, models: tuple[str, ...]) -> Any:
    """What `looksay.load` takes, of a verb's BUNDLE and its --model; UsageError for both."""
    if bundle is not None and models:
        raise UsageError(
            f"{bundle} is given beside --model; leave --model out, or name every bundle of an "
            "ensemble with a --model of its own."
        )
    return bundle or models or None


def caption_records(
    captioner: Any,
    records: Sequence[Record],
    problems: list[str],
    *,
    batch_size: int | None,
    watch: Callable[..., None] | None = None,
    **decoding: Any,
) -> Iterator[tuple[Record, Caption]]:
    """Each record with its caption, in order and with a progress bar; of a picture that cannot be
    read the sentence that says why is put among the problems. watch: see
    `Captioner.caption_many`."""
    from tqdm import tqdm

    import looksay

    found = captioner.caption_many(
        [record.image for record in records],
        batch_size=batch_size or BATCH_SIZE,
        watch=watch,
        **decoding,
    )
    bar = tqdm(found, total=len(records), unit="image", disable=not sys.stderr.isatty())
    for record, caption in zip(records, bar, strict=True):
        if isinstance(caption, looksay.Caption):
            yield record, caption
        else:
            problems.append(caption.message)
