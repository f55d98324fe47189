"""A web host and a worker join and leave again (only with --growth: it takes a quarter of an hour).

The other hosts are not disturbed. Flume reads by taildir all the while, so that stopping an agent loses nothing.
"""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

import pytest
from conftest import REPORTS, Lab, restarted
from flume_sources import set_source

if TYPE_CHECKING:
    from collections.abc import Iterator

#: How long one web host's agent is stopped (s).
STANDSTILL = 300
#: Flume's own hdfs.batchSize (lines).
HDFS_BATCH = 100
TAILDIR = ("-e", "flume_source=taildir")
NEW = ("web02", "hadoop05")


class GrownLab(Lab):
    """The lab with two hosts more."""

    inventories = (*Lab.inventories, "tests/lab/grown")


def jobs(lab: Lab) -> set[str]:
    """Return the ids of the jobs that run in the session."""
    return {job["jid"] for job in lab.jobs(lab.job()["session"]) if job["state"] == "RUNNING"}


def reports(lab: Lab, since: float, until: float) -> dict[str, dict[str, Any]]:
    """Verify an interval (s since 1970) on every web host, and return what was found by host."""
    for report in REPORTS.glob("verify-*.json"):
        report.unlink()
    lab.verify(since, until)
    found = [json.loads(report.read_text()) for report in REPORTS.glob("verify-*.json")]
    assert all(report["windows"] for report in found), "an interval without a line proves nothing"
    return {report["host"]: report for report in found}


@pytest.fixture(scope="module")
def grown(lab: Lab, request: pytest.FixtureRequest) -> Iterator[GrownLab]:
    """The lab after two hosts have joined it; they are gone afterwards."""
    if not request.config.getoption("--growth"):
        pytest.skip("only with --growth")
    grown = GrownLab()
    set_source(lab, "taildir")
    try:
        yield grown
    finally:
        grown.podman(
            "rm", "--force", "--volumes", "--ignore", "--time=0", *(f"{host}.log-analysis-lab" for host in NEW)
        )
        lab.play("playbooks/provision.yml")
        lab.play("site.yml")


def test_new_hosts_join_and_nothing_else_restarts(lab: Lab, grown: GrownLab) -> None:
    before, job = lab.invocations(), lab.job()
    grown.play("playbooks/provision.yml")
    grown.play("site.yml", *TAILDIR)

    assert restarted(before, lab.invocations()) == {("hadoop04", "log-analysis@web02-log-analysis")}
    assert len(jobs(grown)) == 2
    assert job["id"] in jobs(grown)
    datanodes = grown.run("hadoop01", "sudo -iu hadoop hdfs dfsadmin -report -live")
    assert "Hostname: hadoop05" in datanodes
    assert "hadoop05:" in grown.run("hadoop01", "sudo -iu hadoop yarn node -list 2>/dev/null")


def test_a_stopped_agent_makes_no_line_late(grown: GrownLab, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Flume on web02 is stopped for five minutes under load: no line of web01 is late, nor its own afterwards."""
    apart = str(tmp_path_factory.mktemp("reports"))
    elsewhere = {"loadtest_results": "/home/hadoop/results-of-web02", "loadtest_reports_dir": apart}
    run_time = f"{STANDSTILL + 40}s"
    began = time.time()
    with grown.loading(2, run_time), grown.loading(2, run_time, "web02", **elsewhere):
        grown.run("web02", f"systemctl stop flume && sleep {STANDSTILL} && systemctl start flume")
    found = reports(grown, began, time.time())
    assert found["web01"]["problems"] == []
    # The row of a window without its late lines would differ.
    assert [window["problems"] for window in found["web02"]["windows"] if window["problems"]] == []
    stages = {stage["name"]: (stage["missing"], stage["duplicate"]) for stage in found["web02"]["stages"]}
    # HDFS's sink, when it is stopped, may have written lines that it has not yet told Kafka of: a batch at most.
    assert stages.pop("HDFS /flume/web02/nginx_log") in [(0, duplicate) for duplicate in range(HDFS_BATCH + 1)]
    assert set(stages.values()) == {(0, 0)}


def test_a_host_leaves_and_the_others_go_on(lab: Lab, grown: GrownLab) -> None:
    """Both new hosts are switched off and removed from the inventory: the job of web02 ends, web01's is correct."""
    before = lab.invocations()
    grown.podman("stop", "--time=10", *(f"{host}.log-analysis-lab" for host in NEW))
    lab.play("site.yml", *TAILDIR)

    assert restarted(before, lab.invocations()) == {("hadoop04", "log-analysis@web02-log-analysis")}
    assert jobs(lab) == {lab.job()["id"]}
    lab.load()
    report = lab.verify()
    assert report["verified"], report["problems"]
