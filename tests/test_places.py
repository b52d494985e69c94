"""Files behind addresses, and what is said where they cannot be had."""

from __future__ import annotations

import socket
import sys
from pathlib import Path

import pytest

from looksay.data import shard_streams
from looksay.data.shard_streams import identify
from looksay.errors import ScaleError

sys.path.insert(0, str(Path(__file__).parent))
from download_server import Behaviour, serving  # noqa: E402

pytest.importorskip("fsspec", reason="the extra stream")
pytest.importorskip("aiohttp", reason="the extra stream")
pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning")  # of connections kept open


@pytest.fixture
def server(monkeypatch):
    monkeypatch.setattr(shard_streams, "PAUSES_SECONDS", (0.0, 0.0))
    with serving() as files:
        files.content["a.tar"] = b"bytes"
        yield files


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_busy_web_server_is_asked_again(server, status):
    """fsspec says that the file was not found."""
    server.script["a.tar"] = [Behaviour(status=status), Behaviour(status=status)]
    assert identify(f"{server.base_url}/a.tar").startswith("5:")
    assert len(server.asked) == 3
    server.script["a.tar"] = [Behaviour(status=status)] * 3
    with pytest.raises(ScaleError, match=rf"\(tried 3 times\): the server answers {status}"):
        identify(f"{server.base_url}/a.tar")


@pytest.mark.parametrize(
    ("status", "sentence"),
    [(401, "access is denied"), (403, "access is denied"), (404, "it does not exist")],
)
def test_a_web_server_that_refuses_is_believed(server, status, sentence):
    server.script["a.tar"] = [Behaviour(status=status)]
    with pytest.raises(ScaleError, match=f"a.tar cannot be read: {sentence}"):
        identify(f"{server.base_url}/a.tar")
    assert len(server.asked) == 1


def test_a_web_server_that_is_not_there_is_asked_again(server):
    with socket.create_server(("127.0.0.1", 0)) as free:
        address = f"http://127.0.0.1:{free.getsockname()[1]}/a.tar"
    with pytest.raises(ScaleError, match=r"\(tried 3 times\): the object store cannot be reached"):
        identify(address)
