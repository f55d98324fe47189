"""Give each file that a log has had a name of its own that log rotation does not change.

usage: name_log.py LOG DIRECTORY POSITIONS

Flume's TAILDIR source identifies a file by inode and path. When rotation renames a file, the source either stops
reading it before its last lines (if the pattern is the log's exact name) or reads it again from its first line (if the
pattern is wider). The source therefore reads hard links in DIRECTORY. They are created as soon as there is a new file,
named in the order of their creation, and stay when the log's own names change, even while no agent runs.

A link that is not the newest is removed once its file has been read to its end and was not written to for an hour.
The very first link is read from the present end of the log: older lines were sent by another source, or written before
there was one.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from pathlib import Path

#: Seconds after which nginx, which was told to reopen its log, no longer writes to a rotated file.
QUIET_SECONDS = 3600


def read_positions(path: Path) -> dict[int, int]:
    """Return how many bytes of each inode are read; nothing while Flume is writing the file."""
    try:
        return {entry["inode"]: entry["pos"] for entry in json.loads(path.read_text())}
    except (FileNotFoundError, json.JSONDecodeError):
        return {}


def name(log: Path, directory: Path, positions: Path) -> None:
    """Link the log's present file into the directory unless it is there, and remove links that have been read."""
    links = sorted(directory.iterdir())
    if log.exists() and not any(link.samefile(log) for link in links):
        link = directory / f"{log.name}.{time.time_ns()}"
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
    parser.add_argument("directory", type=Path, help="on the log's file system")
    parser.add_argument("positions", type=Path, help="the source's position file")
    arguments = parser.parse_args()
    name(arguments.log, arguments.directory, arguments.positions)


if __name__ == "__main__":
    main()
