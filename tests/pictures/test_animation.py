"""The caption as an animation."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image, ImageSequence

from looksay.errors import UsageError
from looksay.pictures import attention_animation


@pytest.mark.parametrize("suffix", [".gif", ".webp", ".GIF"])
def test_a_frame_a_word_between_the_photograph_and_the_whole(photo, spotlight, tmp_path, suffix):
    grids = np.array([spotlight(1, 1), spotlight(1, 7), spotlight(7, 1)])
    path = attention_animation(photo, ["a", "dog", "runs"], grids, tmp_path / f"new/a{suffix}")
    with Image.open(path) as animation:
        assert animation.info["loop"] == 0
        frames = [np.asarray(f.convert("L"), float) for f in ImageSequence.Iterator(animation)]
    assert len(frames) == 5 and len({frame.shape for frame in frames}) == 1
    lit = [frame[33, 50] > frame[33, 250] for frame in frames[1:3]]
    assert lit == [True, False]
    assert abs(frames[0][100, 150] - 150) < 4 and abs(frames[4][100, 150] - 150) < 4
    below = [(frame[205:] > 150).sum() for frame in frames]
    assert below[0] == 0 and below[4] > 0  # the caption is not there yet, then it is
    assert not np.array_equal(frames[1][205:], frames[2][205:])


def test_long_captions_wrap_and_large_photographs_shrink(spotlight, tmp_path):
    words = ["running"] * 20
    large = Image.new("RGB", (1500, 3000))
    path = attention_animation(large, words, np.array([spotlight(1, 1)] * 20), tmp_path / "a.webp")
    with Image.open(path) as animation:
        assert animation.size[0] == 240 and 600 < animation.size[1] < 900


def test_no_words(photo, tmp_path):
    path = attention_animation(photo, [], np.zeros((0, 9, 9)), tmp_path / "a.gif")
    with Image.open(path) as still:
        assert still.size == (300, 200)


def test_refusals(photo, spotlight, tmp_path):
    with pytest.raises(UsageError, match=r"a\.mp4 must end in \.gif or \.webp"):
        attention_animation(photo, ["a"], spotlight(1, 1)[None], tmp_path / "a.mp4")
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError, match="cannot be written"):
        attention_animation(photo, ["a"], spotlight(1, 1)[None], tmp_path / "file" / "a.gif")
