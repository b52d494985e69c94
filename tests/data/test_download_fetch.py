"""Fetching against a real server that breaks, lies, forgets and changes its mind."""

from __future__ import annotations

import email.utils
import random
import sys
import time
from dataclasses import replace
from email.message import Message
from pathlib import Path

import pytest

from looksay.data.download.connection import Broken, open_url, retry_after
from looksay.data.download.fetch import Patience, fetch
from looksay.data.download.partial import Partial, Version
from looksay.errors import DataError

sys.path.insert(0, str(Path(__file__).parents[1]))
from download_server import Asked, Behaviour, Files, make_archive, serving  # noqa: E402

CONTENT = random.Random(0).randbytes(700_001)
QUICK = Patience(
    num_attempts=3,
    first_wait_seconds=0.001,
    longest_wait_seconds=0.002,
    most_asked_seconds=5,
    timeout_seconds=5,
)


@pytest.fixture
def server():
    with serving() as files:
        files.content["a.zip"] = CONTENT
        yield files


def stopping_after(num_bytes: int) -> list[Behaviour]:
    """What makes a download with QUICK patience end after so many bytes."""
    troubles = [Behaviour(status=500)] * (QUICK.num_attempts - 1)
    return [Behaviour(end_after=num_bytes), *troubles]


class Download:
    """A download of a.zip into a folder; remembers what was said."""

    def __init__(self, server: Files, folder: Path, **changes: object) -> None:
        self.path = folder / "a.zip"
        self.partial = Partial(self.path)
        self.archive = make_archive(f"{server.base_url}/a.zip", CONTENT, **changes)
        self.said: list[str] = []
        self.server = server

    def __call__(self, **patience: float) -> bytes:
        how = replace(QUICK, **patience)
        fetch(self.archive, self.path, say=self.said.append, patience=how)
        assert not self.partial.path.exists() and len(list(self.path.parent.iterdir())) == 1
        return self.path.read_bytes()

    @property
    def ranges(self) -> list[str | None]:
        return [asked.range for asked in self.server.asked]


@pytest.fixture
def download(server, tmp_path):
    return Download(server, tmp_path)


@pytest.fixture
def unknown(server, tmp_path):
    """An archive whose length nobody knows but the server."""
    return Download(server, tmp_path, size=500_000, size_is_exact=False)


def test_a_good_server_is_asked_once(download):
    assert download() == CONTENT
    assert download.ranges == [None] and download.said == []


@pytest.mark.parametrize("how", ["break_after", "end_after"])
def test_a_broken_transfer_goes_on_where_it_stopped(download, server, how):
    server.script["a.zip"] = [Behaviour(**{how: 300_000}), Behaviour(**{how: 200_000})]
    assert download() == CONTENT
    etag = server.etag("a.zip")
    assert server.asked[0] == Asked("a.zip", None, None)
    first, second = (int(text[6:-1]) for text in download.ranges[1:])
    assert 0 < first <= 300_000 and first < second <= first + 200_000
    if how == "end_after":
        assert (first, second) == (300_000, 500_000)
    assert [asked.if_range for asked in server.asked[1:]] == [etag, etag]
    assert len(download.said) == 2 and "trying again" in download.said[0]


def test_a_later_run_goes_on_too(download, server):
    server.script["a.zip"] = stopping_after(300_000)
    with pytest.raises(
        DataError, match=r"500 .*0\.3 MB are kept in .*a\.zip\.partial\. Run the same"
    ):
        download()
    assert download.partial.size == 300_000 and not download.path.exists()
    server.asked.clear()
    assert download() == CONTENT
    assert download.ranges == ["bytes=300000-"]


def test_a_server_that_ignores_range_sends_all_again(download, server):
    server.script["a.zip"] = [Behaviour(end_after=300_000), Behaviour(ignore_range=True)]
    assert download() == CONTENT
    assert any("from its beginning" in sentence for sentence in download.said)


@pytest.mark.parametrize("ignore_if_range", [False, True])
def test_a_changed_file_is_fetched_anew(unknown, server, ignore_if_range):
    """Never are bytes of two versions put together, whatever the server thinks of If-Range."""
    old = bytes(len(CONTENT) + 1000)
    server.content["a.zip"] = old
    server.script["a.zip"] = stopping_after(400_000)
    with pytest.raises(DataError):
        unknown()
    server.content["a.zip"] = CONTENT
    server.script["a.zip"] = [Behaviour(ignore_if_range=ignore_if_range)]
    assert unknown() == CONTENT


