"""What test_streamed_run.py runs in a process of its own: trainings on stored features and on
streamed shards, one of which dies and is resumed. Prints what came out as JSON.

    python streamed_runs.py SHARDS FOLDER
"""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path
from typing import Any

import pytest

TESTS = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(TESTS))

from small_shards import Connection  # noqa: E402

from looksay.errors import TrainingError  # noqa: E402
from looksay.training import run as runs  # noqa: E402
from looksay.training.prepare import load_recipe_data  # noqa: E402
from looksay.training.prepared import StreamedFeatures  # noqa: E402
from looksay.training.recipe import load_recipe  # noqa: E402
from looksay.training.state import load_state  # noqa: E402

SETTINGS = [
    "features.backbone=efficientnet_lite0",
    'features.views=["plain", "mirror"]',
    "text.min_count=1",
    "training.epochs=2",
    "training.batch_pictures=4",
    "training.compile=false",
    "training.deterministic=true",
    "self_critical.epochs=1",
    "self_critical.batch_pictures=4",
    *(f"model.{name}_size=12" for name in ("embedding", "hidden", "attention", "values")),
]


def train(
    folder: Path, shards: Path, *settings: str, streamed: bool = True, resume: bool = False
) -> runs.TrainingRun:
    recipe = load_recipe("default", [*SETTINGS, f"features.streamed={str(streamed).lower()}",
                                     *settings])  # fmt: skip
    dataset = load_recipe_data(f"webdataset:{shards}", recipe)
    features = folder.parent / ("streamed-features" if streamed else "stored-features")
    run = runs.start_run(folder, recipe, dataset, features_folder=features, resume=resume)
    runs.train(run, resume=resume)
    return run


def history(folder: Path) -> list[dict[str, float]]:
    return load_state(folder / "checkpoint.npz")["history"]


def refusal(*arguments: Any, **options: Any) -> str:
    try:
        train(*arguments, **options)
    except TrainingError as error:
        return str(error)
    return ""


def main(shards: Path, folder: Path) -> dict[str, Any]:
    runs.write_scored_bundle = lambda run, model, bundle: None  # what follows is shown elsewhere
    run = train(folder / "streamed", shards)
    features = run.features
    assert isinstance(features, StreamedFeatures)
    found: dict[str, Any] = {
        "problems": features.problems,
        "pictures": [record.name for record in features.splits["train"].records],
        "dev": [record.name for record in features.splits["dev"].records],
    }
    (folder / "stored-features").mkdir()  # its graph is the same one
    shutil.copy(folder / "streamed-features" / "backbone.onnx", folder / "stored-features")
    train(folder / "stored", shards, streamed=False)

    with pytest.MonkeyPatch.context() as patch:
        # the second shard of the second epoch, within its first member and for good
        Connection(patch, after=600, times=99, spared=4)
        found["died"] = refusal(folder / "dying", shards)
    found["before"] = history(folder / "dying")
    opened = runs.open_run(
        folder / "dying", run.recipe, run.dataset, folder / "streamed-features"
    )  # as `looksay export` does
    assert opened.words == run.words
    train(folder / "dying", shards, resume=True)

    other = folder / "other-shards"
    shutil.copytree(shards, other)
    shard = other / "train-000.tar"
    # another name with the same checksum in its header
    shard.write_bytes(shard.read_bytes().replace(b"01.", b"10."))
    found["other"] = refusal(folder / "dying", other, resume=True)
    # a trunk that is trained, and little room
    more = ("features.trained_from=block14_add", "features.buffer_pictures=8",
            "self_critical.epochs=0", "training.epochs=1")  # fmt: skip
    shutil.rmtree(folder / "streamed-features")
    train(folder / "trunk", shards, *more)
    names = ("streamed", "stored", "dying", "trunk")
    return found | {"histories": {name: history(folder / name) for name in names}}


if __name__ == "__main__":
    print(json.dumps(main(Path(sys.argv[1]), Path(sys.argv[2]))))
