"""Parts of the system are killed: it recovers by itself and goes on counting.

With --every-fault each part is killed by itself, too, and under load. What was seen is in reports/faults.json.
"""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

import pytest
from conftest import REPORTS, wait_until
from templates import SERVICES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from conftest import Lab

#: Until when everything has to run again (s).
DEADLINE = 300

FLINK_PROCESSES = {"JobManager": "[Y]arnSessionClusterEntrypoint", "TaskManager": "[Y]arnTaskExecutorRunner"}


#: A timer has no process.
DAEMONS = [name for name, service in SERVICES.items() if not service["unit"].endswith(".timer")]


def kill(lab: Lab, *services: str) -> None:
    """Kill the daemons of these services, or of all, with SIGKILL on all their hosts."""
    running = [lab.units(name) for name in services or DAEMONS]
    for host, unit in (one for units in running for one in sorted(units)):
        lab.kill(host, unit)


def kill_worker(lab: Lab) -> None:
    """Kill one of gunicorn's workers."""
    lab.run("web01", "kill -9 $(pgrep --newest --parent $(systemctl show --property=MainPID --value webapp))")


def kill_session(lab: Lab) -> None:
    """Kill the YARN application that is the session."""
    lab.run("hadoop01", f"sudo -iu hadoop yarn application -kill {lab.job()['session']} 2>&1")


def kill_process(lab: Lab, name: str) -> None:
    """Kill Flink's JVMs of a kind, on whichever host they run."""
    for host in lab.groups["yarn_nodemanagers"]:
        lab.run(host, f"pkill --signal KILL --full '{FLINK_PROCESSES[name]}'", check=False)


def power_cycle(lab: Lab) -> None:
    """Stop all hosts at once, whether or not they are ready in 10 s, and start them all."""
    names = [f"{host}.log-analysis-lab" for host in lab.hosts]
    lab.podman("stop", "--time=10", *names)
    lab.podman("start", *names)


def stop_and_start(lab: Lab) -> None:
    """Stop and start the system as an operator does; nothing may be left running in between."""
    lab.play("playbooks/stop.yml")
    running = lab.units()
    lab.play("playbooks/start.yml")
    assert not running, f"still active after playbooks/stop.yml: {running}"


SHORT: dict[str, Callable[[Lab], None]] = {
    "every daemon": kill,
    "all hosts": power_cycle,
    "stop.yml and start.yml": stop_and_start,
}
ALL: dict[str, Callable[[Lab], None]] = {
    **{service: lambda lab, service=service: kill(lab, service) for service in DAEMONS},
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
    """Put load on the service and record which lines are missing or duplicate, if every fault is tried by itself."""
    if not request.config.getoption("--every-fault"):
        yield
        return
    with lab.loading(users=2, run_time="30s"):
        since = time.time()
        yield
    stages = lab.verify(since, time.time(), verify_timeout=30).get("stages", [])
    record(
        fault, {stage["name"]: {key: stage[key] for key in ("expected", "missing", "duplicate")} for stage in stages}
    )


@pytest.mark.usefixtures("load")
def test_it_comes_back_by_itself(lab: Lab, fault: str) -> None:
    units, before = lab.units(), lab.job()
    for name, service in SERVICES.items():
        hosts = {host for group in service["groups"] for host in lab.groups[group]}
        assert {host for host, _ in lab.units(name)} == hosts, f"{name} does not run everywhere before the fault"
    assert before, "no job runs before the fault"

    began = time.time()
    ALL[fault](lab)
    struck = time.time()
    after = wait_until(bool, lambda: recovered(lab, units, struck), DEADLINE)
    assert after, f"missing {units - lab.units()}, job {lab.job()}"

    restored = after.get("restored") or {"id": None, "restore_timestamp": 0}
    again = after["id"] != before["id"] or restored["restore_timestamp"] > began * 1000
    record(
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


def record(fault: str, seen: dict[str, Any]) -> None:
    """Add what was seen of a fault to the report of all of them."""
    REPORTS.mkdir(exist_ok=True)
    path = REPORTS / "faults.json"
    faults = json.loads(path.read_text()) if path.exists() else {}
    faults[fault] = {**faults.get(fault, {}), **seen}
    path.write_text(json.dumps(faults, indent=2) + "\n")


def test_the_next_load_verifies(lab: Lab, request: pytest.FixtureRequest) -> None:
    if any(item.path.name == "test_odd_requests.py" for item in request.session.items):
        pytest.skip("test_odd_requests.py verifies the next load")
    lab.load()
    report = lab.verify()
    assert report["verified"], report["problems"]
