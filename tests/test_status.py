"""playbooks/status.yml with hosts and services that do not answer. The hosts are this machine, which it only reads."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, Any

import pytest
import yaml

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parents[1]
HERE = {
    "ansible_connection": "local",
    "ansible_become": False,
    "ansible_python_interpreter": sys.executable,
    "ansible_host": "127.0.0.1",
}
DOWN = {"ansible_connection": "ssh", "ansible_port": 1}
HUNG = {"ansible_connection": "hung"}
# A host that accepts commands and does not run them.
CONNECTION = """
import time
from ansible.plugins.connection.local import DOCUMENTATION, Connection as Local

class Connection(Local):
    def exec_command(self, cmd, in_data=None, sudoable=True):
        time.sleep(120)
"""
# What a host with systemd prints; this machine may have none.
SYSTEMCTL = "#!/bin/sh\nprintf 'Id=one.service\\nActiveState=active\\n\\nId=two.service\\nActiveState=failed\\n'\n"


class ResourceManager(BaseHTTPRequestHandler):
    """Knows two sessions, of which one has a job and one does not answer, and a full node; it is the NameNode, too."""

    def do_GET(self) -> None:
        job = {"name": "web01-log-analysis", "state": "RUNNING", "start-time": 1}
        answers = {
            "/ws/v1/cluster/apps?states=RUNNING": {
                "apps": {"app": [{"id": "1", "name": "s"}, {"id": "2", "name": "s"}]}
            },
            "/proxy/1/jobs/overview": {"jobs": [job]},
            "/ws/v1/cluster/nodes?states=UNHEALTHY,LOST": {
                "nodes": {"node": [{"nodeHostName": "hadoop02", "state": "UNHEALTHY", "healthReport": "no space"}]}
            },
            "/jmx?qry=Hadoop:service=NameNode,name=NameNodeInfo": {"beans": [{"Safemode": "Safe mode is ON."}]},
        }
        self.send_response(200 if self.path in answers else 500)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.wfile.write(json.dumps(answers.get(self.path, {})).encode() if self.path in answers else b"no")

    def log_message(self, *_: Any) -> None:
        """Print nothing."""


@pytest.fixture
def resourcemanager() -> Iterator[str]:
    """Return the URL of a ResourceManager."""
    with ThreadingHTTPServer(("127.0.0.1", 0), ResourceManager) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def status(directory: Path, yarn: str, **differences: dict[str, Any]) -> list[str]:
    """Return the lines of the status page of hosts that are this machine, but for these differences."""
    hosts = yaml.safe_load((ROOT / "inventory/vms/hosts.yml").read_text())
    for name, variables in hosts["cluster"]["hosts"].items():
        variables |= HERE | differences.get(name, {})
    hosts["cluster"]["vars"] = {"reports_dir": str(directory / "reports"), "yarn_web_url": yarn, "hdfs_web_url": yarn}
    (directory / "hosts.yml").write_text(yaml.safe_dump(hosts))
    (directory / "group_vars").symlink_to(ROOT / "inventory/vms/group_vars")
    (directory / "hung.py").write_text(CONNECTION)
    (directory / "systemctl").write_text(SYSTEMCTL)
    (directory / "systemctl").chmod(0o755)
    environment = {
        **os.environ,
        "ANSIBLE_CONNECTION_PLUGINS": str(directory),
        "PATH": f"{directory}:{os.environ['PATH']}",
    }
    command = ["ansible-playbook", "--inventory", str(directory / "hosts.yml"), "playbooks/status.yml"]
    run = subprocess.run(
        [*command, "--extra-vars=status_timeout_seconds=8"], env=environment, cwd=ROOT, check=False, capture_output=True
    )
    assert run.returncode == 0, run.stdout.decode() + run.stderr.decode()
    return (directory / "reports/status.txt").read_text().splitlines()


def test_hosts_that_are_down_or_hang_are_named_beside_the_others(tmp_path: Path, resourcemanager: str) -> None:
    started = time.monotonic()
    lines = status(tmp_path, resourcemanager, web01=DOWN, db01=HUNG, hadoop04=DOWN)
    assert time.monotonic() - started < 60
    silent = {line.split()[0]: line for line in lines if "does not answer" in line}
    assert set(silent) == {"web01", "db01", "hadoop04", "Flink"}
    assert "Connection refused" in silent["web01"]
    assert "8 second" in silent["db01"]
    assert "500" in silent["Flink"]
    answered = [line.split() for line in lines if line.endswith(("active", "failed"))]
    assert answered == [
        [f"hadoop0{number}", *unit]
        for number in (1, 2, 3)
        for unit in (["one.service", "active"], ["two.service", "failed"])
    ]
    assert [line.split() for line in lines if line.startswith("Flink") and "web01" in line] == [
        ["Flink", "web01-log-analysis", "RUNNING"]
    ]
    assert "YARN hadoop02 gets no containers UNHEALTHY: no space" in [" ".join(line.split()) for line in lines]
    assert "HDFS NameNode Safe mode is ON." in [" ".join(line.split()) for line in lines]


def test_what_yarn_would_say_is_missed_by_name(tmp_path: Path) -> None:
    lines = status(tmp_path, "http://127.0.0.1:1")
    assert [line for line in lines if line.startswith("YARN ") and "does not answer" in line and "refused" in line]
    assert len([line for line in lines if "one.service" in line]) == 6


def test_a_resourcemanager_that_is_down_hides_no_other_host(tmp_path: Path) -> None:
    lines = status(tmp_path, "http://127.0.0.1:1", hadoop01=DOWN)
    assert {line.split()[0] for line in lines if "does not answer" in line} == {"hadoop01", "YARN"}
    assert len([line for line in lines if "one.service" in line]) == 5
