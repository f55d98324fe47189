"""The web service beside the case study's stack: python bench/service.py. It needs wrk and takes about two minutes.

Each service has one worker; all run on one core, and wrk on another. They are loaded in turn, so that a machine that is
slow for a while is slow for all of them. Printed are medians over the rounds: requests per second of the worker's CPU
time, requests per second by the clock, and the ratios of both to the case study's stack, taken round by round.
"""

from __future__ import annotations

import argparse
import os
import re
import socket
import subprocess
import sys
import time
from contextlib import ExitStack, contextmanager
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, NamedTuple
from urllib.request import Request, urlopen

if TYPE_CHECKING:
    from collections.abc import Iterator

BENCH = Path(__file__).resolve().parent
WEBAPP = BENCH.parent / "files/webapp"
CASE_STUDY = BENCH / "case_study"
BASE = "case study"
# Name, directory, gunicorn's settings, environment.
SERVICES = (
    (BASE, CASE_STUDY, ["--workers=1", "--worker-class=uvicorn.workers.UvicornWorker"], {}),
    ("jieba", WEBAPP, ["--config=deploy/gunicorn.py"], {"WEBAPP_SEGMENTER": "jieba"}),
    ("rjieba", WEBAPP, ["--config=deploy/gunicorn.py"], {"WEBAPP_SEGMENTER": "rjieba"}),
)
CONNECTIONS = 32
START_SECONDS = 60


class Rate(NamedTuple):
    """Requests per second of CPU time, and by the clock."""

    cpu: float
    clock: float


class Service(NamedTuple):
    """A running service: its port and its only worker."""

    port: int
    worker: int

    def cpu_seconds(self) -> float:
        """Return the CPU time that the worker has used, user and system."""
        fields = Path(f"/proc/{self.worker}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def load(self, seconds: int, core: int) -> Rate:
        """Load it with wrk for so long; raise RuntimeError if an answer is not one of words."""
        url = f"http://127.0.0.1:{self.port}/"
        command = ["taskset", "--cpu-list", str(core), "wrk", "--threads=1", f"--connections={CONNECTIONS}"]
        options = [
            f"--duration={seconds}",
            f"--script={BENCH / 'sentences.lua'}",
            url,
            "--",
            WEBAPP / "data/sentences.txt",
        ]
        before = self.cpu_seconds()
        output = subprocess.run([*command, *options], check=True, stdout=subprocess.PIPE, text=True).stdout
        cpu = self.cpu_seconds() - before
        requests, clock = re.search(r"(\d+) requests in ([\d.]+)s", output).groups()
        if not int(requests) or "Non-2xx" in output or "Socket errors" in output:
            raise RuntimeError(output)
        return Rate(int(requests) / cpu, int(requests) / float(clock))


def install(python: str, directory: Path, requirements: Path) -> Path:
    """Create a virtual environment with a lock file's packages; return its directory of programs."""
    subprocess.run([python, "-m", "venv", directory], check=True)
    pip = [directory / "bin/pip", "install", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, "--require-hashes", "--no-deps", f"--requirement={requirements}"], check=True)
    return directory / "bin"


@contextmanager
def running(
    programs: Path, directory: Path, options: list[str], settings: dict[str, str], core: int
) -> Iterator[Service]:
    """Run a service on one core; yield it once its worker answers."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    bind = {"WEBAPP_BIND": f"127.0.0.1:{port}", "WEBAPP_WORKERS": "1", "PYTHONDONTWRITEBYTECODE": "1"}
    command = ["taskset", "--cpu-list", str(core), programs / "gunicorn", "main:app", f"--bind=127.0.0.1:{port}"]
    log = ["--log-level=warning"]
    with subprocess.Popen([*command, *options, *log], cwd=directory, env={**os.environ, **bind, **settings}) as process:
        try:
            wait_for_words(port)
            children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
            yield Service(port, int(children[0]))
        finally:
            process.terminate()


def wait_for_words(port: int) -> None:
    """Wait until the service cuts a text. Raises TimeoutError."""
    end = time.monotonic() + START_SECONDS
    while not answers(port):
        if time.monotonic() > end:
            message = f"nothing answers on port {port} after {START_SECONDS} s"
            raise TimeoutError(message)
        time.sleep(0.2)


def answers(port: int) -> bool:
    """Return whether the service cuts a text."""
    request = Request(f"http://127.0.0.1:{port}/", b'{"raw": "a"}', {"Content-Type": "application/json"})
    try:
        with urlopen(request):
            return True
    except OSError:
        return False


def main(arguments: list[str] | None = None) -> None:
    """Install, run, load and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--python", default=sys.executable, help="Python 3.10 or 3.11 for all services (default: this one)"
    )
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=4, help="how long each service is loaded in a round")
    options = parser.parse_args(arguments)
    service_core, *others = sorted(os.sched_getaffinity(0))
    load_core = others[0] if others else service_core
    rates: dict[str, list[Rate]] = {name: [] for name, *_ in SERVICES}
    with TemporaryDirectory() as work, ExitStack() as stack:
        programs = {
            path: install(options.python, Path(work) / path.name, path / "requirements.txt")
            for path in (CASE_STUDY, WEBAPP)
        }
        services = {
            name: stack.enter_context(running(programs[path], path, settings, environment, service_core))
            for name, path, settings, environment in SERVICES
        }
        for service in services.values():
            service.load(1, load_core)
        for _ in range(options.rounds):
            for name, service in services.items():
                rates[name].append(service.load(options.seconds, load_core))
    print(table(rates))


def table(rates: dict[str, list[Rate]]) -> str:
    """Return the medians and ratios as a table in Markdown."""
    lines = ["| service | requests/s of CPU time | ratio | requests/s | ratio |", "|---|---|---|---|---|"]
    for name, measured in rates.items():
        cpu = median(rate.cpu / base.cpu for rate, base in zip(measured, rates[BASE]))
        clock = median(rate.clock / base.clock for rate, base in zip(measured, rates[BASE]))
        middle = Rate(median(rate.cpu for rate in measured), median(rate.clock for rate in measured))
        lines.append(f"| {name} | {middle.cpu:,.0f} | {cpu:.2f} | {middle.clock:,.0f} | {clock:.2f} |")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
