"""How the verification recounts the requests by status and the most frequent values, and which faults it finds."""

from __future__ import annotations

import random
import statistics
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest
from test_verify import FORMAT, INTERVAL, LINES, LOG_FORMAT, START, line, write_log
from verification import access_log
from verification.detail_rows import PERCENTILES, STATUS, TIMES, TOP
from verification.request_histogram import LAST, bucket, near, percentile, width
from verification.windows import Window
from verified_world import World

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from verification.window_details import WindowDetails

WINDOW = "2026-11-22T22:00:00Z to 2026-11-22T22:00:10Z"


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def recounted(lines: list[str]) -> WindowDetails:
    """Return what the log's lines make of the first window."""
    logged = access_log.read_interval(lines, FORMAT, INTERVAL)
    return logged.details[Window(START, START + 10)]


def test_buckets_cover_every_time_once() -> None:
    assert [bucket(ms) for ms in range(70)] == [*range(64), 64, 64, 66, 66, 68, 68]
    assert (bucket(127), bucket(128), bucket(131), bucket(132)) == (126, 128, 128, 132)
    assert (bucket(LAST - 1), bucket(LAST), bucket(999_999_999_999)) == (LAST - 65536, LAST, LAST)
    lower = 0
    while lower < LAST:
        assert bucket(lower) == bucket(lower + width(lower) - 1) == lower
        assert width(lower) == 1 or width(lower) * 32 <= lower
        lower += width(lower)
    assert lower == LAST


def test_percentiles_are_values_of_the_sample_and_near_their_bucket() -> None:
    draw = random.Random(14)
    for size in (1, 2, 3, 99, 100, 101, 999):
        times = [int(draw.lognormvariate(4, 2)) for _ in range(size)]
        for percent in (50, 95, 99):
            exact = percentile(Counter(times), percent)
            assert sum(ms <= exact for ms in times) * 100 >= percent * size > sum(ms < exact for ms in times) * 100
            middle = bucket(exact) + width(bucket(exact)) / 2
            assert near(middle, exact)
            assert abs(middle - exact) <= max(0.5, exact / 64)
            assert not near(middle + width(bucket(exact)) + 0.1, exact)
    assert percentile(Counter([1, 2, 3]), 50) == statistics.median([1, 2, 3])


def test_requests_are_counted_by_status_and_bucket() -> None:
    lines = [line(0, "0.001"), line(1, "0.064"), line(2, "0.065"), line(3, "4194.304"), line(4, "70.000")]
    details = recounted([*lines, line(5).replace(" 200 93 ", " 404 7 "), line(6, agent="heartbeat")])
    assert {status: (found.count, found.body_bytes) for status, found in details.statuses.items()} == {
        200: (5, 5 * 93),
        404: (1, 7),
    }
    assert details.statuses[200].request_times == {1: 1, 64: 2, 69632: 1, LAST: 1}


def test_twenty_values_are_in_order_of_requests_then_of_characters() -> None:
    paths = [f"/{n:02}" for n in range(25)] + ["/\U0001f600", "/\uffff"] + ["/24", "/24", "/11"]
    lines = [line(0).replace(" / ", f" {path}?{n} ") for n, path in enumerate(paths)]
    details = recounted(random.Random(14).sample(lines, len(lines)))
    rows = [row for row in details.top if row.facet == "path"]
    assert [(row.value, row.place, row.request_count) for row in rows[:3]] == [
        ("/24", 1, 3),
        ("/11", 2, 2),
        ("/00", 3, 1),
    ]
    assert [row.value for row in rows[2:]] == [f"/{n:02}" for n in range(19) if n != 11]
    assert len(rows) == 20
    assert recounted(lines[25:27]).top[1:][-1].value == "/\U0001f600"  # UTF-16 would have it first


def test_a_flood_of_paths_that_do_not_exist_is_one_value() -> None:
    flood = [line(1, "0.003").replace(" / ", f" /{n} ").replace(" 200 ", " 404 ") for n in range(1000)]
    broken = [
        line(2, "0.500").replace("POST / HTTP/1.1", r"\x16\x03").replace(" 200 ", f" {code} ") for code in (400, 502)
    ]
    rows = {row.value: row for row in recounted(flood + broken).top if row.facet == "path"}
    assert rows["(404)"] == ("path", "(404)", 1, 1000, 0, 93_000, 3000, 3)
    assert rows["(no path)"] == ("path", "(no path)", 2, 2, 1, 186, 1000, 500)


def test_a_closed_window_keeps_no_values_and_is_read_again_if_it_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(access_log, "LINES_BEFORE_CLOSING", 10)
    lines = [line(n // 10, agent=f"agent {n}") for n in range(90)] + [line(12 + n // 10) for n in range(60)]
    logged = access_log.read_interval(lines, FORMAT, INTERVAL)
    assert logged.details[Window(START, START + 10)].closed
    lines += [line(0, agent="agent 5")]  # out of order
    assert access_log.read_interval(lines, FORMAT, INTERVAL).details[Window(START, START + 10)].late
    details = access_log.read_access_log(write_log(tmp_path, lines), FORMAT, INTERVAL).details
    assert details[Window(START, START + 10)].top[0][:4] == ("agent", "agent 5", 1, 2)


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
