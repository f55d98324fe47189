"""Requests that no browser sends, after a load: every line in nginx's log is counted, or recorded as malformed."""

from __future__ import annotations

import base64
import json
import socket
import time
from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

import pytest
from conftest import load_interval

if TYPE_CHECKING:
    from conftest import Lab

LOG = "/var/log/nginx/access.log"
HEARTBEAT = '"log-analysis-heartbeat"'
CONTROLS = bytes(set(range(1, 256)) - set(b"\r\n"))
# Slow for the application: nginx sees that the client has closed the connection before there is an answer.
SLOW = json.dumps({"raw": "龘" * 5000}).encode()


def request(target: bytes = b"/healthz", *headers: bytes, method: bytes = b"GET", body: bytes = b"") -> bytes:
    """Return a request to the application that closes its connection."""
    lines = [b"%b %b HTTP/1.1" % (method, target), b"Host: web01", b"Connection: close", *headers]
    return b"\r\n".join([*lines, b"", body])


def login(text: bytes) -> bytes:
    """Return the header that names a user."""
    return b"Authorization: Basic " + base64.b64encode(text)


# What is sent, and the statuses that nginx logs for it. The application answers 400 to bytes that nginx passes on.
ODD: dict[str, tuple[bytes, list[int]]] = {
    "TLS hello": (b"\x16\x03\x01\x00\xc4\x01\x00\x00\xc0\x03\x03" + bytes(range(256)), [400]),
    "nothing": (b"", []),
    "empty lines only": (b"\r\n\r\n\r\n", [400]),
    "empty line first": (b"\r\n" + request(), [200]),
    "no HTTP": (b"\xff\xfe\xfd nonsense\r\n\r\n", [400]),
    "HTTP/0.9": (b"GET /healthz\r\n", [404]),
    "HTTP/2": (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", [400]),
    "HTTP/9.9": (request().replace(b"1.1", b"9.9"), [505]),
    "half a line": (b"GET / HT", [400]),
    "half a header": (b"GET / HTTP/1.1\r\nHost: we", [400]),
    "half a body": (b"POST / HTTP/1.1\r\nHost: web01\r\nContent-Length: 50\r\n\r\n{", [400]),
    "pipelined": (request().replace(b"Connection: close\r\n", b"") * 3 + request(), [200] * 4),
    "control byte in the method": (request(method=b"G\x01T"), [400]),
    "NUL in the path": (request(b"/\0"), [400]),
    "control bytes in the path": (request(b"/\x01\x08\x0b\x1f\x7f\x80\xff"), [400]),
    "quotes in the path": (request(b"/\"'\\\\\\"), [404]),
    "spaces in the path": (request(b"/a b [c] d"), [404]),
    "UTF-8": (request("/好é".encode(), "User-Agent: 好\U0001f600".encode(), "Referer: http://例え/".encode()), [400]),
    "wrong escape": (request(b"/%zz%"), [400]),
    "escaped NUL": (request(b"/%00"), [400]),
    "out of the root": (request(b"/../../etc/passwd"), [400]),
    "8 KB path": (request(b"/" + b"a" * 8000), [404]),
    "path too long": (request(b"/" + b"a" * 9000), [414]),
    "bytes in agent and referrer": (request(b"/healthz", b"User-Agent: " + CONTROLS, b"Referer: \xff\xc3(\x80"), [400]),
    "long agent and referrer": (
        request(b"/healthz", b"User-Agent: " + b"\1" * 8000, b"Referer: " + b"\xff" * 8000),
        [400],
    ),
    "forged line": (request(b"/healthz", b'User-Agent: a" [01/Jan/2020:00:00:00 +0000] "x" 200 1 9.999 "-" "-'), [200]),
    "forged user": (request(b"/healthz", login(b'x] [01/Jan/2020 "y" - - [:')), [200]),
    "empty user": (request(b"/healthz", login(b":x")), [200]),
    "header without a colon": (request(b"/healthz", b"no colon"), [200]),
    "NUL in a header's name": (request(b"/healthz", b"a\0b: c"), [400]),
    "header too long": (request(b"/healthz", b"X: " + b"a" * 9000), [400]),
    "no host": (b"GET / HTTP/1.1\r\n\r\n", [400]),
    "body too large": (request(b"/", b"Content-Length: 3000000", method=b"POST"), [413]),
    "invalid chunks": (request(b"/", b"Transfer-Encoding: chunked", method=b"POST", body=b"zz\r\n"), [400]),
    "invalid length": (request(b"/", b"Content-Length: abc", method=b"POST"), [400]),
    "unknown encoding": (request(b"/", b"Transfer-Encoding: gzip", method=b"POST"), [501]),
    "CONNECT": (request(b"web01:80", method=b"CONNECT"), [400]),
    "TRACE": (request(method=b"TRACE"), [405]),
}
# nginx never writes these; a full disk or an editor may.
GARBAGE = [
    b"",
    b"garbage",
    b"\x16\x03\x01",
    b"a\0b",
    b"\xff",
    b'10.0.0.1 - - [22/Nov/2026:22:00:00 +0000] "GET / HT',
    b'10.0.0.1 - - [31/Nov/2026:22:00:00 +0000] "GET / HTTP/1.1" 200 1 0.001 "-" "-"',
    # Some programs take this for the end of a line.
    '10.0.0.1 - - [22/Nov/2026:22:00:00 +0000] "GET / HTTP/1.1" 200 1 0.001 "-" "-"\u2028'.encode(),
]


class Sent(NamedTuple):
    """What nginx logged of the requests, and the report of their verification."""

    lines: list[str]
    report: dict[str, object]


def send(address: str, data: bytes, *, hang_up: bool = False) -> None:
    """Send bytes and read until nginx closes the connection, or close it before nginx answers."""
    with socket.create_connection((address, 80), timeout=60) as client:
        client.sendall(data)
        if hang_up:
            return
        try:
            if b"Connection: close" not in data:
                client.shutdown(socket.SHUT_WR)
            while client.recv(65536):
                pass
        except ConnectionResetError:
            pass  # by nginx


@pytest.fixture(scope="module")
def sent(lab: Lab) -> Sent:
    address = lab.run("web01", "hostname --all-ip-addresses").split()[0]
    lab.load()  # verified together with the requests
    since, _ = load_interval()
    size = int(lab.run("web01", f"stat --format %s {LOG}"))
    for data, _ in ODD.values():
        send(address, data)
    send(address, request(b"/", b"Content-Length: %d" % len(SLOW), method=b"POST", body=SLOW), hang_up=True)
    try:
        lab.run("web01", "systemctl stop webapp.socket webapp.service")
        send(address, request())
    finally:
        lab.run("web01", "systemctl start webapp")
    time.sleep(1)  # for the last line
    logged = lab.run("web01", f"tail --bytes=+{size + 1} {LOG}").splitlines()
    garbage = base64.b64encode(b"".join(line + b"\n" for line in GARBAGE)).decode()
    lab.run("web01", f"echo {garbage} | base64 --decode >> {LOG}")
    report = lab.verify(since, time.time())
    return Sent([line for line in logged if not line.endswith(HEARTBEAT)], report)


def test_nginx_logs_each(sent: Sent) -> None:
    statuses = Counter(int(line.split('"')[2].split()[0]) for line in sent.lines)
    assert statuses == Counter(status for _, each in ODD.values() for status in each) + Counter([499, 502])


def test_each_line_is_counted_or_malformed(sent: Sent) -> None:
    report = sent.report
    assert report["verified"], report["problems"]
    found = {stage["name"]: stage["found"] for stage in report["stages"]}
    counted, malformed = (found[f"PostgreSQL web01_nginx_log_{table}"] for table in ("analysis", "malformed"))
    logged = report["logged"]
    assert malformed == logged["malformed"] == len(GARBAGE)
    assert counted == logged["requests"] >= len(sent.lines)
    assert counted + malformed + logged["heartbeats"] == logged["lines"]
