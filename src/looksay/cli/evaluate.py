"""`looksay evaluate`: a bundle's captions of a split, scored as the field does."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import click
from tqdm import tqdm

from looksay.cli.decoding_options import decoding_options, resolve_decoding
from looksay.cli.engine_options import engine_options
from looksay.cli.exits import FAILED
from looksay.cli.training_options import data_option, say_all, seed_option, splits_option
from looksay.errors import UsageError

EPILOG = """\b
Examples:
  looksay evaluate runs/default/bundle --data flickr8k:~/Flickr8k --split dev
  looksay evaluate --data flickr8k:~/Flickr8k --greedy --output results/
  looksay evaluate --model runs/a/bundle --model runs/b/bundle --data flickr8k:~/Flickr8k

\b
--output gets results.json (COCO's results format) and scores.json. BLEU, ROUGE-L and CIDEr-D are
those of the COCO caption protocol, times 100 in the table and as fractions in the JSON.
"""


@click.command(epilog=EPILOG)
@click.argument("bundle", required=False, type=click.Path(path_type=Path))
@data_option
@click.option("--split", default="dev", show_default=True, help="Which split to caption.")
@click.option(
    "--output",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Write captions and scores there.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of the table.")
@decoding_options
@engine_options
@seed_option
@splits_option
def evaluate(
    bundle: Path | None,
    data: str,
    split: str,
    output: Path | None,
    as_json: bool,
    models: tuple[str, ...],
    batch_size: int | None,
    split_seed: int,
    split_file: Path | None,
    engine: str,
    precision: str,
    **options: Any,
) -> int:
    """Caption the photographs of a split with BUNDLE (the shipped model if none) and score them."""
    import looksay
    from looksay.data import load_data
    from looksay.evaluation import evaluate_captions, to_coco_results

    if bundle is not None and models:
        raise UsageError(
            f"{bundle} is given beside --model; leave --model out, or name every bundle of an "
            "ensemble with a --model of its own."
        )
    decoding = resolve_decoding(**options)
    dataset = load_data(data, seed=split_seed, split_file=split_file)
    records = dataset.split(split)
    captioner = looksay.load(bundle or models or None, engine=engine, precision=precision)
    found = captioner.caption_many(
        [record.image for record in records], batch_size=batch_size or 16, **decoding
    )
    captions, problems = {}, []
    bar = tqdm(found, total=len(records), unit="image", disable=not sys.stderr.isatty())
    for record, caption in zip(records, bar, strict=True):
        if isinstance(caption, looksay.Caption):
            captions[record.name] = caption.text
        else:
            problems.append(caption.message)
    say_all(problems)
    scored = [record for record in records if record.name in captions]
    evaluation = evaluate_captions(scored, captions)
    if output is not None:
        output.mkdir(parents=True, exist_ok=True)
        for name, content in (
            ("results.json", to_coco_results(captions)),
            ("scores.json", evaluation.as_dict()),
        ):
            text = json.dumps(content, indent=1, ensure_ascii=False)
            (output / name).write_text(text + "\n", encoding="utf-8")
    click.echo(json.dumps(evaluation.as_dict()) if as_json else evaluation.table())
    return FAILED if problems else 0
