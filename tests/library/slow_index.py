"""Fills a library so slowly that it can be killed: `slow_index.py FOLDER DATABASE`."""

from __future__ import annotations

import sys
import time

from by_hand import ByHand, model_of

from looksay.library import batches, fingerprint, open_index, scan

SECONDS_EACH = 0.08


class Slow(ByHand):
    def caption_many(self, sources, **options):
        for result in super().caption_many(sources, **options):
            time.sleep(SECONDS_EACH)
            yield result


def main(folder: str, database: str) -> None:
    def slowly(path):
        time.sleep(SECONDS_EACH)
        return fingerprint.take_fingerprint(path)

    scan.take_fingerprint = slowly
    batches.batches.__kwdefaults__["seconds"] = 3 * SECONDS_EACH
    with open_index(database) as index:
        index.update(index.parts([folder]), model_of(Slow({})))


if __name__ == "__main__":
    main(*sys.argv[1:])
