"""Hosts, origins, keys, and the headers of every answer."""

from __future__ import annotations

import pytest

from looksay.errors import UsageError
from looksay.serve.settings import Settings, names_to_answer_to

from .conftest import is_problem

KEYS = ("first-key-of-two", "second-key-schlüssel")


@pytest.mark.parametrize(
    "host", ["localhost", "LOCALHOST:99", "127.0.0.1:8000", "[::1]:8000", "localhost."]
)
def test_local_names_are_answered(client, host):
    assert client.get("/v1/models", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize(
    "host", ["evil.example", "localhost.evil.example", "evil.example:80", "[::2]", "[", ""]
)
@pytest.mark.parametrize("path", ["/", "/v1/models", "/v1/captions", "/metrics", "/healthz"])
def test_a_name_that_somebody_pointed_here_is_not(client, host, path):
    answer = client.request("POST" if "cap" in path else "GET", path, headers={"Host": host})
    is_problem(answer, 421, "--allow-host")


def test_names_that_are_answered():
    assert names_to_answer_to("0.0.0.0") == ()
    assert names_to_answer_to("0.0.0.0", ["Photos.example"])[0] == "photos.example"
    assert "127.0.0.2" in names_to_answer_to("127.0.0.2")
    assert names_to_answer_to("localhost") == ("localhost", "127.0.0.1", "::1")


def test_an_allowed_name(start):
    client = start(hosts=("photos.example",))
    assert client.get("/healthz", headers={"Host": "photos.example"}).status_code == 200
    assert client.get("/healthz").status_code == 421
    assert start(hosts=()).get("/healthz", headers={"Host": "any.example"}).status_code == 200


@pytest.mark.parametrize(
    "origin", ["https://evil.example", "null", "http://localhost:1", "http://["]
)
def test_another_sites_page_may_not_put_it_to_work(client, pngs, origin):
    answer = client.post("/v1/captions", content=pngs[0], headers={"Origin": origin})
    is_problem(answer, 403, "--allow-origin")
    assert "access-control-allow-origin" not in answer.headers


def test_its_own_page_may(client, pngs):
    origin = str(client.base_url).rstrip("/")
    answer = client.post("/v1/captions", content=pngs[0], headers={"Origin": origin})
    assert answer.status_code == 200


def test_allowed_origins(start, pngs):
    client = start(origins=("https://good.example",))
    good = {"Origin": "https://good.example"}
    answer = client.post("/v1/captions", content=pngs[0], headers=good)
    assert answer.status_code == 200
    assert answer.headers["access-control-allow-origin"] == "https://good.example"
    bad = client.post("/v1/captions", content=b"x", headers=good)
    assert bad.status_code == 415  # an error can be read by the page too
    assert bad.headers["access-control-allow-origin"] == "https://good.example"
    asking = {**good, "Access-Control-Request-Method": "POST"}
    asking["Access-Control-Request-Headers"] = "authorization,content-type"
    assert client.options("/v1/captions", headers=asking).status_code == 200
    asking["Origin"] = "https://evil.example"
    assert client.options("/v1/captions", headers=asking).status_code == 400
    evil = client.post("/v1/captions", content=pngs[0], headers={"Origin": "https://evil.example"})
    assert evil.status_code == 403


def test_an_allowed_page_can_read_that_its_key_is_missing(start, pngs):
    client = start(origins=("https://good.example",), api_keys=KEYS)
    good = {"Origin": "https://good.example"}
    answer = client.post("/v1/captions", content=pngs[0], headers=good)
    is_problem(answer, 401)
    assert answer.headers["access-control-allow-origin"] == "https://good.example"


def test_cors_is_off_unless_asked(client):
    asking = {"Origin": "https://x.example", "Access-Control-Request-Method": "POST"}
    assert not [
        name
        for name in client.options("/v1/captions", headers=asking).headers
        if name.startswith("access-control")
    ]


@pytest.mark.parametrize(
    "headers",
    [
        {"Authorization": f"Bearer {KEYS[0]}"},
        {"Authorization": f"bearer  {KEYS[0]}"},
        {"X-API-Key": KEYS[0]},
        {"Authorization": f"Bearer {KEYS[1]}".encode()},
    ],
)
def test_a_right_key_opens(start, pngs, headers):
    client = start(api_keys=KEYS)
    assert client.post("/v1/captions", content=pngs[0], headers=headers).status_code == 200
    assert client.get("/metrics", headers=headers).status_code == 200


def test_keys_that_do_not_open(start, pngs):
    client = start(api_keys=KEYS)
    for path in ("/v1/models", "/metrics", "/v1/captions", "/nothing"):
        answer = client.get(path)
        is_problem(answer, 401, "is missing", "Bearer KEY")
        assert answer.headers["www-authenticate"].startswith("Bearer")
    wrong = (KEYS[0][:-1], KEYS[0] + "x", "Bearer", "\xff")
    for key in wrong:
        headers = {"Authorization": f"Bearer {key}".encode("latin-1")}
        is_problem(client.post("/v1/captions", content=pngs[0], headers=headers), 401)
    basic = {"Authorization": f"Basic {KEYS[0]}"}
    assert client.get("/v1/models", headers=basic).status_code == 401


def test_what_needs_no_key(start):
    client = start(api_keys=KEYS)
    for path in ("/", "/healthz", "/readyz", "/openapi.json"):
        assert client.get(path).status_code == 200, path
    assert client.get("/static/nothing").status_code == 404


def test_keys_that_are_too_short_are_refused():
    with pytest.raises(UsageError, match="fewer than 8"):
        Settings(api_keys=("short",))


@pytest.mark.parametrize("path", ["/", "/healthz", "/nothing", "/v1/captions"])
def test_every_answer_has_the_headers(client, path):
    headers = client.get(path).headers
    policy = headers["content-security-policy"]
    assert "default-src 'self'" in policy and "img-src 'self' blob: data:" in policy
    assert "frame-ancestors 'none'" in policy and "unsafe" not in policy
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["x-frame-options"] == "DENY"
    assert headers["cache-control"] == "no-store"
    assert "server" not in headers
