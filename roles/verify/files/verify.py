"""Verify that what nginx logged arrived everywhere exactly once and was counted right.

usage: verify.py CONFIG.json --since TIME --until TIME

Exit status: 0 verified, 1 something is lost, double or different (or nothing was logged),
2 it could not be told.
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
from verification.access_log import (
    Interval,
    LogFormat,
    Logged,
    Window,
    instant,
    iso,
    read_access_log,
)
from verification.archive import Archive
from verification.comparison import check_rows, counts_stage, rows_stage
from verification.report import Outcome
from verification.topic import Topic

if TYPE_CHECKING:
    from collections.abc import Mapping

# nginx writes a line at most about a second after the time in it.
LOG_DELAY = 2  # seconds
AWAY = (KafkaError, psycopg2.OperationalError)


class Verification:
    """Looks at every place that the log's lines should have reached, the cheapest first."""

    def __init__(self, config: Mapping[str, Any], log_format: LogFormat, interval: Interval, logged: Logged) -> None:
        self._config = config
        self._format = log_format
        self._interval = interval
        self._logged = logged
        self._archive = Archive(**config["hdfs"])

    @cached_property
    def _topic(self) -> Topic:
        """The topic, once Kafka answers."""
        return Topic(self._config["kafka"], self._format, self._interval, self._logged.lines)

    def look(self, *, everywhere: bool = False) -> Outcome:
        """Look from place to place, but only as far as nothing is missing, unless told to."""
        config, interval = self._config["postgresql"], self._interval
        span = Window(interval.start, interval.end)
        windows = check_rows(self._logged.figures, rows.analysis_rows(config, span))
        counted = rows_stage(f"PostgreSQL {config['table']}", windows)
        if counted.lost and not everywhere:
            return Outcome([counted], windows, everywhere=False)

        topic = self._topic.poll()
        expected = self._topic.malformed()
        span = Window(interval.start, self._topic.malformed_until)
        found = rows.malformed_counts(config, span)
        malformed = counts_stage(f"PostgreSQL {config['malformed_table']}", expected, found)
        if (topic.lost or malformed.lost) and not everywhere:
            return Outcome([topic, counted, malformed], windows, everywhere=False)

        hdfs = self._archive.compare(self._format, interval, self._logged.lines)
        return Outcome([topic, hdfs, counted, malformed], windows, everywhere=True)

    def wait(self, timeout: float) -> Outcome:
        """Look again while something is missing, at most timeout seconds; then everywhere."""
        outcome: Outcome = Retrying(
            retry=retry_if_result(lambda found: found.waiting) | retry_if_exception_type(AWAY),
            wait=wait_exponential(multiplier=0.5, min=1, max=2),
            stop=stop_after_delay(timeout),
            retry_error_callback=last_outcome,
        )(self.look)
        return outcome if outcome.everywhere else self.look(everywhere=True)


def last_outcome(state: RetryCallState) -> Outcome:
    """Return what the last attempt found, or raise its exception."""
    attempt: Any = state.outcome  # there was one
    return attempt.result()


def await_end(interval: Interval, timeout: float) -> None:
    """Wait until the interval is over and its last line written."""
    rest = interval.end + LOG_DELAY - time.time()
    if rest > timeout:
        message = f"the last window ends at {iso(interval.end)}, that is too far ahead"
        raise ValueError(message)
    time.sleep(max(0, rest))


def verify(config: Mapping[str, Any], interval: Interval) -> dict[str, Any]:
    """Verify the interval, print the table, and return the document for JSON.

    Raises LookupError if nothing was logged in the interval, or the topic does not exist.
    """
    started = time.monotonic()
    await_end(interval, config["timeout"])
    log_format = LogFormat(config["log_fields"], config["heartbeat_user_agent"])
    logged = read_access_log(Path(config["access_log"]), log_format, interval)
    if not logged.requests:
        span = Window(interval.start, interval.end)
        message = f"nothing to verify: {config['access_log']} has no request from {span}"
        raise LookupError(message)
    outcome = Verification(config, log_format, interval, logged).wait(config["timeout"])
    sys.stdout.write(report.table(config["host"], interval, logged, outcome) + "\n")
    waited = time.monotonic() - started
    return report.document(config["host"], interval, logged, outcome, waited)


def parse_arguments(arguments: list[str] | None) -> argparse.Namespace:
    """Read the command line. The password is in the file, where `ps` does not show it."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("config", type=Path, help="the settings, in JSON")
    for name in ("since", "until"):
        parser.add_argument(f"--{name}", type=instant, required=True, help="ISO 8601 (UTC) or epoch seconds")
    return parser.parse_args(arguments)


def main(arguments: list[str] | None = None) -> int:
    """Run, write the JSON report, and return the exit status."""
    options = parse_arguments(arguments)
    config = json.loads(options.config.read_text())
    result = Path(config["report"])
    result.unlink(missing_ok=True)
    try:
        interval = Interval.covering(options.since, options.until, config["window_seconds"])
        document = verify(config, interval)
    except LookupError as problem:
        document = {"host": config["host"], "verified": False, "problems": problem.args}
        sys.stdout.write(f"{problem}\n")
    except (*AWAY, psycopg2.Error, OSError, ValueError) as problem:
        sys.stderr.write(f"could not verify: {type(problem).__name__}: {problem}\n")
        return 2
    result.write_text(json.dumps(document, indent=2) + "\n")
    return 0 if document["verified"] else 1


if __name__ == "__main__":
    sys.exit(main())
