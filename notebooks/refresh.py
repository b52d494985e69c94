"""Runs the tutorial notebook on its toy and writes what comes out into it.

    python notebooks/refresh.py

Needs the extras `train` and `test`, and minutes. The toy is made of the photographs that come with
looksay, so that its pictures may be published; those of a data set may not. Left out are standard
error (progress bars, TensorFlow's notices) and web pages, which sites that show notebooks drop.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Any

import nbformat
from nbclient import NotebookClient

NOTEBOOK = Path(__file__).with_name("tutorial.ipynb")
SETTINGS = "LOOKSAY_NOTEBOOK_"


def refresh(path: Path) -> None:
    """Execute the notebook in an empty folder and save it with its outputs."""
    notebook = nbformat.read(path, as_version=4)
    environment = {k: v for k, v in os.environ.items() if not k.startswith(SETTINGS)}
    with tempfile.TemporaryDirectory() as folder:
        client = NotebookClient(notebook, timeout=None, resources={"metadata": {"path": folder}})
        client.execute(env=environment)
    for cell in notebook.cells:
        cell.metadata.clear()  # when it ran
        if cell.cell_type == "code":
            cell.outputs = _joined([_published(o) for o in cell.outputs if not _is_noise(o)])
    notebook.metadata.language_info = {"name": "python"}
    nbformat.write(notebook, path)


def _is_noise(output: Any) -> bool:
    return output.output_type == "stream" and output.name == "stderr"


def _published(output: Any) -> Any:
    if "data" in output:
        output.data.pop("text/html", None)
    return output


def _joined(outputs: list[Any]) -> list[Any]:
    """Neighbouring streams as one: where they were cut apart is a matter of timing."""
    joined: list[Any] = []
    for output in outputs:
        if joined and output.output_type == joined[-1].output_type == "stream":
            joined[-1].text += output.text
        else:
            joined.append(output)
    return joined


if __name__ == "__main__":
    refresh(NOTEBOOK)
