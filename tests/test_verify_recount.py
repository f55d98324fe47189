"""How the verification recounts the requests by status, the buckets, the percentiles and the most frequent values."""

from __future__ import annotations

import random
import statistics
from collections import Counter
from typing import TYPE_CHECKING

from test_verify import FORMAT, INTERVAL, START, line, write_log
from verification import access_log
from verification.request_histogram import LAST, bucket, near, percentile, width
from verification.windows import Window

if TYPE_CHECKING:
    from pathlib import Path

    import pytest
    from verification.window_details import WindowDetails


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
            middle = bucket(exact) + (width(bucket(exact)) - 1) / 2
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
