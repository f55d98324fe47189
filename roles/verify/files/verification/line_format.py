"""The format of a line of nginx's access log: its request, and the time of every line."""

from __future__ import annotations

import re
from datetime import datetime
from decimal import Decimal
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

MILLISECONDS = 1000  # in a second


class Request(NamedTuple):
    """What a log line says: time (epoch seconds), request_time (ms, exact), whether it is a heartbeat."""

    time: int
    request_time: Decimal
    heartbeat: bool


class TimestampedLine(NamedTuple):
    """A line with its time (epoch seconds), and its request unless the line is malformed."""

    line: str
    time: int
    request: Request | None


class LineFormat:
    """Parses log lines by the same list of fields from which nginx's log_format is rendered."""

    def __init__(self, fields: Sequence[Mapping[str, str]], heartbeat_user_agent: str) -> None:
        # ASCII, because \d and \S match only ASCII in Java as well.
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


class LineTimestamper:
    """Gives each line of one ordered stream a time, which decides whether it is in the interval.

    A malformed line has no time of its own: it takes that of the line before it. That is the same
    line in the log, in the topic and in HDFS, because all keep the order. A malformed line with
    nothing before it gets no time.
    """

    def __init__(self, line_format: LineFormat) -> None:
        self._format = line_format
        self._time: int | None = None

    def timestamp(self, line: str) -> TimestampedLine | None:
        """Return the line with its time, None if it has no time."""
        request = self._format.parse(line)
        if request:
            self._time = request.time
        return None if self._time is None else TimestampedLine(line, self._time, request)


@lru_cache(maxsize=4096)
def epoch_seconds(time_local: str) -> int | None:
    """Convert $time_local to epoch seconds, None if there is no such time."""
    try:
        return int(datetime.strptime(time_local, "%d/%b/%Y:%H:%M:%S %z").timestamp())
    except ValueError:
        return None


def text_lines(stream: Iterable[bytes]) -> Iterator[str]:
    """Decode lines, without their end. Only a line feed ends one; invalid UTF-8 becomes U+FFFD."""
    for line in stream:
        yield line.rstrip(b"\n").decode("utf-8", "replace")
