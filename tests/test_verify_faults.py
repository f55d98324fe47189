"""The faults that the verification must find, planted into a simulated system without a host."""

from __future__ import annotations

import json
import statistics
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
import verify
from test_verify import FORMAT, LINES, LOG_FORMAT, MALFORMED, START, line, write_log
from verification import flume_event
from verification.line_format import LineTimestamper

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

TOPIC = "web01-nginx-log"


class Broker:
    """The part of kafka-python's consumer that is used, with one partition of (timestamp, line)."""

    def __init__(self, records: list[tuple[float, str]]) -> None:
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
            fetched.append(SimpleNamespace(timestamp=int(timestamp * 1000), value=flume_event.encode(text)))
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


@dataclass
class World:
    """A system without a fault, until a test plants one."""

    directory: Path
    timeout: float = 0
    log: list[str] = field(default_factory=lambda: list(LINES))
    topic: list[str] = field(default_factory=lambda: list(LINES))
    hdfs: list[str] = field(default_factory=lambda: list(LINES))
    rows: list[list[Any]] = field(
        default_factory=lambda: [
            [START, START + 10, 4, 1.0, 1000.0, 313.0, statistics.pstdev([1, 1, 250, 1000])],
            [START + 10, START + 20, 1, 7.0, 7.0, 7.0, 0.0],
        ]
    )
    malformed: list[list[Any]] = field(default_factory=lambda: [[START, START + 10, 1]])

    def verify(self, patch: pytest.MonkeyPatch) -> tuple[int, dict[str, Any]]:
        """Run verify.py on it and return the exit status and the report."""
        # Kafka's timestamps: 0.7 s after the line's time
        parsed = [LineTimestamper(FORMAT).timestamp(text) for text in self.topic]
        records = [((START + 4 if p.time is None else p.time) + 0.7, t) for p, t in zip(parsed, self.topic)]
        patch.setattr("verification.topic.consumer", lambda _config: Broker(records))
        tables = {"analysis": self.rows, "malformed": self.malformed}
        patch.setattr("verification.rows.select", lambda _config, table, *_: tables[table])
        status = verify.main([str(self.write()), "--since", str(START), "--until", str(START + 19)])
        report = self.directory / "report.json"
        return status, json.loads(report.read_text()) if report.exists() else {}

    def write(self) -> Path:
        """Write the log, a replacement for Hadoop's client, and the configuration."""
        hdfs = self.directory / "hadoop/bin/hdfs"
        hdfs.parent.mkdir(parents=True)
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
            "access_log": str(write_log(self.directory, self.log)),
            "log_format": LOG_FORMAT,
            "heartbeat_user_agent": "heartbeat",
            "kafka": {"bootstrap_servers": "k", "client_properties": {}, "topic": TOPIC},
            "hdfs": {**hadoop, "hadoop_home": str(hdfs.parent.parent)},
            "postgresql": {"table": "analysis", "malformed_table": "malformed"},
            "report": str(self.directory / "report.json"),
        }
        path = self.directory / "config.json"
        path.write_text(json.dumps(config))
        return path


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def test_a_system_without_a_fault_is_verified(
    world: World, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    status, report = world.verify(monkeypatch)
    assert (status, report["verified"], report["problems"]) == (0, True, [])
    assert [stage["found"] for stage in report["stages"]] == [7, 7, 5, 1]
    assert "2 checked, 2 matching" in capsys.readouterr().out


@pytest.mark.parametrize("place", ["topic", "hdfs"])
@pytest.mark.parametrize("text", [LINES[1], LINES[3], MALFORMED])
def test_a_missing_line_is_found(world: World, monkeypatch: pytest.MonkeyPatch, place: str, text: str) -> None:
    getattr(world, place).remove(text)
    status, report = world.verify(monkeypatch)
    assert status == 1
    assert any("1 of 7 lines missing" in p and repr(text) in p for p in report["problems"])


@pytest.mark.parametrize("place", ["topic", "hdfs"])
@pytest.mark.parametrize("text", [LINES[1], LINES[3], MALFORMED])
def test_a_duplicate_line_is_found(world: World, monkeypatch: pytest.MonkeyPatch, place: str, text: str) -> None:
    getattr(world, place).insert(5, text)
    status, report = world.verify(monkeypatch)
    assert status == 1
    assert any("1 duplicate lines" in p and repr(text) in p for p in report["problems"])


def test_a_changed_line_is_missing_and_duplicate(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.topic[0] = line(1, "0.001")
    status, report = world.verify(monkeypatch)
    assert status == 1
    assert (report["stages"][0]["missing"], report["stages"][0]["duplicate"]) == (1, 1)


def set_value(column: int, value: float) -> Callable[[World], None]:
    """Plant a fault: another value in one column of the first row."""
    return lambda world: world.rows[0].__setitem__(column, value)


@pytest.mark.parametrize(
    ("plant", "problem"),
    [
        (set_value(2, 3), "request_count is 3, expected from the log: 4"),
        (set_value(2, 5), "request_count is 5, expected from the log: 4"),
        (set_value(3, 1.0001), "min_request_time is 1.0001"),
        (set_value(4, 999.9999), "max_request_time is 999.9999"),
        (set_value(5, 313.002), "mean_request_time is 313.002"),
        (set_value(6, float("nan")), "std_dev_request_time is nan"),
        (lambda world: world.rows.pop(), "there is no row"),
        (lambda world: world.rows.clear(), "there is no row"),
        (lambda world: world.rows.append([START + 5, START + 20, 5, 1, 1, 1, 0]), "not in the log"),
        (lambda world: world.malformed.clear(), "count is 0, expected from the topic: 1"),
        (set_value(0, START + 1), "there is no row"),
    ],
)
def test_a_wrong_row_is_found(
    world: World, monkeypatch: pytest.MonkeyPatch, plant: Callable[[World], Any], problem: str
) -> None:
    plant(world)
    status, report = world.verify(monkeypatch)
    assert status == 1
    assert any(problem in found for found in report["problems"])


def test_statistics_may_differ_by_rounding(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.rows[0][5] += 0.0009
    world.rows[0][6] *= 1 + 9e-7
    assert world.verify(monkeypatch)[0] == 0


def test_a_line_missing_from_the_log_is_found(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.log.remove(LINES[2])
    status, report = world.verify(monkeypatch)
    assert status == 1
    assert [stage["duplicate"] for stage in report["stages"]] == [1, 1, 1, 0]


def test_an_interval_without_requests_is_neither_verified_nor_wrong(
    world: World, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    world.log = world.topic = world.hdfs = [line(4, agent="heartbeat")]
    world.rows, world.malformed = [], []
    status, report = world.verify(monkeypatch)
    assert (status, report["verified"], report["problems"], report["logged"]["requests"]) == (3, False, [], 0)
    assert capsys.readouterr().out.endswith("nothing was verified.\n")


def test_faults_are_found_in_an_interval_without_requests(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.log = [line(4, agent="heartbeat")]
    world.topic = world.hdfs = []
    status, report = world.verify(monkeypatch)
    assert status == 1
    assert [stage["missing"] for stage in report["stages"]] == [1, 1, 0, 0]
    assert any("not in the log" in problem for problem in report["problems"])


def test_late_rows_are_waited_for(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    late, world.rows = world.rows, []
    naps: list[float] = []
    monkeypatch.setattr(
        "tenacity.nap.time.sleep",
        lambda seconds: seconds and (naps.append(seconds), world.rows.extend(late)),
    )
    world.timeout = 5
    assert (world.verify(monkeypatch)[0], naps) == (0, [1])
