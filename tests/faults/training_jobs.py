"""What needs Keras: extraction, training, export. Tiny: a backbone of 8 x 8 pixels, 20 pictures.

Keras and TensorFlow are imported here, and nothing is computed before the fork.
"""

from __future__ import annotations

import json
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

sys.path[:0] = [str(Path(__file__).parents[1]), str(Path(__file__).parents[1] / "library")]

import keras  # noqa: E402, F401
import numpy as np  # noqa: E402
import onnx  # noqa: E402
from by_hand import save_photo  # noqa: E402
from killing import Job, files_below, finish, is_left_behind  # noqa: E402
from toy_bundle import BLOCK, FEATURES, ROWS, write_toy_bundle  # noqa: E402

import looksay.cli.export  # noqa: E402
import looksay.cli.extract  # noqa: E402
import looksay.cli.train  # noqa: E402, F401
from looksay.cli.main import run  # noqa: E402
from looksay.export import bundle as bundle_module  # noqa: E402
from looksay.features import extract  # noqa: E402
from looksay.features.backbone import Backbone  # noqa: E402
from looksay.features.backbones import BACKBONES  # noqa: E402
from looksay.runtime import Bundle  # noqa: E402
from looksay.training import run as training  # noqa: E402

NUM_PHOTOS, EPOCHS = 20, 3
SETTINGS = {
    "features.backbone": "toy",
    "features.views": '["plain", "mirror"]',
    "text.min_count": 1,
    "text.max_tokens_percentile": 100,
    "training.epochs": EPOCHS,
    "training.batch_pictures": 4,
    "training.precision": "float32",
    "training.compile": "false",
    "training.deterministic": "true",
    "training.keep_epochs": 2,
    "self_critical.epochs": 0,
    "model.embedding_size": 6,
    "model.hidden_size": 8,
    "model.attention_size": 4,
    "model.values_size": 8,
    "decoding.beam_size": 2,
    "decoding.max_words": 6,
}


WHERE = ["--data", "folder:photos", "--features", "store"]
RECIPE = ["default", *(word for n, v in SETTINGS.items() for word in ("--set", f"{n}={v}"))]


def run_extraction() -> int:
    extract.CHUNK = 4
    return run(["extract", *RECIPE, *WHERE])


def run_training() -> int:
    training.write_scored_bundle = lambda run, model, folder, name=None: None
    again = ["--resume"] if Path("run", "recipe.json").exists() else []
    return run(["train", *RECIPE, *WHERE, "--run", "run", *again])


def run_export() -> int:
    return run(["export", "run", "bundle", *WHERE])


@dataclass(frozen=True, kw_only=True)
class ToyBackbone(Backbone):
    """The toy bundle's; its graph is put where looksay would export it to."""


BACKBONES["toy"] = ToyBackbone(
    name="toy",
    image_size=BLOCK * ROWS,
    grid=(ROWS, ROWS),
    feature_size=FEATURES,
    licence="CC0-1.0",
    preprocessing="none",
)


class _OnToyBackbone(Job):
    def __init__(self, inputs: Path) -> None:
        self.photos, self.store = inputs / "photos", inputs / "store"
        records = []
        for seed in range(NUM_PHOTOS):
            save_photo(self.photos / f"{seed:02}.jpg", seed)
            said = [f"a {('dog', 'cat')[seed % 2]} runs", f"the {('red', 'big')[seed % 2]} ball"]
            records.append(json.dumps({"file_name": f"{seed:02}.jpg", "captions": said}))
        (self.photos / "metadata.jsonl").write_text("\n".join(records) + "\n")
        self.store.mkdir()
        toy = write_toy_bundle(inputs / "toy")
        shutil.copy(toy / "backbone.onnx", self.store / "backbone.onnx")

    def prepare(self, folder: Path, number: int) -> None:
        self.lay_out(folder)

    def lay_out(self, folder: Path) -> Path:
        """The photographs and the store in a folder, which is made."""
        folder.mkdir(exist_ok=True)
        (folder / "photos").symlink_to(self.photos)
        shutil.copytree(self.store, folder / "store")
        return folder


class Extract(_OnToyBackbone):
    """`looksay extract`, written down every four pictures."""

    name = "extract"

    def run(self, number: int) -> int:
        return run_extraction()

    def check(self, folder: Path, undisturbed: Any) -> None:
        store = folder / "store"
        index = (store / "index.txt").read_bytes() if (store / "index.txt").exists() else b""
        assert undisturbed["index.txt"].startswith(index), "its index has something else in it"
        whole = index.count(b"\n") * ROWS**2 * FEATURES * 2
        rows = (store / "features.f16").read_bytes() if index else b""
        assert rows[:whole] == undisturbed["features.f16"][:whole], "a row is another one"

    def result(self, folder: Path) -> Any:
        found = files_below(folder / "store")
        assert len(set(found["index.txt"].split(b"\n"))) == found["index.txt"].count(b"\n") + 1
        return found


