"""The web application as it is deployed, under gunicorn: valid and invalid requests made from its OpenAPI."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import httpx
import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

WEBAPP = Path(__file__).resolve().parents[1] / "files" / "webapp"
BIN = Path(sys.executable).parent
SEED = 1
EXAMPLES = 200  # for each of the two operations, in addition to those for the limits in the schema
LIMIT = 20  # characters: low enough for random texts to reach it
START_SECONDS = 60


class Service(NamedTuple):
    """A running gunicorn: its address and its master process."""

    address: tuple[str, int]
    master: int

    @property
    def url(self) -> str:
        """Return its URL."""
        return "http://{}:{}".format(*self.address)

    def workers(self) -> list[str]:
        """Return the process ids of the workers."""
        return Path(f"/proc/{self.master}/task/{self.master}/children").read_text().split()


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        address = probe.getsockname()
    environment = {
        **os.environ,
        "WEBAPP_BIND": "{}:{}".format(*address),
        "WEBAPP_WORKERS": "2",
        "WEBAPP_MAX_CHARACTERS": str(LIMIT),
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    log = tmp_path_factory.mktemp("gunicorn") / "log"
    command = [BIN / "gunicorn", "main:app", "-c", "deploy/gunicorn.py"]
    with log.open("w") as output:
        process = subprocess.Popen(command, cwd=WEBAPP, env=environment, stdout=output, stderr=output)
    try:
        running = Service(address, process.pid)
        end = time.monotonic() + START_SECONDS
        while not is_ready(running) or len(running.workers()) < 2:
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < end, log.read_text()
            time.sleep(0.2)
        yield running
    finally:
        process.terminate()
        process.wait(timeout=40)
    assert "Traceback" not in log.read_text(), log.read_text()


def is_ready(service: Service) -> bool:
    """Return whether it answers."""
    try:
        return httpx.get(f"{service.url}/healthz").is_success
    except httpx.TransportError:
        return False


@pytest.fixture(autouse=True)
def _no_worker_dies(service: Service) -> Iterator[None]:
    before = service.workers()
    yield
    answer = httpx.post(service.url, json={"raw": "决心是成功的开始"})
    assert answer.json() == {"words": ["决心", "是", "成功", "的", "开始"]}
    assert service.workers() == before


def test_every_answer_conforms_to_the_openapi(service: Service, tmp_path: Path) -> None:
    options = ["--checks=all", f"--max-examples={EXAMPLES}", f"--seed={SEED}", "--generation-database=none"]
    command = [BIN / "schemathesis", "run", f"{service.url}/openapi.json", "--continue-on-failure", *options]
    run = subprocess.run(command, cwd=tmp_path, check=False, capture_output=True, text=True)
    assert run.returncode == 0, run.stdout + run.stderr
    assert "Tested: 2" in run.stdout, run.stdout


@pytest.mark.parametrize(
    "request_",
    [
        b"",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"\r\n\r\n\r\n",
        b"GET /healthz\r\n\r\n",
        b"GET /\x00 HTTP/1.1\r\nHost: x\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nhalf",
        b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n0\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 12\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nX: " + b"a" * 100_000 + b"\r\n\r\n",
    ],
    ids=lambda request: ascii(request)[:60],
)
def test_arbitrary_bytes_cause_no_server_error(service: Service, request_: bytes) -> None:
    with socket.create_connection(service.address, timeout=30) as client:
        client.sendall(request_)
        client.shutdown(socket.SHUT_WR)
        answer = b""
        while chunk := client.recv(65536):
            answer += chunk
    assert not answer.startswith(b"HTTP/1.1 5"), answer
