"""The rows in PostgreSQL."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import psycopg2
from psycopg2 import sql

from .comparison import Row
from .windows import Window

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

WINDOW = "extract(epoch FROM start_timestamp)::float8, extract(epoch FROM end_timestamp)::float8"
STATISTICS = ", ".join(Row._fields[1:])
CONNECT_TIMEOUT = 10  # seconds


def analysis_rows(config: Mapping[str, Any], span: Window) -> list[Row]:
    """Read the rows of the analysis that overlap the span, request times in ms."""
    return [
        Row(Window(start, end), *statistics)
        for start, end, *statistics in select(config, config["table"], STATISTICS, span)
    ]


def malformed_counts(config: Mapping[str, Any], span: Window) -> dict[Window, int]:
    """Read the number of malformed lines of each window that overlaps the span."""
    counts = select(config, config["malformed_table"], "line_count", span)
    return {Window(start, end): count for start, end, count in counts}


def select(config: Mapping[str, Any], table: str, columns: str, span: Window) -> Sequence[tuple[Any, ...]]:
    """Read the window (epoch seconds) and the columns of every row that overlaps the span."""
    query = sql.SQL(
        "SELECT {}, {} FROM {} WHERE start_timestamp < to_timestamp(%s) AND end_timestamp > to_timestamp(%s)"
    ).format(sql.SQL(WINDOW), sql.SQL(columns), sql.Identifier(table))
    with connected(config) as connection, connection.cursor() as cursor:
        cursor.execute(query, (span.end, span.start))
        return cursor.fetchall()


@contextmanager
def connected(config: Mapping[str, Any]) -> Iterator[Any]:
    """Connect to the database, and close the connection afterwards."""
    connection = psycopg2.connect(
        host=config["host"],
        port=config["port"],
        dbname=config["database"],
        user=config["user"],
        password=config["password"],
        connect_timeout=CONNECT_TIMEOUT,
    )
    try:
        yield connection
    finally:
        connection.close()
