"""How the verification reads and computes, without a host."""

from __future__ import annotations

import gzip
import os
import statistics
from collections import Counter
from pathlib import Path

import pytest
import yaml
from verification import access_log
from verification.line_format import LineFormat
from verification.window_statistics import WindowStatistics
from verification.windows import Interval, instant

ROOT = Path(__file__).parent.parent
START = 1_795_384_800  # 2026-11-22T22:00:00Z
FIELDS = yaml.safe_load((ROOT / "group_vars/all/access_log.yml").read_text())["access_log_fields"]
LOG_FORMAT = " ".join(field["format"] for field in FIELDS)
FORMAT = LineFormat(LOG_FORMAT, "heartbeat")
INTERVAL = Interval(START, START + 20, 10)
MALFORMED = "\x16\x03 no line of nginx's"


def line(second: int, seconds: str = "0.012", agent: str = "locust", zone: str = "+0000") -> str:
    time = f"22/Nov/2026:22:{second // 60:02}:{second % 60:02} {zone}"
    return f'10.0.0.1 - - [{time}] "POST / HTTP/1.1" 200 93 {seconds} "-" "{agent}"'


LINES = [
    line(0, "0.001"),
    line(0, "0.001"),  # the same twice: two requests
    line(3, "0.250"),
    line(4, agent="heartbeat"),
    MALFORMED,
    line(9, "1.000"),
    line(12, "0.007"),
    line(30, "9.000"),  # after the interval
]


@pytest.mark.parametrize(
    ("since", "until", "start", "end"),
    [(3.2, 14.9, 0, 20), (10, 19.999, 10, 20), (10, 20, 10, 30), (5, 5, 0, 10)],
)
def test_windows_cover_since_and_until(since: float, until: float, start: int, end: int) -> None:
    assert Interval.covering(since, until, 10) == Interval(start, end, 10)


def test_until_before_since_is_refused() -> None:
    with pytest.raises(ValueError, match="before"):
        Interval.covering(20, 10, 10)


def test_instants_are_iso_or_epoch() -> None:
    for text in (
        str(START),
        "2026-11-22T22:00:00Z",
        "2026-11-22 22:00",
        "2026-11-22T23:00:00+01:00",
    ):
        assert instant(text) == START


def test_statistics_equal_those_of_the_standard_library() -> None:
    window = WindowStatistics()
    times = [(7919 * n) % 60_001 for n in range(5000)] + [12, 12, 0]
    for time in times:
        window.add(time)
    assert (window.count, window.minimum, window.maximum) == (5003, min(times), max(times))
    assert window.mean == pytest.approx(statistics.fmean(times), rel=1e-15)
    assert window.std_dev == pytest.approx(statistics.pstdev(times), rel=1e-15)


def test_equal_times_have_no_deviation() -> None:
    window = WindowStatistics()
    for _ in range(731):
        window.add(731)
    assert (window.mean, window.std_dev) == (731, 0)


def test_the_interval_is_selected_from_the_log() -> None:
    logged = access_log.read_interval([MALFORMED, *LINES], FORMAT, INTERVAL)
    assert logged.lines == Counter(LINES[:-1])  # the first malformed line has no time
    assert (logged.requests, logged.heartbeats, logged.malformed) == (5, 1, 1)
    assert {window.start - START: f.count for window, f in logged.statistics.items()} == {0: 4, 10: 1}


def write_log(directory: Path, lines: list[str]) -> Path:
    """Write the log in three files, as logrotate leaves them, and one too old to be read."""
    path = directory / "access.log"
    (directory / "access.log.2.gz").write_bytes(gzip.compress("".join(f"{x}\n" for x in lines[:2]).encode()))
    (directory / "access.log.1").write_text("".join(f"{x}\n" for x in lines[2:4]))
    path.write_text("".join(f"{x}\n" for x in lines[4:]))
    (directory / "access.log.3.gz").write_text("too old to be opened")
    (directory / "access.log.swp").write_text("not the log")
    for age, name in enumerate(["access.log", "access.log.1", "access.log.2.gz"]):
        os.utime(directory / name, (START + 40 - age, START + 40 - age))
    os.utime(directory / "access.log.3.gz", (START - 1, START - 1))
    return path


def test_rotated_files_are_read_oldest_first(tmp_path: Path) -> None:
    path = write_log(tmp_path, LINES)
    assert list(access_log.read_log(access_log.log_files(path, START))) == LINES
    assert access_log.read_access_log(path, FORMAT, INTERVAL).lines.total() == len(LINES) - 1
