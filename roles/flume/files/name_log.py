"""Give each file that a log has been a name of its own, which rotation leaves alone.

usage: name_log.py LOG FOLDER POSITIONS

Flume's TAILDIR source knows a file by its inode and its path. A file that rotation has renamed is therefore either no
longer read, with the lines that came after the last look (where the pattern is the log's exact name), or read again
from its first line (where the pattern is wider). So the source reads hard links in FOLDER: made here as soon as there
is a new file, in the order of their time, whatever becomes of the log's own names, and even while no agent runs.

A link that is not the newest is removed once its file is read to its end and was not written for an hour. The first
link of all is read from where the log ends now: what is older has been sent by another source, or was written before
there was a reader.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from pathlib import Path

#: Seconds after which nginx, told to reopen its log, writes to a rotated file no more.
QUIET_SECONDS = 3600


def read_positions(path: Path) -> dict[int, int]:
    """Return how many bytes of each inode are read; nothing while Flume is writing the file."""
    try:
        return {entry["inode"]: entry["pos"] for entry in json.loads(path.read_text())}
    except (FileNotFoundError, json.JSONDecodeError):
        return {}


def name(log: Path, folder: Path, positions: Path) -> None:
    """Link the log's present file into the folder unless it is there, and remove the links that are done with."""
    links = sorted(folder.iterdir())
    if log.exists() and not any(link.samefile(log) for link in links):
        link = folder / f"{log.name}.{time.time_ns()}"
        if not links:
            start = [{"inode": log.stat().st_ino, "pos": log.stat().st_size, "file": str(link)}]
            positions.write_text(json.dumps(start))
            os.chown(positions, positions.parent.stat().st_uid, positions.parent.stat().st_gid)
        os.link(log, link)
    read = read_positions(positions)
    for link in links[:-1]:
        file = link.stat()
        if read.get(file.st_ino) == file.st_size and time.time() - file.st_mtime > QUIET_SECONDS:
            link.unlink()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("log", type=Path)
    parser.add_argument("folder", type=Path, help="on the log's file system")
    parser.add_argument("positions", type=Path, help="the source's position file")
    arguments = parser.parse_args()
    name(arguments.log, arguments.folder, arguments.positions)


if __name__ == "__main__":
    main()
