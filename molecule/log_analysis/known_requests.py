"""Requests that follow from nothing but the second (of the epoch), their lines, and records that are no lines."""

from __future__ import annotations

import time
from io import BytesIO
from typing import NamedTuple

import fastavro
from verification.flume_event import encode

STATUSES = (200, 200, 200, 206, 301, 404, 499, 500, 503)
EDGES = (0, 1, 63, 64, 65, 127, 128, 4_194_303, 4_194_304, 999_999_999_999)  # ms
OTHER_SCHEMA = fastavro.parse_schema(
    {"type": "record", "name": "other", "fields": [{"name": "n", "type": "long"}, {"name": "s", "type": "string"}]}
)


class Known(NamedTuple):
    """A request: what its line says, and what the analysis makes of it."""

    request: str
    path: str
    ms: int = 7
    status: int = 200
    body_bytes: int = 12
    client: str = "10.0.0.1"
    agent: str = "known lines"
    #: The user agent as it is kept.
    kept_agent: str | None = None


def usual(second: int) -> list[Known]:
    """1 to 5 requests of a second, for 60 paths from 75 clients."""
    found = []
    for number in range(second % 5 + 1):
        ms = (second * 7919 + number * 104_729) % 60_001
        page, status = ms % 60 % (1 + ms % 61), STATUSES[ms % len(STATUSES)]
        path = f"/pages/{page}"
        kept = "(404)" if status == 404 else path
        found.append(Known(f"GET {path}?n={ms} HTTP/1.1", kept, ms, status, ms * 31, f"10.0.{ms % 3}.{ms % 25}"))
    return found


def flood(second: int) -> list[Known]:
    """A flood of paths that do not exist, and of user agents, one every 11 s."""
    flooded = range(40 if second % 11 == 0 else 0)
    return [Known(f"GET /{second}/{n}.php HTTP/1.1", "(404)", n, 404, agent=f"scanner {n}") for n in flooded]


def odd(second: int) -> list[Known]:
    """Requests that no browser sends, every 13 s."""
    if second % 13:
        return []
    none = "(no path)"
    return [
        Known("PROPFIND /dav HTTP/1.1", "/dav", 64),
        Known("X-\\x01 * HTTP/9.9", "*", 65, 505),
        Known("-", none, 1, 400, 0),
        Known("", none, 2, 400, 0),
        Known(r"\x16\x03\x01\x00", none, 3, 400),
        Known("GET /a b HTTP/1.1", none, 4, 500),
        Known("GET  / HTTP/1.1", none, 5),
        Known("GET / http/1.1", none, 6),
        Known("GET ? HTTP/1.1", none, 8),
        Known("GET /?q HTTP/2.0", "/", 9, body_bytes=10**15),
        Known("GET /" + "好" * 150 + " HTTP/1.1", "/" + "好" * 99, 10),
        Known("GET /\U0001f600é%zz\\x22 HTTP/1.1", "/\U0001f600é%zz\\x22", 11, client="2001:db8::1"),
        Known("GET /long HTTP/1.1", "/long", 12, agent="a" * 8000, kept_agent="a" * 100),
        Known("GET /none HTTP/1.1", "/none", 13, agent=""),
        *(Known("GET /edge HTTP/1.1", "/edge", ms) for ms in EDGES),
    ]


def bytes_in_agents(second: int) -> list[Known]:
    """A user agent with each byte with which a line is one, every 17 s; PostgreSQL cannot store NUL."""
    found = []
    for byte in range(0 if second % 17 == 0 else 128, 128):
        agent = f"byte {chr(byte)}{byte}"
        if chr(byte) != '"':
            found.append(Known("GET /byte HTTP/1.1", "/byte", byte, agent=agent, kept_agent=agent.replace("\0", "")))
    return found


def requests(second: int) -> list[Known]:
    """All requests of a second."""
    return usual(second) + flood(second) + odd(second) + bytes_in_agents(second)


def line(second: int, known: Known, agent: str | None = None) -> str:
    """The line that nginx writes for a request."""
    at = time.strftime("%d/%b/%Y:%H:%M:%S +0000", time.gmtime(second))
    return (
        f'{known.client} - - [{at}] "{known.request}" {known.status} {known.body_bytes} '
        f'{known.ms // 1000}.{known.ms % 1000:03} "-" "{known.agent if agent is None else agent}"'
    )


def malformed_lines(second: int) -> list[bytes]:
    """The lines of a second that are none: one every 7 s, and every 17 s with each byte."""
    found = [f"known line {second}".encode()] if second % 7 == 0 else []
    if second % 17 == 0:
        found += [b"known %b line" % bytes([byte]) for byte in range(256)]
        good = line(second, Known("GET / HTTP/1.1", "/", agent="byte @")).encode()
        found += [good.replace(b"@", bytes([byte])) for byte in (*b'"', *range(128, 256))]
        found += [good + b"\n", good + b"\r", good[:-1], good + good, b""]
    return found


def foreign_records(second: int) -> list[bytes | None]:
    """Values that Flume did not write, every 17 s, and once a minute 10 MB of zeros."""
    if second % 60 == 0:
        return [bytes(10_000_000)]
    if second % 17:
        return []
    other = BytesIO()
    fastavro.schemaless_writer(other, OTHER_SCHEMA, {"n": second, "s": "other"})
    good = encode(line(second, Known("GET / HTTP/1.1", "/")))
    return [None, b"", b"x", b"\0", b"\xff" * 20, other.getvalue(), good[:-1], good + b"\0", b"\0\1" + good]


def records(second: int, heartbeat: str) -> list[bytes | None]:
    """The values of a second's records: malformed ones, lines of requests, and a heartbeat, which nothing includes."""
    beat = line(second, Known("GET /healthz HTTP/1.1", "/healthz", 59_999), heartbeat)
    lines = [line(second, known).encode() for known in requests(second)]
    return foreign_records(second) + [encode(text) for text in (*malformed_lines(second), *lines, beat.encode())]


def malformed_texts(second: int) -> list[str]:
    """What is kept of everything malformed in a second: without NUL, and with U+FFFD for what is not UTF-8."""
    kept = [*malformed_lines(second), *(value or b"" for value in foreign_records(second))]
    return [text.decode("utf-8", "replace").replace("\0", "")[:1000] for text in kept]
