"""Append any number of mixed lines to a log, at an even rate, each with the time at which it is written.

usage: mixed_lines.py LOG NUMBER SECONDS [SEED]; runs on a web host, with nothing but Python.

Most lines are as nginx writes them: usual requests, odd methods, long and escaped paths, missing pages, errors, user
agents of all kinds. Some have raw UTF-8 or control characters, and some are no lines at all. None has a carriage
return, nor bytes that are not UTF-8 in an otherwise good line: Flume's exec source would change both.
"""

from __future__ import annotations

import random
import sys
import time
from pathlib import Path

CHUNKS_PER_SECOND = 10
METHODS = ["GET"] * 60 + ["POST"] * 20 + ["HEAD", "OPTIONS", "PROPFIND", "M-SEARCH", "get", "\\x16", "-"]
STATUSES = [200] * 70 + [204, 206, 301, 302, 304, 400, 403, 405, 499, 500, 502, 502, 503, 504]
AGENTS = [
    "-",
    "",
    "curl/8.5.0",
    "python-requests/2.32",
    "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
    "Mozilla/5.0 (compatible; bot/2.1; +http://example.org/bot.html)",
    "\\x22quoted\\x22 \\xE5\\xA5\\xBD",
    "好 \U0001f600 \u2028 \u0085",
    "\x01\x08\x7f\t control",
    "' OR 1=1; DROP TABLE nginx_log_top; --",
    "{\"json\": [1, '2']}".replace('"', "\\x22"),
    "é" * 120,
    "nul \0",
]
NO_REQUESTS = ["", "-", "\\x16\\x03\\x01", "GET /", "GET /a b c HTTP/1.1", "GET  / HTTP/1.1", "  "]
MALFORMED = [
    b"",
    b"garbage",
    b"a\0b",
    b"\xff\xfe garbage",
    b'10.0.0.1 - - [31/Nov/2026:22:00:00 +0000] "GET / HTTP/1.1" 200 1 0.001 "-" "-"',
    b'10.0.0.1 - - [01/Jan/2020:24:00:00 +0000] "GET / HTTP/1.1" 200 1 0.001 "-" "-"',
    b'10.0.0.1 - - [01/Jan/2020:00:00:00 +0000] "GET / HTTP/1.1" - 1 0.001 "-" "-"',
    b'10.0.0.1 - - [01/Jan/2020:00:00:00 +0000] "GET / HT',
    b"x" * 5000,
]


class Mix:
    """Draws lines. The same seed gives the same lines, but for their times."""

    def __init__(self, seed: int) -> None:
        self.draw = random.Random(seed)
        self.number = 0

    def line(self, at: str) -> bytes:
        """Return the next line; `at` is its $time_local."""
        self.number += 1
        chance = self.draw.random()
        if chance < 0.005:
            return self.draw.choice(MALFORMED)
        missing = chance > 0.9
        text = (
            f'{self.client()} - {self.draw.choice(["-", "-", "-", "", "a user"])} [{at}] "{self.request(missing)}" '
            f"{404 if missing else self.draw.choice(STATUSES)} {int(self.draw.lognormvariate(6, 3))} "
            f'{self.request_time()} "{self.draw.choice(["-", "http://example.org/?a=b", ""])}" "{self.agent()}"'
        )
        return text.encode()

    def client(self) -> str:
        """Return an address: of few clients mostly, sometimes of any."""
        few = int(self.draw.paretovariate(0.8)) % 300
        usual = self.draw.random() < 0.95
        return f"10.1.{few // 250}.{few % 250}" if usual else f"2001:db8::{self.draw.getrandbits(24):x}"

    def request(self, missing: bool) -> str:
        """Return a request's line: of a page that exists or not, sometimes of three words no more."""
        method, kind = self.draw.choice(METHODS), self.draw.random()
        if missing:
            return f"{method} /{self.number}/wp-login.php HTTP/1.1"
        if kind < 0.01:
            return self.draw.choice(NO_REQUESTS)
        if kind < 0.02:
            return f"{method} /{self.draw.choice('a好é😀') * self.draw.randrange(90, 300)}?q HTTP/1.1"
        page = int(self.draw.paretovariate(0.7)) % 5000
        query = self.draw.choice(["", "", f"?id={self.number}", "?", "?a?b"])
        return f"{method} /pages/{page}{query} HTTP/{self.draw.choice(['1.0', '1.1', '1.1', '2.0'])}"

    def request_time(self) -> str:
        """Return seconds: ms mostly, rarely hours."""
        ms = int(self.draw.lognormvariate(4, 2)) if self.draw.random() < 0.999 else self.draw.randrange(10**8)
        return f"{ms // 1000}.{ms % 1000:03}"

    def agent(self) -> str:
        """Return a user agent: a usual one, one of its own, or a very long one."""
        chance = self.draw.random()
        if chance < 0.05:
            return f"agent {self.draw.getrandbits(32)}"
        return "long " * 1500 if chance < 0.051 else self.draw.choice(AGENTS)


def main(path: str, number: int, seconds: float, seed: int = 14) -> None:
    """Append the lines."""
    mix, started = Mix(seed), time.time()
    with Path(path).open("ab", buffering=0) as log:
        while mix.number < number:
            at = time.strftime("%d/%b/%Y:%H:%M:%S +0000", time.gmtime())
            due = min(number, 1 + int((time.time() - started) / seconds * number))
            # One write for whole lines: nginx's own come between two, never inside one.
            log.write(b"".join(mix.line(at) + b"\n" for _ in range(due - mix.number)))
            time.sleep(1 / CHUNKS_PER_SECOND)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), float(sys.argv[3]), *map(int, sys.argv[4:]))
