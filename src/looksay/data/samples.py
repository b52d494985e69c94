"""A part of a data set's training captions, divided anew into train and dev.

The Keras tutorial draws 30,000 of COCO's training captions at random and holds 20% of them out; the
TF2 script set takes the first 30,000. Both divide captions, so that a picture stands on both sides;
here captions are drawn and their pictures divided, so that nothing leaks.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from looksay.data.records import Dataset, Record
from looksay.data.splits import hash_place
from looksay.errors import UsageError, nearest

ORDERS = ("random", "first")


def sample_captions(
    dataset: Dataset,
    count: int,
    *,
    order: str = "random",
    seed: int = 0,
    dev_share: float = 0.2,
) -> Dataset:
    """`count` captions of the train split, with `dev_share` of their pictures as dev.

    They are the "first" in the order of the data set's files, or "random" ones. A picture keeps
    those of its captions that were drawn. The draw depends on the seed and the pictures' names
    alone, and is the same on every machine; the data set's own dev and test are left out.

    Raises UsageError for an impossible count, order or share.
    """
    if order not in ORDERS:
        raise UsageError(
            f"{order!r} is no order of drawing{nearest(order, ORDERS)}; use one of "
            f"{', '.join(ORDERS)}."
        )
    if not 0 <= dev_share < 1:
        raise UsageError(
            f"A share of {dev_share} for dev leaves nothing to train on; give a fraction of 1."
        )
    records = dataset.split("train")
    available = sum(len(record.captions) for record in records)
    if not 0 < count <= available:
        raise UsageError(
            f"{count:,} captions cannot be drawn from the {available:,} training "
            f"captions of {dataset.name}; ask for 1 to {available:,}."
        )
    drawn = _draw(records, count, order, seed)
    held_out = _held_out((record.name for record in drawn), dev_share, seed)
    split = [replace(r, split="dev" if r.name in held_out else "train") for r in drawn]
    return dataset.with_records(split, note=_note(count, available, order, seed, len(held_out)))


def _draw(records: Sequence[Record], count: int, order: str, seed: int) -> list[Record]:
    """The records in their order, each with its drawn captions."""
    know_places = all(record.places for record in records)

    def place(record: Record, caption: int) -> float:
        if order == "random":
            return hash_place(seed, f"{record.name}\0{caption}")
        return record.places[caption] if know_places else 0  # the same for all: in their order

    captions = [(number, k) for number, r in enumerate(records) for k in range(len(r.captions))]
    captions.sort(key=lambda caption: place(records[caption[0]], caption[1]))
    chosen: dict[int, list[int]] = {}
    for number, caption in sorted(captions[:count]):
        chosen.setdefault(number, []).append(caption)
    return [_with_captions(records[number], kept) for number, kept in chosen.items()]


def _with_captions(record: Record, chosen: Sequence[int]) -> Record:
    return replace(
        record,
        captions=tuple(record.captions[caption] for caption in chosen),
        places=tuple(record.places[caption] for caption in chosen if record.places),
    )


def _held_out(names: Iterable[str], share: float, seed: int) -> set[str]:
    """The share of the names, at least one if any; one at least is left."""
    # A place of its own for this division: by the plain seed's, the pictures of a data set that
    # `split_by_name` divided would all come from the far end.
    ordered = sorted(names, key=lambda name: (hash_place(f"dev of sample {seed}", name), name))
    number = max(round(share * len(ordered)), 1) if share else 0
    return set(ordered[: min(number, len(ordered) - 1)])


def _note(count: int, available: int, order: str, seed: int, num_dev: int) -> str:
    how = "the first in the file's order" if order == "first" else f"at random with seed {seed}"
    return (
        f"{count:,} of {available:,} training captions drawn, {how}; "
        f"{num_dev:,} of their pictures held out as dev."
    )
