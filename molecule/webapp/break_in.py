"""What somebody can do who runs code as the web application: prints one line for each thing that works.

usage: break_in.py ADDRESS DIRECTORY SECRET...
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


def connect(family: int, kind: int, address: object) -> None:
    with socket.socket(family, kind) as tried:
        tried.settimeout(3)
        tried.connect(address)


def run(*command: str) -> None:
    subprocess.run(command, check=True, capture_output=True, timeout=10)


def write(path: Path) -> None:
    path.write_text("x")
    path.unlink()


def main() -> None:
    address, directory, *secrets = sys.argv[1:]
    attempts: dict[str, Callable[[], object]] = {
        "connect to another host": lambda: connect(socket.AF_INET, socket.SOCK_STREAM, (address, 22)),
        "connect to this host": lambda: connect(socket.AF_INET, socket.SOCK_STREAM, ("127.0.0.1", 22)),
        "connect over IPv6": lambda: connect(socket.AF_INET6, socket.SOCK_STREAM, ("::1", 22)),
        "send a datagram": lambda: connect(socket.AF_INET, socket.SOCK_DGRAM, (address, 53)),
        "read network settings": lambda: socket.socket(socket.AF_NETLINK, socket.SOCK_RAW),
        "become root": lambda: os.setuid(0),
        "become another by su": lambda: run("su", "hadoop", "-c", "true"),
        "make a namespace": lambda: run("unshare", "--user", "true"),
        "make memory executable": lambda: __import__("mmap").mmap(-1, 4096, prot=7),
        "change the code": lambda: write(Path(directory, "main.py.x")),
        **{f"read {path}": Path(path).read_text for path in secrets},
    }
    for what, attempt in attempts.items():
        try:
            attempt()
        except (OSError, subprocess.SubprocessError):
            continue
        sys.stdout.write(f"can {what}\n")
    # What it needs works: otherwise nothing is shown above.
    Path(directory, "main.py").read_text()
    sys.stdout.write("tried all\n")


if __name__ == "__main__":
    main()
