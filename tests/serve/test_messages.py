"""Jobs, records and errors go through the pipe unchanged; what is none of them is refused."""

from __future__ import annotations

import errno
import json

import pytest

from looksay.decoding import DecodingOptions
from looksay.errors import BundleError, ImageTooLargeError, UsageError
from looksay.serve import messages
from looksay.serve.jobs import Job, Offer


def test_a_job_arrives_as_it_was_sent():
    options = DecodingOptions(method="sample", temperature=1 / 3, seed=2**63 - 1, num_captions=2)
    job = Job("toy", b"\x00\xff", options, number=3, attention=True)
    order, source = messages.caption_frames(7, job)
    assert json.loads(order)["caption"] == 7
    back = messages.job_of(messages.unpacked(order), source)
    assert (back.model, back.source, back.options) == ("toy", b"\x00\xff", options)
    assert (back.number, back.attention) == (3, True)


def test_offers_arrive_as_they_were_sent():
    offers = [Offer("toy", DecodingOptions(beam_size=3), {"name": "toy", "grid": [2, 2]})]
    assert messages.offers_of(messages.unpacked(messages.ready(offers))["ready"]) == offers


@pytest.mark.parametrize(
    "error",
    [
        ImageTooLargeError("the picture given as bytes has too many pixels \udcff."),
        UsageError("Two models are named 'toy'."),
        BundleError("no bundle"),
        MemoryError("no memory"),
        RuntimeError("a fault"),
        FileNotFoundError(errno.ENOENT, "No such file or directory", "graph.xml"),
    ],
)
def test_an_error_arrives_as_it_was_raised(error):
    for frame in (messages.went_wrong(1, error), messages.failed(error)):
        told = messages.unpacked(frame)
        back = messages.error_of(told.get("error") or told["failed"])
        assert type(back) is type(error) and str(back) == str(error)


def test_an_error_of_another_library_becomes_the_nearest_known_one():
    class GraphError(RuntimeError):
        pass

    try:
        raise GraphError("shape")
    except GraphError as error:
        back = messages.error_of(messages.unpacked(messages.went_wrong(1, error))["error"])
    assert type(back) is RuntimeError and str(back) == "shape"
    assert "GraphError: shape" in str(back.__cause__) and "test_messages.py" in str(back.__cause__)


def test_an_error_that_wants_more_than_a_sentence_is_told_all_the_same():
    error = UnicodeDecodeError("utf-8", b"\xff", 0, 1, "invalid start byte")
    back = messages.error_of(messages.unpacked(messages.went_wrong(1, error))["error"])
    assert "UnicodeDecodeError" in str(back) and "invalid start byte" in str(back)


@pytest.mark.parametrize("kind", ["SystemExit", "KeyboardInterrupt", "print", "nearest", "nothing"])
def test_what_is_no_error_is_not_called(kind):
    with pytest.raises(ValueError, match="is no error"):
        messages.error_of({"kind": kind, "said": "x"})


@pytest.mark.parametrize("answer", [{}, {"record": "x"}, {"error": {}}, {"error": None}])
def test_what_is_no_answer_is_refused(answer):
    with pytest.raises((ValueError, KeyError, TypeError)):
        messages.answer_of({"done": 1, **answer})


@pytest.mark.parametrize("frame", [b"", b"\x80\x04K\x01.", b"[]", b"1"])
def test_what_is_no_message_is_refused(frame):
    with pytest.raises(ValueError):
        messages.unpacked(frame)
