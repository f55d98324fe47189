"""What 3,000 users of the load test do: how many requests the least and the most active send, and with which lines."""

from __future__ import annotations

import json
import runpy
import sys
from pathlib import Path


def requests_of_users(locustfile: Path) -> tuple[int, int, bool]:
    """Return the least and the greatest number of requests of a user, and whether all lines of the file were drawn."""
    reader = runpy.run_path(str(locustfile))["Reader"]
    lines = (locustfile.parents[1] / "data/sentences.txt").read_text(encoding="utf-8").splitlines()

    class User(reader):
        def __init__(self) -> None:
            self.sent: list[str] = []

        def segment(self, line: str) -> None:
            self.sent.append(line)

        def wait(self) -> None:
            pass

    users = [User() for _ in range(3000)]
    for user in users:
        user.read()
    counts = [len(user.sent) for user in users]
    return min(counts), max(counts), {line for user in users for line in user.sent} == set(lines)


if __name__ == "__main__":
    print(json.dumps(requests_of_users(Path(sys.argv[1]))))
