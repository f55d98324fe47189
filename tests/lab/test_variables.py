"""Roles again, each with one variable changed: that one thing changes, and only what must be is restarted.

All in one play; with --every-change each in a play of its own, which takes a minute and a half for each.

The changes stay, and this file is the last one: `./lab play site.yml` goes back to the inventory's own values. The lab
must be up and deployed with these.
"""

from __future__ import annotations

import json
import shutil
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
from conftest import PROJECT, REPORTS

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Lab

BROKERS = ["hadoop02", "hadoop03", "hadoop04"]
YARN = {("hadoop01", "yarn-resourcemanager"), *((host, "yarn-nodemanager") for host in BROKERS)}
HDFS = {
    ("hadoop01", "hdfs-namenode"),
    ("hadoop01", "hdfs-secondarynamenode"),
    *((host, "hdfs-datanode") for host in BROKERS),
}


@dataclass(frozen=True)
class Change:
    """A variable's new value, a question to a host and the answer before and after, and the units that restart."""

    tag: str
    variable: str
    value: Any
    host: str
    asks: str
    before: str
    after: str
    restarts: frozenset[tuple[str, str]]


CHANGES = [
    Change(
        "nginx",
        "nginx_server_settings",
        {"client_max_body_size": "2m"},
        "web01",
        # Too long for the service in any case; nginx refuses it with a page, the service with JSON.
        "head -c 1500000 /dev/zero | curl -s -o /dev/null -w '%{content_type}' --data-binary @- "
        "-H 'Content-Type: application/json' http://web01/",
        "text/html",
        "application/json",
        frozenset(),
    ),
    Change(
        "postgresql",
        "postgresql_settings",
        {"max_connections": 150},
        "db01",
        "cd / && runuser -u postgres -- psql -Atc 'SHOW max_connections'",
        "100",
        "150",
        frozenset({("db01", "postgresql@13-main")}),
    ),
    Change(
        "webapp",
        "webapp_workers",
        3,
        "web01",
        "pgrep --count --parent $(systemctl show --property MainPID --value webapp)",
        "2",
        "3",
        frozenset({("web01", "webapp")}),
    ),
    Change(
        "flume",
        "flume_roll_count",
        1000,
        "web01",
        "sed -n 's/.*rollCount *= *//p' /home/hadoop/Projects/comprehensive-case-study/flume/nginx-hdfs.conf",
        "100000",
        "1000",
        frozenset({("web01", "flume")}),
    ),
    Change(
        "kafka_kraft",
        "kafka_kraft_server_properties",
        {"log.retention.hours": 72},
        "hadoop03",
        "runuser -u hadoop -- /usr/local/kafka/bin/kafka-configs.sh --bootstrap-server hadoop03:9092 --describe "
        "--entity-type brokers --entity-name 2 --all | sed -n 's/^ *log.retention.hours=\\([0-9]*\\) .*/\\1/p'",
        "168",
        "72",
        frozenset((host, "kafka") for host in BROKERS),
    ),
    Change(
        "hdfs",
        "hadoop_client_replication",
        2,
        "web01",
        "h='runuser -u hadoop -- /usr/local/hadoop/bin/hdfs dfs'; $h -put -f /etc/hostname /of-a-change && "
        "$h -stat %r /of-a-change; $h -rm -skipTrash /of-a-change >/dev/null",
        "3",
        "2",
        frozenset(HDFS),
    ),
    Change(
        "yarn",
        "hadoop_client_nodemanager_memory_mb",
        3072,
        "hadoop01",
        "curl -s http://hadoop01:8088/ws/v1/cluster/metrics | sed 's/.*\"totalMB\":\\([0-9]*\\).*/\\1/'",
        "7680",
        "9216",
        frozenset(YARN),
    ),
]


def restarted(old: dict[tuple[str, str], str], new: dict[tuple[str, str], str]) -> set[tuple[str, str]]:
    """Return the hosts and units whose invocation is another one."""
    return {unit for unit in old.keys() | new.keys() if old.get(unit) != new.get(unit)}


