"""Runs commands as named phases, in one lane or in two, and measures the time of each and the memory that all take."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event, Thread
from typing import IO, TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

ROOT = Path(__file__).resolve().parents[1]
MEMINFO = Path("/proc/meminfo")
POLL = 0.2  # seconds


class Phase(NamedTuple):
    """Commands that run in the project's root one after the other until one fails, and their environment variables."""

    name: str
    commands: Sequence[Sequence[str]]
    environment: Mapping[str, str] = {}


class Phases:
    """The phases of one run. The first that fails ends the run; `advice` is the end of the message."""

    def __init__(self, advice: str) -> None:
        self._advice = advice
        self._started = time.monotonic()
        self._times: list[tuple[str, float]] = []
        self._failures: list[str] = []
        self._stop = Event()

    def run(self, lane: Sequence[Phase], beside: Sequence[Phase] = ()) -> None:
        """Run one lane of phases, and beside it a second one, whose output is shown when both have ended.

        Raises SystemExit with a message if a phase fails; the other lane's phase is ended then.
        """
        with ThreadPoolExecutor(1) as executor, tempfile.TemporaryFile() as output:
            second = executor.submit(self._run_lane, beside, output)
            try:
                self._run_lane(lane, None)
                second.result()
            except BaseException:
                self._stop.set()
                raise
            output.seek(0)
            sys.stdout.buffer.write(output.read())
        sys.stdout.flush()
        if self._failures:
            sys.exit(f"lab: {'; '.join(self._failures)}. The environment is left in place. {self._advice}")

    def table(self) -> str:
        """Return the time of each phase and of the whole run, one line for each."""
        rows = [*self._times, ("together", time.monotonic() - self._started)]
        return "\n".join(f"{name:<12} {seconds:5.0f} s" for name, seconds in rows)

    def _run_lane(self, phases: Sequence[Phase], output: IO[bytes] | None) -> None:
        for phase in phases:
            stream = output or sys.stdout.buffer
            stream.write(f"\n======== {phase.name}\n".encode())
            stream.flush()
            started = time.monotonic()
            succeeded = all(self._call(command, phase.environment, output) for command in phase.commands)
            seconds = time.monotonic() - started
            if self._stop.is_set():  # the other lane has failed
                return
            if not succeeded:
                self._stop.set()
                self._failures.append(f"phase '{phase.name}' failed after {seconds:.0f} s")
                return
            self._times.append((phase.name, seconds))

    def _call(self, command: Sequence[str], environment: Mapping[str, str], output: IO[bytes] | None) -> bool:
        """Run a command and return whether it succeeded. It is ended, with all it started, when the run has to stop."""
        with subprocess.Popen(
            command,
            cwd=ROOT,
            env={**os.environ, **environment},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output and subprocess.STDOUT,
            start_new_session=True,
        ) as process:
            try:
                while process.poll() is None and not self._stop.is_set():
                    time.sleep(POLL)
            finally:
                if process.poll() is None:
                    os.killpg(process.pid, signal.SIGTERM)
            return process.wait() == 0


class MemoryMeter:
    """Measures in the background how much more memory the machine uses than at the start, at most."""

    def __init__(self) -> None:
        self._start = self._least = available_kib()
        Thread(target=self._watch, daemon=True).start()

    def _watch(self) -> None:
        while True:
            time.sleep(1)
            self._least = min(self._least, available_kib())

    @property
    def peak_gib(self) -> float:
        """The most memory used so far, in GiB."""
        return (self._start - self._least) / 2**20


def available_kib() -> int:
    """Return the available memory in KiB (MemAvailable of proc(5))."""
    return next(int(line.split()[1]) for line in MEMINFO.read_text().splitlines() if line.startswith("MemAvailable:"))
