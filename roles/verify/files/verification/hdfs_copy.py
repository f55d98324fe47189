"""The web host's lines in HDFS: SequenceFiles in directories by year and month, read with Hadoop's client."""

from __future__ import annotations

import os
import subprocess
import tempfile
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from .comparison import LineReconciliation, Stage
from .line_format import MILLISECONDS, LineFormat, LineTimestamper, text_lines
from .windows import CLOCK_MARGIN, Interval

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

OPEN_SUFFIX = ".tmp"
# For short-lived JVMs: only the fast compiler, and a garbage collector without threads of its own.
JVM_OPTIONS = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"
# If the NameNode does not answer, fail soon: the next attempt asks again.
CLIENT_OPTIONS = (
    *("-D", "ipc.client.connect.max.retries=3"),
    *("-D", "ipc.client.connect.max.retries.on.timeouts=1"),
)


@dataclass
class HdfsCopy:
    """One web host's directory in HDFS; errors holds the last error message of each failed client command."""

    path: str
    hadoop_home: str
    java_home: str
    errors: list[str] = field(default_factory=list)

    def compare(self, line_format: LineFormat, interval: Interval, expected: Mapping[str, int]) -> Stage:
        """Read the files that can hold the interval's lines, and return what is missing and duplicate."""
        reconciliation = LineReconciliation(f"HDFS {self.path}", expected)
        timestamper = LineTimestamper(line_format)
        self.errors.clear()
        for line in self._lines(self._files(interval)):
            timestamped = timestamper.timestamp(line)
            if timestamped.time in interval:
                reconciliation.add(timestamped.line)
        stage = reconciliation.stage()
        if stage.problems:
            stage.problems += self.errors
        return stage

    def _files(self, interval: Interval) -> list[str]:
        """List the files still open, and of those closed after the interval's start."""
        directories = [f"{self.path}/{month}/*" for month in months(interval.start)]
        listing = [line.split(" ", 1) for line in self._hdfs("-stat", "%Y %n", *directories)]
        # %Y is the modification time in ms since the epoch; for an open file, the time of its creation.
        since_ms = (interval.start - CLOCK_MARGIN) * MILLISECONDS
        return sorted(name for time, name in listing if name.endswith(OPEN_SUFFIX) or int(time) >= since_ms)

    def _lines(self, names: list[str]) -> Iterator[str]:
        """Yield the lines of the files in the order of their names, which is the order of writing.

        Of an open file, -text shows only the length that the NameNode knew after the first flush.
        -get fetches all that was flushed, so open files are copied and -text reads the copies.
        """
        still_open = [name for name in names if name.endswith(OPEN_SUFFIX)]
        with tempfile.TemporaryDirectory() as directory:
            if still_open:
                list(self._hdfs("-get", *map(self._glob, still_open), directory))
            copies = {path.name: path.as_uri() for path in Path(directory).iterdir()}
            files = [copies.get(name, self._glob(name)) for name in names]
            for record in self._hdfs("-text", *files) if files else ():
                yield record.partition("\t")[2]  # the key is the time of writing

    def _glob(self, name: str) -> str:
        """Return a pattern that finds a file in any month's directory: Flume's file names are unique."""
        return f"{self.path}/*/*/{name}"

    def _hdfs(self, *arguments: str) -> Iterator[str]:
        """Yield the lines that `hdfs dfs` prints; if it fails, keep its last error message."""
        command = [f"{self.hadoop_home}/bin/hdfs", "dfs", *CLIENT_OPTIONS, *arguments]
        environment = {
            **os.environ,
            "HADOOP_HOME": self.hadoop_home,
            "JAVA_HOME": self.java_home,
            "HADOOP_CLIENT_OPTS": JVM_OPTIONS,
        }
        with (
            tempfile.TemporaryFile() as stderr,
            subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=stderr) as process,
        ):
            yield from text_lines(process.stdout or ())
            if process.wait():
                stderr.seek(0)
                message = [line for line in text_lines(stderr) if line.strip()][-1:]
                self.errors.append(f"hdfs dfs {arguments[0]}: " + "".join(message))


def months(since: float) -> list[str]:
    """List year/month of every day from the one before since (epoch seconds) to tomorrow, local time."""
    first = datetime.fromtimestamp(since).astimezone() - timedelta(days=1)
    days = (datetime.now().astimezone() - first).days + 2
    return sorted({f"{first + timedelta(days=day):%Y/%m}" for day in range(days)})
