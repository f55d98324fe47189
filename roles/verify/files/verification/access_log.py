"""nginx's access log: its files, its lines, their time, and the figures of each window."""

from __future__ import annotations

import gzip
import math
import re
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timezone
from decimal import Decimal
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from io import BufferedReader
    from pathlib import Path

MILLISECONDS = 1000
# A line is sent and stored after its time; seconds by which the clocks of two hosts may differ.
CLOCK_MARGIN = 60


class Request(NamedTuple):
    """What a log line says: time (epoch seconds), request_time (ms, exact), if a probe asked."""

    time: int
    request_time: Decimal
    heartbeat: bool


class Placed(NamedTuple):
    """A line with its time (epoch seconds), and its request unless the line does not parse."""

    line: str
    time: int
    request: Request | None


class Window(NamedTuple):
    """A window's start (inclusive) and end (exclusive) in epoch seconds."""

    start: int
    end: int

    def __str__(self) -> str:
        """Both in ISO 8601."""
        return f"{iso(self.start)} to {iso(self.end)}"


@dataclass(frozen=True)
class Interval:
    """Whole windows, aligned to the epoch as Flink's are. All in seconds."""

    start: int
    end: int
    window_seconds: int

    @classmethod
    def covering(cls, since: float, until: float, window_seconds: int) -> Interval:
        """Return the fewest whole windows that hold the instants since and until (epoch seconds)."""
        if until < since:
            message = f"until ({iso(until)}) is before since ({iso(since)})"
            raise ValueError(message)
        start = math.floor(since / window_seconds) * window_seconds
        end = (math.floor(until / window_seconds) + 1) * window_seconds
        return cls(start, end, window_seconds)

    def __contains__(self, time: float) -> bool:
        """Whether an instant (epoch seconds) lies in the interval."""
        return self.start <= time < self.end

    def window_at(self, time: float) -> Window:
        """Return the window in which an instant (epoch seconds) lies, inside the interval or not."""
        start = math.floor(time / self.window_seconds) * self.window_seconds
        return Window(start, start + self.window_seconds)


@dataclass
class Figures:
    """A window's requests: their count and their request times in ms, summed without rounding.

    A product of sums has at most 28 digits (Decimal's precision) up to 10^7 requests of 1000 s.
    """

    count: int = 0
    minimum: Decimal = Decimal("Infinity")
    maximum: Decimal = Decimal("-Infinity")
    total: Decimal = Decimal(0)
    squares: Decimal = Decimal(0)

    def add(self, request_time: Decimal) -> None:
        """Count one request by its request_time in ms."""
        self.count += 1
        self.minimum = min(self.minimum, request_time)
        self.maximum = max(self.maximum, request_time)
        self.total += request_time
        self.squares += request_time * request_time

    @property
    def mean(self) -> float:
        """Arithmetic mean in ms."""
        return float(self.total / self.count)

    @property
    def std_dev(self) -> float:
        """Population standard deviation in ms: sqrt(n * sum(x^2) - sum(x)^2) / n."""
        squared = self.count * self.squares - self.total * self.total
        return float(max(squared, Decimal(0)).sqrt() / self.count)


@dataclass
class Logged:
    """What the log holds of an interval: its lines (a multiset) and its windows' figures."""

    lines: Counter[str] = field(default_factory=Counter)
    heartbeats: int = 0
    malformed: int = 0
    figures: dict[Window, Figures] = field(default_factory=dict)

    @property
    def requests(self) -> int:
        """The lines that the figures count."""
        return sum(figures.count for figures in self.figures.values())


class LogFormat:
    """The log line, by the list from which nginx's log_format is made too."""

    def __init__(self, fields: Sequence[Mapping[str, str]], heartbeat_user_agent: str) -> None:
        # ASCII, because \d and \S mean that in Java as well
        self._pattern = re.compile(" ".join(piece["pattern"] for piece in fields), re.ASCII)
        groups = {piece["name"]: position for position, piece in enumerate(fields, start=1)}
        self._time = groups["time_local"]
        self._request_time = groups["request_time"]
        self._user_agent = groups["http_user_agent"]
        self._heartbeat_user_agent = heartbeat_user_agent

    def parse(self, line: str) -> Request | None:
        """Return the line's request, or None if it does not match or its time does not exist."""
        match = self._pattern.fullmatch(line)
        time = epoch_seconds(match[self._time]) if match else None
        if match is None or time is None:
            return None
        request_time = Decimal(match[self._request_time]) * MILLISECONDS
        return Request(time, request_time, match[self._user_agent] == self._heartbeat_user_agent)


