"""Verify that each line nginx logged is in every place exactly once, and that the statistics match.

usage: verify.py CONFIG.json --since TIME --until TIME

Exit status: 0 verified; 1 something is missing, duplicate or different; 2 an error kept it from verifying;
3 no request was logged in the interval, and nothing else is wrong.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg2
from kafka.errors import KafkaError
from tenacity import (
    RetryCallState,
    Retrying,
    retry_if_exception_type,
    retry_if_result,
    stop_after_delay,
    wait_exponential,
)
from verification import report, rows
from verification.access_log import LoggedInterval, read_access_log
from verification.comparison import Stage, check_rows, counts_stage, rows_stage
from verification.details import Details, kept_since
from verification.hdfs_copy import HdfsCopy
from verification.line_format import LineFormat
from verification.report import Outcome
from verification.topic import Topic
from verification.windows import Interval, Window, instant, iso

if TYPE_CHECKING:
    from collections.abc import Mapping

# nginx writes a line at most about a second after the time in it.
LOG_DELAY = 2  # seconds
RETRYABLE_ERRORS = (KafkaError, psycopg2.OperationalError)


class Verification:
    """Checks every place that the log's lines pass, the cheapest first."""

    def __init__(
        self, config: Mapping[str, Any], line_format: LineFormat, interval: Interval, logged: LoggedInterval
    ) -> None:
        self._config = config
        self._format = line_format
        self._interval = interval
        self._logged = logged
        self._hdfs = HdfsCopy(**config["hdfs"])
        since = kept_since(config["detail_days"])
        self._details = Details(config["postgresql"], interval, line_format.variables, logged.details, since)

    @cached_property
    def _topic(self) -> Topic:
        """The topic, created when Kafka answers."""
        return Topic(self._config["kafka"], self._format, self._interval, self._logged.lines)

    def check(self, *, everywhere: bool = False) -> Outcome:
        """Check place after place, and stop at the first with missing lines unless everywhere is true."""
        config, interval = self._config["postgresql"], self._interval
        span = Window(interval.start, interval.end)
        windows = check_rows(self._logged.statistics, rows.analysis_rows(config, span))
        counted = rows_stage(f"PostgreSQL {config['table']}", windows)
        if counted.missing and not everywhere:
            return Outcome([counted], windows, everywhere=False)
        details = self._details.stages()
        if any(stage.missing for stage in details) and not everywhere:
            return Outcome([counted, *details], windows, everywhere=False)

        topic = self._topic.poll()
        malformed = self._malformed()
        if (topic.missing or malformed.missing) and not everywhere:
            return Outcome([topic, counted, malformed, *details], windows, everywhere=False)

        hdfs = self._hdfs.compare(self._format, interval, self._logged.lines)
        notes = [*self._details.notes, *self._topic.notes]
        return Outcome([topic, hdfs, counted, malformed, *details], windows, everywhere=True, notes=notes)

    def _malformed(self) -> Stage:
        """Compare the malformed lines in the topic with those that are counted."""
        config, since = self._config["postgresql"], kept_since(self._config["detail_days"])
        span = Window(self._interval.start, self._topic.malformed_until)
        expected, actual = self._topic.malformed(), rows.malformed_counts(config, span)
        kept = [{window: n for window, n in counts.items() if window.start >= since} for counts in (expected, actual)]
        return counts_stage(f"PostgreSQL {config['malformed_table']}", *kept)

    def wait(self, timeout: float) -> Outcome:
        """Check again while something is missing, for at most timeout seconds; then check every place."""
        outcome: Outcome = Retrying(
            retry=retry_if_result(lambda outcome: outcome.waiting) | retry_if_exception_type(RETRYABLE_ERRORS),
            wait=wait_exponential(multiplier=0.5, min=1, max=2),
            stop=stop_after_delay(timeout),
            retry_error_callback=last_outcome,
        )(self.check)
        return outcome if outcome.everywhere else self.check(everywhere=True)


def last_outcome(state: RetryCallState) -> Outcome:
    """Return the result of the last attempt, or raise its exception."""
    attempt: Any = state.outcome  # there was one
    return attempt.result()


def await_end(interval: Interval, timeout: float) -> None:
    """Wait until the interval is over and its last line is written.

    Raises ValueError if that takes longer than timeout seconds.
    """
    rest = interval.end + LOG_DELAY - time.time()
    if rest > timeout:
        message = f"the last window ends at {iso(interval.end)}, more than {timeout} s from now"
        raise ValueError(message)
    time.sleep(max(0, rest))


def verify(config: Mapping[str, Any], interval: Interval) -> dict[str, Any]:
    """Verify the interval, print the table, and return the JSON report.

    Raises LookupError if the topic does not exist.
    """
    started = time.monotonic()
    await_end(interval, config["timeout"])
    line_format = LineFormat(config["log_format"], config["heartbeat_user_agent"])
    logged = read_access_log(Path(config["access_log"]), line_format, interval)
    outcome = Verification(config, line_format, interval, logged).wait(config["timeout"])
    sys.stdout.write(report.table(config["host"], interval, logged, outcome) + "\n")
    waited = time.monotonic() - started
    return report.document(config["host"], interval, logged, outcome, waited)


def parse_arguments(arguments: list[str] | None) -> argparse.Namespace:
    """Parse the command line. The password is in the file, because `ps` shows arguments."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("config", type=Path, help="the configuration, in JSON")
    for name in ("since", "until"):
        parser.add_argument(f"--{name}", type=instant, required=True, help="ISO 8601 (UTC) or epoch seconds")
    return parser.parse_args(arguments)


def exit_status(document: Mapping[str, Any]) -> int:
    """Return the exit status for a report."""
    if document["problems"]:
        return 1
    return 0 if document["verified"] else 3


def main(arguments: list[str] | None = None) -> int:
    """Verify, write the JSON report, and return the exit status."""
    options = parse_arguments(arguments)
    config = json.loads(options.config.read_text())
    report_path = Path(config["report"])
    report_path.unlink(missing_ok=True)
    try:
        interval = Interval.covering(options.since, options.until, config["window_seconds"])
        document = verify(config, interval)
    except LookupError as error:
        document = {"host": config["host"], "verified": False, "problems": error.args}
        sys.stdout.write(f"{error}\n")
    except (*RETRYABLE_ERRORS, psycopg2.Error, OSError, ValueError) as error:
        sys.stderr.write(f"could not verify: {type(error).__name__}: {error}\n")
        return 2
    report_path.write_text(json.dumps(document, indent=2) + "\n")
    return exit_status(document)


if __name__ == "__main__":
    sys.exit(main())
