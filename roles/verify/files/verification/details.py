"""What is compared of the tables that all web hosts share, and what is not and why."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from .detail_comparison import details_stage
from .detail_rows import ROWS, DetailTables
from .line_format import OPTIONAL
from .windows import Interval, Window, iso

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from .comparison import Stage
    from .window_details import WindowDetails

DAY = 86_400  # seconds


def kept_since(detail_days: int) -> float:
    """Return since when (epoch seconds) rows are kept for so many days; 0 days keep them all."""
    return time.time() - detail_days * DAY if detail_days else 0


class Details:
    """The details by the log, and their rows. After stages(), notes has what was not compared."""

    def __init__(
        self,
        config: Mapping[str, Any],
        interval: Interval,
        variables: Collection[str],
        expected: Mapping[Window, WindowDetails],
        since: float,
    ) -> None:
        """Rows of windows before `since` (epoch seconds) may be deleted already."""
        self._config = config
        self._tables = DetailTables(config)
        self._interval = interval
        self._variables = variables
        self._expected = expected
        self._since = since
        self.notes: list[str] = []

    def stages(self) -> list[Stage]:
        """Compare the tables and views that there are with the log."""
        self.notes = []
        if not self._config["details"]:
            self.notes = ["The analysis writes no details: only the statistics and the malformed lines are compared."]
            return []
        if self._interval.start < self._since:
            self.notes.append(f"Windows before {iso(round(self._since))} are not compared: their details are deleted.")
        lacking = [f"${name}" for name in OPTIONAL if name not in self._variables]
        if lacking:
            self.notes.append(f"The log format lacks {' and '.join(lacking)}: nothing is expected of what needs it.")
        missing = self._tables.missing()
        for table in missing:
            self.notes.append(f"The database has no {table}, which an older version does not write: not compared.")
        return [self._stage(table) for table in ROWS if table not in missing]

    def _stage(self, table: str) -> Stage:
        """Compare one table since it has rows of this host."""
        begin = self._tables.begin(table) or 0
        expected = {window: found for window, found in self._expected.items() if window.start >= self._since}
        written = {window: found for window, found in expected.items() if window.start >= begin}
        if len(written) < len(expected):
            older = len(expected) - len(written)
            self.notes.append(f"{table} has rows since {iso(begin)}: {older} windows before are not compared.")
        start = max(self._interval.start, self._since)
        rows = self._tables.rows(table, Window(start, self._interval.end)) if start < self._interval.end else ()
        compared = ((window, found) for window, found in rows if window.start >= self._since)
        return details_stage(table, written, compared)
