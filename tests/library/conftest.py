"""A captioner for the library's tests."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))


@pytest.fixture
def captioner() -> Any:
    """Says what colour a picture is; sure of all but blue ones."""
    from library_captioner import ColourCaptioner

    return ColourCaptioner()
