"""The faults that the verification must find, planted into a small world without a host."""

from __future__ import annotations

import io
import json
import statistics
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import fastavro
import pytest
import verify
from test_verify import FIELDS, FORMAT, GARBAGE, LINES, START, line, write_log
from verification import access_log
from verification.topic import FLUME_EVENT

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
            value = io.BytesIO()
            fastavro.schemaless_writer(value, FLUME_EVENT, {"headers": {}, "body": text.encode()})
            fetched.append(SimpleNamespace(timestamp=int(timestamp * 1000), value=value.getvalue()))
        self.at += len(fetched)
        return {self.partition: fetched} if fetched else {}


# `hdfs dfs`: one closed file, one open, of which -text shows nothing unless it was copied
HDFS = """#!/bin/sh
cd {folder}
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
    """A system in which all is well, until a test plants a fault."""

    folder: Path
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
        """Run verify.py on it: the exit status and the report."""
        # Kafka's timestamps: 0.7 s after the line's time
        parsed = [access_log.Placer(FORMAT).place(text) for text in self.topic]
        records = [((p.time if p else START + 4) + 0.7, t) for p, t in zip(parsed, self.topic)]
        patch.setattr("verification.topic.consumer", lambda _config: Broker(records))
        tables = {"analysis": self.rows, "malformed": self.malformed}
        patch.setattr("verification.rows.select", lambda _config, table, *_: tables[table])
        status = verify.main([str(self.write()), "--since", str(START), "--until", str(START + 19)])
        report = self.folder / "report.json"
        return status, json.loads(report.read_text()) if report.exists() else {}

    def write(self) -> Path:
        """Write the log, a stand-in for Hadoop's client, and the settings."""
        hdfs = self.folder / "hadoop/bin/hdfs"
        hdfs.parent.mkdir(parents=True)
        times = {"old": (START - 3600) * 1000, "new": (START + 60) * 1000}
        hdfs.write_text(HDFS.format(folder=hdfs.parent, **times))
        hdfs.chmod(0o755)
        for name, part in (("nginx-log.2", self.hdfs[:5]), ("nginx-log.3", self.hdfs[5:])):
            (hdfs.parent / name).write_text("".join(f"{START}\t{text}\n" for text in part))
        hadoop = {"path": "/flume/web01/nginx_log", "java_home": "/"}
        config = {
            "host": "web01",
            "window_seconds": 10,
            "timeout": self.timeout,
            "access_log": str(write_log(self.folder, self.log)),
            "log_fields": FIELDS,
            "heartbeat_user_agent": "heartbeat",
            "kafka": {"bootstrap_servers": "k", "client_properties": {}, "topic": TOPIC},
            "hdfs": {**hadoop, "hadoop_home": str(hdfs.parent.parent)},
            "postgresql": {"table": "analysis", "malformed_table": "malformed"},
            "report": str(self.folder / "report.json"),
        }
        path = self.folder / "config.json"
        path.write_text(json.dumps(config))
        return path


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def test_all_is_well(world: World, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    status, report = world.verify(monkeypatch)
    assert (status, report["verified"], report["problems"]) == (0, True, [])
    assert [stage["found"] for stage in report["stages"]] == [7, 7, 5, 1]
    assert "2 checked, 2 right" in capsys.readouterr().out


@pytest.mark.parametrize("place", ["topic", "hdfs"])
@pytest.mark.parametrize("text", [LINES[1], LINES[3], GARBAGE])
def test_a_lost_line_is_found(world: World, monkeypatch: pytest.MonkeyPatch, place: str, text: str) -> None:
    getattr(world, place).remove(text)
    status, report = world.verify(monkeypatch)
    assert status == 1
    assert any("lost 1 of 7 lines" in p and repr(text) in p for p in report["problems"])


@pytest.mark.parametrize("place", ["topic", "hdfs"])
@pytest.mark.parametrize("text", [LINES[1], LINES[3], GARBAGE])
def test_a_double_line_is_found(world: World, monkeypatch: pytest.MonkeyPatch, place: str, text: str) -> None:
    getattr(world, place).insert(5, text)
    status, report = world.verify(monkeypatch)
    assert status == 1
    assert any("1 lines too many" in p and repr(text) in p for p in report["problems"])


def test_an_exchanged_line_is_lost_and_too_many(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.topic[0] = line(1, "0.001")
    status, report = world.verify(monkeypatch)
    assert status == 1
    assert (report["stages"][0]["lost"], report["stages"][0]["double"]) == (1, 1)


def set_figure(column: int, value: float) -> Callable[[World], None]:
    """Plant a fault: one figure of the first row is another."""
    return lambda world: world.rows[0].__setitem__(column, value)


@pytest.mark.parametrize(
    ("plant", "problem"),
    [
        (set_figure(2, 3), "request_count is 3, computed from the log 4"),
        (set_figure(2, 5), "request_count is 5, computed from the log 4"),
        (set_figure(3, 1.0001), "min_request_time is 1.0001"),
        (set_figure(4, 999.9999), "max_request_time is 999.9999"),
        (set_figure(5, 313.002), "mean_request_time is 313.002"),
        (set_figure(6, float("nan")), "std_dev_request_time is nan"),
        (lambda world: world.rows.pop(), "there is no row"),
        (lambda world: world.rows.clear(), "there is no row"),
        (lambda world: world.rows.append([START + 5, START + 20, 5, 1, 1, 1, 0]), "not in the log"),
        (lambda world: world.malformed.clear(), "count is 0, in the topic 1"),
        (set_figure(0, START + 1), "there is no row"),
    ],
)
def test_a_wrong_row_is_found(
    world: World, monkeypatch: pytest.MonkeyPatch, plant: Callable[[World], Any], problem: str
) -> None:
    plant(world)
    status, report = world.verify(monkeypatch)
    assert status == 1
    assert any(problem in found for found in report["problems"])


def test_figures_may_differ_by_rounding(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.rows[0][5] += 0.0009
    world.rows[0][6] *= 1 + 9e-7
    assert world.verify(monkeypatch)[0] == 0


def test_a_line_missing_from_the_log_is_found(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.log.remove(LINES[2])
    status, report = world.verify(monkeypatch)
    assert status == 1
    assert [stage["double"] for stage in report["stages"]] == [1, 1, 1, 0]


def test_an_empty_interval_verifies_nothing(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.log = [line(4, agent="heartbeat")]
    status, report = world.verify(monkeypatch)
    assert status == 1
    assert report["problems"][0].startswith("nothing to verify: ")


def test_what_comes_late_is_waited_for(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    late, world.rows = world.rows, []
    naps: list[float] = []
    monkeypatch.setattr(
        "tenacity.nap.time.sleep",
        lambda seconds: seconds and (naps.append(seconds), world.rows.extend(late)),
    )
    world.timeout = 5
    assert (world.verify(monkeypatch)[0], naps) == (0, [1])
