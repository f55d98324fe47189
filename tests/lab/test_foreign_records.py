"""Records that are not Flume's, written into the topic under load: the job goes on, and each is a malformed line."""

from __future__ import annotations

import shlex
import time
from pathlib import Path
from typing import TYPE_CHECKING

import foreign_producer
from conftest import wait_until
from running import PROJECT

if TYPE_CHECKING:
    from conftest import Lab

VERIFY = f"{PROJECT}/verify"


def restarts(lab: Lab, job: dict[str, str]) -> str:
    """Return how often Flink has restarted the job. The first answers have no value: Flink collects it then."""
    path = f"proxy/{job['session']}/jobs/{job['id']}/metrics?get=numRestarts"
    return wait_until(bool, lambda: lab.rest(path))[0]["value"]


def test_foreign_records_are_malformed_lines(lab: Lab) -> None:
    lab.load(users=2, run_time="5s")
    lab.verify()  # installs the packages that the producer needs
    job = lab.job()
    before = restarts(lab, job)
    since = time.time()
    with lab.loading(users=20, run_time="30s"):
        program = shlex.quote(Path(foreign_producer.__file__).read_text())
        python = f"PYTHONDONTWRITEBYTECODE=1 PYTHONPATH={VERIFY} {VERIFY}/.venv/bin/python"
        written, foreign = map(int, lab.run("web01", f"{python} -c {program} {VERIFY}/config.json").split())
    report = lab.verify(since, time.time())

    assert lab.job()["id"] == job["id"]
    assert restarts(lab, job) == before
    stages = {stage["name"].split()[-1]: stage for stage in report["stages"]}
    # The events with no line in them are in the topic and not in the log.
    assert (stages["web01-nginx-log"]["missing"], stages["web01-nginx-log"]["duplicate"]) == (0, written - foreign)
    assert report["notes"] == [f"{foreign} records in the topic are no events of Flume's: malformed."]
    assert report["stages"][1]["missing"] == 0  # Flume goes on, too
    malformed = stages["web01_nginx_log_malformed"]
    assert malformed["found"] == malformed["expected"] == written + report["logged"]["malformed"]
    for stage in report["stages"][2:]:
        assert (stage["missing"], stage["duplicate"], stage["problems"]) == (0, 0, []), stage
