"""A system whose every place and row match its log, without a host, into which tests plant faults."""

from __future__ import annotations

import json
import statistics
from dataclasses import dataclass, field
from itertools import groupby
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import verify
from test_verify import LINES, LOG_FORMAT, START, write_log
from verification import flume_event
from verification.detail_rows import PERCENTILES, ROWS, STATUS, TIMES, TOP
from verification.line_format import LineFormat, LineTimestamper
from verification.windows import Window

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import pytest

TOPIC = "web01-nginx-log"


def value_of(record: str | bytes | None) -> bytes | None:
    """Return a record's value: of a line Flume's event, otherwise what is given."""
    return flume_event.encode(record) if isinstance(record, str) else record


class Broker:
    """The part of kafka-python's consumer that is used, with one partition of (timestamp, line or value)."""

    def __init__(self, records: list[tuple[float, Any]]) -> None:
        self.records, self.at = records, 0

    def partitions_for_topic(self, topic: str) -> set[int]:
        return {0} if topic == TOPIC else set()

    def assign(self, partitions: list[Any]) -> None:
        self.partition = partitions[0]

    def end_offsets(self, partitions: list[Any]) -> dict[Any, int]:
        return dict.fromkeys(partitions, len(self.records))

    def offsets_for_times(self, times: dict[Any, int]) -> dict[Any, Any]:
        since = times[self.partition] / 1000
        later = [n for n, (timestamp, _) in enumerate(self.records) if timestamp >= since]
        return {self.partition: SimpleNamespace(offset=later[0]) if later else None}

    def seek(self, _partition: object, offset: int) -> None:
        self.at = offset

    def position(self, _partition: object) -> int:
        return self.at

    def poll(self, **_options: int) -> dict[Any, list[Any]]:
        fetched = []
        for timestamp, text in self.records[self.at :][:3]:
            fetched.append(SimpleNamespace(timestamp=int(timestamp * 1000), value=value_of(text)))
        self.at += len(fetched)
        return {self.partition: fetched} if fetched else {}


# `hdfs dfs`: one closed file, one open, of which -text shows nothing unless it was copied
HDFS = """#!/bin/sh
cd {directory}
case "$6" in
  -stat) echo "{old} nginx-log.1"; echo "{new} nginx-log.2"; echo "{old} nginx-log.3.tmp" ;;
  -get) cp nginx-log.3 "$8/nginx-log.3.tmp" ;;
  -text)
    for file in "$7" "$8"; do
      case $file in file://*) cat "${{file#file://}}" ;; *.2) cat nginx-log.2 ;; esac
    done ;;
esac
"""


def details() -> dict[str, list[list[Any]]]:
    """Return the rows of LINES in each table of the details."""
    one, two = [START, START + 10], [START + 10, START + 20]
    values = [("agent", "locust"), ("client", "10.0.0.1"), ("path", "/")]
    return {
        STATUS: [
            [*one, 200, 4, 4 * 93, {"1": 2, "248": 1, "992": 1}],
            [*two, 200, 1, 93, {"7": 1}],
        ],
        TOP: [
            *([*one, facet, value, 1, 4, 0, 4 * 93, 1252, 1000] for facet, value in values),
            *([*two, facet, value, 1, 1, 0, 93, 7, 7] for facet, value in values),
        ],
        TIMES: [
            [*one, 200, 1, 2, 2],
            [*one, 200, 248, 252, 1],
            [*one, 200, 992, 1008, 1],
            [*two, 200, 7, 8, 1],
        ],
        PERCENTILES: [[*one, 4, 1.0, 1000.0, 1000.0], [*two, 1, 7.0, 7.0, 7.0]],
    }


class Tables:
    """The part of DetailTables that is used."""

    def __init__(self, world: World) -> None:
        self.world = world

    def missing(self) -> list[str]:
        return [table for table in ROWS if table not in self.world.details]

    def begin(self, _table: str) -> float | None:
        return self.world.begin

    def rows(self, table: str, span: Window) -> Iterator[tuple[Window, list[Any]]]:
        found = (row for row in self.world.details[table] if row[0] < span.end and row[1] > span.start)
        for window, rows in groupby(found, key=lambda row: Window(*row[:2])):
            yield window, [ROWS[table](*row[2:]) for row in rows]


@dataclass
class World:
    """A system without a fault, until a test plants one."""

    directory: Path
    timeout: float = 0
    log: list[str] = field(default_factory=lambda: list(LINES))
    topic: list[Any] = field(default_factory=lambda: list(LINES))
    hdfs: list[str] = field(default_factory=lambda: list(LINES))
    rows: list[list[Any]] = field(
        default_factory=lambda: [
            [START, START + 10, 4, 1.0, 1000.0, 313.0, statistics.pstdev([1, 1, 250, 1000])],
            [START + 10, START + 20, 1, 7.0, 7.0, 7.0, 0.0],
        ]
    )
    malformed: list[list[Any]] = field(default_factory=lambda: [[START, START + 10, 1]])
    details: dict[str, list[list[Any]]] = field(default_factory=details)
    #: Since when the tables have rows, if not since the first line.
    begin: float | None = None
    log_format: str = LOG_FORMAT
    detail_days: int = 0
    written: bool = True

    def verify(self, patch: pytest.MonkeyPatch) -> tuple[int, dict[str, Any]]:
        """Run verify.py on it and return the exit status and the report."""
        line_format = LineFormat(self.log_format, "heartbeat")
        # Kafka's timestamps: 0.7 s after the line's time
        times = [
            LineTimestamper(line_format).timestamp(text).time if isinstance(text, str) else None for text in self.topic
        ]
        records = [((START + 4 if time is None else time) + 0.7, text) for time, text in zip(times, self.topic)]
        patch.setattr("verification.topic.consumer", lambda _config: Broker(records))
        patch.setattr("verification.details.DetailTables", lambda _config: Tables(self))
        tables = {"analysis": self.rows, "malformed": self.malformed}
        patch.setattr("verification.rows.select", lambda _config, table, *_: tables[table])
        status = verify.main([str(self.write()), "--since", str(START), "--until", str(START + 19)])
        report = self.directory / "report.json"
        return status, json.loads(report.read_text()) if report.exists() else {}

    def write(self) -> Path:
        """Write the log, a replacement for Hadoop's client, and the configuration."""
        hdfs = self.directory / "hadoop/bin/hdfs"
        hdfs.parent.mkdir(parents=True, exist_ok=True)
        times = {"old": (START - 3600) * 1000, "new": (START + 60) * 1000}
        hdfs.write_text(HDFS.format(directory=hdfs.parent, **times))
        hdfs.chmod(0o755)
        for name, part in (("nginx-log.2", self.hdfs[:5]), ("nginx-log.3", self.hdfs[5:])):
            (hdfs.parent / name).write_text("".join(f"{START}\t{text}\n" for text in part))
        hadoop = {"path": "/flume/web01/nginx_log", "java_home": "/"}
        config = {
            "host": "web01",
            "window_seconds": 10,
            "timeout": self.timeout,
            "detail_days": self.detail_days,
            "access_log": str(write_log(self.directory, self.log)),
            "log_format": self.log_format,
            "heartbeat_user_agent": "heartbeat",
            "kafka": {"bootstrap_servers": "k", "client_properties": {}, "topic": TOPIC},
            "hdfs": {**hadoop, "hadoop_home": str(hdfs.parent.parent)},
            "postgresql": {"table": "analysis", "malformed_table": "malformed", "details": self.written},
            "report": str(self.directory / "report.json"),
        }
        path = self.directory / "config.json"
        path.write_text(json.dumps(config))
        return path