def test_a_changed_file_of_the_same_length_is_seen_by_its_etag(unknown, server):
    server.content["a.zip"] = bytes(len(CONTENT))
    server.script["a.zip"] = stopping_after(400_000)
    with pytest.raises(DataError):
        unknown()
    server.content["a.zip"] = CONTENT
    server.script["a.zip"] = [Behaviour(ignore_if_range=True)]
    assert unknown() == CONTENT
    assert "the file at the source has changed" in unknown.said[-1]


def test_a_file_that_became_shorter_is_fetched_anew(unknown, server):
    server.script["a.zip"] = stopping_after(400_000)
    with pytest.raises(DataError):
        unknown()
    server.content["a.zip"] = CONTENT[:1000]
    server.script["a.zip"] = [Behaviour(ignore_if_range=True)]
    assert unknown() == CONTENT[:1000]
    assert "416" in unknown.said[-1]


@pytest.mark.parametrize("etag", ["", 'W/"weak"'])
def test_without_a_strong_validator_nothing_is_put_together(unknown, server, etag):
    server.etags["a.zip"] = etag
    server.script["a.zip"] = [Behaviour(end_after=400_000)]
    assert unknown() == CONTENT
    assert unknown.ranges == [None, None]


def test_a_date_serves_where_there_is_no_etag(unknown, server):
    server.etags["a.zip"] = ""
    date = ("Last-Modified", "Wed, 26 Nov 2014 00:00:00 GMT")
    server.script["a.zip"] = [
        Behaviour(end_after=400_000, headers=(date,)),
        Behaviour(ignore_if_range=True, headers=(date,)),
    ]
    assert unknown() == CONTENT
    assert server.asked[1] == Asked("a.zip", "bytes=400000-", date[1])


def test_a_wrong_part_is_not_appended(download, server):
    server.script["a.zip"] = [Behaviour(end_after=300_000), Behaviour(range_start=299_999)]
    assert download() == CONTENT
    assert "another part" in download.said[1]


@pytest.mark.parametrize("announced", [len(CONTENT) + 5, len(CONTENT) - 5])
def test_a_wrong_announced_length_is_tried_again(download, server, announced):
    server.script["a.zip"] = [Behaviour(announce=announced)]
    assert download() == CONTENT
    assert f"announces {announced:,} bytes instead of {len(CONTENT):,}" in download.said[0]


def test_a_length_that_is_never_reached_is_given_up(unknown, server):
    server.script["a.zip"] = [Behaviour(announce=len(CONTENT) + 5)] * 9
    with pytest.raises(DataError, match=r"ended after .* of .*attempts.*--base-url"):
        unknown()
    assert unknown.partial.size == len(CONTENT)


def test_nothing_at_all_is_given_up(unknown, server):
    server.content["a.zip"] = b""
    with pytest.raises(DataError, match=r"cannot be the file, after 3 attempts"):
        unknown()


@pytest.mark.parametrize("exact", [True, False])
def test_a_server_that_announces_no_length(server, tmp_path, exact):
    download = Download(server, tmp_path, size_is_exact=exact)
    server.script["a.zip"] = [Behaviour(no_length=True)]
    assert download() == CONTENT


def test_a_partial_answer_teaches_the_length(unknown, server):
    """The second transfer ends early and politely: it must not be taken for the end of the file."""
    server.script["a.zip"] = [
        Behaviour(no_length=True, break_after=300_000),
        Behaviour(end_after=1000, announce=1000),
    ]
    assert unknown() == CONTENT
    assert len(server.asked) == 3


def test_a_log_in_page_costs_no_bytes(download, server):
    page = Behaviour(ignore_range=True, content_type="text/html; charset=utf-8")
    server.script["a.zip"] = [Behaviour(end_after=300_000), page]
    assert download() == CONTENT
    assert "web page" in download.said[1] and download.ranges[2] == "bytes=300000-"


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503])
def test_passing_troubles_of_the_server_are_waited_for(download, server, status):
    asked_for = (("Retry-After", "0"),)
    server.script["a.zip"] = [Behaviour(status=status, headers=asked_for), Behaviour(status=status)]
    assert download() == CONTENT
    assert str(status) in download.said[0]


def test_retry_after_is_obeyed(download, server):
    server.script["a.zip"] = [Behaviour(status=503, headers=(("Retry-After", "1"),))]
    started = time.monotonic()
    assert download() == CONTENT
    assert time.monotonic() - started >= 1
    assert "again in 1 s" in download.said[0]


