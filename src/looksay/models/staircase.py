"""Captions of a picture side by side, the longest first, without the padding behind short ones.

The C captions of each picture are columns of falling lengths `T_1 >= ... >= T_C`, the same for all
pictures of a batch. Packed, the N = T_1 + ... + T_C words of a picture stand in the order in which
they are said: the first words of all captions, then the second ones, of those that have any.

    a dog runs fast        packed: a two a | dog men cat | runs sit | fast
    two men sit
    a cat

B pictures, C captions, N packed words, T words of the longest caption.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from keras import ops


def heights(lengths: Sequence[int]) -> list[int]:
    """How many captions have a word at each step, for columns of falling lengths."""
    if list(lengths) != sorted(lengths, reverse=True):
        raise ValueError(f"columns of lengths {list(lengths)} do not fall")
    return [sum(length > step for length in lengths) for step in range(max(lengths))]


def places(lengths: Sequence[int]) -> np.ndarray:
    """Where each word stands when packed, (C, T); N, one behind the last, where there is none."""
    found = np.full((len(lengths), max(lengths)), sum(lengths), np.int32)
    place = 0
    for step, height in enumerate(heights(lengths)):
        found[:height, step] = np.arange(place, place + height)
        place += height
    return found


def pack_columns(columns: Sequence[Any]) -> Any:
    """Columns (B, T_c), tensors, packed: (B, N)."""
    order = _order([column.shape[1] for column in columns])
    return ops.take(ops.concatenate(columns, axis=1), order, axis=1)


def pack_arrays(columns: Sequence[np.ndarray]) -> np.ndarray:
    """The same of arrays, on the host."""
    return np.concatenate(columns, axis=1)[:, _order([column.shape[1] for column in columns])]


def _order(lengths: Sequence[int]) -> np.ndarray:
    """For each packed place where its word stands among the columns one after another, (N,)."""
    table = places(lengths)
    in_columns = [row[:length] for row, length in zip(table, lengths, strict=True)]
    return np.argsort(np.concatenate(in_columns))


def pad_columns(columns: Sequence[Any]) -> Any:
    """Columns (B, T_c), tensors, side by side: (B, C, T), zeros behind the short ones."""
    most = columns[0].shape[1]
    padded = [ops.pad(column, ((0, 0), (0, most - column.shape[1]))) for column in columns]
    return ops.stack(padded, axis=1)


def pack(padded_BCT: Any, lengths: Sequence[int]) -> Any:
    """(B, C, T, ...) as (B, N, ...): `unpack` undone."""
    table = places(lengths).ravel()
    order = np.argsort(table, kind="stable")[: sum(lengths)]
    flat = ops.reshape(padded_BCT, (-1, len(table), *padded_BCT.shape[3:]))
    return ops.take(flat, order, axis=1)


def unpack(packed_BN: Any, lengths: Sequence[int]) -> Any:
    """(B, N, ...) as (B, C, T, ...), zeros where there is no word."""
    table = places(lengths)
    if len(set(lengths)) == 1:  # nothing is missing: no copy with a zero behind
        steps_first = ops.reshape(packed_BN, (-1, *table.shape[::-1], *packed_BN.shape[2:]))
        return ops.swapaxes(steps_first, 1, 2)
    with_zero = ops.concatenate([packed_BN, ops.zeros_like(packed_BN[:, :1])], axis=1)
    found = ops.take(with_zero, table.ravel(), axis=1)
    return ops.reshape(found, (-1, *table.shape, *packed_BN.shape[2:]))
