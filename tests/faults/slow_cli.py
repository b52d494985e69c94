"""`slow_cli.py WORD...`: looksay with these words, and a captioner that says a picture's colour.

After the second caption it makes a file `begun`, and goes on once there is none named `hold`.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from library_captioner import ColourCaptioner  # noqa: E402

from looksay.cli import caption, embed  # noqa: E402
from looksay.cli.main import run  # noqa: E402


class Slow(ColourCaptioner):
    def caption_many(self, sources, **options):
        for number, result in enumerate(super().caption_many(sources, **options)):
            if number == 2:
                Path("begun").touch()
                while Path("hold").exists():
                    time.sleep(0.01)
            yield result


if __name__ == "__main__":
    caption.load_captioner = embed.load_captioner = lambda **_: Slow()
    sys.exit(run(sys.argv[1:]))
