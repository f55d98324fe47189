"""The format of a line of nginx's access log: its request, and the time of every line."""

from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

MILLISECONDS = 1000  # in a second
REQUIRED = ("time_local", "request_time", "http_user_agent")
OPTIONAL = ("status", "body_bytes_sent", "request", "remote_addr")
TEXT_LENGTH = 100  # characters of a path, a client and a user agent that the analysis keeps

VARIABLE = re.compile(r"\$(?:([A-Za-z0-9_]+)|\{([A-Za-z0-9_]+)\})")
NAMES = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
MONTHS = {name: number for number, name in enumerate(NAMES, start=1)}
LEAP_YEAR = r"(?:[0-9]{2}(?:0[48]|[2468][048]|[13579][26])|(?:[02468][048]|[13579][26])00)"
# Only days that exist. Python's classes such as \d are not used: they match more than ASCII.
DAY = (
    r"(?:(?:0[1-9]|1[0-9]|2[0-8])/(?:" + "|".join(MONTHS) + r")"
    r"|(?:29|30)/(?:Jan|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)"
    r"|31/(?:Jan|Mar|May|Jul|Aug|Oct|Dec)"
    r"|29/Feb(?=/" + LEAP_YEAR + r"))"
)
TIME = DAY + r"/(?!0000)[0-9]{4}:(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9] [+-](?:[01][0-9]|2[0-3])[0-5][0-9]"
QUOTED = r'[^"]*?'
BARE = r'[^\x00-\x20"]+?'
TEXTS = {
    "time_local": TIME,
    "request_time": r"[0-9]{1,9}?\.[0-9]{3}",
    "status": r"[0-9]{3}",
    "body_bytes_sent": r"[0-9]{1,18}?",
    "remote_user": QUOTED,
}
# Bytes that are not UTF-8, as text_lines decodes them.
NOT_UTF8 = re.compile("[\udc80-\udcff]")


class Request(NamedTuple):
    """What a log line says.

    Its time (epoch seconds), request_time (whole ms), and whether it is a heartbeat; status and bytes of the body, None
    if the format has none; method and path, empty if the request is not one of HTTP and None if the format has none;
    the client's address, None if the format has none; the user agent.
    """

    time: int
    request_ms: int
    heartbeat: bool
    status: int | None
    body_bytes: int | None
    method: str | None
    path: str | None
    client: str | None
    agent: str


class TimestampedLine(NamedTuple):
    """A line with its time (epoch seconds, None before the first), and its request unless the line is malformed."""

    line: str
    time: int | None
    request: Request | None


class LineFormat:
    """Parses log lines by the log_format with which nginx writes them."""

    def __init__(self, log_format: str, heartbeat_user_agent: str) -> None:
        """Raises ValueError if the format lacks a variable without which there are no statistics."""
        self.variables = [one or other for one, other in VARIABLE.findall(log_format)]
        for name in REQUIRED:
            if name not in self.variables:
                message = f"the log format {log_format!r} lacks ${name}; it must have ${', $'.join(REQUIRED)}"
                raise ValueError(message)
        self._pattern = re.compile(line_pattern(log_format))
        self._heartbeat_user_agent = heartbeat_user_agent[:TEXT_LENGTH]

    def parse(self, line: str) -> Request | None:
        """Return the line's request, or None if it does not match. Text that is not UTF-8 is no request."""
        match = self._pattern.fullmatch(line)
        if match is None or not (line.isascii() or NOT_UTF8.search(line) is None):
            return None
        found = match.groupdict()
        status, body_bytes = found.get("status"), found.get("body_bytes_sent")
        method, path = http_request(found["request"]) if "request" in found else (None, None)
        agent = storable(found["http_user_agent"])[:TEXT_LENGTH]
        client = found.get("remote_addr")
        return Request(
            epoch_seconds(found["time_local"]),
            int(found["request_time"].replace(".", "")),
            agent == self._heartbeat_user_agent,
            status and int(status),
            body_bytes and int(body_bytes),
            method,
            path,
            client and storable(client)[:TEXT_LENGTH],
            agent,
        )


def line_pattern(log_format: str) -> str:
    """Return the regular expression that a whole line matches: the format's literals, and each variable's text."""
    pattern, end, named = "", 0, set()
    for match in VARIABLE.finditer(log_format):
        pattern += re.escape(log_format[end : match.start()])
        end, name = match.end(), match[1] or match[2]
        quoted = log_format.count('"', 0, match.start()) % 2
        text = TEXTS.get(name, QUOTED if quoted else BARE)
        # Of a variable that is in the format twice, the first text counts.
        keep = name in REQUIRED + OPTIONAL and name not in named
        pattern += f"(?P<{name}>{text})" if keep else f"(?:{text})"
        named.add(name)
    return pattern + re.escape(log_format[end:])


def http_request(request: str) -> tuple[str, str]:
    """Return method and path (without the query, and not all of a long one), empty if it is not HTTP's three words."""
    words = request.split(" ")
    if len(words) != 3 or not all(words) or not words[2].startswith("HTTP/"):
        return "", ""
    return storable(words[0]), storable(words[1].split("?")[0])[:TEXT_LENGTH]


def storable(text: str) -> str:
    """Return the text as PostgreSQL can hold it, without the character NUL."""
    return text.replace("\0", "")


class LineTimestamper:
    """Gives each line of one ordered stream a time, which decides whether it is in the interval.

    A malformed line has no time of its own: it takes that of the line before it. That is the same
    line in the log, in the topic and in HDFS, because all keep the order. A malformed line with
    nothing before it gets no time.
    """

    def __init__(self, line_format: LineFormat) -> None:
        self._format = line_format
        self._time: int | None = None

    def timestamp(self, line: str) -> TimestampedLine:
        """Return the line as text that can be compared, with its time, which is not that of its request only.

        Hadoop's client shows U+FFFD for bytes that are not UTF-8. A line that has it counts as malformed
        everywhere when it comes to the interval, so that it is in the same one everywhere.
        """
        request = self._format.parse(line)
        text = line if line.isascii() else line.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
        if request and "\ufffd" not in text:
            self._time = request.time
        return TimestampedLine(text, self._time, request)


@lru_cache(maxsize=4096)
def epoch_seconds(time_local: str) -> int:
    """Convert $time_local, a time that exists, to epoch seconds."""
    date, time, zone = time_local[:11].split("/"), time_local[12:20].split(":"), time_local[21:]
    offset = timedelta(hours=int(zone[1:3]), minutes=int(zone[3:5])) * (-1 if zone[0] == "-" else 1)
    numbers = (int(date[2]), MONTHS[date[1]], int(date[0]), *map(int, time))
    return int(datetime(*numbers, tzinfo=timezone(offset)).timestamp())


def text_lines(stream: Iterable[bytes]) -> Iterator[str]:
    """Decode lines, without their end. Only a line feed ends one; bytes that are not UTF-8 become lone surrogates."""
    for line in stream:
        yield line.removesuffix(b"\n").decode("utf-8", "surrogateescape")
