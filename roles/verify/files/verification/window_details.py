"""One window's requests by status, and its most frequent paths, clients and user agents."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from .request_histogram import PERCENTILES, bucket, percentile

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .line_format import Request

PLACES = 20
SERVER_ERRORS = range(500, 1000)


@dataclass
class StatusStatistics:
    """The requests with one status: number, bytes of their bodies, and request times by bucket (ms)."""

    count: int = 0
    body_bytes: int = 0
    request_times: Counter[int] = field(default_factory=Counter)


@dataclass
class ValueStatistics:
    """The requests with one value: number, server errors, bytes of their bodies, sum and maximum of the times (ms)."""

    count: int = 0
    errors: int = 0
    body_bytes: int = 0
    total_ms: int = 0
    max_ms: int = 0


class TopRow(NamedTuple):
    """A row of the most frequent values by the names of its columns: request times in ms."""

    facet: str
    value: str
    place: int
    request_count: int
    error_count: int
    body_bytes: int
    total_request_time: int
    max_request_time: int


class WindowDetails:
    """A window's requests. It holds every value until it is closed, and then the most frequent ones only."""

    def __init__(self) -> None:
        self.statuses: dict[int, StatusStatistics] = defaultdict(StatusStatistics)
        self.top: list[TopRow] = []
        self.percentiles: tuple[int, ...] = ()
        self.count = 0
        self.closed = False
        #: The number of the line that was last counted, and whether one came when the window was closed.
        self.last_line = 0
        self.late = False
        self._values: dict[str, dict[str, ValueStatistics]] = defaultdict(dict)
        self._times: Counter[int] = Counter()

    def add(self, request: Request, line_number: int) -> None:
        """Count a request. Without a status and a number of bytes it counts for nothing here."""
        self.last_line = line_number
        if request.status is None or request.body_bytes is None:
            return
        self.count += 1
        status = self.statuses[request.status]
        status.count += 1
        status.body_bytes += request.body_bytes
        status.request_times[bucket(request.request_ms)] += 1
        if self.closed:
            self.late = True
            return
        self._times[request.request_ms] += 1
        for facet, value in facets(request):
            values = self._values[facet]
            if value not in values:
                values[value] = ValueStatistics()
            found = values[value]
            found.count += 1
            found.errors += request.status in SERVER_ERRORS
            found.body_bytes += request.body_bytes
            found.total_ms += request.request_ms
            found.max_ms = max(found.max_ms, request.request_ms)

    def close(self) -> None:
        """Keep the most frequent values and the percentiles, and forget the other values."""
        if self.closed:
            return
        if self._times:
            self.percentiles = tuple(percentile(self._times, percent) for percent in PERCENTILES)
        self.top = [row for facet, values in sorted(self._values.items()) for row in most_frequent(facet, values)]
        self.closed = True
        self._values.clear()
        self._times.clear()


def facets(request: Request) -> Iterator[tuple[str, str]]:
    """Yield the values for which a request counts; a path that does not exist counts as one of them all."""
    if request.path is not None:
        yield "path", "(404)" if request.status == 404 else request.path or "(no path)"
    if request.client is not None:
        yield "client", request.client
    yield "agent", request.agent


def most_frequent(facet: str, values: dict[str, ValueStatistics]) -> Iterator[TopRow]:
    """Yield the rows of a facet's most frequent values; of equally frequent ones, the first by code points."""
    ordered = sorted(values.items(), key=lambda item: (-item[1].count, item[0]))
    for place, (value, found) in enumerate(ordered[:PLACES], start=1):
        yield TopRow(facet, value, place, found.count, found.errors, found.body_bytes, found.total_ms, found.max_ms)
