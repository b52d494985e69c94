"""What a run of the index found and did."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass


@dataclass
class Report:
    """Counts of one run.

    Args:
        files: photographs found in the folders, copies and damaged ones among them.
        new: contents that were not known. changed: files whose content is another one now.
        moved, copied: known contents in new places. gone: files no longer there.
        returned: files that had been gone and are there again.
        captioned: pictures that were computed. failed: pictures that could not be.
        other_model: photographs that keep the caption of another model or other options.
        problems: files and folders that could not be read.
        waiting: photographs that changed while they were read; the next run does them.
    """

    files: int = 0
    new: int = 0
    changed: int = 0
    moved: int = 0
    copied: int = 0
    gone: int = 0
    returned: int = 0
    captioned: int = 0
    failed: int = 0
    other_model: int = 0
    problems: int = 0
    waiting: int = 0

    def sentence(self) -> str:
        """The run in a line: only what happened."""
        parts = [f"{number:,} {what}" for what, number in self._happened() if number]
        return f"{self.files:,} files: {', '.join(parts) or 'nothing has changed'}."

    def _happened(self) -> Iterator[tuple[str, int]]:
        for name in ("new", "changed", "moved", "copied", "gone", "returned", "captioned"):
            yield name, getattr(self, name)
        yield "failed", self.failed
        yield "not read", self.problems
        yield "still changing", self.waiting
