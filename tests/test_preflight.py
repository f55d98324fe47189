"""The first play, with inventories and hosts that cannot work. The hosts are this machine, which it only reads."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[1]
PREFLIGHT = ROOT / "playbooks/preflight.yml"
HERE = {"ansible_connection": "local", "ansible_become": False, "ansible_python_interpreter": sys.executable}

# A host by the connection `late` has a clock that is 90 s behind.
LATE = """
from ansible.plugins.connection.local import DOCUMENTATION, Connection as Local

class Connection(Local):
    def exec_command(self, cmd, in_data=None, sudoable=True):
        return super().exec_command(cmd.replace("date +%s", "date -d -90sec +%s"), in_data, sudoable)
"""

# A host by the connection `closed` runs Python, and answers everything else with a sentence.
CLOSED = """
from ansible.plugins.connection.local import DOCUMENTATION, Connection as Local

class Connection(Local):
    def exec_command(self, cmd, in_data=None, sudoable=True):
        cmd = "echo This account is closed." if "echo preflight" in cmd else cmd
        return super().exec_command(cmd, in_data, sudoable)
"""

# Values that a variable can have, and values that are refused by its name.
CASES: dict[str, tuple[list[object], list[object]]] = {
    "artifacts_source": (["registry"], ["", "ftp", None, ["registry"]]),
    "log_analysis_password": (["x", 7], ["", None, " "]),
    "log_analysis_reader_password": (["x", 7], ["", None, " "]),
    "hadoop_version": (["3.3.5"], ["3.3.6", "", None, 3.3, "../kafka/3.4.0"]),
}


@pytest.fixture
def hosts() -> dict[str, Any]:
    """Return hosts.yml of inventory/vms."""
    return yaml.safe_load((ROOT / "inventory/vms/hosts.yml").read_text())


def play(directory: Path, hosts: dict[str, Any], playbook: Path, *arguments: str) -> tuple[int, dict[str, Any]]:
    """Run a playbook with an inventory of these hosts; return its exit status and what the json callback printed."""
    inventory = directory / "inventory"
    inventory.mkdir(exist_ok=True)
    (inventory / "group_vars").symlink_to(ROOT / "inventory/vms/group_vars")
    # A playbook of this directory sees the wiring, too.
    (directory / "group_vars").symlink_to(ROOT / "group_vars")
    (inventory / "hosts.yml").write_text(yaml.safe_dump(hosts))
    for name, connection in {"late": LATE, "closed": CLOSED}.items():
        (directory / f"{name}.py").write_text(connection)
    environment = {
        **os.environ,
        "ANSIBLE_CONFIG": str(ROOT / "ansible.cfg"),
        "ANSIBLE_STDOUT_CALLBACK": "ansible.posix.json",
        "ANSIBLE_CONNECTION_PLUGINS": str(directory),
    }
    command = ["ansible-playbook", "--inventory", str(inventory), str(playbook), *arguments]
    run = subprocess.run(command, env=environment, cwd=ROOT, check=False, capture_output=True, text=True)
    assert "\n{" in run.stdout, run.stdout + run.stderr
    # Before and after it are the times of the tasks.
    return run.returncode, json.JSONDecoder().raw_decode(run.stdout, run.stdout.index("\n{") + 1)[0]


def refuse(directory: Path, hosts: dict[str, Any], *arguments: str) -> list[str]:
    """Run the first play; return what one task, which has to be the only one that fails, refuses."""
    status, printed = play(directory, hosts, PREFLIGHT, *arguments)
    tasks = printed["plays"][0]["tasks"]
    names = [task["task"]["name"].removeprefix("preflight : ") for task in tasks]
    last = tasks.pop(names.index("Fail with everything that is wrong"))
    assert not [result for task in tasks for result in task["hosts"].values() if result.get("failed")]
    [result] = last["hosts"].values()
    assert (status != 0) == result.get("failed", False)
    return result["msg"] if status else []


def about(subject: str, findings: list[str]) -> str:
    """Return the one finding about a variable, group or host, which it names first."""
    [found] = [finding for finding in findings if finding.partition(":")[0] == subject]
    return found


def test_a_good_inventory_is_not_refused(tmp_path: Path, hosts: dict[str, Any]) -> None:
    for variables in hosts["cluster"]["hosts"].values():
        variables.update(HERE)
    for finding in refuse(tmp_path, hosts, "--limit", "db01,hadoop04", "--tags", "nginx", "--check"):
        # This machine need not be one for the services.
        assert finding.partition(":")[0] in hosts["cluster"]["hosts"], finding


def test_everything_that_is_wrong_is_said_at_once(tmp_path: Path, hosts: dict[str, Any]) -> None:
    here, groups = hosts["cluster"]["hosts"], hosts
    for variables in hosts["cluster"]["hosts"].values():
        variables.update(HERE)
    here["hadoop03"]["kafka_kraft_node_id"] = "1"
    del here["hadoop04"]["kafka_kraft_node_id"], here["hadoop01"]["host_number"]
    here["db01"]["host_number"] = here["web01"]["host_number"]
    here["hadoop02"]["host_number"] = 300
    del groups["loadtest"], groups["hadoop"]["children"]["web_servers"]
    del groups["kafka"]["children"]["kafka_controllers"]["hosts"]["hadoop04"]
    # No longer a child of its parent.
    groups["kafka_controllers"] = groups["kafka"]["children"].pop("kafka_controllers")
    del groups["kafka"]["children"]["kafka_brokers"]["hosts"]["hadoop03"]
    groups["postgresql"]["hosts"]["hadoop02"] = {}
    wrong = {
        "kafka_kraft_cluster_id": "3WR1JBtdRda7rfOUBWvAo",
        "log_analysis_password": "",
        "log_analysis_window_seconds": "1.5",
        "kafka_version": "3.4",
        "flume_version": "",
        "flume_source": "tail",
        "kafka_kraft_internal_replication_factor": "4",
        "nginx_server_settings": "2m",
        "webapp_workers": "-1",
        "flink_yarn_taskmanager_memory": "8g",
        "flink_yarn_jobmanager_memory": "much",
        "flume_sorce": "taildir",
    }
    extra = [argument for name, value in wrong.items() for argument in ("-e", f"{name}={value}")]
    findings = refuse(tmp_path, hosts, "--limit", "web01,hadoop04", "--tags", "nginx", *extra)
    assert "hadoop02 1, hadoop03 1, hadoop04 none" in about("kafka_kraft_node_id", findings)
    assert "not in this group: hadoop03" in about("kafka", findings)
    assert "found 2" in about("kafka_controllers", findings)
    assert "not in this group: web01" in about("hadoop", findings)
    assert "3.4.0" in about("flume_version, kafka_version", findings)
    assert sum("host_number" in finding for finding in findings) == 2
    assert any("does not say where hadoop01, hadoop02 is" in finding for finding in findings)
    assert any("at least one host: loadtest" in finding for finding in findings)
    assert any("one host and no more: postgresql" in finding for finding in findings)
    assert "exec, taildir, got: tail" in about("flume_source", findings)
    assert "unable to convert to dict" in about("nginx_server_settings", findings)
    assert "it is '4', and has to be a whole number, 1 to 2" in about(
        "kafka_kraft_internal_replication_factor", findings
    )
    assert "it is '-1', and has to be a whole number, 0 or more" in about("webapp_workers", findings)
    assert "hadoop_client_nodemanager_memory_mb, 3072" in about("flink_yarn_taskmanager_memory", findings)
    assert "Did you mean flume_source?" in about("flume_sorce", findings)
    for name in wrong.keys() - {"kafka_version", "flume_version"}:
        about(name, findings)
    assert not any("cannot be computed" in finding for finding in findings), "what is made of these is named, too"


def test_a_variable_that_cannot_be_computed_is_named(tmp_path: Path, hosts: dict[str, Any]) -> None:
    for variables in hosts["cluster"]["hosts"].values():
        variables.update(HERE)
    findings = refuse(tmp_path, hosts, "-e", json.dumps({"nginx_http_settings": {"gzip": "{{ no_such_variable }}"}}))
    assert "it cannot be computed on web01: 'no_such_variable' is undefined" in about("nginx_http_settings", findings)


def test_a_value_is_refused_by_its_variable_s_name(tmp_path: Path, hosts: dict[str, Any]) -> None:
    said = "{{ __preflight_inventory_checks | rejectattr('that') | map(attribute='fail_msg') }}"
    tasks = [
        {"debug": {"msg": said}, "vars": {name: "{{ item }}"}, "loop": [*good, *bad]}
        for name, (good, bad) in CASES.items()
    ]
    variables = [str(ROOT / "roles/preflight/vars/main/inventory.yml")]
    playbook = tmp_path / "cases.yml"
    playbook.write_text(json.dumps([{"hosts": "db01", "gather_facts": False, "vars_files": variables, "tasks": tasks}]))
    _, printed = play(tmp_path, hosts, playbook)
    for (name, (good, bad)), task in zip(CASES.items(), printed["plays"][0]["tasks"]):
        findings = [result["msg"] for result in task["hosts"]["db01"]["results"]]
        assert len(findings) == len(good) + len(bad)
        assert findings[: len(good)] == [[]] * len(good)
        for found in findings[len(good) :]:
            assert found == [about(name, found)]


def test_hosts_that_cannot_work_are_refused_at_once(tmp_path: Path, hosts: dict[str, Any]) -> None:
    for variables in hosts["cluster"]["hosts"].values():
        variables.update(HERE)
    here = hosts["cluster"]["hosts"]
    here["web01"]["ansible_python_interpreter"] = "/nowhere/python3"
    here["hadoop01"]["namenode_java_opts"] = "-Xmx1g -Xmx100000g"
    here["hadoop02"]["java_package"] = "openjdk-1.1"
    here["hadoop03"]["ansible_connection"] = "late"
    here["hadoop04"].update(ansible_connection="closed")
    here["db01"].update(ansible_connection="ssh", ansible_port=1, ansible_host="127.0.0.1")
    findings = refuse(tmp_path, hosts)
    text = "\n".join(findings)
    assert "/nowhere/python3" in about("web01", findings)
    assert "refused" in about("db01", findings)
    assert any(f.startswith("hadoop01: it has") and "namenode 102400100" in f for f in findings), text
    assert any(f.startswith("hadoop02: ") and "no package openjdk-1.1" in f for f in findings), text
    assert "ahead of hadoop03" in about("clocks", findings)
    assert "it printed: This account is closed." in about("hadoop04", findings)


def test_no_choice_of_tags_leaves_it_out() -> None:
    command = ["ansible-playbook", "--list-tasks", "--tags", "nginx", "site.yml"]
    listed = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    assert "Fail with everything that is wrong" in listed
    assert listed.index("Fail with everything that is wrong") < listed.index("nginx : ")
