"""Lines of an access log as nginx writes them, the same ones each time: python bench/lines.py 1000000.

1,000 lines have each second's time. Paths, clients and agents have frequent and rare values; one request in twenty does
not find its path, one in two hundred fails.
"""

from __future__ import annotations

import random
import sys
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

START = 1_700_000_000  # s since 1970, the beginning of a window of ten seconds
PER_SECOND = 1000

AGENTS = [
    f"Mozilla/5.0 ({system}) {engine} Version/{version}.0"
    for system in ("X11; Linux x86_64", "Windows NT 10.0; Win64; x64", "Macintosh; Intel Mac OS X 10_15_7")
    for engine in ("AppleWebKit/537.36 (KHTML, like Gecko)", "Gecko/20100101")
    for version in range(110, 120)
]


def access_log(count: int) -> Iterator[tuple[int, str]]:
    """Yield so many lines, each with its time (s since 1970), and a last one that is a minute later.

    The last line is of the heartbeat: it ends the windows of the others and is in no statistics.
    """
    chance = random.Random(1)
    clients = [f"10.{chance.randrange(256)}.{chance.randrange(256)}.{chance.randrange(256)}" for _ in range(2000)]
    paths = [f"/{chance.choice(['api', 'static', 'articles'])}/{chance.randrange(10**6)}" for _ in range(500)]
    for number in range(count):
        second = START + number // PER_SECOND
        if number % PER_SECOND == 0:
            now = time.strftime("%d/%b/%Y:%H:%M:%S +0000", time.gmtime(second))
        rare = chance.random()
        status = 404 if rare < 0.05 else 502 if rare < 0.055 else 200
        path = f"/missing/{chance.randrange(10**6)}" if status == 404 else paths[int(500 * chance.random() ** 3)]
        client = clients[int(2000 * chance.random() ** 2)]
        ms = int(chance.lognormvariate(3, 1.2))
        request = f'"GET {path}?page={number % 7} HTTP/1.1" {status} {chance.randrange(200, 20000)}'
        agent = AGENTS[int(len(AGENTS) * chance.random() ** 2)]
        yield second, f'{client} - - [{now}] {request} {ms // 1000}.{ms % 1000:03} "-" "{agent}"'
    second = START + count // PER_SECOND + 60
    now = time.strftime("%d/%b/%Y:%H:%M:%S +0000", time.gmtime(second))
    yield second, f'127.0.0.1 - - [{now}] "GET /healthz HTTP/1.1" 200 15 0.001 "-" "log-analysis-heartbeat"'


if __name__ == "__main__":
    for _, line in access_log(int(sys.argv[1])):
        print(line)
