"""What the supervisors of session and jobs do, with a cluster and a database that only answer; nothing is submitted."""

from __future__ import annotations

import json
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
import requests
from deployment import Deployment
from flink_rest import FlinkOnYarn
from job_supervisor import MAX_FAILURES, JobSupervisor, WaitingError
from session_supervisor import SessionSupervisor
from test_log_analysis import JOB

if TYPE_CHECKING:
    from checkpoints import Checkpoint

NAME = "web01-log-analysis"


@dataclass
class Answers:
    """Stands in for an HTTP session: what is answered to a path, by its end."""

    by_path: dict[str, Any]

    def get(self, url: str, **_: Any) -> requests.Response:
        response = requests.Response()
        path = next((path for path in self.by_path if url.endswith(path)), None)
        response.status_code = 200 if path else 404
        response._content = json.dumps(self.by_path.get(path)).encode()
        return response


def cluster(**by_path: Any) -> FlinkOnYarn:
    """Return a client of an active ResourceManager that answers this to the paths' last parts."""
    client = FlinkOnYarn("http://yarn")
    client.http = Answers({"cluster/info": {"clusterInfo": {"haState": "ACTIVE"}}} | by_path)
    return client


def test_applications_are_the_session_s_newest_first() -> None:
    apps = [{"id": "a_1", "name": "s"}, {"id": "a_3", "name": "other"}, {"id": "a_2", "name": "s"}]
    assert [app["id"] for app in cluster(apps={"apps": {"app": apps}}).applications("s")] == ["a_2", "a_1"]
    assert cluster(apps={"apps": None}).applications("s") == []


def test_an_application_that_yarn_has_forgotten_is_killed() -> None:
    assert cluster(a_1={"app": {"state": "RUNNING"}}).application_state("a_1") == "RUNNING"
    assert cluster().application_state("a_1") == "KILLED"


def test_the_jobmanager_responds_with_its_version_only() -> None:
    assert cluster(overview={"flink-version": "1.17.1"}).jobmanager_responds("a_1")
    assert not cluster(overview={}).jobmanager_responds("a_1")
    assert not cluster().jobmanager_responds("a_1")


def test_nodes_without_containers_are_reported_once(caplog: pytest.LogCaptureFixture) -> None:
    node = {"nodeHostName": "hadoop02", "state": "UNHEALTHY", "healthReport": "1/1 local-dirs have errors"}
    supervisor = SessionSupervisor(SimpleNamespace(name="s", flink=Path("/flink"), options=[], yarn_url="http://yarn"))
    # As YARN answers where there is none.
    for nodes in ({"node": [node]}, {"node": [node]}, {}):
        supervisor.cluster = cluster(nodes={"nodes": nodes})
        supervisor.report_unused_nodes()
    first, second = [record.getMessage() for record in caplog.records]
    assert first == "YARN gives no containers to: hadoop02 is UNHEALTHY: 1/1 local-dirs have errors"
    assert second == "YARN gives no containers to: no node any more"


def test_a_client_that_fails_or_waits_for_too_long_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    supervisor = SessionSupervisor(SimpleNamespace(name="s", flink=Path("/flink"), options=[], yarn_url="http://yarn"))
    supervisor.cluster = cluster(nodes={"nodes": None})
    supervisor.start(["true"])
    with pytest.raises(subprocess.CalledProcessError):
        supervisor.start(["false"])
    monkeypatch.setattr("session_supervisor.START_SECONDS", 0)
    with pytest.raises(subprocess.TimeoutExpired):
        supervisor.start(["sleep", "60"])


@dataclass
class World:
    """A session, its jobs, their checkpoints and what is deployed; and what the supervisor does to them."""

    jobs: list[dict[str, Any]] = field(default_factory=list)
    checkpoints: list[Checkpoint] = field(default_factory=list)
    deployment: Deployment | None = None
    done: list[str] = field(default_factory=list)
    late: int = 0

    def supervisor(self, directory: Path) -> JobSupervisor:
        jar = directory / "format.jar"
        jar.write_bytes(b"")
        settings = {
            "name": NAME,
            "tables": ["rows", "malformed"],
            "shared_tables": ["status"],
            "session": "session",
            "yarn_url": "http://yarn",
            "webhdfs_url": "http://hdfs",
            "hdfs_user": "hadoop",
            "checkpoints_path": "/flink",
            "settle_seconds": 30,
            "job": JOB | {"format_jar": str(jar)},
        }
        supervisor = JobSupervisor(settings, directory / "job.json")
        supervisor.cluster = SimpleNamespace(
            applications=lambda *_, **__: [{"id": "application_1"}],
            jobs=lambda _: self.jobs,
            late_records=lambda *_: self.late,
            cancel_job=lambda _, job_id: self.done.append(f"cancel {job_id}"),
        )
        supervisor.checkpoints = SimpleNamespace(complete=lambda: self.checkpoints, entries=lambda *_: [])
        supervisor.database = SimpleNamespace(deployment=lambda: self.deployment, start_generation=self.start)
        supervisor.submit = lambda _, name, deployment: self.done.append(f"submit {name} from {deployment.since}")
        return supervisor

    def start(self, old: Deployment | None, digest: str, *_: int) -> Deployment:
        self.deployment = Deployment(old.generation + 1 if old else 1, digest, None)
        self.done.append(f"start generation {self.deployment.generation}")
        return self.deployment


