"""One variable of each role is changed: its effect is visible, and only the services that need it are restarted.

All in one play; with --every-change each in a play of its own, which takes a minute and a half for each.

The changes stay: `./lab play site.yml` restores the inventory's own values, which the lab must be deployed with.
"""

from __future__ import annotations

import json
import shutil
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
from conftest import PROJECT, load_interval, restarted, wait_until

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Lab


@dataclass(frozen=True)
class Change:
    """A variable's new value, what a command prints before and after, and the services that restart."""

    tag: str
    variable: str
    value: Any
    host: str
    command: str
    before: str
    after: str
    restarts: tuple[str, ...]


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
        (),
    ),
    Change(
        "postgresql",
        "postgresql_settings",
        {"max_connections": 150},
        "db01",
        "cd / && runuser -u postgres -- psql -Atc 'SHOW max_connections'",
        "100",
        "150",
        ("postgresql",),
    ),
    Change(
        "webapp",
        "webapp_workers",
        3,
        "web01",
        "pgrep --count --parent $(systemctl show --property MainPID --value webapp)",
        "2",
        "3",
        ("webapp",),
    ),
    Change(
        "flume",
        "flume_roll_count",
        1000,
        "web01",
        "sed -n 's/.*rollCount *= *//p' /home/hadoop/Projects/comprehensive-case-study/flume/nginx-hdfs.conf",
        "100000",
        "1000",
        ("flume",),
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
        ("kafka",),
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
        ("namenode", "secondarynamenode", "datanode"),
    ),
    Change(
        "yarn",
        "hadoop_client_nodemanager_memory_mb",
        3072,
        "hadoop01",
        "curl -s http://hadoop01:8088/ws/v1/cluster/metrics | sed 's/.*\"totalMB\":\\([0-9]*\\).*/\\1/'",
        "7680",
        "9216",
        ("resourcemanager", "nodemanager"),
    ),
]


def answers(lab: Lab, changes: list[Change]) -> list[str]:
    """Return what each change's command prints; a daemon that has just been restarted may not answer yet."""
    with ThreadPoolExecutor() as executor:
        return list(executor.map(lambda change: lab.run(change.host, change.command, check=False).strip(), changes))


def outages(lab: Lab, unit: str, hosts: list[str]) -> list[tuple[int, int]]:
    """Return when the unit last stopped and started on each host (µs of the machine's clock), in order."""
    show = f"systemctl show --property=ActiveExitTimestampMonotonic,ActiveEnterTimestampMonotonic {unit}"
    shown = [dict(line.split("=") for line in lab.run(host, show).splitlines()) for host in hosts]
    return sorted(
        (int(one["ActiveExitTimestampMonotonic"]), int(one["ActiveEnterTimestampMonotonic"])) for one in shown
    )


def select(query: str) -> str:
    """Return the command that queries the database."""
    return f'cd / && runuser -u postgres -- psql -At log_analysis -c "SELECT {query}"'


def boundary(lab: Lab) -> float:
    """Return the time from which the newest generation of the job counts (s since 1970)."""
    return float(
        lab.run(
            "db01", select("extract(epoch FROM since) FROM log_analysis_deployments WHERE job = 'web01-log-analysis'")
        )
    )


@pytest.fixture(scope="module")
def invocations(lab: Lab) -> dict[tuple[str, str], str]:
    """Return the units' invocations; each change leaves its own here."""
    return lab.invocations()


@pytest.fixture(scope="module")
def changed() -> dict[str, Any]:
    """Return the variables changed so far."""
    return {}


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "changes" in metafunc.fixturenames:
        groups = [[change] for change in CHANGES] if metafunc.config.getoption("--every-change") else [CHANGES]
        metafunc.parametrize("changes", groups, ids=lambda group: "+".join(change.tag for change in group))


def test_a_change_restarts_only_its_services(
    lab: Lab, invocations: dict[tuple[str, str], str], changed: dict[str, Any], changes: list[Change]
) -> None:
    assert answers(lab, changes) == [change.before for change in changes]

    changed.update({change.variable: change.value for change in changes})
    lab.play("site.yml", "--tags", ",".join(change.tag for change in changes), "-e", json.dumps(changed))

    expected = [change.after for change in changes]
    assert wait_until(lambda found: found == expected, lambda: answers(lab, changes)) == expected
    before = dict(invocations)
    invocations |= lab.invocations()
    services = {service for change in changes for service in change.restarts}
    assert restarted(before, invocations) == (lab.units(*services) if services else set())
    if "kafka" in services:
        started = 0
        for stop, start in outages(lab, "kafka", lab.groups["kafka"]):
            assert stop > started, "two nodes were down at once"
            started = start


def test_window_and_sql_are_replaced_at_a_boundary(lab: Lab, tmp_path: Path) -> None:
    """The window's length and the SQL change under load; each row is correct before and after."""
    source = tmp_path / "log_analysis"
    shutil.copytree(PROJECT / "files/log_analysis", source)
    sql = source / "requests.sql"
    changed = sql.read_text().replace("COUNT(*)", "COUNT(1)")
    assert changed != sql.read_text()
    sql.write_text(changed)
    longer = {"log_analysis_window_seconds": 15}

    with lab.loading(users=2, run_time="180s"):
        # The job goes back by 30 s, then to a window end that both lengths share (every 30 s): all of it under load.
        settled = select(f"max(end_timestamp) >= to_timestamp({time.time() + 60}) FROM web01_nginx_log_analysis")
        assert wait_until("t".__eq__, lambda: lab.run("db01", settled).strip()) == "t"
        lab.play("site.yml", "--tags", "log_analysis", "-e", json.dumps({**longer, "log_analysis_source": str(source)}))
        since_then = boundary(lab)

    since, until = load_interval()
    assert since_then % 30 == 0
    assert since < since_then < until, "the load did not cover the change"
    # One second before: a time selects the whole window that it is in.
    assert lab.verify(since, since_then - 1)["verified"]
    assert lab.verify(since_then, until, **longer)["verified"]
