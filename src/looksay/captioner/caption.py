"""A caption: its words, how sure the model was, where it looked, and ways to show that.

T words, R rows and C columns of the grid of places, N regions where the model looks at those.
"""

from __future__ import annotations

import dataclasses
import html
import os
import sys
from pathlib import Path
from typing import Any

import numpy as np
from PIL.Image import Image

from looksay.captioner.boxes import Boxes
from looksay.errors import ImageError, UsageError
from looksay.images import ImageSource, open_image
from looksay.runtime.topics import Topic

SCHEMA = 1
STILL_SUFFIXES = (".png", ".jpg", ".jpeg")
MOVING_SUFFIXES = (".gif", ".webp")

# Enough for any screen; photographs are decoded at reduced scale down to it.
_SHOWN_PIXELS = 1024


@dataclasses.dataclass(frozen=True, kw_only=True, eq=False)
class Caption:
    """One caption of one picture. In a notebook it shows itself.

    Args:
        text: the caption as a line of text.
        words: its words.
        log_prob: natural logarithm of the probability of the whole caption with its end.
        log_probs: (T,), each word's.
        end_log_prob: that of the end; None when the caption was cut before it ended.
        attention: (T, R, C), how the model's look was spread over the picture for each word;
            a word's weights add up to 1, or to less where the model can look away (see `looked`).
            (T, N) where it looks at regions. Of an ensemble, the mean of its members' where they
            have one grid (or the same regions), else the first one's.
        end_attention: (R, C) or (N,), the same when it decided to end; None when it did not.
        attentions: the attention of each member of an ensemble by its name; of a single
            model its own.
        regions: the N regions that the attention lies over; None where it lies over a grid.
        topics: what the picture is about, in the words of the training captions, the likeliest
            topic first; empty where the model predicts no topics.
        score: what captions of a picture are ordered by, the log-probability per length, and the
            consensus where the model counts it.
        consensus: how well the caption agrees with what people say of training pictures like this
            one: what CIDEr-D to expect, 0 to 10; None where the model did not count it.
        confidence: the calibrated probability that the caption is right, as the model's card says
            what that means; None where the model was never calibrated or the caption was made in
            another way than it was calibrated for, and of alternatives and ensembles.
        alternatives: the picture's further captions, best first.
        image: the picture's path; None where it was given as bytes, pixels or a stream.
        model: the name of the model.
        source: the picture as it was given, from which `show` and `save_picture` draw.
    """

    text: str
    words: tuple[str, ...]
    log_prob: float
    log_probs: np.ndarray
    end_log_prob: float | None
    attention: np.ndarray
    end_attention: np.ndarray | None
    attentions: dict[str, np.ndarray] = dataclasses.field(default_factory=dict)
    regions: Boxes | None = None
    topics: tuple[Topic, ...] = ()
    score: float
    consensus: float | None = None
    confidence: float | None = None
    alternatives: tuple[Caption, ...] = ()
    image: str | None = None
    model: str
    source: ImageSource | None = dataclasses.field(default=None, repr=False)

    def __str__(self) -> str:
        return self.text

    def __repr__(self) -> str:
        return f"Caption({self.text!r}, log_prob={self.log_prob:.2f}, image={self.image!r})"

    @property
    def ended(self) -> bool:
        """Whether the model ended the caption itself."""
        return self.end_log_prob is not None

    @property
    def looked(self) -> np.ndarray:
        """(T,), how much each word looked at the picture at all: 1 unless the model has a visual
        sentinel, which takes the rest."""
        return self.attention.sum(axis=tuple(range(1, self.attention.ndim)))

    @property
    def boxes(self) -> np.ndarray | None:
        """The regions' boxes (N, 4): x0, y0, x1, y1 as shares of the picture; None of a grid."""
        return None if self.regions is None else self.regions.corners

    @property
    def box_names(self) -> tuple[str, ...]:
        """What each region shows, "" where nobody knows."""
        return () if self.regions is None else self.regions.names

    def to_json(self, attention: bool = False) -> dict[str, Any]:
        """The record of JSON schema 1, of plain Python values; `attention` adds the weights."""
        record: dict[str, Any] = {
            "schema": SCHEMA,
            "image": self.image,
            "caption": self.text,
            "words": list(self.words),
            "log_prob": self.log_prob,
            "alternatives": [
                {"caption": other.text, "words": list(other.words), "log_prob": other.log_prob}
                for other in self.alternatives
            ],
        }
        if self.confidence is not None:
            record["confidence"] = round(self.confidence, 4)
        if self.topics:
            record["topics"] = [topic.to_json() for topic in self.topics]
        if attention:
            record["attention"] = _rounded(self.attention)
            if self.regions is not None:
                record["boxes"] = self.regions.to_json()
            if len(self.attentions) > 1:
                record["attentions"] = {
                    name: _rounded(each) for name, each in self.attentions.items()
                }
        return record | {"model": self.model, "error": None}

    def save_picture(self, path: str | os.PathLike[str], *, photograph: Any = None) -> None:
        """Save where the model looked for each word, over the original photograph.

        The suffix decides: .png or .jpg a panel a word, .html a page in which pointing at a word
        lights its region, .gif or .webp an animation. `photograph` stands in for a picture that
        has moved. UsageError for another suffix, ImageError when the photograph is gone.
        """
        from looksay import pictures

        path = Path(path)
        suffix = path.suffix.lower()
        if suffix not in (*STILL_SUFFIXES, *MOVING_SUFFIXES, ".html"):
            raise UsageError(
                f"{path} must end in .png, .jpg, .html, .gif or .webp, which says what is drawn."
            )
        image = self.photograph(photograph)
        if suffix == ".html":
            path.write_text(self._page(image), encoding="utf-8")
        elif suffix in MOVING_SUFFIXES:
            pictures.attention_animation(
                image, self.words, self.attention, path, regions=self._drawn()
            )
        else:
            self._panels(image).save(path)

    def photograph(self, replacement: Any = None) -> Image:
        """The picture that was captioned, opened again; ImageError when that is impossible."""
        source = self.source if replacement is None else replacement
        if source is None:
            raise ImageError(
                "This caption does not know its picture; give it as photograph= to save_picture."
            )
        return open_image(source, at_least=_SHOWN_PIXELS)

    def show(self) -> None:
        """Show the picture with its attention: in the notebook, else in the system's viewer."""
        if _in_notebook():
            from IPython.display import display

            display(self)
        else:
            self._panels(self.photograph()).show(title=self.text)

    def _panels(self, image: Image) -> Image:
        from looksay import pictures

        return pictures.attention_panels(
            image, self.words, self.attention, caption=self.text, regions=self._drawn()
        )

    def _page(self, image: Image) -> str:
        from looksay import pictures

        return pictures.attention_html(
            image, self.words, self.attention, title=self._headline(), regions=self._drawn()
        )

    def _headline(self) -> str:
        """The caption, and how likely it is right where that is known."""
        if self.confidence is None:
            return self.text
        return f"{self.text} ({100 * self.confidence:.0f}% sure)"

    def _drawn(self) -> Any:
        """The regions as pictures have them."""
        from looksay import pictures

        found = self.regions
        return None if found is None else pictures.Regions(found.corners, found.names)

    def _repr_html_(self) -> str:
        """The page of `save_picture`, in a frame of its own so that its style stays inside."""
        try:
            image = self.photograph()
        except ImageError:  # a caption can outlive its picture
            return f"<p>{html.escape(self._headline())}</p>"
        page = self._page(image)
        return (
            f'<iframe srcdoc="{html.escape(page)}" title="{html.escape(self.text)}" '
            'sandbox="allow-scripts" style="width: 100%; height: 36em; border: 0"></iframe>'
        )


@dataclasses.dataclass(frozen=True, kw_only=True)
class CaptionError:
    """What `caption_many` yields for a picture it cannot read."""

    image: str | None
    error: ImageError
    model: str

    @property
    def message(self) -> str:
        """What is wrong, in a sentence."""
        return str(self.error)

    def to_json(self, attention: bool = False) -> dict[str, Any]:
        """The record of JSON schema 1 of a picture without a caption."""
        return {
            "schema": SCHEMA,
            "image": self.image,
            "caption": None,
            "words": [],
            "log_prob": None,
            "alternatives": [],
            "model": self.model,
            "error": self.message,
        }


def _rounded(attention: np.ndarray) -> list[Any]:
    return np.round(attention.astype(float), 6).tolist()


def _in_notebook() -> bool:
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython else None
    return shell is not None and hasattr(shell, "kernel")
