"""nginx's access log: its files, rotated ones included, and what they hold of the interval."""

from __future__ import annotations

import gzip
import re
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from .line_format import LineFormat, LineTimestamper, text_lines
from .window_details import WindowDetails
from .window_statistics import WindowStatistics

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Iterator
    from io import BufferedReader
    from pathlib import Path

    from .windows import Interval, Window

LINES_BEFORE_CLOSING = 100_000


@dataclass
class LoggedInterval:
    """What the log holds of an interval: its lines (a multiset), and statistics and details of its windows."""

    lines: Counter[str] = field(default_factory=Counter)
    heartbeats: int = 0
    malformed: int = 0
    statistics: dict[Window, WindowStatistics] = field(default_factory=dict)
    details: dict[Window, WindowDetails] = field(default_factory=dict)

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


def read_interval(
    lines: Iterable[str], line_format: LineFormat, interval: Interval, reopened: Container[Window] = ()
) -> LoggedInterval:
    """Select the lines of the interval and compute the statistics of its windows.

    To save memory, a window is closed when it has had no line for a while, unless it is one of those to be reopened.
    """
    logged = LoggedInterval()
    timestamper = LineTimestamper(line_format)
    for number, (line, time, request) in enumerate(map(timestamper.timestamp, lines)):
        if number % LINES_BEFORE_CLOSING == 0:
            for window, details in logged.details.items():
                if details.last_line < number - LINES_BEFORE_CLOSING and window not in reopened:
                    details.close()
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
            logged.details.setdefault(window, WindowDetails()).add(request, number)
    for details in logged.details.values():
        details.close()
    return logged


def read_access_log(access_log: Path, line_format: LineFormat, interval: Interval) -> LoggedInterval:
    """Read the interval's lines from all files of the log, again if it was rotated or a window closed too early."""
    reopened: set[Window] = set()
    while True:
        files = log_files(access_log, interval.start)
        inodes = [path.stat().st_ino for path in files]
        logged = read_interval(read_log(files), line_format, interval, reopened)
        now = log_files(access_log, interval.start)
        late = {window for window, details in logged.details.items() if details.late}
        if (files, inodes) == (now, [path.stat().st_ino for path in now]) and not late:
            return logged
        reopened |= late
