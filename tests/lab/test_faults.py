"""What becomes of the system when parts of it die: it comes back by itself, and counts on.

With --every-fault each part is broken by itself, too, and under load. What was seen is in reports/faults.json.
"""

from __future__ import annotations

import json
import os
import subprocess
import time
from typing import TYPE_CHECKING, Any

import pytest
from conftest import REPORTS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from conftest import Lab

#: Until when everything has to run again (s).
DEADLINE = 300

DAEMONS = {
    "nginx": ["web01"],
    "webapp": ["web01"],
    "flume": ["web01"],
    "log-analysis-heartbeat": ["web01"],
    "kafka": ["hadoop02", "hadoop03", "hadoop04"],
    "hdfs-namenode": ["hadoop01"],
    "hdfs-secondarynamenode": ["hadoop01"],
    "hdfs-datanode": ["hadoop02", "hadoop03", "hadoop04"],
    "yarn-resourcemanager": ["hadoop01"],
    "yarn-nodemanager": ["hadoop02", "hadoop03", "hadoop04"],
    "postgresql@13-main": ["db01"],
    "flink-session": ["hadoop04"],
    "log-analysis@web01-log-analysis": ["hadoop04"],
}
FLINK_PROCESSES = {"JobManager": "[Y]arnSessionClusterEntrypoint", "TaskManager": "[Y]arnTaskExecutorRunner"}


def kill(lab: Lab, daemon: str) -> None:
    """Kill a daemon with SIGKILL, on all its hosts."""
    for host in DAEMONS[daemon]:
        lab.kill(host, daemon)


def kill_every_daemon(lab: Lab) -> None:
    for daemon in DAEMONS:
        kill(lab, daemon)


def kill_worker(lab: Lab) -> None:
    """Kill one of gunicorn's workers."""
    lab.run("web01", "kill -9 $(pgrep --newest --parent $(systemctl show --property=MainPID --value webapp))")


def kill_session(lab: Lab) -> None:
    """Kill the YARN application that is the session."""
    lab.run("hadoop01", f"sudo -iu hadoop yarn application -kill {lab.job()['session']} 2>&1")


def kill_process(lab: Lab, name: str) -> None:
    """Kill Flink's JVMs of a kind, on whichever host they run."""
    for host in DAEMONS["yarn-nodemanager"]:
        lab.run(host, f"pkill --signal KILL --full '{FLINK_PROCESSES[name]}'", check=False)


def stop_and_start_the_hosts(lab: Lab) -> None:
    """Stop all hosts, at once and whether or not they are ready in 10 s, and start them all."""
    environment = {**os.environ, "CONTAINERS_CONF": str(lab.state / "containers.conf")}
    names = [f"{host}.log-analysis-lab" for host in lab.hosts]
    for command in (["stop", "--time=10"], ["start"]):
        subprocess.run(["podman", *command, *names], check=True, stdout=subprocess.DEVNULL, env=environment)


SHORT: dict[str, Callable[[Lab], None]] = {
    "every daemon": kill_every_daemon,
    "all hosts": stop_and_start_the_hosts,
}
ALL: dict[str, Callable[[Lab], None]] = {
    **{daemon: lambda lab, daemon=daemon: kill(lab, daemon) for daemon in DAEMONS},
    "worker of gunicorn": kill_worker,
    "TaskManager": lambda lab: kill_process(lab, "TaskManager"),
    "JobManager": lambda lab: kill_process(lab, "JobManager"),
    "YARN session": kill_session,
    **SHORT,
}


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "fault" in metafunc.fixturenames:
        metafunc.parametrize("fault", ALL if metafunc.config.getoption("--every-fault") else SHORT)


def recovered(lab: Lab, units: set[tuple[str, str]], since: float) -> dict[str, Any]:
    """Return the job once all units are active and a checkpoint that began after `since` is complete; else nothing."""
    missing = units - lab.units()
    job = {} if missing else lab.job()
    checkpoint = job.get("completed") or {"trigger_timestamp": 0}
    return job if checkpoint["trigger_timestamp"] > since * 1000 else {}


@pytest.fixture
def load(lab: Lab, fault: str, request: pytest.FixtureRequest) -> Iterator[None]:
    """Put load on the service and note what is missing and duplicate of it, if every fault is tried by itself."""
    if not request.config.getoption("--every-fault"):
        yield
        return
    with lab.loading(users=2, run_time="30s"):
        since = time.time()
        yield
    stages = lab.verify(since, time.time(), verify_timeout=30).get("stages", [])
    note(fault, {stage["name"]: {key: stage[key] for key in ("expected", "missing", "duplicate")} for stage in stages})


@pytest.mark.usefixtures("load")
def test_it_comes_back_by_itself(lab: Lab, fault: str) -> None:
    units, before = lab.units(), lab.job()
    assert {unit for _, unit in units} >= DAEMONS.keys()
    assert before, "no job runs before the fault"

    began = time.time()
    ALL[fault](lab)
    struck = time.time()
    while not (after := recovered(lab, units, struck)):
        assert time.time() < struck + DEADLINE, f"missing {units - lab.units()}, job {lab.job()}"
        time.sleep(1)

    restored = after.get("restored") or {"id": None, "restore_timestamp": 0}
    again = after["id"] != before["id"] or restored["restore_timestamp"] > began * 1000
    note(
        fault,
        {
            "seconds": round(time.time() - struck),
            "session": "new" if after["session"] != before["session"] else "the same",
            "job": "new" if after["id"] != before["id"] else "started again" if again else "undisturbed",
            "newest checkpoint before": before["completed"]["id"],
            "restored from": restored["id"] if again else None,
        },
    )
    assert not again or restored["id"] >= before["completed"]["id"]


def note(fault: str, figures: dict[str, Any]) -> None:
    """Add to a fault's figures, beside those of the others."""
    REPORTS.mkdir(exist_ok=True)
    path = REPORTS / "faults.json"
    faults = json.loads(path.read_text()) if path.exists() else {}
    faults[fault] = {**faults.get(fault, {}), **figures}
    path.write_text(json.dumps(faults, indent=2) + "\n")


def test_the_next_load_verifies(lab: Lab) -> None:
    lab.load()
    report = lab.verify()
    assert report["verified"], report["problems"]
