"""Too much, too slow, too large: refused with a sentence, and nothing else suffers."""

from __future__ import annotations

import socket
import struct
import time
import zlib
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from .conftest import Gated, counted, is_problem, wait_until


def test_requests_that_come_together_run_together(start, gated: Gated, pngs):
    client = start(gated)
    gated.gate.clear()

    def post(png):
        return client.post("/v1/captions", content=png)

    with ThreadPoolExecutor(12) as pool:
        first = pool.submit(post, pngs[0])
        assert gated.saying.wait(60)
        others = [pool.submit(post, png) for png in pngs[1:]]
        wait_until(lambda: counted(client, "looksay_stage_seconds_count", stage="look") >= 1)
        wait_until(lambda: gated.read_count == 12)
        wait_until(lambda: counted(client, "looksay_batch_pictures_sum", stage="look") == 12)
        assert counted(client, "looksay_queue_pictures") == 12
        gated.gate.set()
        answers = [future.result(60) for future in (first, *others)]
    assert all(answer.status_code == 200 for answer in answers)
    assert gated.said == [1, 11]
    assert counted(client, "looksay_batch_pictures_count", stage="say") == 2
    assert counted(client, "looksay_batch_pictures_sum", stage="say") == 12
    assert counted(client, "looksay_pictures_total", model="toy", outcome="captioned") == 12


def test_beyond_the_queue_clients_are_told_when_to_come_again(start, gated: Gated, pngs):
    client = start(gated, queue_pictures=2)
    gated.gate.clear()
    with ThreadPoolExecutor(2) as pool:
        accepted = [
            pool.submit(lambda png: client.post("/v1/captions", content=png), png)
            for png in pngs[:2]
        ]
        wait_until(lambda: counted(client, "looksay_queue_pictures") == 2)
        refused = client.post("/v1/captions", content=pngs[2])
        is_problem(refused, 429, "as many pictures waiting as it takes")
        assert 1 <= int(refused.headers["retry-after"]) <= 30
        assert counted(client, "looksay_refused_requests_total") == 1
        gated.gate.set()
        assert all(future.result(60).status_code == 200 for future in accepted)
    assert client.post("/v1/captions", content=pngs[2]).status_code == 200


def test_more_pictures_than_the_queue_has_places_at_all(start, gated, pngs):
    client = start(gated, queue_pictures=2)
    files = [("image", ("a.png", png)) for png in pngs[:3]]
    is_problem(client.post("/v1/captions", files=files), 413, "3 pictures", "2 at once")


def test_a_client_that_goes_away_costs_nothing_more(start, gated: Gated, pngs):
    client = start(gated)
    gated.gate.clear()
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(lambda: client.post("/v1/captions", content=pngs[0]))
        assert gated.saying.wait(60)
        for png in pngs[1:4]:
            with pytest.raises(httpx.ReadTimeout):
                client.post("/v1/captions", content=png, timeout=0.3)
        dropped = {"model": "toy", "outcome": "dropped"}
        wait_until(lambda: counted(client, "looksay_pictures_total", **dropped) == 3)
        assert counted(client, "looksay_queue_pictures") == 1
        gated.gate.set()
        assert first.result(60).status_code == 200
    assert client.post("/v1/captions", content=pngs[5]).status_code == 200
    assert gated.said == [1, 1]
    assert counted(client, "looksay_held_bytes") == 0


def test_captions_that_take_too_long(start, gated: Gated, pngs):
    client = start(gated, timeout_seconds=0.3)
    gated.gate.clear()
    answer = client.post("/v1/captions", content=pngs[0])
    is_problem(answer, 503, "within 0.3 seconds")
    assert answer.headers["retry-after"]
    assert counted(client, "looksay_queue_pictures") == 0
    gated.gate.set()


def test_a_fault_of_the_servers_tells_no_secrets(start, gated: Gated, pngs, caplog):
    client = start(gated)

    def fault(pictures):
        raise RuntimeError("secret path /home/x")

    gated.fault = fault
    problem = is_problem(client.post("/v1/captions", content=pngs[0]), 500, "log")
    assert "secret" not in str(problem) and "secret" in caplog.text
    assert counted(client, "looksay_pictures_total", outcome="failed") == 1


def test_a_fault_with_one_picture_leaves_the_others_their_captions(start, gated, pngs, caplog):
    client = start(gated)

    def fault(pictures):
        if any(picture.source == pngs[1] for picture in pictures):
            raise RuntimeError("secret")

    gated.fault = fault
    files = [("image", ("a.png", png)) for png in pngs[:3]]
    records = client.post("/v1/captions", files=files).json()["captions"]
    assert [bool(record["caption"]) for record in records] == [True, False, True]
    assert "log" in records[1]["error"] and "secret" not in records[1]["error"]


def test_not_enough_memory_is_a_sentence(start, gated: Gated, pngs, caplog):
    client = start(gated)

    def fault(pictures):
        raise MemoryError

    gated.fault = fault
    is_problem(client.post("/v1/captions", content=pngs[0]), 503, "memory")


