"""The rows of the tables that all web hosts share, read window by window."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Any, NamedTuple

from psycopg2 import sql

from .rows import WINDOW, connected
from .window_details import TopRow
from .windows import Window

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

STATUS = "nginx_log_status"
TOP = "nginx_log_top"
TIMES = "nginx_log_request_times"
PERCENTILES = "nginx_log_percentiles"
FETCH = 5000  # rows at once


class StatusRow(NamedTuple):
    """A row of the requests by status; request_times has their number by the lower bound (ms) of a bucket."""

    status: int
    request_count: int
    body_bytes: int
    request_times: dict[str, int]


class TimesRow(NamedTuple):
    """A row of the view of the buckets (ms)."""

    status: int
    at_least_ms: int
    below_ms: int | None
    request_count: int


class PercentilesRow(NamedTuple):
    """A row of the view of the percentiles (ms)."""

    request_count: int
    p50_request_time: float
    p95_request_time: float
    p99_request_time: float


ROWS: dict[str, type[NamedTuple]] = {STATUS: StatusRow, TOP: TopRow, TIMES: TimesRow, PERCENTILES: PercentilesRow}


class DetailTables:
    """The rows of one web host in the tables and views of the details."""

    def __init__(self, config: Mapping[str, Any]) -> None:
        self._config = config

    def missing(self) -> list[str]:
        """Return the tables and views that the database does not have."""
        with connected(self._config) as connection, connection.cursor() as cursor:
            cursor.execute("SELECT name FROM unnest(%s) AS name WHERE to_regclass(name) IS NULL", (list(ROWS),))
            return [name for (name,) in cursor.fetchall()]

    def begin(self, table: str) -> float | None:
        """Return since when (epoch seconds) the table has this host's rows; None if since the first line.

        That is since the present deployment, or since an older row: an older deployment may not have written them.
        """
        query = sql.SQL(
            "SELECT extract(epoch FROM least(since, (SELECT min(start_timestamp) FROM {} WHERE host = %s)))::float8"
            " FROM log_analysis_deployments WHERE job = %s AND since IS NOT NULL"
        ).format(sql.Identifier(table))
        with connected(self._config) as connection, connection.cursor() as cursor:
            cursor.execute(query, (self._config["host_of_rows"], self._config["job"]))
            found = cursor.fetchone()
            return found and found[0]

    def rows(self, table: str, span: Window) -> Iterator[tuple[Window, list[Any]]]:
        """Yield each window that overlaps the span, in their order, with this host's rows."""
        row = ROWS[table]
        query = sql.SQL(
            "SELECT {}, {} FROM {} WHERE host = %s AND start_timestamp < to_timestamp(%s)"
            " AND end_timestamp > to_timestamp(%s) ORDER BY start_timestamp, end_timestamp"
        ).format(sql.SQL(WINDOW), sql.SQL(", ".join(map(column, row._fields))), sql.Identifier(table))
        # A cursor with a name is the server's: it does not send all rows at once.
        with connected(self._config) as connection, connection.cursor("details") as cursor:
            cursor.itersize = FETCH
            cursor.execute(query, (self._config["host_of_rows"], span.end, span.start))
            for window, found in groupby(cursor, key=lambda values: Window(*values[:2])):
                yield window, [row(*values[2:]) for values in found]


def column(name: str) -> str:
    """Return the expression that selects a column: percentiles as floating point, others as they are."""
    return f"{name}::float8" if name.startswith("p") and name[1:3].isdigit() else name