def test_who_asks_for_an_hour_is_not_waited_for(download, server):
    server.script["a.zip"] = [Behaviour(status=503, headers=(("Retry-After", "3600"),))]
    with pytest.raises(DataError, match="come again in 60 minutes"):
        download()


def test_retry_after_as_a_date():
    for text, low, high in [
        (email.utils.formatdate(time.time() + 100, usegmt=True), 90, 100),
        (email.utils.formatdate(time.time() - 100, usegmt=True), 0, 0),
        ("7", 7, 7),
    ]:
        headers = Message()
        headers["Retry-After"] = text
        assert low <= retry_after(headers) <= high
    for text in ("soon", "", "-1"):
        headers = Message()
        headers["Retry-After"] = text
        assert retry_after(headers) is None


@pytest.mark.parametrize("status", [401, 403, 404, 410])
def test_a_refusal_is_final(download, server, status):
    server.script["a.zip"] = [Behaviour(status=status)]
    with pytest.raises(DataError, match=rf"a\.zip: the server answers {status} .*--base-url"):
        download()
    assert len(server.asked) == 1


def test_a_server_that_breaks_at_the_same_byte_is_given_up(download, server):
    server.script["a.zip"] = [Behaviour(end_after=1000, ignore_range=True)] * 9
    with pytest.raises(DataError, match="after 3 attempts"):
        download()
    assert len(server.asked) == 3


def test_slow_but_steady_progress_is_never_given_up(download, server):
    server.script["a.zip"] = [Behaviour(end_after=70_000)] * 10
    assert download() == CONTENT


def test_silence_is_an_end_too(download, server):
    server.script["a.zip"] = [Behaviour(hang_after=200_000)]
    assert download(timeout_seconds=0.2) == CONTENT
    assert "nothing came for too long" in download.said[0]


def test_nobody_listens(tmp_path, server):
    archive = make_archive("http://127.0.0.1:9/a.zip", CONTENT)
    with pytest.raises(DataError, match=r"Connection refused, after 3 attempts\. Run the same"):
        fetch(archive, tmp_path / "a.zip", say=lambda sentence: None, patience=QUICK)


def test_a_redirection_keeps_the_range(download, server):
    """As GitHub's releases are served: from another address."""
    moved = Behaviour(status=302, headers=(("Location", f"{server.base_url}/a.zip"),))
    server.script["b.zip"] = [moved, moved]
    server.script["a.zip"] = [Behaviour(end_after=300_000)]
    download.archive = replace(download.archive, url=f"{server.base_url}/b.zip")
    assert download() == CONTENT
    assert [asked.path for asked in server.asked] == ["b.zip", "a.zip"] * 2
    assert server.asked[3].range == "bytes=300000-"


def test_a_partial_file_that_is_whole_needs_no_server(tmp_path):
    archive = make_archive("http://127.0.0.1:9/a.zip", CONTENT)
    partial = Partial(tmp_path / "a.zip")
    partial.start_over(Version(etag='"x"', total=len(CONTENT)))
    partial.path.write_bytes(CONTENT)
    fetch(archive, tmp_path / "a.zip", say=pytest.fail)
    assert (tmp_path / "a.zip").read_bytes() == CONTENT


@pytest.mark.parametrize("record", ["", "[]", '{"etag": "x", "other": 1}', None])
def test_bytes_with_a_damaged_record_are_not_used(download, record):
    download.partial.path.write_bytes(b"of unknown origin")
    if record is not None:
        download.path.with_name("a.zip.partial.json").write_text(record)
    assert download() == CONTENT
    assert download.ranges == [None]


def test_what_is_longer_than_the_file_is_thrown_away(download, server):
    download.partial.start_over(Version(etag=server.etag("a.zip"), total=len(CONTENT)))
    download.partial.path.write_bytes(bytes(len(CONTENT) + 1))
    assert download() == CONTENT


@pytest.mark.parametrize("attempt, asked, seconds", [(1, None, 1), (3, None, 4), (9, None, 30)])
def test_the_wait_doubles(attempt, asked, seconds):
    assert Patience().wait(attempt, asked) == seconds
    assert Patience().wait(attempt, 50) == 50


def test_no_web_address():
    with pytest.raises(DataError, match="no web address"):
        open_url("http://host/a b", {}, timeout_seconds=1)
    with pytest.raises(Broken):
        open_url("http://127.0.0.1:9/", {}, timeout_seconds=1)
