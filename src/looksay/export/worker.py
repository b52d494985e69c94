"""Exports in a process of its own: `python -m looksay.export.worker JOB.json`.

Exporting needs TensorFlow and float32, whatever backend and precision the training has, so the job
comes as a file and the graphs go back as files.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from looksay.errors import LooksayError

USER_ERROR = 3  # exit status: standard error ends with the sentence that says what is wrong


def main(job_path: str) -> None:
    """Do the job: {"kind": "backbone" or "caption", ...}, see `looksay.export.process`."""
    import keras

    from looksay.export import graphs
    from looksay.features.backbones import get_backbone
    from looksay.models import build_model

    # the same random weights every time, where a recipe asks for random ones
    keras.utils.set_random_seed(0)
    job = json.loads(Path(job_path).read_text(encoding="utf-8"))
    output = Path(job["output"])
    keras.config.set_dtype_policy("float32")
    if job["kind"] == "backbone":
        graphs.write_backbone(get_backbone(job["name"]), job["weights"], output)
        return
    model = build_model(job["architecture"], **job["options"])
    model.load_weights(job["weights"])
    graphs.write_caption_graphs(model, job["num_places"], output)


if __name__ == "__main__":
    try:
        main(sys.argv[1])
    except LooksayError as error:
        print(error, file=sys.stderr)
        sys.exit(USER_ERROR)
