"""Lines whose statistics are known in advance, second by second, and the rows that have to result from them.

Both follow from nothing but the second (of the epoch), so anything that goes wrong in between is found. Runs with the
packages of the verification, and with its package `verification` beside this file.
"""

from __future__ import annotations

import argparse
import itertools
import json
import math
import statistics
import sys
import time
from pathlib import Path
from typing import Any

import psycopg2
from kafka import KafkaProducer
from verification.flume_event import encode

COLUMNS = "request_count, min_request_time, max_request_time, mean_request_time, std_dev_request_time"
SPAN = "extract(epoch FROM start_timestamp)::integer, extract(epoch FROM end_timestamp)::integer"


def request_times(second: int) -> list[int]:
    """The request times (ms) of a second's lines, 1 to 5 of them."""
    return [(second * 7919 + number * 104_729) % 60_001 for number in range(second % 5 + 1)]


def malformed(second: int) -> list[str]:
    """The lines of a second that do not parse: one every 7 s."""
    return [f"known line {second}"] * (second % 7 == 0)


def lines(second: int, heartbeat: str) -> list[str]:
    """A second's lines: requests, a heartbeat, which no statistic includes, and perhaps one that does not parse."""
    at = time.strftime("%d/%b/%Y:%H:%M:%S +0000", time.gmtime(second))
    timed = [*((ms, "known lines") for ms in request_times(second)), (59_999, heartbeat)]
    return malformed(second) + [
        f'10.0.0.1 - - [{at}] "POST / HTTP/1.1" 200 12 {ms // 1000}.{ms % 1000:03} "-" "{agent}"' for ms, agent in timed
    ]


def write(settings: dict[str, Any], state: Path) -> None:
    """Write lines to the topic in real time, as Flume does, and the first second to `state`."""
    producer = KafkaProducer(bootstrap_servers=settings["bootstrap_servers"], acks="all")
    first = math.ceil(time.time())
    state.write_text(str(first))
    for second in itertools.count(first):
        time.sleep(max(0, second - time.time()))
        for line in lines(second, settings["heartbeat_user_agent"]):
            # Flume's partition. The timestamp counts for a line that does not parse.
            producer.send(settings["topic"], encode(line), partition=0, timestamp_ms=second * 1000)
        producer.flush()


def known_row(start: int, end: int) -> tuple[Any, ...]:
    """A window's row in the table of the statistics."""
    times = [ms for second in range(start, end) for ms in request_times(second)]
    return (start, end, len(times), min(times), max(times), sum(times) / len(times), statistics.pstdev(times))


def known_malformed(start: int, end: int) -> tuple[Any, ...]:
    """A window's row in the table of malformed lines; a window of 7 s or more has one."""
    found = [line for second in range(start, end) for line in malformed(second)]
    return (start, end, len(found), min(found))


def matches(row: tuple[Any, ...], known: tuple[Any, ...]) -> bool:
    """Whether a row is as known; the last digit of the standard deviation may be rounded differently."""
    return row[:-1] == known[:-1] and math.isclose(row[-1], known[-1], rel_tol=1e-12)


def problem(settings: dict[str, Any], first: int, lengths: list[int], cover: int) -> str:
    """What is wrong with the rows since the first second, or nothing.

    They have to follow each other without a gap, and a length (s) has to begin where windows of the old and the new one
    do. The lengths have to be these, in this order, or, if only one is given, end with it; the last one has to cover at
    least `cover` s.
    """
    query = f"SELECT {SPAN}, {{}} FROM {{}} WHERE start_timestamp >= to_timestamp(%s) ORDER BY 1, 2"
    with psycopg2.connect(**settings["database"]) as connection, connection.cursor() as cursor:
        cursor.execute(query.format(COLUMNS, settings["table"]), [first])
        rows = cursor.fetchall()
        cursor.execute(query.format("line_count, sample", settings["malformed_table"]), [first])
        malformed_rows = cursor.fetchall()

    spans = [row[:2] for row in rows]
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
    if wrong := [(row, known_row(*row[:2])) for row in rows if not matches(row, known_row(*row[:2]))]:
        return f"rows, actual and expected: {wrong}"
    if malformed_rows != [known_malformed(*span) for span in spans]:
        return f"rows of malformed lines: {malformed_rows}"
    covered = spans[-1][1] - runs[-1][1][0][0]
    return f"the last length covers {covered} s so far" if covered < cover else ""


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
