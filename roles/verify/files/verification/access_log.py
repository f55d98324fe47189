"""nginx's access log: its files, rotated ones included, and what they hold of the interval."""

from __future__ import annotations

import gzip
import re
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from .line_format import LineFormat, LineTimestamper, text_lines
from .window_statistics import WindowStatistics

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from io import BufferedReader
    from pathlib import Path

    from .windows import Interval, Window


@dataclass
class LoggedInterval:
    """What the log holds of an interval: its lines (a multiset) and the statistics of its windows."""

    lines: Counter[str] = field(default_factory=Counter)
    heartbeats: int = 0
    malformed: int = 0
    statistics: dict[Window, WindowStatistics] = field(default_factory=dict)

    @property
    def requests(self) -> int:
        """The number of lines that the statistics count."""
        return sum(window.count for window in self.statistics.values())


def log_files(access_log: Path, since: float) -> list[Path]:
    """List the log and its rotated files (.1, .2.gz, -20261122.gz) modified since (epoch seconds), oldest first."""
    rotated = re.compile(re.escape(access_log.name) + r"([.-]\d+)?(\.gz)?")
    modified = {
        path: path.stat().st_mtime
        for path in access_log.parent.glob(f"{access_log.name}*")
        if rotated.fullmatch(path.name)
    }
    return sorted((path for path in modified if modified[path] >= since), key=modified.__getitem__)


def read_log(files: Iterable[Path]) -> Iterator[str]:
    """Yield the lines of all the files, one file after the other."""
    for path in files:
        with open_log(path) as stream:
            yield from text_lines(stream)


def open_log(path: Path) -> gzip.GzipFile | BufferedReader:
    """Open a log file, compressed or not."""
    return gzip.open(path) if path.suffix == ".gz" else path.open("rb")


def read_interval(lines: Iterable[str], line_format: LineFormat, interval: Interval) -> LoggedInterval:
    """Select the lines of the interval and compute the statistics of its windows."""
    logged = LoggedInterval()
    timestamper = LineTimestamper(line_format)
    for line, time, request in map(timestamper.timestamp, lines):
        if time in interval:
            logged.lines[line] += 1
            logged.malformed += request is None
        if request is None or request.time not in interval:
            continue
        if request.heartbeat:
            logged.heartbeats += 1
        else:
            window = interval.window_at(request.time)
            logged.statistics.setdefault(window, WindowStatistics()).add(request.request_ms)
    return logged


def read_access_log(access_log: Path, line_format: LineFormat, interval: Interval) -> LoggedInterval:
    """Read the interval's lines from all files of the log, again if it was rotated meanwhile."""
    while True:
        files = log_files(access_log, interval.start)
        inodes = [path.stat().st_ino for path in files]
        logged = read_interval(read_log(files), line_format, interval)
        now = log_files(access_log, interval.start)
        if (files, inodes) == (now, [path.stat().st_ino for path in now]):
            return logged
