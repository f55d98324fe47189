"""The rows that have to result from the known requests, table by table, computed without reading a line."""

from __future__ import annotations

import json
import math
import statistics
from collections import Counter, defaultdict
from functools import cache
from typing import Any

from known_requests import Known, malformed_texts, requests

SPAN = "extract(epoch FROM start_timestamp)::integer, extract(epoch FROM end_timestamp)::integer"
STATUS_COLUMNS = "status, request_count, body_bytes, request_times"
TOP_COLUMNS = "facet, value, place, request_count, error_count, body_bytes, total_request_time, max_request_time"
PLACES = 20
Row = tuple[Any, ...]


@cache
def requests_of(start: int, end: int) -> list[Known]:
    """All requests of a window."""
    return [known for second in range(start, end) for known in requests(second)]


def statistics_row(start: int, end: int) -> Row:
    """The row in the table of the statistics."""
    times = [known.ms for known in requests_of(start, end)]
    deviation = math.sqrt(statistics.pvariance(times))
    return (start, end, len(times), min(times), max(times), sum(times) / len(times), deviation)


def malformed_rows(start: int, end: int) -> list[Row]:
    """The row in the table of malformed lines, if there are any."""
    found = [text for second in range(start, end) for text in malformed_texts(second)]
    return [(start, end, len(found), min(found))] if found else []


def bucket(ms: int) -> int:
    """The lower bound of a bucket: 64 of 1 ms, then 32 for each power of two, and one without an end."""
    if ms >= 2**22:
        return 2**22
    exponent = max(0, len(f"{ms:b}") - 6)
    return ms >> exponent << exponent


def status_rows(start: int, end: int) -> list[Row]:
    """The rows in the table of statuses, in their order."""
    found: defaultdict[int, list[Known]] = defaultdict(list)
    for known in requests_of(start, end):
        found[known.status].append(known)
    return [
        (
            *(start, end, status, len(group), sum(known.body_bytes for known in group)),
            {str(lower): count for lower, count in Counter(bucket(known.ms) for known in group).items()},
        )
        for status, group in sorted(found.items())
    ]


def top_rows(start: int, end: int) -> list[Row]:
    """The rows in the table of the most frequent values, by facet and place."""
    found: defaultdict[tuple[str, str], list[Known]] = defaultdict(list)
    for known in requests_of(start, end):
        agent = known.agent if known.kept_agent is None else known.kept_agent
        for facet in (("path", known.path), ("client", known.client), ("agent", agent)):
            found[facet].append(known)
    rows = []
    for facet in ("agent", "client", "path"):
        values = sorted((-len(group), value) for (name, value), group in found.items() if name == facet)
        for place, (_, value) in enumerate(values[:PLACES], start=1):
            group = found[facet, value]
            times = [known.ms for known in group]
            errors = sum(known.status >= 500 for known in group)
            body_bytes = sum(known.body_bytes for known in group)
            rows.append((start, end, facet, value, place, len(group), errors, body_bytes, sum(times), max(times)))
    return rows


def difference(table: str, actual: list[Row], known: list[Row]) -> str:
    """Name the first rows that differ, or return nothing. Standard deviations may differ in their last digit."""
    actual = [normal(row) for row in actual]
    if actual == [normal(row) for row in known]:
        return ""
    missing = [row for row in map(normal, known) if row not in actual][:3]
    wrong = [row for row in actual if row not in map(normal, known)][:3]
    return f"{table}: {len(actual)} rows, expected {len(known)}; actual {wrong}, expected {missing}"


def normal(row: Row) -> Row:
    """Return a row that can be compared: floating point to 13 digits, JSON in one order."""

    def same(value: Any) -> Any:
        if isinstance(value, float):
            return float(f"{value:.12e}")
        return json.dumps(value, sort_keys=True) if isinstance(value, dict) else value

    return tuple(map(same, row))