class Placer:
    """Gives each line of one ordered stream a time, to tell whether it is in the interval.

    A line that does not parse has none of its own: it takes that of the line before it, which is
    the same in the log, in the topic and in HDFS, because they keep the order. With nothing
    before it, it has no place.
    """

    def __init__(self, log_format: LogFormat) -> None:
        self._format = log_format
        self._time: int | None = None

    def place(self, line: str) -> Placed | None:
        """Return the line with its time, None if it has no place."""
        request = self._format.parse(line)
        if request:
            self._time = request.time
        return None if self._time is None else Placed(line, self._time, request)


def iso(time: float) -> str:
    """Epoch seconds as ISO 8601 in UTC."""
    return datetime.fromtimestamp(time, timezone.utc).isoformat().replace("+00:00", "Z")


def instant(text: str) -> float:
    """Epoch seconds from epoch seconds or ISO 8601 (UTC unless it says otherwise)."""
    try:
        return float(text)
    except ValueError:
        parsed = datetime.fromisoformat(text.strip().replace("Z", "+00:00"))
        return (parsed if parsed.tzinfo else parsed.replace(tzinfo=timezone.utc)).timestamp()


@lru_cache(maxsize=4096)
def epoch_seconds(time_local: str) -> int | None:
    """Turn $time_local into epoch seconds, None if there is no such time."""
    try:
        return int(datetime.strptime(time_local, "%d/%b/%Y:%H:%M:%S %z").timestamp())
    except ValueError:
        return None


def text_lines(stream: Iterable[bytes]) -> Iterator[str]:
    """Lines as text, without their end. Only a line feed ends one; bad UTF-8 becomes U+FFFD."""
    for line in stream:
        yield line.rstrip(b"\n").decode("utf-8", "replace")


def log_files(access_log: Path, since: float) -> list[Path]:
    """List the log and its rotated files (.1, .2.gz, -20261122.gz) that changed since, oldest first."""
    rotated = re.compile(re.escape(access_log.name) + r"([.-]\d+)?(\.gz)?")
    written = {
        path: path.stat().st_mtime
        for path in access_log.parent.glob(f"{access_log.name}*")
        if rotated.fullmatch(path.name)
    }
    return sorted((path for path in written if written[path] >= since), key=written.__getitem__)


def read_log(files: Iterable[Path]) -> Iterator[str]:
    """Yield the lines of all the files, one after the other."""
    for path in files:
        with open_log(path) as stream:
            yield from text_lines(stream)


def open_log(path: Path) -> gzip.GzipFile | BufferedReader:
    """Open a log file, packed or not."""
    return gzip.open(path) if path.suffix == ".gz" else path.open("rb")


def read_interval(lines: Iterable[str], log_format: LogFormat, interval: Interval) -> Logged:
    """Select the lines of the interval and compute the figures of its windows."""
    logged = Logged()
    placer = Placer(log_format)
    for placed in filter(None, map(placer.place, lines)):
        if placed.time not in interval:
            continue
        logged.lines[placed.line] += 1
        if placed.request is None:
            logged.malformed += 1
        elif placed.request.heartbeat:
            logged.heartbeats += 1
        else:
            window = interval.window_at(placed.time)
            logged.figures.setdefault(window, Figures()).add(placed.request.request_time)
    return logged


def read_access_log(access_log: Path, log_format: LogFormat, interval: Interval) -> Logged:
    """Read the interval's lines from all files of the log, again if it was rotated meanwhile."""
    while True:
        files = log_files(access_log, interval.start)
        inodes = [path.stat().st_ino for path in files]
        logged = read_interval(read_log(files), log_format, interval)
        now = log_files(access_log, interval.start)
        if (files, inodes) == (now, [path.stat().st_ino for path in now]):
            return logged
