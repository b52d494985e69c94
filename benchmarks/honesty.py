"""CIDEr-D with the photographs permuted among their names: it must collapse.

    python benchmarks/honesty.py results/results.json --data flickr8k:~/Flickr8k

A caption that scores well for any photograph would tell that references leak or that the score
measures only fluency. results.json is what `looksay evaluate --output results` wrote.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np

from looksay.data import load_data
from looksay.evaluation import evaluate_captions


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("results", type=Path)
    parser.add_argument("--data", required=True)
    parser.add_argument("--split", default="dev")
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    results = json.loads(arguments.results.read_text(encoding="utf-8"))
    captions = {str(entry["image_id"]): entry["caption"] for entry in results}
    records = [r for r in load_data(arguments.data).split(arguments.split) if r.name in captions]
    texts = list(captions.values())
    order = np.random.default_rng(arguments.seed).permutation(len(texts))
    permuted = dict(zip(captions, (texts[i] for i in order), strict=True))
    for name, chosen in (("as they are", captions), ("permuted", permuted)):
        score = evaluate_captions(records, chosen).scores["CIDEr-D"]
        print(f"CIDEr-D {name}: {100 * score:.2f}")


if __name__ == "__main__":
    main()
