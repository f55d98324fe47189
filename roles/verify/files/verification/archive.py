"""The web host's lines in HDFS: year/month folders of SequenceFiles, read with Hadoop's client."""

from __future__ import annotations

import os
import subprocess
import tempfile
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from .access_log import CLOCK_MARGIN, Interval, LogFormat, Placer, text_lines
from .comparison import LineBalance, Stage

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

OPEN_SUFFIX = ".tmp"
# Short-lived JVMs: the quick compiler, and no threads for the garbage.
JVM_OPTIONS = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"
# A NameNode that is away is asked again by the next attempt, not for minutes by this one.
CLIENT_OPTIONS = (
    *("-D", "ipc.client.connect.max.retries=3"),
    *("-D", "ipc.client.connect.max.retries.on.timeouts=1"),
)


@dataclass
class Archive:
    """One web host's folder; notes holds what the client complained about."""

    path: str
    hadoop_home: str
    java_home: str
    notes: list[str] = field(default_factory=list)

    def compare(self, log_format: LogFormat, interval: Interval, expected: Mapping[str, int]) -> Stage:
        """Read the files that can hold the interval's lines, and tell what is lost and double."""
        balance = LineBalance(f"HDFS {self.path}", expected)
        placer = Placer(log_format)
        self.notes.clear()
        for line in self._lines(self._files(interval)):
            placed = placer.place(line)
            if placed and placed.time in interval:
                balance.add(placed.line)
        stage = balance.stage()
        if stage.problems:
            stage.problems += self.notes
        return stage

    def _files(self, interval: Interval) -> list[str]:
        """List the files still open, and of those closed after the interval's start."""
        folders = [f"{self.path}/{month}/*" for month in months(interval.start)]
        listing = [line.split(" ", 1) for line in self._hdfs("-stat", "%Y %n", *folders)]
        # %Y: modification time in ms since the epoch; that of an open file is its creation's
        since = (interval.start - CLOCK_MARGIN) * 1000
        return sorted(name for time, name in listing if name.endswith(OPEN_SUFFIX) or int(time) >= since)

    def _lines(self, names: list[str]) -> Iterator[str]:
        """Yield the lines of the files, in the order of their names, which is that of their writing.

        Of an open file, -text shows only as much as the NameNode knew after the first flush. -get
        brings all that was flushed, so -text reads a copy.
        """
        still_open = [name for name in names if name.endswith(OPEN_SUFFIX)]
        with tempfile.TemporaryDirectory() as folder:
            if still_open:
                list(self._hdfs("-get", *map(self._glob, still_open), folder))
            copies = {path.name: path.as_uri() for path in Path(folder).iterdir()}
            files = [copies.get(name, self._glob(name)) for name in names]
            for record in self._hdfs("-text", *files) if files else ():
                yield record.partition("\t")[2]  # the key is the time of writing

    def _glob(self, name: str) -> str:
        """Name a file in HDFS, in whichever month's folder: Flume's names do not repeat."""
        return f"{self.path}/*/*/{name}"

    def _hdfs(self, *arguments: str) -> Iterator[str]:
        """Yield the lines that `hdfs dfs` prints; its last complaint is kept if it fails."""
        command = [f"{self.hadoop_home}/bin/hdfs", "dfs", *CLIENT_OPTIONS, *arguments]
        environment = {
            **os.environ,
            "HADOOP_HOME": self.hadoop_home,
            "JAVA_HOME": self.java_home,
            "HADOOP_CLIENT_OPTS": JVM_OPTIONS,
        }
        with (
            tempfile.TemporaryFile() as errors,
            subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=errors) as process,
        ):
            yield from text_lines(process.stdout or ())
            if process.wait():
                errors.seek(0)
                complaint = [line for line in text_lines(errors) if line.strip()][-1:]
                self.notes.append(f"hdfs dfs {arguments[0]}: " + "".join(complaint))


def months(since: float) -> list[str]:
    """List year/month of every day from the one before since (epoch seconds) to tomorrow, local time."""
    first = datetime.fromtimestamp(since).astimezone() - timedelta(days=1)
    days = (datetime.now().astimezone() - first).days + 2
    return sorted({f"{first + timedelta(days=day):%Y/%m}" for day in range(days)})