def job(generation: int, state: str = "RUNNING", running: int = 4) -> dict[str, Any]:
    name = f"{NAME} #{generation}"
    return {"jid": f"j{generation}", "name": name, "state": state, "tasks": {"total": 4, "running": running}}


def test_the_first_job_is_submitted(tmp_path: Path) -> None:
    world = World()
    with pytest.raises(WaitingError, match="is submitted"):
        world.supervisor(tmp_path).supervise()
    assert world.done == ["start generation 1", f"submit {NAME} #1 from None"]


def test_a_running_job_is_left_alone(tmp_path: Path) -> None:
    world = World([job(3), {**job(3), "name": "web02-log-analysis #1"}])
    supervisor = world.supervisor(tmp_path)
    world.deployment = Deployment(3, supervisor.digest, None)
    assert supervisor.supervise() == f"{NAME} #3 runs as j3 in application_1"
    assert supervisor.check() == supervisor.supervise()
    assert world.done == []


def test_late_lines_are_in_the_state_of_the_job(tmp_path: Path) -> None:
    world = World([job(3)], late=7)
    supervisor = world.supervisor(tmp_path)
    world.deployment = Deployment(3, supervisor.digest, None)
    assert supervisor.supervise() == f"{NAME} #3 runs as j3 in application_1, late lines dropped: at least 7"


def test_late_records_are_those_of_the_operator_that_dropped_the_most() -> None:
    metrics = {
        "jobs/j": {"vertices": [{"id": "v1"}, {"id": "v2"}]},
        "v1/subtasks/metrics": [{"id": "Source.numRecordsOut"}],
        "v2/subtasks/metrics": [{"id": "Global[1].numLateRecordsDropped", "sum": 5.0}],
    }
    assert cluster(**metrics).late_records("a_1", "j") == 5


@pytest.mark.parametrize("state", ["FAILED", "CANCELED"])
def test_a_job_that_has_ended_is_submitted_again(tmp_path: Path, state: str) -> None:
    world = World([job(3, state)])
    supervisor = world.supervisor(tmp_path)
    world.deployment = Deployment(3, supervisor.digest, None)
    with pytest.raises(WaitingError):
        supervisor.supervise()
    assert world.done == [f"submit {NAME} #3 from None"]


def test_a_changed_job_replaces_the_old_one_once_that_has_ended(tmp_path: Path) -> None:
    world = World([job(3)], deployment=Deployment(3, "another digest", None))
    supervisor = world.supervisor(tmp_path)
    with pytest.raises(WaitingError, match="the job is not deployed yet"):
        supervisor.check()
    with pytest.raises(WaitingError, match="is being cancelled"):
        supervisor.supervise()
    assert world.done == ["cancel j3"]
    world.jobs = [job(3, "CANCELED")]
    with pytest.raises(WaitingError, match="is submitted"):
        supervisor.supervise()
    assert world.done == ["cancel j3", "start generation 4", f"submit {NAME} #4 from None"]


def test_checkpoints_with_which_a_job_keeps_failing_are_given_up(tmp_path: Path) -> None:
    world = World([job(3, "FAILED")] * MAX_FAILURES)
    supervisor = world.supervisor(tmp_path)
    world.deployment = Deployment(3, supervisor.digest, None)
    with pytest.raises(WaitingError, match="given up"):
        supervisor.supervise()
    assert world.done == ["start generation 4"]


def test_a_job_runs_when_all_of_its_tasks_do(tmp_path: Path) -> None:
    world = World([job(3, running=3)])
    supervisor = world.supervisor(tmp_path)
    world.deployment = Deployment(3, supervisor.digest, None)
    with pytest.raises(WaitingError, match="3 of 4 tasks run"):
        supervisor.supervise()


def test_every_generation_is_ended(tmp_path: Path) -> None:
    world = World([job(2), job(3)])
    supervisor = world.supervisor(tmp_path)
    with pytest.raises(WaitingError):
        supervisor.end()
    assert world.done == ["cancel j2", "cancel j3"]
    world.jobs = [job(2, "CANCELED"), job(3, "CANCELED")]
    assert supervisor.end() == f"{NAME} has ended"
