"""The web application through its routes, without a server or a host."""

from __future__ import annotations

import asyncio
import importlib.util
import json
import os
import runpy
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from fastapi.testclient import TestClient

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import ModuleType

WEBAPP = Path(__file__).resolve().parents[1] / "files" / "webapp"
SENTENCES = (WEBAPP / "data" / "sentences.txt").read_text(encoding="utf-8").splitlines()
LIMIT = 5000


def load(name: str) -> ModuleType:
    """Import main.py under another name: each import reads the environment again."""
    spec = importlib.util.spec_from_file_location(name, WEBAPP / "main.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


def shorten(value: object) -> str:
    """Name a test case."""
    return ascii(value)[:40]


@pytest.fixture(scope="module")
def main(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ModuleType]:
    directory = tmp_path_factory.mktemp("tmp")
    with pytest.MonkeyPatch.context() as patch:
        for name in ("WEBAPP_MAX_CHARACTERS", "WEBAPP_SEGMENTER"):
            patch.delenv(name, raising=False)
        patch.setattr(tempfile, "tempdir", str(directory))
        module = load("webapp_main")
    # jieba would load a dictionary from there that any user may have written.
    assert not list(directory.iterdir()), "jieba's cache is in the temporary directory"
    yield module
    del sys.modules["webapp_main"]


@pytest.fixture(scope="module")
def client(main: ModuleType) -> Iterator[TestClient]:
    # As a server does: an exception in the application is an answer with status 500, not an exception here.
    with TestClient(main.app, raise_server_exceptions=False) as client:
        yield client


def test_the_sentence_of_the_case_study(client: TestClient) -> None:
    answer = client.post("/", json={"raw": "决心是成功的开始"})
    assert (answer.status_code, answer.json()) == (200, {"words": ["决心", "是", "成功", "的", "开始"]})


@pytest.mark.parametrize(
    "text", [*SENTENCES, " a\tb \n", "\0", "好" * LIMIT, "\U00020000" * LIMIT, "é\u0301\ufeff!"], ids=shorten
)
def test_the_words_join_to_the_text(client: TestClient, text: str) -> None:
    for ensure_ascii in (True, False):
        answer = client.post("/", content=json.dumps({"raw": text}, ensure_ascii=ensure_ascii).encode())
        assert answer.status_code == 200
        assert "".join(answer.json()["words"]) == text


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        (b"", "The body is not valid JSON"),
        (b"raw", "The body is not valid JSON"),
        (b'{"raw": "\xff"}', "The body is not valid JSON"),
        (rb'{"raw": "\ud800"}', "The body is not valid JSON"),
        (rb'{"raw": "a\udc00b"}', "The body is not valid JSON"),
        (b'{"raw": ' + b"[" * 20000, "The body is not valid JSON"),
        ('{"raw": "好"}'.encode("utf-16"), "The body is not valid JSON"),
        (b"[]", "The body is not a JSON object"),
        (b"null", "The body is not a JSON object"),
        (b"{}", 'The field "raw" is missing'),
        (b'{"Raw": "a"}', 'The field "raw" is missing'),
        (b'{"raw": null}', 'The field "raw" is not a text'),
        (b'{"raw": ' + b"9" * 4000 + b"}", 'The field "raw" is not a text'),
        (b'{"raw": ["a"]}', 'The field "raw" is not a text'),
        (b'{"raw": ""}', 'The field "raw" is empty or blank'),
        ('{"raw": " \\t\\n\u3000"}'.encode(), 'The field "raw" is empty or blank'),
        (json.dumps({"raw": "好" * (LIMIT + 1)}).encode(), 'The field "raw" is too long'),
        (b'{"raw": "' + b"a" * 2**20, "The body has over 61024 bytes"),
    ],
    ids=shorten,
)
def test_an_invalid_body_is_answered_with_the_reason(client: TestClient, body: bytes, problem: str) -> None:
    answer = client.post("/", content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == 422
    assert answer.json() == {
        "detail": f'{problem}: send a JSON object such as {{"raw": "决心是成功的开始"}}, '
        'where "raw" is a text of at most 5000 characters, not all of them blank.'
    }


def test_a_body_is_read_only_up_to_the_limit(main: ModuleType) -> None:
    taken, sent = 0, []

    async def receive() -> dict[str, Any]:
        nonlocal taken
        taken += 1000
        return {"type": "http.request", "body": b" " * 1000, "more_body": taken < 10**7}

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    scope = {"type": "http", "method": "POST", "path": "/", "headers": [], "query_string": b""}
    asyncio.run(main.app(scope, receive, send))
    assert sent[0]["status"] == 422
    assert taken == 62000


def test_health_needs_words(client: TestClient, main: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    assert (client.get("/healthz").status_code, client.get("/healthz").json()) == (200, {"status": "ok"})
    monkeypatch.setattr(main, "cut", lambda _: [])
    assert client.get("/healthz").status_code == 503


@pytest.mark.parametrize("pieces", [1, 2])
@pytest.mark.parametrize(
    "text", [*SENTENCES[:3], '\0\x1f\x7f"\\/\u2028\U00020000 \r\n', " ", "好" * (LIMIT + 1)], ids=shorten
)
def test_the_short_way_answers_as_fastapi_does(main: ModuleType, text: str, pieces: int) -> None:
    body = json.dumps({"raw": text}).encode()
    size = -(-len(body) // pieces)

    def answer(app: Callable[..., Any]) -> list[dict[str, Any]]:
        parts = [body[at : at + size] for at in range(0, len(body), size)]
        sent = []

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": parts.pop(0), "more_body": bool(parts)}

        async def send(message: dict[str, Any]) -> None:
            sent.append(message)

        asyncio.run(
            app({"type": "http", "method": "POST", "path": "/", "headers": [], "query_string": b""}, receive, send)
        )
        return sent

    start, end = answer(main.app)
    expected_start, expected_end = answer(main.api)
    assert (start["status"], sorted(start["headers"])) == (expected_start["status"], sorted(expected_start["headers"]))
    assert end["body"] == expected_end["body"]


def test_the_documentation_needs_no_internet(client: TestClient) -> None:
    page = client.get("/docs").text
    assert "https://" not in page
    for asset in ("swagger-ui-bundle.js", "swagger-ui.css", "favicon.png"):
        assert f'"/static-offline-docs/{asset}"' in page
        assert client.get(f"/static-offline-docs/{asset}").status_code == 200


def test_the_documentation_describes_request_and_answer(client: TestClient) -> None:
    post = client.get("/openapi.json").json()["paths"]["/"]["post"]
    raw = post["requestBody"]["content"]["application/json"]["schema"]["properties"]["raw"]
    assert (raw["type"], raw["maxLength"], raw["pattern"]) == ("string", LIMIT, r"\S")
    assert sorted(post["responses"]) == ["200", "422"]


def test_the_limit_is_a_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WEBAPP_MAX_CHARACTERS", "8")
    client = TestClient(load("webapp_limited").app)
    assert client.post("/", json={"raw": "决心是成功的开始"}).status_code == 200
    assert "at most 8 characters" in client.post("/", json={"raw": "决心是成功的开始!"}).json()["detail"]


@pytest.mark.parametrize("value", ["", "0", "-1", "many", "1e3"])
def test_an_invalid_limit_is_refused(main: ModuleType, monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("WEBAPP_MAX_CHARACTERS", value)
    with pytest.raises(ValueError, match="WEBAPP_MAX_CHARACTERS must be a whole number"):
        main.max_characters()


def test_gunicorns_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("WEBAPP_BIND", "WEBAPP_WORKERS"):
        monkeypatch.delenv(name, raising=False)
    config = runpy.run_path(str(WEBAPP / "deploy" / "gunicorn.py"))
    assert (config["bind"], config["workers"]) == ("127.0.0.1:8000", len(os.sched_getaffinity(0)))
    assert config["preload_app"] is True
    assert config["accesslog"] is None
    monkeypatch.setenv("WEBAPP_WORKERS", "7")
    assert runpy.run_path(str(WEBAPP / "deploy" / "gunicorn.py"))["workers"] == 7
