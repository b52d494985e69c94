"""Photographs the web page for the README: a real `looksay serve`, a real headless Chromium.

    pip install '.[serve,browser-test]'
    python benchmarks/screenshots.py                # writes docs/images/page*.jpg

The photograph is the dog of `looksay caption --demo` (its source stands in NOTICE). Chromium is the
one on the path, or LOOKSAY_CHROMIUM.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, sync_playwright

ROOT = Path(__file__).resolve().parents[1]
PHOTOGRAPH = ROOT / "src" / "looksay" / "demo" / "dog.jpg"
MOST_BYTES = 150_000
DESKTOP = {"viewport": {"width": 1240, "height": 800}}
PHONE = {
    "viewport": {"width": 390, "height": 844},
    "device_scale_factor": 1.5,
    "is_mobile": True,
    "has_touch": True,
}
# file -> its screen, the scheme, and the word that is lit (by its number)
SHOTS = {
    "page.jpg": (DESKTOP, "light", 1),
    "page-dark.jpg": (DESKTOP, "dark", 11),
    "page-phone.jpg": (PHONE, "light", 1),
}


@contextlib.contextmanager
def service() -> Iterator[str]:
    """The address of a `looksay serve`."""
    command = [sys.executable, "-m", "looksay", "serve", "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            said = process.stdout.readline().split()
            if not said:
                raise SystemExit("looksay serve did not start")
            yield said[-1]
        finally:
            process.terminate()


def photograph(browser: Browser, url: str, screen: dict, scheme: str, word: int) -> bytes:
    """A PNG of the page with a captioned photograph and one word lit."""
    context = browser.new_context(**screen, color_scheme=scheme, reduced_motion="reduce")
    page = context.new_page()
    page.goto(url)
    page.set_input_files("#files", str(PHOTOGRAPH))
    page.locator(".words button").nth(word).click(timeout=60_000)
    page.wait_for_timeout(500)
    shot = page.screenshot()
    context.close()
    return shot


def as_jpeg(png: bytes) -> bytes:
    """The best JPEG of a screenshot that is small enough."""
    image = Image.open(io.BytesIO(png)).convert("RGB")
    for quality in range(92, 40, -4):
        file = io.BytesIO()
        image.save(file, "JPEG", quality=quality, optimize=True, progressive=True, subsampling=0)
        if file.tell() <= MOST_BYTES:
            return file.getvalue()
    raise SystemExit(f"a screenshot does not fit into {MOST_BYTES} bytes; make it smaller")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--output", type=Path, default=ROOT / "docs" / "images")
    folder = parser.parse_args().output
    chromium = os.environ.get("LOOKSAY_CHROMIUM") or shutil.which("chromium")
    with sync_playwright() as driver, service() as url:
        browser = driver.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        for name, (screen, scheme, word) in SHOTS.items():
            jpeg = as_jpeg(photograph(browser, url, screen, scheme, word))
            (folder / name).write_bytes(jpeg)
            print(f"{folder / name}: {len(jpeg):,} bytes")
        browser.close()


if __name__ == "__main__":
    main()
