"""The result, as a table for people and as JSON."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from tabulate import tabulate

from .access_log import Interval, Logged, iso

if TYPE_CHECKING:
    from .comparison import CheckedWindow, Row, Stage

HEADERS = ("place", "expected", "lines", "lost", "double")


@dataclass
class Outcome:
    """What one look at every place, or at the first ones, found."""

    stages: list[Stage]
    windows: list[CheckedWindow]
    everywhere: bool

    @property
    def waiting(self) -> bool:
        """Whether something that is missing may still come."""
        return not self.everywhere or any(stage.lost for stage in self.stages)

    @property
    def problems(self) -> list[str]:
        """All that is lost, double or different."""
        return [problem for stage in self.stages for problem in stage.problems]

    @property
    def right(self) -> int:
        """The number of windows whose row is right."""
        return sum(not window.problems for window in self.windows)


def table(host: str, interval: Interval, logged: Logged, outcome: Outcome) -> str:
    """Make the table for people: one row a place."""
    counted = sum(logged.lines.values())
    rows: list[tuple[str, ...]] = [("nginx access.log", "", f"{counted:,}", "", "")]
    for stage in outcome.stages:
        numbers = (stage.expected, stage.found, stage.lost, stage.double)
        rows.append((stage.name, *(f"{number:,}" for number in numbers)))
    count = (interval.end - interval.start) // interval.window_seconds
    return "\n".join(
        [
            f"{host}: {iso(interval.start)} to {iso(interval.end)}, {count} windows of {interval.window_seconds} s",
            (
                f"{logged.requests} requests, {logged.heartbeats} health probes, "
                f"{logged.malformed} lines that do not parse"
            ),
            "",
            tabulate(rows, HEADERS, colalign=("left", *["right"] * 4), disable_numparse=True),
            "",
            f"windows with requests: {len(outcome.windows)} checked, {outcome.right} right",
            *(outcome.problems or ["Each line is everywhere exactly once, each figure is right."]),
        ]
    )


def document(host: str, interval: Interval, logged: Logged, outcome: Outcome, waited: float) -> dict[str, Any]:
    """Make the JSON: the same, and every window's figures (times in ISO 8601, figures in ms)."""
    return {
        "host": host,
        "since": iso(interval.start),
        "until": iso(interval.end),
        "window_seconds": interval.window_seconds,
        "waited_seconds": round(waited, 1),
        "verified": not outcome.problems,
        "problems": outcome.problems,
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
    """Make one window's JSON."""
    return {
        "start": iso(checked.window.start),
        "end": iso(checked.window.end),
        "expected": row_document(checked.expected),
        "row": row_document(checked.row),
        "problems": checked.problems,
    }


def row_document(row: Row | None) -> dict[str, Any] | None:
    """Make the JSON of a row's figures."""
    return row and {name: value for name, value in row._asdict().items() if name != "window"}
