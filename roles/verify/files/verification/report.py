"""The result, as a table for people and as JSON."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from tabulate import tabulate

from .windows import iso

if TYPE_CHECKING:
    from .access_log import LoggedInterval
    from .comparison import CheckedWindow, Row, Stage
    from .windows import Interval

HEADERS = ("place", "expected", "lines", "missing", "duplicate")
VERIFIED = "Every line is in every place exactly once, and all statistics match."
NOTHING_LOGGED = "No request was logged in this interval: nothing was verified."


@dataclass
class Outcome:
    """The result of one check of every place, or of the first ones only."""

    stages: list[Stage]
    windows: list[CheckedWindow]
    everywhere: bool
    #: What was not compared, and what else is remarkable without being a problem.
    notes: list[str] = field(default_factory=list)

    @property
    def waiting(self) -> bool:
        """Whether something that is missing may still come."""
        return not self.everywhere or any(stage.missing for stage in self.stages)

    @property
    def problems(self) -> list[str]:
        """Everything that is missing, duplicate or different."""
        return [problem for stage in self.stages for problem in stage.problems]

    @property
    def matching(self) -> int:
        """The number of windows whose row matches."""
        return sum(not window.problems for window in self.windows)


def table(host: str, interval: Interval, logged: LoggedInterval, outcome: Outcome) -> str:
    """Return the table for people: one row for each place."""
    lines = sum(logged.lines.values())
    rows: list[tuple[str, ...]] = [("nginx access.log", "", f"{lines:,}", "", "")]
    for stage in outcome.stages:
        numbers = (stage.expected, stage.found, stage.missing, stage.duplicate)
        rows.append((stage.name, *(f"{number:,}" for number in numbers)))
    count = (interval.end - interval.start) // interval.window_seconds
    return "\n".join(
        [
            f"{host}: {iso(interval.start)} to {iso(interval.end)}, {count} windows of {interval.window_seconds} s",
            (f"{logged.requests} requests, {logged.heartbeats} heartbeats, {logged.malformed} malformed lines"),
            "",
            tabulate(rows, HEADERS, colalign=("left", *["right"] * 4), disable_numparse=True),
            "",
            f"windows with requests: {len(outcome.windows)} checked, {outcome.matching} matching",
            *outcome.notes,
            *(outcome.problems or [VERIFIED if logged.requests else NOTHING_LOGGED]),
        ]
    )


def document(host: str, interval: Interval, logged: LoggedInterval, outcome: Outcome, waited: float) -> dict[str, Any]:
    """Return the JSON report: the same, and the statistics of every window (times in ISO 8601, statistics in ms)."""
    return {
        "host": host,
        "since": iso(interval.start),
        "until": iso(interval.end),
        "window_seconds": interval.window_seconds,
        "waited_seconds": round(waited, 1),
        "verified": bool(logged.requests) and not outcome.problems,
        "problems": outcome.problems,
        "notes": outcome.notes,
        "logged": {
            "lines": sum(logged.lines.values()),
            "requests": logged.requests,
            "heartbeats": logged.heartbeats,
            "malformed": logged.malformed,
        },
        "stages": [asdict(stage) for stage in outcome.stages],
        "windows": [window_document(window) for window in outcome.windows],
    }


def window_document(checked: CheckedWindow) -> dict[str, Any]:
    """Return one window's part of the JSON report."""
    return {
        "start": iso(checked.window.start),
        "end": iso(checked.window.end),
        "expected": row_document(checked.expected),
        "actual": row_document(checked.actual),
        "problems": checked.problems,
    }


def row_document(row: Row | None) -> dict[str, Any] | None:
    """Return the statistics of a row for the JSON report."""
    return row and {name: value for name, value in row._asdict().items() if name != "window"}
