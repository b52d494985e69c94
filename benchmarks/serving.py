"""Many clients at once: pictures a second as a share of offline captioning, and latencies.

    python benchmarks/serving.py ~/Flickr8k/Flicker8k_Dataset --clients 32 --seconds 60

Starts `looksay serve` as a user would, and sends it photographs one a request, each client the
next as soon as it has its answer. Offline is `Captioner.caption_many` on the same photographs in a
process of its own, before and after, because machines drift; the server idles meanwhile. Clients,
server and model share the processors.
"""

from __future__ import annotations

import argparse
import http.client
import itertools
import json
import re
import statistics
import subprocess
import sys
import threading
import time
from collections import Counter
from pathlib import Path

import looksay
from looksay.images import find_images

WARM_UP_SECONDS = 3.0
PERCENTILES = (50, 90, 95, 99)


def offline(paths: list[str], seconds: float, model: str | None) -> float:
    """Pictures a second, the whole way from files to captions."""
    captioner = looksay.load(model)
    for _ in captioner.caption_many(paths[:64]):  # compile before the clock runs
        pass
    began, done = time.perf_counter(), 0
    for _ in captioner.caption_many(itertools.cycle(paths)):
        done += 1
        if time.perf_counter() - began > seconds:
            break
    return done / (time.perf_counter() - began)


def offline_apart(arguments: argparse.Namespace) -> float:
    """The same in a process of its own, so that it leaves nothing behind here."""
    command = [sys.executable, __file__, arguments.folder, "--offline"]
    command += [f"--seconds={arguments.offline_seconds}", f"--images={arguments.images}"]
    command += ["--model", arguments.model] if arguments.model else []
    return float(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


class Clients:
    """So many threads, each with one connection, that send pictures until they are stopped."""

    def __init__(self, port: int, pictures: list[bytes], count: int):
        self._port, self._pictures = port, pictures
        self._next = itertools.count()
        self._stop = threading.Event()
        self.answers: list[tuple[float, float, int]] = []  # when, seconds, status
        self.errors: Counter[str] = Counter()
        self._threads = [threading.Thread(target=self._run) for _ in range(count)]

    def run(self, seconds: float) -> None:
        for thread in self._threads:
            thread.start()
        time.sleep(seconds)
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def _run(self) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=120)
        while not self._stop.is_set():
            picture = self._pictures[next(self._next) % len(self._pictures)]
            began = time.perf_counter()
            try:
                connection.request("POST", "/v1/captions", picture, {"Content-Type": "image/jpeg"})
                answer = connection.getresponse()
                body = answer.read()
            except (OSError, http.client.HTTPException) as error:
                self.errors[repr(error)] += 1
                connection.close()
                continue
            ended = time.perf_counter()
            if answer.status != 200 or not json.loads(body)["captions"][0]["caption"]:
                self.errors[f"{answer.status} {body[:200]!r}"] += 1
            self.answers.append((ended, ended - began, answer.status))
        connection.close()


def start_server(model: str | None) -> tuple[subprocess.Popen[str], int]:
    command = [sys.executable, "-m", "looksay", "serve", "--port", "0"]
    command += ["--model", model] if model else []
    server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert server.stdout is not None
    line = server.stdout.readline()
    found = re.search(r":(\d+)$", line.strip())
    if found is None:
        raise SystemExit(f"the server did not start: {line!r}")
    return server, int(found[1])


def batch_sizes(port: int) -> dict[str, float]:
    """The mean number of pictures worked on together, by stage."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    connection.request("GET", "/metrics")
    text = connection.getresponse().read().decode()
    totals = {
        (end, stage): float(number)
        for end, stage, number in re.findall(
            r'^looksay_batch_pictures_(sum|count){stage="(\w+)"} (\S+)', text, re.M
        )
    }
    return {
        stage: totals["sum", stage] / max(totals["count", stage], 1) for stage in ("look", "say")
    }


def serve_clients(
    arguments: argparse.Namespace, pictures: list[bytes]
) -> tuple[Clients, float, dict[str, float], int]:
    """The clients after their work, its seconds, the batches, and how the server ended."""
    server, port = start_server(arguments.model)
    try:
        Clients(port, pictures, arguments.clients).run(WARM_UP_SECONDS)
        clients = Clients(port, pictures, arguments.clients)
        began = time.perf_counter()
        clients.run(arguments.seconds)
        seconds = max(when for when, _, _ in clients.answers) - began
        sizes = batch_sizes(port)
    finally:
        server.terminate()
        status = server.wait(timeout=120)
    return clients, seconds, sizes, status


def report(clients: Clients, seconds: float, sizes: dict[str, float], offline_rate: float) -> None:
    rate = len(clients.answers) / seconds
    latencies = sorted(1000 * latency for _, latency, _ in clients.answers)
    cut = statistics.quantiles(latencies, n=100)
    print(f"served:  {rate:.1f} pictures/s, {rate / offline_rate:.2f} of offline; "
          f"{len(latencies)} answers in {seconds:.0f} s")  # fmt: skip
    print("latency: " + ", ".join(f"p{p} {cut[p - 1]:.0f}" for p in PERCENTILES)
          + f", most {latencies[-1]:.0f} ms")  # fmt: skip
    print(
        "batches: " + ", ".join(f"{mean:.1f} pictures in {stage}" for stage, mean in sizes.items())
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder")
    parser.add_argument("--clients", type=int, default=32)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--offline-seconds", type=float, default=20, help="before, and after")
    parser.add_argument("--images", type=int, default=1000)
    parser.add_argument("--model")
    parser.add_argument("--offline", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()

    found = (path for path in find_images([arguments.folder]) if isinstance(path, Path))
    paths = [str(path) for path in itertools.islice(found, arguments.images)]
    if arguments.offline:
        print(offline(paths, arguments.seconds, arguments.model))
        return
    pictures = [Path(path).read_bytes() for path in paths]
    before = offline_apart(arguments)
    clients, seconds, sizes, status = serve_clients(arguments, pictures)
    after = offline_apart(arguments)
    print(f"offline: {before:.1f} pictures/s before, {after:.1f} after")
    report(clients, seconds, sizes, (before + after) / 2)
    print(f"errors:  {sum(clients.errors.values())}; the server's exit status {status}")
    for error, count in clients.errors.most_common():
        print(f"  {count} x {error}")
    if clients.errors or status:
        raise SystemExit(1)


if __name__ == "__main__":
    main()
