"""The description, the counters and the small answers."""

from __future__ import annotations

import pytest
from prometheus_client.parser import text_string_to_metric_families

from looksay.serve.app import STATIC

from .conftest import counted, is_problem


def test_the_description_is_valid_openapi(client):
    validator = pytest.importorskip("openapi_spec_validator")
    description = client.get("/openapi.json").json()
    validator.validate(description)
    post = description["paths"]["/v1/captions"]["post"]
    assert set(post["requestBody"]["content"]) >= {"multipart/form-data", "image/*"}
    for status in (400, 401, 403, 408, 413, 415, 421, 422, 429, 500, 503):
        assert list(post["responses"][str(status)]["content"]) == ["application/problem+json"]
    names = {parameter["name"] for parameter in post["parameters"]}
    assert names == {
        "model", "attention", "method", "greedy", "sample", "beam", "beam_groups", "diversity",
        "consensus", "temperature", "top_k", "top_p", "seed", "num_captions", "max_words",
    }  # fmt: skip
    record = post["responses"]["200"]["content"]["application/json"]["schema"]
    assert "attention" in record["properties"]["captions"]["items"]["properties"]
    assert set(description["paths"]) >= {"/v1/models", "/healthz", "/readyz", "/metrics"}


def test_keys_are_in_the_description(start, client):
    validator = pytest.importorskip("openapi_spec_validator")
    description = start(api_keys=("a-key-of-mine",)).get("/openapi.json").json()
    validator.validate(description)
    assert description["components"]["securitySchemes"]["HTTPBearer"]["scheme"] == "bearer"
    for path, method in (("/v1/captions", "post"), ("/v1/models", "get"), ("/metrics", "get")):
        assert description["paths"][path][method]["security"] == [{"HTTPBearer": []}]
    assert "security" not in description["paths"]["/healthz"]["get"]
    open_to_all = client.get("/openapi.json").json()
    assert "security" not in open_to_all["paths"]["/v1/captions"]["post"]


def test_an_answer_is_as_described(client, pngs):
    import jsonschema

    description = client.get("/openapi.json").json()
    responses = description["paths"]["/v1/captions"]["post"]["responses"]
    good = responses["200"]["content"]["application/json"]["schema"]
    answer = client.post("/v1/captions", content=pngs[0], params={"attention": True})
    jsonschema.validate(answer.json(), good)
    bad = responses["422"]["content"]["application/problem+json"]["schema"]
    jsonschema.validate(client.post("/v1/captions?beem=1").json(), bad)


def test_the_options_are_those_of_the_command_line():
    from looksay.cli.decoding_options import _OPTIONS as adders
    from looksay.serve.query import CaptionQuery

    def nothing():
        pass

    for add in adders:
        add(nothing)
    names = {option.name for option in nothing.__click_params__}
    assert names - {"greedy", "sample"} <= set(CaptionQuery.model_fields)


def test_counters_can_be_read_by_prometheus(client, pngs):
    client.post("/v1/captions", content=pngs[0])
    client.get("/wp-login.php")
    answer = client.get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    families = {family.name for family in text_string_to_metric_families(answer.text)}
    assert families >= {
        "looksay_http_requests", "looksay_http_request_seconds", "looksay_pictures",
        "looksay_batch_pictures", "looksay_stage_seconds", "looksay_queue_pictures",
        "looksay_held_bytes", "looksay_refused_requests",
    }  # fmt: skip
    assert "wp-login" not in answer.text  # a stranger cannot make up labels
    requests = {"route": "/v1/captions", "method": "POST", "status": "200"}
    assert counted(client, "looksay_http_requests_total", **requests) >= 1


def test_how_the_service_is(client):
    assert client.get("/healthz").json() == {"status": "ok"}
    assert client.get("/readyz").json() == {"status": "ready"}


def test_the_models(client, bundle_folder):
    answer = client.get("/v1/models").json()
    (model,) = answer["models"]
    assert model["name"] == "toy" and model["default"] is True
    assert model["language"] is None  # nobody said it of this one
    assert (model["method"], model["beam_size"], model["grid"]) == ("beam", 3, [2, 2])
    assert str(bundle_folder) not in str(answer)  # the server's paths are its own business
    assert answer["limits"]["max_images"] == 16


@pytest.mark.parametrize("path", ["/nothing", "/v1/", "/docs", "/static/../app.py", "/static/x"])
def test_what_is_not_there(client, path):
    is_problem(client.get(path), 404, "nothing at")


def test_paths_cannot_leave_the_static_files(client):
    for path in ("/static/%2e%2e/app.py", "/static/..%2fapp.py", "/static//etc/passwd"):
        assert client.get(path).status_code == 404, path


def test_methods_that_are_not_there(client):
    answer = client.get("/v1/captions")
    is_problem(answer, 405, "does not know the method GET")
    assert answer.headers["allow"] == "POST"
    is_problem(client.delete("/v1/models"), 405)


@pytest.mark.skipif(not (STATIC / "index.html").is_file(), reason="there is no page yet")
def test_the_page(client):
    answer = client.get("/")
    assert answer.status_code == 200 and answer.headers["content-type"].startswith("text/html")
    assert client.head("/").status_code == 200
