"""Write records whose rows are known in advance, second by second, and check the rows that result from them.

Both follow from nothing but the second (of the epoch), so anything that goes wrong in between is found. Runs with the
packages of the verification, and with its package `verification` beside this file.
"""

from __future__ import annotations

import argparse
import itertools
import json
import math
import sys
import time
from pathlib import Path
from typing import Any

import psycopg2
from kafka import KafkaProducer
from known_requests import records
from known_rows import (
    SPAN,
    STATUS_COLUMNS,
    TOP_COLUMNS,
    Row,
    difference,
    malformed_rows,
    statistics_row,
    status_rows,
    top_rows,
)

COLUMNS = "request_count, min_request_time, max_request_time, mean_request_time, std_dev_request_time"


def write(settings: dict[str, Any], state: Path) -> None:
    """Write records to the topic in real time, as Flume does, and the first second to `state`."""
    # Compressed, because some records are larger than what a broker accepts otherwise.
    producer = KafkaProducer(
        bootstrap_servers=settings["bootstrap_servers"],
        acks="all",
        compression_type="gzip",
        max_request_size=16_000_000,
    )
    first = math.ceil(time.time())
    state.write_text(str(first))
    for second in itertools.count(first):
        time.sleep(max(0, second - time.time()))
        for value in records(second, settings["heartbeat_user_agent"]):
            # Flume's partition. The timestamp counts for what does not parse. A record without a value needs a key.
            key = b"" if value is None else None
            producer.send(settings["topic"], value, key, partition=0, timestamp_ms=second * 1000)
        producer.flush()


def problem(settings: dict[str, Any], first: int, lengths: list[int], cover: int) -> str:
    """What is wrong with the rows since the first second, or nothing.

    They have to follow each other without a gap, and a length (s) has to begin where windows of the old and the new one
    do. The lengths have to be these, in this order, or, if only one is given, end with it; the last one has to cover at
    least `cover` s.
    """
    where = "start_timestamp >= to_timestamp(%s)"
    with psycopg2.connect(**settings["database"]) as connection, connection.cursor() as cursor:

        def select(columns: str, table: str, condition: str, order: str, *values: Any) -> list[Row]:
            query = f"SELECT {SPAN}, {columns} FROM {table} WHERE {condition} ORDER BY 1, 2{order}"
            cursor.execute(query, values)
            return cursor.fetchall()

        rows = select(COLUMNS, settings["table"], where, "", first)
        malformed = select("line_count, sample", settings["malformed_table"], where, "", first)
        of_host, host = f"{where} AND host = %s", settings["host"]
        statuses = select(STATUS_COLUMNS, "nginx_log_status", of_host, ", status", first, host)
        top = select(TOP_COLUMNS, "nginx_log_top", of_host, ", facet, place", first, host)

    spans = [row[:2] for row in rows]
    if found := sequence_problem(spans, first, lengths):
        return found
    for name, actual, known in (
        ("statistics", rows, lambda *span: [statistics_row(*span)]),
        ("malformed lines", malformed, malformed_rows),
        ("statuses", statuses, status_rows),
        ("most frequent values", top, top_rows),
    ):
        if found := difference(name, actual, [row for span in spans for row in known(*span)]):
            return found
    last = list(itertools.takewhile(lambda span: span[1] - span[0] == lengths[-1], reversed(spans)))
    covered = last[0][1] - last[-1][0]
    return f"the last length covers {covered} s so far" if covered < cover else ""


def sequence_problem(spans: list[Row], first: int, lengths: list[int]) -> str:
    """What is wrong with the order of the windows, or nothing."""
    runs = [(length, list(run)) for length, run in itertools.groupby(spans, lambda span: span[1] - span[0])]
    actual = [length for length, _ in runs]
    if not runs or (actual[-1:] if len(lengths) == 1 else actual) != lengths:
        return f"the lengths of the windows are {[(length, len(run)) for length, run in runs]}, expected {lengths}"
    start = math.ceil(first / actual[0]) * actual[0]
    if [start, *(end for _, end in spans[:-1])] != [begin for begin, _ in spans]:
        return f"the windows do not follow each other from {start} on: {spans}"
    for (old, _), (new, run) in zip(runs, runs[1:]):
        if run[0][0] % math.lcm(old, new):
            return f"windows of {old} s and of {new} s do not both begin at {run[0][0]}"
    return ""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("settings", type=Path)
    parser.add_argument("state", type=Path)
    parser.add_argument("--check", type=int, nargs="+", metavar="LENGTH", help="check the rows of windows so long (s)")
    parser.add_argument("--cover", type=int, default=10, help="the last length has to cover so many s")
    parser.add_argument("--timeout", type=float, default=240, help="s")
    arguments = parser.parse_args()
    settings = json.loads(arguments.settings.read_text())
    if not arguments.check:
        write(settings, arguments.state)
    first, deadline = int(arguments.state.read_text()), time.monotonic() + arguments.timeout
    while (found := problem(settings, first, arguments.check, arguments.cover)) and time.monotonic() < deadline:
        time.sleep(1)
    sys.exit(found or 0)


if __name__ == "__main__":
    main()
