"""The faults that the verification must find, planted into a simulated system without a host."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from test_verify import LINES, MALFORMED, START, line
from verified_world import World

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def test_a_system_without_a_fault_is_verified(
    world: World, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    status, report = world.verify(monkeypatch)
    assert (status, report["verified"], report["problems"]) == (0, True, [])
    assert [stage["found"] for stage in report["stages"]] == [7, 7, 5, 1, 5, 15, 5, 5]
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
    assert [stage["duplicate"] for stage in report["stages"]] == [1, 1, 1, 0, 1, 3, 1, 1]


def test_an_interval_without_requests_is_neither_verified_nor_wrong(
    world: World, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    world.log = world.topic = world.hdfs = [line(4, agent="heartbeat")]
    world.rows, world.malformed = [], []
    world.details = {table: [] for table in world.details}
    status, report = world.verify(monkeypatch)
    assert (status, report["verified"], report["problems"], report["logged"]["requests"]) == (3, False, [], 0)
    assert capsys.readouterr().out.endswith("nothing was verified.\n")


def test_faults_are_found_in_an_interval_without_requests(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.log = [line(4, agent="heartbeat")]
    world.topic = world.hdfs = []
    status, report = world.verify(monkeypatch)
    assert status == 1
    assert [stage["missing"] for stage in report["stages"]] == [1, 1, 0, 0, 0, 0, 0, 0]
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
