"""A picture's row in the results: the JSON record of `looksay caption` as columns of Parquet."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from looksay.captioner.caption import SCHEMA
from looksay.scale.items import Item

Row = dict[str, Any]


def schema() -> Any:
    """The columns. `identity` is what the picture's content was known by when it was captioned."""
    import pyarrow as pa

    words = pa.list_(pa.string())
    other = pa.struct({"caption": pa.string(), "words": words, "log_prob": pa.float64()})
    topic = pa.struct({"topic": pa.int32(), "share": pa.float64(), "words": words})
    return pa.schema(
        {
            "image": pa.string(),
            "identity": pa.string(),
            "caption": pa.string(),
            "words": words,
            "log_prob": pa.float64(),
            "confidence": pa.float64(),
            "alternatives": pa.list_(other),
            "topics": pa.list_(topic),
            "model": pa.string(),
            "error": pa.string(),
        },
        metadata={"looksay.schema": str(SCHEMA)},
    )


def to_row(item: Item, record: dict[str, Any]) -> Row:
    """A caption's or an error's record (`to_json`) as the item's row."""
    error = record["error"]
    return record | {
        "image": item.name,
        "identity": item.identity,
        "error": None if error is None else item.sentence(error),
    }


def to_table(rows: Sequence[Row]) -> Any:
    """The rows as an Arrow table of the schema; what the schema does not name is left out."""
    import pyarrow as pa

    return pa.Table.from_pylist(list(rows), schema=schema())