@pytest.mark.parametrize("chunked", [False, True])
@pytest.mark.parametrize("form", [False, True])
def test_bodies_that_are_too_large(start, chunked, form):
    client = start(max_body_bytes=100_000)
    picture = b"\xff\xd8\xff" + b"x" * 5_000_000
    request = (
        client.build_request("POST", "/v1/captions", files={"image": ("a.jpg", picture)})
        if form
        else client.build_request("POST", "/v1/captions", content=picture)
    )
    body, headers = request.read(), {}
    if form:
        headers = {"Content-Type": request.headers["content-type"]}
    parts = (body[i : i + 9999] for i in range(0, len(body), 9999))
    answer = client.post("/v1/captions", content=parts if chunked else body, headers=headers)
    is_problem(answer, 413, "larger than 0.09537 MiB")
    assert counted(client, "looksay_held_bytes") == 0


def test_a_length_that_lies_is_not_believed(start):
    """A body shorter than it says never gets as far as the model."""
    client = start(body_seconds=0.5)
    with raw(client) as connection:
        connection.sendall(head("Content-Length: 5000") + b"\x89PNG\r\n\x1a\n")
        answer = b""
        while not answer.endswith(b"}"):
            answer += connection.recv(65536)
    assert answer.startswith(b"HTTP/1.1 408 ") and b"within 0.5 seconds" in answer
    with raw(client) as connection:
        connection.sendall(head("Content-Length: 5000") + b"\x89PNG")
    wait_until(lambda: counted(client, "looksay_held_bytes") == 0)
    assert client.get("/healthz").status_code == 200


def test_a_body_that_trickles_in(start):
    client = start(body_seconds=0.5)
    began = time.monotonic()
    with raw(client) as connection:
        connection.sendall(head("Content-Length: 100000"))
        answer = b""
        connection.settimeout(0.05)
        while not answer and time.monotonic() < began + 30:
            connection.sendall(b"x")
            try:
                answer = connection.recv(65536)
            except TimeoutError:
                pass
    assert answer.startswith(b"HTTP/1.1 408 ")


@pytest.mark.parametrize("sent", [b"", b"POST /v1/captions HTTP/1.1\r\nHost: local"])
def test_a_connection_on_which_nothing_is_asked_is_closed(start, sent):
    client = start(silent_seconds=0.5)
    with raw(client) as connection:
        connection.sendall(sent)
        assert connection.recv(1) == b""


def test_a_long_wait_for_an_answer_is_no_silence(start, gated: Gated, pngs):
    client = start(gated, silent_seconds=0.3)
    gated.gate.clear()
    with ThreadPoolExecutor(1) as pool:
        answer = pool.submit(lambda: client.post("/v1/captions", content=pngs[0]))
        time.sleep(1.5)
        gated.gate.set()
        assert answer.result(60).status_code == 200


def test_all_bodies_together_have_a_limit(start, pngs):
    client = start(max_held_bytes=200_000, max_body_bytes=150_000)
    with raw(client) as connection:
        connection.sendall(head("Content-Length: 140000") + b"x" * 139_000)
        wait_until(lambda: counted(client, "looksay_held_bytes") == 139_000)
        answer = client.post("/v1/captions", content=b"x" * 100_000)
        is_problem(answer, 429, "as many bytes")
        assert answer.headers["retry-after"] == "1"
        assert client.post("/v1/captions", content=pngs[0]).status_code == 200
    wait_until(lambda: counted(client, "looksay_held_bytes") == 0)
    assert client.post("/v1/captions", content=b"x" * 100_000).status_code == 415


def test_many_pictures_in_one_request(start, pngs):
    client = start(max_images=2)
    files = [("image", ("a.png", png)) for png in pngs[:3]]
    assert len(client.post("/v1/captions", files=files[:2]).json()["captions"]) == 2
    is_problem(client.post("/v1/captions", files=files), 413, "more than 2 pictures")


def test_pictures_that_unfold_to_gigabytes(client):
    answer = client.post("/v1/captions", files={"image": ("bomb.png", bomb(60_000, 60_000))})
    problem = is_problem(answer, 413, "bomb.png has too many pixels")
    assert "max_pixels" not in problem["detail"]


def test_the_limit_of_pixels_can_be_set(bundle_folder, start, pngs):
    import looksay
    from looksay.images import ImageLimits

    small = looksay.load(bundle_folder, limits=ImageLimits(max_pixels=5000))
    client = start(small, max_pixels=5000)
    assert client.get("/v1/models").json()["limits"]["max_pixels"] == 5000
    assert client.post("/v1/captions", content=pngs[0]).status_code == 200
    is_problem(client.post("/v1/captions", content=bomb(80, 80)), 413, "80 x 80")


def bomb(width: int, height: int) -> bytes:
    """A PNG's head, and nothing of its body."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    size = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", size) + chunk(b"IDAT", zlib.compress(b"\0" * 99))


def raw(client: httpx.Client) -> socket.socket:
    url = client.base_url
    return socket.create_connection((url.host, url.port), timeout=30)


def head(*lines: str) -> bytes:
    first = ("POST /v1/captions HTTP/1.1", "Host: localhost", "Content-Type: image/png")
    return "\r\n".join((*first, *lines, "", "")).encode()