class Train(_OnToyBackbone):
    """`looksay train`, and again with --resume, as far as the last epoch; the bundle after it is
    the job `export`."""

    name = "train"

    def __init__(self, inputs: Path) -> None:
        super().__init__(inputs)
        finish(run_extraction, features := self.lay_out(inputs / "features"))
        self.store = features / "store"

    def run(self, number: int) -> int:
        return run_training()

    def check(self, folder: Path, undisturbed: Any) -> None:
        for path in (folder / "run").rglob("*"):
            if is_left_behind(path.relative_to(folder)):
                continue
            if path.suffix == ".json":
                json.loads(path.read_text())
            elif path.suffix in (".npz", ".h5"):
                _numbers(path)
            elif path.name == "vocabulary.txt":
                assert path.read_bytes() == undisturbed["vocabulary"]

    def result(self, folder: Path) -> Any:
        found = folder / "run"
        state = _numbers(found / "checkpoint.npz")
        history = json.loads(bytes(state.pop("state")))["history"]
        assert [entry["epoch"] for entry in history] == list(range(1, EPOCHS + 1))
        kept = sorted((found / "epochs").glob("epoch-*.h5"))
        files = {
            path.name: _as_bytes(_numbers(path)) for path in [*kept, found / "best.weights.h5"]
        }
        vocabulary = (found / "vocabulary.txt").read_bytes()
        return {
            "vocabulary": vocabulary,
            "history": history,
            "state": _as_bytes(state),
            **files,
        }


class ExportWhole(Train):
    """`looksay export` of a run, as users have it.

    TensorFlow names and orders a graph's inner nodes anew in each process, so that no two exports
    have the same bytes; what the graphs compute, and all other files, are compared.
    """

    name = "export-whole"

    def __init__(self, inputs: Path) -> None:
        super().__init__(inputs)
        finish(run_training, trained := self.lay_out(inputs / "trained"))
        self.trained = trained / "run"

    def prepare(self, folder: Path, number: int) -> None:
        self.lay_out(folder)
        shutil.copytree(self.trained, folder / "run")
        if number % 2:  # over an older bundle
            write_toy_bundle(folder / "bundle")
            (folder / "has-older").touch()

    def run(self, number: int) -> int:
        return run_export()

    def check(self, folder: Path, undisturbed: Any) -> None:
        if (folder / "has-older").exists() or (folder / "bundle").exists():
            Bundle.open(folder / "bundle", verify_all=True)

    def result(self, folder: Path) -> Any:
        Bundle.open(folder / "bundle", verify_all=True)
        found = files_below(folder / "bundle")
        weights = folder / "bundle" / "model.weights.h5"
        del found["bundle.json"]  # hashes of the graphs
        graphs = {name: _meaning(data) for name, data in found.items() if name.endswith(".onnx")}
        return {**found, **graphs, weights.name: _as_bytes(_numbers(weights))}


class Export(ExportWhole):
    """The same, the conversion to ONNX done once and copied: 20 times quicker."""

    name = "export"

    def __init__(self, inputs: Path) -> None:
        super().__init__(inputs)
        (converted := inputs / "converted").mkdir()
        self.prepare(converted, 0)
        finish(run_export, converted)
        self.graphs = converted / "bundle"

    def run(self, number: int) -> int:
        def copy(job: dict[str, Any], folder: Path) -> None:
            for name in ("encode.onnx", "step.onnx"):
                shutil.copy(self.graphs / name, Path(job["output"]) / name)

        bundle_module.run_export = copy
        return run_export()

    def result(self, folder: Path) -> Any:
        return super().result(folder), files_below(folder / "bundle")


def _meaning(graph: bytes) -> tuple[Any, ...]:
    """A graph's operations, weights and ends, whatever the inner ones are called."""
    model = onnx.load_from_string(graph).graph
    operations = sorted((node.op_type, len(node.input), len(node.output)) for node in model.node)
    weights = sorted(onnx.numpy_helper.to_array(one).tobytes() for one in model.initializer)
    ends = [end.SerializeToString() for end in (*model.input, *model.output)]
    return operations, weights, ends


def _numbers(path: Path) -> dict[str, np.ndarray]:
    """Every array of an .npz or .h5 file, by its name."""
    if path.suffix == ".npz":
        with np.load(path) as file:
            return {name: file[name] for name in file.files}
    import h5py

    found: dict[str, np.ndarray] = {}
    with h5py.File(path) as file:
        file.visititems(
            lambda name, item: (
                found.update({name: item[()]}) if isinstance(item, h5py.Dataset) else None
            )
        )
    return found


def _as_bytes(arrays: dict[str, np.ndarray]) -> dict[str, bytes]:
    return {name: np.asarray(array).tobytes() for name, array in arrays.items()}


JOBS = {job.name: job for job in (Extract, Train, Export, ExportWhole)}
