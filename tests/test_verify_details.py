"""Which faults in the tables that all web hosts share the verification finds, and what it does not compare."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from test_verify import LINES, LOG_FORMAT, START
from verification.detail_rows import PERCENTILES, STATUS, TIMES, TOP
from verified_world import World

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


WINDOW = "2026-11-22T22:00:00Z to 2026-11-22T22:00:10Z"


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def set_value(table: str, column: int, value: Any, row: int = 0) -> Callable[[World], None]:
    """Plant a fault: another value in one column of a row, counted from the window."""
    return lambda world: world.details[table][row].__setitem__(column + 2, value)


def add(table: str, *values: Any) -> Callable[[World], None]:
    """Plant a fault: one more row in the first window."""
    return lambda world: world.details[table].insert(0, [START, START + 10, *values])


HISTOGRAM = {"1": 2, "248": 1, "992": 1}


@pytest.mark.parametrize(
    ("plant", "problem"),
    [
        (set_value(STATUS, 0, 201), f"{STATUS}: {WINDOW}: status 200: there is no row for 4 requests"),
        (set_value(STATUS, 0, 201), f"{STATUS}: {WINDOW}: status 201: a row of 4 requests that are not in the log"),
        (set_value(STATUS, 1, 3), f"{STATUS}: {WINDOW}: status 200: request_count is 3, expected from the log: 4"),
        (set_value(STATUS, 2, 371), "status 200: body_bytes is 371, expected from the log: 372"),
        (
            set_value(STATUS, 3, HISTOGRAM | {"1": 3}),
            "status 200: request_times from 1 ms is 3, expected from the log: 2",
        ),
        (set_value(STATUS, 3, HISTOGRAM | {"250": 1}), "request_times from 250 ms is 1, expected from the log: 0"),
        (set_value(STATUS, 3, {"1": 2, "248": 1}), "request_times from 992 ms is 0, expected from the log: 1"),
        (set_value(STATUS, 3, None), "request_times from 1 ms is 0, expected from the log: 2"),
        (add(STATUS, 404, 1, 0, {"1": 1}), "status 404: a row of 1 requests that are not in the log"),
        (
            lambda world: world.details[STATUS].pop(),
            f"{STATUS}: 2026-11-22T22:00:10Z to 2026-11-22T22:00:20Z: there are no",
        ),
        (
            lambda world: world.details[STATUS].clear(),
            f"{STATUS}: {WINDOW}: there are no rows, expected from the log: 1",
        ),
        (set_value(TOP, 0, "client"), f"{TOP}: {WINDOW}: agent 'locust': there is no row for 4 requests"),
        (
            set_value(TOP, 1, "Locust"),
            "agent 'Locust': a row of 4 requests that are not in the log or not among the most",
        ),
        (set_value(TOP, 2, 2), "agent 'locust': place is 2, expected from the log: 1"),
        (set_value(TOP, 3, 5, row=1), "client '10.0.0.1': request_count is 5, expected from the log: 4"),
        (set_value(TOP, 4, 1, row=2), "path '/': error_count is 1, expected from the log: 0"),
        (set_value(TOP, 5, 373), "body_bytes is 373, expected from the log: 372"),
        (set_value(TOP, 6, 1251), "total_request_time is 1251, expected from the log: 1252"),
        (set_value(TOP, 7, 999), "max_request_time is 999, expected from the log: 1000"),
        (lambda world: world.details[TOP].pop(1), "client '10.0.0.1': there is no row for 4 requests"),
        (lambda world: world.details[TOP].clear(), f"{TOP}: {WINDOW}: there are no rows, expected from the log: 3"),
        (set_value(TIMES, 1, 2), "status 200 from 2 ms: a row of 2 requests that are not in the log"),
        (set_value(TIMES, 2, 3), "status 200 from 1 ms: below_ms is 3, expected from the log: 2"),
        (set_value(TIMES, 3, 1), "status 200 from 1 ms: request_count is 1, expected from the log: 2"),
        (set_value(PERCENTILES, 0, 3), f"{PERCENTILES}: {WINDOW}: request_count is 3, expected from the log: 4"),
        (
            set_value(PERCENTILES, 1, 2.0),
            f"{PERCENTILES}: {WINDOW}: p50_request_time is 2.0, expected from the log: within",
        ),
        (set_value(PERCENTILES, 2, 991.9), "p95_request_time is 991.9"),
        (set_value(PERCENTILES, 3, 1008.1), "p99_request_time is 1008.1"),
        (set_value(PERCENTILES, 3, None), "p99_request_time is None"),
    ],
)
def test_a_wrong_row_is_found(
    world: World, monkeypatch: pytest.MonkeyPatch, plant: Callable[[World], Any], problem: str
) -> None:
    plant(world)
    status, report = world.verify(monkeypatch)
    assert status == 1
    assert any(problem in found for found in report["problems"]), report["problems"]


def test_an_older_database_is_no_fault(
    world: World, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    world.details.clear()
    status, report = world.verify(monkeypatch)
    assert (status, report["verified"], len(report["stages"])) == (0, True, 4)
    assert f"The database has no {STATUS}, which an older version does not write: not compared." in report["notes"]
    assert f"The database has no {TOP}," in capsys.readouterr().out


def test_windows_before_the_first_rows_are_no_fault(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    for rows in world.details.values():
        rows[:] = [row for row in rows if row[0] > START]
    assert world.verify(monkeypatch)[0] == 1
    world.begin = START + 10
    status, report = world.verify(monkeypatch)
    assert (status, len(report["notes"])) == (0, 4)
    assert report["notes"][0] == f"{STATUS} has rows since 2026-11-22T22:00:10Z: 1 windows before are not compared."


@pytest.mark.parametrize("days", [1, 0])
def test_windows_whose_details_are_deleted_are_no_fault(
    world: World, monkeypatch: pytest.MonkeyPatch, days: int
) -> None:
    world.details = {table: [] for table in world.details}
    world.malformed = []
    world.detail_days = days
    monkeypatch.setattr("verification.details.time.time", lambda: START + 20 + 86_400 * 1.0)
    status, report = world.verify(monkeypatch)
    assert status == (0 if days else 1)
    assert any(
        "2026-11-22T22:00:20Z are not compared: their details are deleted" in n for n in report["notes"]
    ) == bool(days)


def test_a_log_without_the_status_is_no_fault(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.log_format = LOG_FORMAT.replace("$status ", "")
    world.log = world.topic = world.hdfs = [found.replace(" 200 93 ", " 93 ") for found in LINES]
    world.details = {table: [] for table in world.details}
    status, report = world.verify(monkeypatch)
    assert status == 0, report["problems"]
    assert report["notes"] == ["The log format lacks $status: nothing is expected of what needs it."]


def test_an_analysis_without_details_is_no_fault(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.details = {table: [] for table in world.details}
    assert world.verify(monkeypatch)[0] == 1
    world.written = False
    status, report = world.verify(monkeypatch)
    assert (status, len(report["stages"]), len(report["notes"])) == (0, 4, 1)


def test_a_log_without_clients_has_the_other_values(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.log_format = LOG_FORMAT.replace("$remote_addr ", "")
    world.log = world.topic = world.hdfs = [found.replace("10.0.0.1 ", "") for found in LINES]
    world.details[TOP] = [row for row in world.details[TOP] if row[2] != "client"]
    status, report = world.verify(monkeypatch)
    assert status == 0, report["problems"]
    world.details[TOP].append([START + 10, START + 20, "client", "-", 1, 1, 0, 93, 7, 7])
    assert world.verify(monkeypatch)[0] == 1


def test_foreign_records_are_malformed_and_no_lines(
    world: World, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    world.topic += [None, b"", b"x", bytes(1000)]
    status, report = world.verify(monkeypatch)
    assert status == 1
    assert "count is 1, expected from the topic: 5" in "".join(report["problems"])
    world.malformed[0][2] = 5
    status, report = world.verify(monkeypatch)
    assert (status, report["problems"]) == (0, [])
    assert "4 records in the topic are no events of Flume's: malformed." in capsys.readouterr().out
