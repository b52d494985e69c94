"""The JSON record of a picture (schema 1, caption.schema.json) and its shorter forms."""

from __future__ import annotations

import json
from typing import Any

SCHEMA = 1
CSV_COLUMNS = ("image", "caption", "log_prob", "alternatives", "model", "error")

_ESCAPES = {"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"}


def error_record(name: str, sentence: str, model: str | None) -> dict[str, Any]:
    """The record of a picture that could not be captioned."""
    return {
        "schema": SCHEMA,
        "image": name,
        "caption": None,
        "words": [],
        "log_prob": None,
        "alternatives": [],
        "model": model,
        "error": sentence,
    }


def to_json_line(record: dict[str, Any]) -> str:
    """One line of JSON. A name that is no valid Unicode is written with escapes, as JSON can."""
    line = json.dumps(record, ensure_ascii=False, allow_nan=False)
    try:
        line.encode()
    except UnicodeEncodeError:
        line = json.dumps(record, allow_nan=False)
    return line


def text_name(name: str) -> str:
    """The name as a text line has it: a tab or a line break in it must not break the line."""
    if not any(sign in name for sign in "\t\n\r"):
        return name
    return "".join(_ESCAPES.get(sign, sign) for sign in name)


def to_text_line(record: dict[str, Any]) -> str:
    """`name<TAB>caption`, more captions behind more tabs."""
    captions = [record["caption"], *(other["caption"] for other in record["alternatives"])]
    return "\t".join([text_name(record["image"]), *captions])


def to_csv_row(record: dict[str, Any]) -> list[str]:
    """The values of `CSV_COLUMNS`; the alternatives' captions as a JSON list."""
    others = [other["caption"] for other in record["alternatives"]]
    log_prob = record["log_prob"]
    return [
        record["image"],
        record["caption"] or "",
        "" if log_prob is None else repr(log_prob),
        json.dumps(others, ensure_ascii=False) if others else "",
        record["model"] or "",
        record["error"] or "",
    ]
