"""Comparing what should be with what is: lines as multisets, rows with figures."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from .access_log import Figures, Window

REL_TOLERANCE = 1e-6
ABS_TOLERANCE_MS = 1e-3
EXACT = ("request_count", "min_request_time", "max_request_time")
EXAMPLES = 3
ROW_PROBLEMS = 10


@dataclass
class Stage:
    """One place that the lines pass: how many should be there, how many are, what is wrong.

    lost lines may still come; a double one never goes away.
    """

    name: str
    expected: int
    found: int
    lost: int
    double: int
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
    """A window that has a row, or should have one, and what is wrong with it."""

    window: Window
    expected: Row | None
    row: Row | None
    problems: list[str]


class LineBalance:
    """Ticks off, one by one, the lines that should be at a place."""

    def __init__(self, name: str, expected: Mapping[str, int]) -> None:
        self._name = name
        self._missing = dict(expected)
        self._surplus: Counter[str] = Counter()
        self._expected = sum(expected.values())
        self._found = 0

    def add(self, line: str) -> None:
        """Tick off a line that was found at the place."""
        self._found += 1
        missing = self._missing.get(line, 0)
        if missing > 1:
            self._missing[line] = missing - 1
        elif missing:
            del self._missing[line]
        else:
            self._surplus[line] += 1

    def stage(self) -> Stage:
        """Tell what is lost and double by now, with examples."""
        lost, double = sum(self._missing.values()), sum(self._surplus.values())
        problems = []
        if lost:
            problems.append(f"{self._name}: lost {lost} of {self._expected} lines, {examples(self._missing)}")
        if double:
            problems.append(f"{self._name}: {double} lines too many, {examples(self._surplus)}")
        return Stage(self._name, self._expected, self._found, lost, double, problems)


def examples(lines: Iterable[str]) -> str:
    """Quote a few of the lines."""
    return "e.g. " + ", ".join(repr(line) for line in islice(lines, EXAMPLES))


def expected_row(window: Window, figures: Figures) -> Row:
    """Return the row that a window's figures should have become."""
    minimum, maximum = float(figures.minimum), float(figures.maximum)
    return Row(window, figures.count, minimum, maximum, figures.mean, figures.std_dev)


def check_rows(figures: Mapping[Window, Figures], rows: Iterable[Row]) -> list[CheckedWindow]:
    """Check every window with figures or a row: count, min and max equal, the others close."""
    found = {row.window: row for row in rows}
    checked = []
    for window in sorted(figures.keys() | found.keys()):
        expected = expected_row(window, figures[window]) if window in figures else None
        row = found.get(window)
        checked.append(CheckedWindow(window, expected, row, list(row_problems(expected, row))))
    return checked


def row_problems(expected: Row | None, row: Row | None) -> Iterator[str]:
    """Tell what is wrong with a row, one sentence a problem."""
    if row is None:
        count = expected.request_count if expected else 0
        yield f"there is no row for {count} requests"
    elif expected is None:
        yield f"a row of {row.request_count} requests that are not in the log"
    else:
        for name, should in zip(Row._fields[1:], expected[1:]):
            was = getattr(row, name)
            right = was == should if name in EXACT else close(was, should)
            if not right:
                yield f"{name} is {was}, computed from the log {should}"


def close(was: float, should: float) -> bool:
    """Whether two figures in ms agree to a relative 1e-6 or to 1e-3 ms."""
    return math.isclose(was, should, rel_tol=REL_TOLERANCE, abs_tol=ABS_TOLERANCE_MS)


def rows_stage(name: str, checked: Iterable[CheckedWindow]) -> Stage:
    """Count the requests in the rows, and name the wrong rows (the first of many)."""
    stage = Stage(name, 0, 0, 0, 0)
    wrong = []
    for window in checked:
        expected = window.expected.request_count if window.expected else 0
        found = window.row.request_count if window.row else 0
        add_counts(stage, expected, found)
        wrong += [f"{name}: {window.window}: {problem}" for problem in window.problems]
    stage.problems = some(wrong)
    return stage


def counts_stage(name: str, expected: Mapping[Window, int], found: Mapping[Window, int]) -> Stage:
    """Compare counts by window, where nothing but the count is known."""
    stage = Stage(name, 0, 0, 0, 0)
    wrong = []
    for window in sorted(expected.keys() | found.keys()):
        should, was = expected.get(window, 0), found.get(window, 0)
        add_counts(stage, should, was)
        if was != should:
            wrong.append(f"{name}: {window}: count is {was}, in the topic {should}")
    stage.problems = some(wrong)
    return stage


def add_counts(stage: Stage, expected: int, found: int) -> None:
    """Add one window's counts to its stage."""
    stage.expected += expected
    stage.found += found
    stage.lost += max(0, expected - found)
    stage.double += max(0, found - expected)


def some(problems: list[str]) -> list[str]:
    """Return the first problems, and how many more there are."""
    more = len(problems) - ROW_PROBLEMS
    return problems[:ROW_PROBLEMS] + ([f"... and {more} more of this kind"] if more > 0 else [])
