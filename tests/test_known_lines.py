"""The rows that molecule/log_analysis expects are those that the verification recounts from the same lines."""

from __future__ import annotations

from collections import Counter

import pytest
from known_requests import malformed_texts, records
from known_rows import difference, malformed_rows, statistics_row, status_rows, top_rows
from test_verify import FORMAT, START
from verification import access_log
from verification.flume_event import decode
from verification.windows import Interval

SECONDS = 120
INTERVAL = Interval(START, START + SECONDS, 10)


@pytest.fixture(scope="module")
def logged() -> access_log.LoggedInterval:
    """Return what the verification makes of the lines among the records."""
    decoded = (decode(value) for second in range(START, START + SECONDS) for value in records(second, "heartbeat"))
    return access_log.read_interval([text for text in decoded if text is not None], FORMAT, INTERVAL)


def test_statistics_and_details_are_equal(logged: access_log.LoggedInterval) -> None:
    assert len(logged.details) == SECONDS // 10
    for window, details in logged.details.items():
        found = logged.statistics[window]
        row = (*window, found.count, found.minimum, found.maximum, found.mean, found.std_dev)
        assert not difference("statistics", [row], [statistics_row(*window)])
        statuses = [
            (*window, status, known.count, known.body_bytes, {str(ms): n for ms, n in known.request_times.items()})
            for status, known in sorted(details.statuses.items())
        ]
        assert not difference("statuses", statuses, status_rows(*window))
        assert not difference("top", [(*window, *row) for row in details.top], top_rows(*window))


def test_every_other_record_is_malformed() -> None:
    kinds = Counter()
    for second in range(START, START + SECONDS):
        lines = [decode(value) for value in records(second, "heartbeat")]
        malformed = sum(line is None or FORMAT.parse(line) is None for line in lines)
        assert malformed == len(malformed_texts(second))
        kinds.update(line is None for line in lines)
    assert kinds[True] > SECONDS // 17
    assert malformed_rows(START, START + 10)[0][2] == len([t for s in range(10) for t in malformed_texts(START + s)])


def test_a_difference_is_named() -> None:
    known = top_rows(START, START + 10)
    wrong = [(*known[0][:-1], known[0][-1] + 1), *known[1:]]
    assert str(known[0][-1] + 1) in difference("top", wrong, known)
    assert "actual" in difference("top", known[1:], known)
