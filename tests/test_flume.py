"""The names that do not change when nginx's log rotates, by which Flume's source reads it; no host."""

from __future__ import annotations

import json
import os
import time
from typing import TYPE_CHECKING

import name_log
import pytest

if TYPE_CHECKING:
    from pathlib import Path


class Log:
    """A log, its rotation as logrotate's `create` does it, and what has been read of it."""

    def __init__(self, directory: Path) -> None:
        self.log = directory / "access.log"
        self.directory = directory / "flume"
        self.positions = directory / "positions.json"
        self.directory.mkdir()

    def write(self, text: str) -> None:
        with self.log.open("a") as stream:
            stream.write(text)

    def rotate(self) -> None:
        self.log.with_suffix(".log.1").unlink(missing_ok=True)
        self.log.rename(self.log.with_suffix(".log.1"))
        self.log.touch()

    def name(self) -> list[str]:
        """Name the present file, and return what can be read by all names, the oldest first."""
        name_log.name(self.log, self.directory, self.positions)
        return [link.read_text() for link in sorted(self.directory.iterdir())]

    def read(self, *, quiet: bool) -> None:
        """Let everything be read, as the source notes it, and be old if quiet."""
        links = sorted(self.directory.iterdir())
        entries = [{"inode": link.stat().st_ino, "pos": link.stat().st_size, "file": str(link)} for link in links]
        self.positions.write_text(json.dumps(entries))
        if quiet:
            then = time.time() - name_log.QUIET_SECONDS - 1
            for link in links:
                os.utime(link, (then, then))


@pytest.fixture
def log(tmp_path: Path) -> Log:
    """A log with a line."""
    log = Log(tmp_path)
    log.write("a\n")
    return log


def test_a_name_stays_with_its_file(log: Log) -> None:
    assert log.name() == ["a\n"]
    before = set(log.directory.iterdir())
    log.rotate()
    log.write("b\n")
    assert log.name() == ["a\n", "b\n"]
    assert before < set(log.directory.iterdir())


def test_a_file_has_one_name(log: Log) -> None:
    log.name()
    log.write("b\n")
    assert log.name() == ["a\nb\n"]


def test_the_first_file_is_read_from_its_end_and_no_other(log: Log) -> None:
    log.name()
    (position,) = json.loads(log.positions.read_text())
    assert position == {
        "inode": log.log.stat().st_ino,
        "pos": 2,
        "file": str(next(log.directory.iterdir())),
    }
    log.rotate()
    log.name()
    assert json.loads(log.positions.read_text()) == [position]


def test_a_file_outlives_its_deletion_until_it_is_read(log: Log) -> None:
    log.name()
    log.write("b\n")  # not read
    for text in ("c\n", "d\n", "e\n"):
        log.rotate()
        log.write(text)
        log.name()
    assert log.name() == ["a\nb\n", "c\n", "d\n", "e\n"]


def test_a_file_that_is_read_and_quiet_loses_its_name(log: Log) -> None:
    log.name()
    log.rotate()
    log.write("b\n")
    log.name()
    log.read(quiet=False)
    assert log.name() == ["a\n", "b\n"], "nginx may still write to it"
    log.read(quiet=True)
    assert log.name() == ["b\n"]


@pytest.mark.parametrize("positions", ["", "[{"])
def test_nothing_is_removed_while_the_positions_are_written(log: Log, positions: str) -> None:
    log.name()
    log.rotate()
    log.name()
    log.read(quiet=True)
    log.positions.write_text(positions)
    assert log.name() == ["a\n", ""]


def test_no_log_is_no_error(log: Log) -> None:
    log.log.unlink()
    assert log.name() == []