def awaited(lab: Lab, host: str, command: str, wanted: str, seconds: float = 120) -> str:
    """Ask a host again until it answers as wanted, for so many seconds at most; returns its last answer."""
    end = time.monotonic() + seconds
    while True:
        # A daemon that has just been restarted may not answer yet.
        answer = lab.run(host, command, check=False).strip()
        if answer == wanted or time.monotonic() > end:
            return answer
        time.sleep(2)


def outages(lab: Lab, unit: str, hosts: list[str]) -> list[tuple[int, int]]:
    """When the unit last went down and came up on each host, in µs of the machine's one clock, in order."""
    ask = f"systemctl show --property=ActiveExitTimestampMonotonic,ActiveEnterTimestampMonotonic {unit}"
    shown = [dict(line.split("=") for line in lab.run(host, ask).splitlines()) for host in hosts]
    return sorted(
        (int(one["ActiveExitTimestampMonotonic"]), int(one["ActiveEnterTimestampMonotonic"])) for one in shown
    )


def select(query: str) -> str:
    """Return the command that asks the database."""
    return f'cd / && runuser -u postgres -- psql -At log_analysis -c "SELECT {query}"'


def boundary(lab: Lab) -> float:
    """Where the newest version of the job counts from, in epoch seconds."""
    return float(
        lab.run("db01", select("extract(epoch FROM since) FROM log_analysis_plan WHERE job = 'web01-log-analysis'"))
    )


def marks() -> tuple[float, float]:
    """When the last load was, in epoch seconds."""
    last = json.loads((REPORTS / "loadtest.json").read_text())
    return last["since"], last["until"]


@pytest.fixture(scope="module")
def stands(lab: Lab) -> dict[tuple[str, str], str]:
    """How the units stand; each change leaves here how it left them."""
    return lab.invocations()


@pytest.fixture(scope="module")
def changed() -> dict[str, Any]:
    """The variables changed so far."""
    return {}


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "changes" in metafunc.fixturenames:
        groups = [[change] for change in CHANGES] if metafunc.config.getoption("--every-change") else [CHANGES]
        metafunc.parametrize("changes", groups, ids=lambda group: "+".join(change.tag for change in group))


def test_roles_again(
    lab: Lab, stands: dict[tuple[str, str], str], changed: dict[str, Any], changes: list[Change]
) -> None:
    assert [lab.run(change.host, change.asks).strip() for change in changes] == [change.before for change in changes]

    changed.update({change.variable: change.value for change in changes})
    lab.play("site.yml", "--tags", ",".join(change.tag for change in changes), "-e", json.dumps(changed))

    for change in changes:
        assert awaited(lab, change.host, change.asks, change.after) == change.after
    before = dict(stands)
    stands |= lab.invocations()
    assert restarted(before, stands) == set().union(*(change.restarts for change in changes))
    if ("hadoop03", "kafka") in restarted(before, stands):
        came_up = 0
        for down, up in outages(lab, "kafka", BROKERS):
            assert down > came_up, "two nodes were down at once"
            came_up = up


def test_window_and_sql_are_replaced_at_a_boundary(lab: Lab, tmp_path: Path) -> None:
    """A load goes on while the window's length and the SQL change; each row is right on both sides."""
    source = tmp_path / "log_analysis"
    shutil.copytree(PROJECT / "files/log_analysis", source)
    sql = source / "job.sql.j2"
    changed = sql.read_text().replace("FROM 1 FOR 1000", "FROM 1 FOR 500")
    assert changed != sql.read_text()
    sql.write_text(changed)
    longer = {"log_analysis_window_seconds": 15}

    with lab.loading(users=2, run_time="180s"):
        # The job goes back by 30 s and then to an end common to both, each 30 s: both are to be within the load.
        settled = select(f"max(end_timestamp) >= to_timestamp({time.time() + 60}) FROM web01_nginx_log_analysis")
        assert awaited(lab, "db01", settled, "t") == "t"
        lab.play("site.yml", "--tags", "log_analysis", "-e", json.dumps({**longer, "log_analysis_source": str(source)}))
        since_then = boundary(lab)

    since, until = marks()
    assert since_then % 30 == 0
    assert since < since_then < until, "the load did not cover the change"
    # The second before it: an instant stands for the whole window that it is in.
    assert lab.verify(since, since_then - 1)["verified"]
    assert lab.verify(since_then, until, **longer)["verified"]
