"""Comparing expected with actual: lines as multisets, rows by their statistics."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from .window_statistics import WindowStatistics
    from .windows import Window

REL_TOLERANCE = 1e-6
ABS_TOLERANCE_MS = 1e-3
EXACT = ("request_count", "min_request_time", "max_request_time")
MAX_EXAMPLES = 3
MAX_ROW_PROBLEMS = 10


@dataclass
class Stage:
    """One place that the lines pass: how many are expected there, how many were found, and the problems.

    Missing lines may still arrive; a duplicate never goes away.
    """

    name: str
    expected: int
    found: int
    missing: int
    duplicate: int
    problems: list[str] = field(default_factory=list)


class Row(NamedTuple):
    """A row of the analysis by the names of its columns: request times in ms."""

    window: Window
    request_count: int
    min_request_time: float
    max_request_time: float
    mean_request_time: float
    std_dev_request_time: float


@dataclass
class CheckedWindow:
    """A window that has a row or is expected to have one, and the problems of that row."""

    window: Window
    expected: Row | None
    actual: Row | None
    problems: list[str]


class LineReconciliation:
    """Compares the lines found in one place with those expected there, line by line."""

    def __init__(self, name: str, expected: Mapping[str, int]) -> None:
        self._name = name
        self._missing = dict(expected)
        self._duplicate: Counter[str] = Counter()
        self._expected = sum(expected.values())
        self._found = 0

    def add(self, line: str) -> None:
        """Count a line that was found in the place."""
        self._found += 1
        missing = self._missing.get(line, 0)
        if missing > 1:
            self._missing[line] = missing - 1
        elif missing:
            del self._missing[line]
        else:
            self._duplicate[line] += 1

    def stage(self) -> Stage:
        """Return what is missing and duplicate by now, with examples."""
        missing, duplicate = sum(self._missing.values()), sum(self._duplicate.values())
        problems = []
        if missing:
            problems.append(f"{self._name}: {missing} of {self._expected} lines missing, {examples(self._missing)}")
        if duplicate:
            problems.append(f"{self._name}: {duplicate} duplicate lines, {examples(self._duplicate)}")
        return Stage(self._name, self._expected, self._found, missing, duplicate, problems)


def examples(lines: Iterable[str]) -> str:
    """Quote a few of the lines."""
    return "e.g. " + ", ".join(repr(line) for line in islice(lines, MAX_EXAMPLES))


def expected_row(window: Window, statistics: WindowStatistics) -> Row:
    """Return the row that is expected for a window's statistics."""
    minimum, maximum = float(statistics.minimum), float(statistics.maximum)
    return Row(window, statistics.count, minimum, maximum, statistics.mean, statistics.std_dev)


def check_rows(statistics: Mapping[Window, WindowStatistics], rows: Iterable[Row]) -> list[CheckedWindow]:
    """Check every window with requests or a row: count, min and max have to be equal, the others close."""
    found = {row.window: row for row in rows}
    checked = []
    for window in sorted(statistics.keys() | found.keys()):
        expected = expected_row(window, statistics[window]) if window in statistics else None
        actual = found.get(window)
        checked.append(CheckedWindow(window, expected, actual, list(row_problems(expected, actual))))
    return checked


def row_problems(expected: Row | None, actual: Row | None) -> Iterator[str]:
    """Yield the problems of a row, one sentence for each."""
    if actual is None:
        count = expected.request_count if expected else 0
        yield f"there is no row for {count} requests"
    elif expected is None:
        yield f"a row of {actual.request_count} requests that are not in the log"
    else:
        for name, expected_value in zip(Row._fields[1:], expected[1:]):
            value = getattr(actual, name)
            matching = value == expected_value if name in EXACT else close(value, expected_value)
            if not matching:
                yield f"{name} is {value}, expected from the log: {expected_value}"


def close(actual: float, expected: float) -> bool:
    """Whether two values in ms agree to a relative 1e-6 or to 1e-3 ms."""
    return math.isclose(actual, expected, rel_tol=REL_TOLERANCE, abs_tol=ABS_TOLERANCE_MS)


def rows_stage(name: str, checked: Iterable[CheckedWindow]) -> Stage:
    """Count the requests in the rows, and report the wrong rows (the first of many)."""
    stage = Stage(name, 0, 0, 0, 0)
    problems = []
    for window in checked:
        expected = window.expected.request_count if window.expected else 0
        found = window.actual.request_count if window.actual else 0
        add_counts(stage, expected, found)
        problems += [f"{name}: {window.window}: {problem}" for problem in window.problems]
    stage.problems = first_problems(problems)
    return stage


def counts_stage(name: str, expected: Mapping[Window, int], actual: Mapping[Window, int]) -> Stage:
    """Compare counts by window, where nothing but the count is known."""
    stage = Stage(name, 0, 0, 0, 0)
    problems = []
    for window in sorted(expected.keys() | actual.keys()):
        expected_count, count = expected.get(window, 0), actual.get(window, 0)
        add_counts(stage, expected_count, count)
        if count != expected_count:
            problems.append(f"{name}: {window}: count is {count}, expected from the topic: {expected_count}")
    stage.problems = first_problems(problems)
    return stage


def add_counts(stage: Stage, expected: int, found: int) -> None:
    """Add one window's counts to its stage."""
    stage.expected += expected
    stage.found += found
    stage.missing += max(0, expected - found)
    stage.duplicate += max(0, found - expected)


def first_problems(problems: list[str]) -> list[str]:
    """Return the first problems, and how many more there are."""
    more = len(problems) - MAX_ROW_PROBLEMS
    return problems[:MAX_ROW_PROBLEMS] + ([f"... and {more} more of this kind"] if more > 0 else [])
