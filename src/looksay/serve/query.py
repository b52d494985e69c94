"""The options of a request for captions: those of `looksay caption`, in the query of the URL."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from looksay.decoding import NO_CONSENSUS, DecodingOptions
from looksay.errors import UsageError
from looksay.serve.problems import Problem

# What one client may make the server work on one picture.
MAX_BEAM = 20
MAX_CAPTIONS = 20
MAX_WORDS = 100

# The parameter's name, and DecodingOptions' where it differs.
_NAMES = {"beam": "beam_size"}
_DECODING = (
    "beam",
    "beam_groups",
    "diversity",
    "consensus",
    "temperature",
    "top_k",
    "top_p",
    "seed",
    "num_captions",
    "max_words",
)
_FOR_BEAMS = {"beam", "beam_groups", "diversity", "consensus"}


class CaptionQuery(BaseModel):
    """What is left out is as the model's bundle has it."""

    model_config = ConfigDict(extra="forbid")

    model: str | None = Field(
        None, description="A model's name from /v1/models; left out: the first of them."
    )
    attention: bool = Field(
        False, description="Add where the model looked for each word, as small arrays."
    )
    method: Literal["greedy", "beam", "sample"] | None = Field(
        None, description="How words are chosen: the likeliest each time, by beam search, or drawn."
    )
    greedy: bool = Field(False, description="Short for method=greedy.")
    sample: bool = Field(False, description="Short for method=sample.")
    beam: int | None = Field(
        None, ge=1, le=MAX_BEAM, description="Keep so many of the best beginnings at every word."
    )
    beam_groups: int | None = Field(
        None, ge=1, le=MAX_BEAM, description="Divide the beam into groups that choose other words."
    )
    diversity: float | None = Field(
        None, ge=0, le=1000, description="With beam_groups: how much they are kept apart."
    )
    consensus: float | None = Field(
        None,
        ge=0,
        le=1000,
        description="With a beam: how much it counts what people say of like training pictures.",
    )
    temperature: float | None = Field(
        None,
        ge=0.001,
        le=1000,
        description="With method=sample: below 1 bolder in the likely words, above 1 wilder.",
    )
    top_k: int | None = Field(
        None, ge=1, le=1_000_000, description="With method=sample: draw from the likeliest only."
    )
    top_p: float | None = Field(
        None,
        gt=0,
        le=1,
        description="With method=sample: draw from the fewest words of that probability together.",
    )
    seed: int | None = Field(
        None, ge=0, lt=2**63, description="With method=sample: the same captions again."
    )
    num_captions: int | None = Field(
        None, ge=1, le=MAX_CAPTIONS, description="Captions for each picture, best first."
    )
    max_words: int | None = Field(
        None, ge=1, le=MAX_WORDS, description="The longest caption allowed."
    )

    def decoding(self, base: DecodingOptions, *, has_consensus: bool) -> DecodingOptions:
        """The model's own options with those of the request; Problem 422 where they contradict
        each other, or ask a model for a consensus that it does not have."""
        values: dict[str, Any] = {
            _NAMES.get(name, name): getattr(self, name)
            for name in _DECODING
            if getattr(self, name) is not None
        }
        method = self._method()
        if method is None and _FOR_BEAMS & self.model_fields_set:
            method = "beam"
        if method is not None:
            values["method"] = method
        try:
            options = base.override(**values)
        except UsageError as error:
            raise Problem(422, str(error).replace("beam_size", "beam")) from error
        if options.asks_consensus and not has_consensus:
            raise Problem(422, NO_CONSENSUS)
        return options

    def _method(self) -> str | None:
        said = {
            name: value
            for name, value, given in (
                (f"method={self.method}", self.method, self.method is not None),
                ("greedy", "greedy", self.greedy),
                ("sample", "sample", self.sample),
            )
            if given
        }
        if len(set(said.values())) > 1:
            raise Problem(422, f"{' and '.join(said)} contradict each other; choose one of them.")
        return next(iter(said.values()), None)
