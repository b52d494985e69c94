"""From process start to the printed caption, against imports and compiling alone.

    python benchmarks/startup.py photo.jpg

The floor is a process that imports NumPy, Pillow and OpenVINO and compiles the bundle's graphs.
Both are whole processes, taking turns; the medians are compared.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import time
from pathlib import Path

from looksay.captioner.captioner import SHIPPED

FLOOR = """
import sys
import numpy, PIL.Image
sys.modules["openvino.tools.ovc"] = None  # the converter, which looksay leaves out as well
import openvino
core = openvino.Core()
for name in ("backbone", "encode", "step"):
    core.compile_model(f"{sys.argv[1]}/{name}.onnx", "CPU")
"""


def seconds(command: list[str]) -> float:
    start = time.perf_counter()
    subprocess.run(command, check=True, capture_output=True)
    return time.perf_counter() - start


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("photo")
    parser.add_argument("--model", type=Path, default=SHIPPED)
    parser.add_argument("--rounds", type=int, default=7)
    arguments = parser.parse_args()
    floor = [sys.executable, "-c", FLOOR, str(arguments.model)]
    caption = [sys.executable, "-m", "looksay", "caption", arguments.photo]
    caption += ["--model", str(arguments.model)]
    seconds(floor), seconds(caption)  # files into the system's cache
    floors, captions = [], []
    for _ in range(arguments.rounds):
        floors.append(seconds(floor))
        captions.append(seconds(caption))
    low, high = statistics.median(floors), statistics.median(captions)
    print(f"imports and compiling {low:.2f} s, to the caption {high:.2f} s: {high / low:.2f} times")


if __name__ == "__main__":
    main()
