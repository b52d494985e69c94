"""What several routes answer with."""

from __future__ import annotations

import json
from typing import Any

from starlette.responses import Response

GONE = 499  # the client went away; nobody reads the answer


def json_answer(content: Any) -> Response:
    """Plain values as an answer; what is no Unicode in them becomes a question mark."""
    body = json.dumps(content, ensure_ascii=False, allow_nan=False).encode("utf-8", "replace")
    return Response(body, media_type="application/json")
