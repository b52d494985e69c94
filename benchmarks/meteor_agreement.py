"""METEOR-stem and METEOR-synonym against METEOR by its reference program, on real captions.

    looksay evaluate --data flickr8k:~/Flickr8k --no-java --output dev
    python benchmarks/meteor_agreement.py dev --data flickr8k:~/Flickr8k

Two sets of captions: those of the results, and people's (each picture's first against its others).
METEOR-synonym needs WordNet: see `looksay score --help`.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from looksay.data import Record, load_data
from looksay.evaluation import match_results, read_results
from looksay.metrics import Sums, meteor, own_meteor, tokenize_caption
from looksay.metrics.ngrams import Tokens
from looksay.metrics.wordnet import find_wordnet, load_wordnet

Sets = dict[str, tuple[list[list[Tokens]], list[Tokens]]]


def caption_sets(records: Sequence[Record], captions: dict[str, str]) -> Sets:
    """References and candidates of the results' captions and of people's."""
    tokens = [[tokenize_caption(caption) for caption in record.captions] for record in records]
    several = [of_one for of_one in tokens if len(of_one) > 1]
    return {
        "results": (tokens, [tokenize_caption(captions[record.name]) for record in records]),
        "people": ([others for _, *others in several], [first for first, *_ in several]),
    }


def timed(metric: Callable[..., Sums], *arguments: object, **how: object) -> tuple[Sums, float]:
    start = time.perf_counter()
    sums = metric(*arguments, **how)
    return sums, time.perf_counter() - start


def only(scores: dict) -> tuple[str, object]:
    ((name, value),) = scores.items()
    return name, value


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("results", type=Path)
    parser.add_argument("--data", required=True)
    parser.add_argument("--split", default="dev")
    arguments = parser.parse_args()
    records = load_data(arguments.data).split(arguments.split)
    captions = match_results(read_results(arguments.results), records, arguments.results)
    folder = find_wordnet()
    dictionaries = [None] if folder is None else [load_wordnet(folder), None]
    for name, (references, candidates) in caption_sets(records, captions).items():
        theirs, seconds = timed(meteor, references, candidates)
        corpus, each = theirs.corpus()["METEOR"], theirs.per_image()["METEOR"]
        print(f"{name}, {len(each)} pictures: METEOR {100 * corpus:.2f} ({seconds:.1f} s)")
        for wordnet in dictionaries:
            ours, seconds = timed(own_meteor, references, candidates, wordnet=wordnet)
            metric, score = only(ours.corpus())
            off = ours.per_image()[metric] - each
            r = np.corrcoef(ours.per_image()[metric], each)[0, 1]
            print(
                f"  {metric:<14} {100 * score:.2f}, {100 * (score - corpus):+.2f}; r {r:.3f}; "
                f"mean absolute difference {100 * np.abs(off).mean():.2f} ({seconds:.1f} s)"
            )


if __name__ == "__main__":
    main()
