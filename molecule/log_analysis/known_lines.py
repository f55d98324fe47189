"""Lines whose figures are known beforehand, second by second, and the rows that have to come of them.

Both follow from nothing but the second (of the epoch), so whatever happens between the two is found. Runs with the
verification's packages and reads its settings' keys: kafka, postgresql, heartbeat_user_agent.
"""

from __future__ import annotations

import argparse
import io
import itertools
import json
import math
import statistics
import sys
import time
from pathlib import Path
from typing import Any

import fastavro
import psycopg2
from kafka import KafkaProducer

FLUME_EVENT = fastavro.parse_schema(
    {
        "type": "record",
        "name": "AvroFlumeEvent",
        "fields": [
            {"name": "headers", "type": {"type": "map", "values": "string"}},
            {"name": "body", "type": "bytes"},
        ],
    }
)
COLUMNS = "request_count, min_request_time, max_request_time, mean_request_time, std_dev_request_time"
SPAN = "extract(epoch FROM start_timestamp)::integer, extract(epoch FROM end_timestamp)::integer"


def request_times(second: int) -> list[int]:
    """The request times (ms) of a second's lines, 1 to 5 of them."""
    return [(second * 7919 + number * 104_729) % 60_001 for number in range(second % 5 + 1)]


def malformed(second: int) -> list[str]:
    """The lines of a second that do not parse: one every 7 s."""
    return [f"known line {second}"] * (second % 7 == 0)


def lines(second: int, heartbeat: str) -> list[str]:
    """A second's lines: requests, a heartbeat, which is in no figure, and perhaps one that does not parse."""
    at = time.strftime("%d/%b/%Y:%H:%M:%S +0000", time.gmtime(second))
    timed = [*((ms, "known lines") for ms in request_times(second)), (59_999, heartbeat)]
    return malformed(second) + [
        f'10.0.0.1 - - [{at}] "POST / HTTP/1.1" 200 12 {ms // 1000}.{ms % 1000:03} "-" "{agent}"' for ms, agent in timed
    ]


def write(settings: dict[str, Any], state: Path) -> None:
    """Write lines into the topic as time goes by, as Flume does, and the first second into `state`."""
    producer = KafkaProducer(bootstrap_servers=settings["bootstrap_servers"], acks="all")
    first = math.ceil(time.time())
    state.write_text(str(first))
    for second in itertools.count(first):
        time.sleep(max(0, second - time.time()))
        for line in lines(second, settings["heartbeat_user_agent"]):
            record = io.BytesIO()
            fastavro.schemaless_writer(record, FLUME_EVENT, {"headers": {}, "body": line.encode()})
            # Flume's partition; the time is that of a line that has none.
            producer.send(settings["topic"], record.getvalue(), partition=0, timestamp_ms=second * 1000)
        producer.flush()


def known_row(start: int, end: int) -> tuple[Any, ...]:
    """A window's row in the first table."""
    times = [ms for second in range(start, end) for ms in request_times(second)]
    return (start, end, len(times), min(times), max(times), sum(times) / len(times), statistics.pstdev(times))


def known_malformed(start: int, end: int) -> tuple[Any, ...]:
    """A window's row in the second table; a window of 7 s and more has one."""
    found = [line for second in range(start, end) for line in malformed(second)]
    return (start, end, len(found), min(found))


def same(row: tuple[Any, ...], known: tuple[Any, ...]) -> bool:
    """Whether a row is as known; the standard deviation's last digit may be rounded otherwise."""
    return row[:-1] == known[:-1] and math.isclose(row[-1], known[-1], rel_tol=1e-12)


def problem(settings: dict[str, Any], first: int, lengths: list[int], cover: int) -> str:
    """What is wrong with the rows from the first whole window on, or nothing.

    They have to follow each other without a gap, first windows of one length (s), then of the next and so on, the
    last of them over at least `cover` s. A length begins where windows of both lengths do.
    """
    start = math.ceil(first / lengths[0]) * lengths[0]
    query = f"SELECT {SPAN}, {{}} FROM {{}} WHERE start_timestamp >= to_timestamp(%s) ORDER BY 1, 2"
    with psycopg2.connect(**settings["database"]) as connection, connection.cursor() as cursor:
        cursor.execute(query.format(COLUMNS, settings["table"]), [start])
        rows = cursor.fetchall()
        cursor.execute(query.format("line_count, sample", settings["malformed_table"]), [start])
        malformed_rows = cursor.fetchall()

    spans = [row[:2] for row in rows]
    runs = [(length, list(run)) for length, run in itertools.groupby(spans, lambda span: span[1] - span[0])]
    if [length for length, _ in runs] != lengths:
        return f"the windows' lengths are {[(length, len(run)) for length, run in runs]}"
    if [start, *(end for _, end in spans[:-1])] != [begin for begin, _ in spans]:
        return f"the windows do not follow each other: {spans}"
    for (old, _), (new, run) in zip(runs, runs[1:]):
        if run[0][0] % math.lcm(old, new):
            return f"windows of {old} s and of {new} s do not both begin at {run[0][0]}"
    if wrong := [(row, known_row(*row[:2])) for row in rows if not same(row, known_row(*row[:2]))]:
        return f"rows, and what they have to be: {wrong}"
    if malformed_rows != [known_malformed(*span) for span in spans]:
        return f"rows of lines that do not parse: {malformed_rows}"
    covered = spans[-1][1] - runs[-1][1][0][0]
    return f"the last length covers {covered} s so far" if covered < cover else ""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("settings", type=Path)
    parser.add_argument("state", type=Path)
    parser.add_argument("--check", type=int, nargs="+", metavar="LENGTH", help="see the rows, of windows so long")
    parser.add_argument("--cover", type=int, default=10, help="the last length has to cover so many s")
    parser.add_argument("--timeout", type=float, default=240, help="s")
    arguments = parser.parse_args()
    settings = json.loads(arguments.settings.read_text())
    if not arguments.check:
        write(settings, arguments.state)
    first, end = int(arguments.state.read_text()), time.monotonic() + arguments.timeout
    while (wrong := problem(settings, first, arguments.check, arguments.cover)) and time.monotonic() < end:
        time.sleep(1)
    sys.exit(wrong or 0)


if __name__ == "__main__":
    main()
