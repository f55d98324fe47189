"""Comparing the rows of the details with what they are by the log, column by column."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .comparison import Stage, add_counts, first_problems
from .detail_rows import PERCENTILES, STATUS, TIMES, TOP, PercentilesRow, StatusRow, TimesRow
from .request_histogram import LAST, near, width

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from .window_details import WindowDetails
    from .windows import Window


def expected_rows(table: str, details: WindowDetails) -> dict[Any, Any]:
    """Return the rows that a window has to have in a table or view, by what identifies them."""
    if table == TOP:
        return {(row.facet, row.value): row for row in details.top}
    if table == PERCENTILES:
        return {(): PercentilesRow(details.count, *details.percentiles)} if details.count else {}
    rows: dict[Any, Any] = {}
    for status, found in details.statuses.items():
        times = {str(lower): count for lower, count in sorted(found.request_times.items())}
        if table == STATUS:
            rows[status] = StatusRow(status, found.count, found.body_bytes, times)
        else:
            for lower, count in found.request_times.items():
                below = None if lower == LAST else lower + width(lower)
                rows[status, lower] = TimesRow(status, lower, below, count)
    return rows


IDENTITY: dict[str, Callable[[Any], Any]] = {
    STATUS: lambda row: row.status,
    TOP: lambda row: (row.facet, row.value),
    TIMES: lambda row: (row.status, row.at_least_ms),
    PERCENTILES: lambda _row: (),
}
LABEL: dict[str, Callable[[Any], str]] = {
    STATUS: lambda row: f"status {row.status}: ",
    TOP: lambda row: f"{row.facet} {row.value!r}: ",
    TIMES: lambda row: f"status {row.status} from {row.at_least_ms} ms: ",
    PERCENTILES: lambda _row: "",
}


def details_stage(
    table: str,
    expected: Mapping[Window, WindowDetails],
    actual: Iterable[tuple[Window, list[Any]]],
) -> Stage:
    """Compare every window that has rows or is expected to have some. The numbers are the requests in the rows."""
    stage = Stage(f"PostgreSQL {table}", 0, 0, 0, 0)
    problems: list[str] = []
    pending = dict(expected)

    def compare(window: Window, wanted: dict[Any, Any], rows: list[Any]) -> None:
        found = {IDENTITY[table](row): row for row in rows}
        for name in wanted.keys() | found.keys():
            counts = (rows[name].request_count if name in rows else 0 for rows in (wanted, found))
            add_counts(stage, *counts)
        wrong = list(row_problems(table, wanted, found))
        problems.extend(f"{stage.name}: {window}: {problem}" for problem in wrong)

    for window, rows in actual:
        details = pending.pop(window, None)
        compare(window, expected_rows(table, details) if details else {}, rows)
    for window, details in sorted(pending.items()):
        compare(window, expected_rows(table, details), [])
    stage.problems = first_problems(problems)
    return stage


def row_problems(table: str, wanted: Mapping[Any, Any], found: Mapping[Any, Any]) -> Iterator[str]:
    """Yield the problems of one window's rows, one sentence for each."""
    if wanted and not found:
        yield f"there are no rows, expected from the log: {len(wanted)}"
        return
    for name, row in wanted.items():
        if name not in found:
            yield f"{LABEL[table](row)}there is no row for {row.request_count} requests"
            continue
        for column, expected, actual in zip(row._fields, row, found[name]):
            yield from map(LABEL[table](row).__add__, column_problems(column, expected, actual))
    for name, row in found.items():
        if name not in wanted:
            why = " or not among the most frequent" if table == TOP else ""
            yield f"{LABEL[table](row)}a row of {row.request_count} requests that are not in the log{why}"


def column_problems(column: str, expected: Any, actual: Any) -> Iterator[str]:
    """Yield what is wrong in a column: with every bucket that differs, or with the value."""
    if isinstance(expected, dict):
        actual = actual if isinstance(actual, dict) else {}
        for lower in sorted(expected.keys() | actual.keys(), key=lambda key: (len(key), key)):
            if expected.get(lower, 0) != actual.get(lower, 0):
                count, wanted = actual.get(lower, 0), expected.get(lower, 0)
                yield f"{column} from {lower} ms is {count}, expected from the log: {wanted}"
    elif column.startswith("p") and column[1:3].isdigit():
        if actual is None or not near(actual, expected):
            yield f"{column} is {actual}, expected from the log: within half its bucket's width of {expected}"
    elif actual != expected:
        yield f"{column} is {actual!r}, expected from the log: {expected!r}"
