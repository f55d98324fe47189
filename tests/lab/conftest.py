"""What the tests on the lab's hosts share. The lab must be up and deployed (`./lab demo`)."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

if TYPE_CHECKING:
    from collections.abc import Iterator

PROJECT = Path(__file__).parents[2]
REPORTS = PROJECT / "reports"
UNITS = yaml.safe_load((PROJECT / "group_vars/all/topology.yml").read_text())["service_units"]
YARN = "http://hadoop01:8088"


class Lab:
    """The six hosts: plays, commands, loads, and what a verification finds."""

    state = Path.home() / ".local/state/log-analysis-lab"
    hosts = ("web01", "hadoop01", "hadoop02", "hadoop03", "hadoop04", "db01")
    inventories = ("inventory/lab",)

    def play(self, playbook: str, *arguments: str, check: bool = True) -> str:
        """Run a playbook and return what it printed. Raises CalledProcessError if it fails and `check` is true."""
        command = [*self.ansible_playbook(), playbook, *arguments]
        return subprocess.run(command, cwd=PROJECT, check=check, stdout=subprocess.PIPE, text=True).stdout

    def ansible_playbook(self) -> list[str]:
        """Return the command that runs a playbook on these hosts, up to the playbook's name."""
        return ["ansible-playbook", *(f"--inventory={inventory}" for inventory in self.inventories)]

    def run(self, host: str, command: str, check: bool = True) -> str:
        """Run a shell command on a host as root and return what it printed. Raises as `play` does."""
        ssh = ["ssh", "-F", str(self.state / "ssh_config"), host, command]
        # None of this process's own: ssh leaves them non-blocking, which Ansible refuses.
        done = subprocess.run(ssh, stdin=subprocess.DEVNULL, capture_output=True, text=True)
        if check and done.returncode:
            print(done.stderr, file=sys.stderr)
            done.check_returncode()
        return done.stdout

    def kill(self, host: str, unit: str) -> None:
        """Kill a unit's main process with SIGKILL. Raises CalledProcessError if there is none."""
        self.run(host, f"systemctl kill --kill-who=main --signal=SIGKILL '{unit}.service'")

    def invocations(self) -> dict[tuple[str, str], str]:
        """Return which run of it each of the project's units is that is active, by host and name."""
        command = f"systemctl show --property=Id,ActiveState,InvocationID {' '.join(map(repr, UNITS))}"
        with ThreadPoolExecutor() as executor:
            printed = executor.map(lambda host: self.run(host, command, check=False), self.hosts)
        found = {}
        for host, text in zip(self.hosts, printed):
            for block in text.split("\n\n"):
                shown = dict(line.split("=", 1) for line in block.splitlines())
                if shown.get("ActiveState") == "active":
                    found[host, shown["Id"].removesuffix(".service")] = shown["InvocationID"]
        return found

    def units(self) -> set[tuple[str, str]]:
        """Return each host and unit of the project that is active."""
        return set(self.invocations())

    def rest(self, path: str) -> dict[str, Any]:
        """Return what the ResourceManager or, behind its proxy, a JobManager answers; nothing if it does not."""
        try:
            return json.loads(self.run("hadoop01", f"curl --silent --max-time 5 '{YARN}/{path}'", check=False))
        except json.JSONDecodeError:
            return {}

    def job(self) -> dict[str, Any]:
        """Return the job that runs with all its tasks, its session and its checkpoints; nothing if there is none."""
        sessions = (self.rest("ws/v1/cluster/apps?states=RUNNING").get("apps") or {}).get("app", [])
        for session in (session["id"] for session in sessions):
            for job in self.rest(f"proxy/{session}/jobs/overview").get("jobs", []):
                if job["state"] == "RUNNING" and job["tasks"]["running"] == job["tasks"]["total"]:
                    latest = self.rest(f"proxy/{session}/jobs/{job['jid']}/checkpoints").get("latest", {})
                    return {"session": session, "id": job["jid"], **latest}
        return {}

    def load(self, users: int = 20, run_time: str = "15s") -> None:
        """Put load on the service. Raises CalledProcessError if a request fails."""
        self.play("loadtest.yml", "-e", json.dumps({"loadtest_users": users, "loadtest_run_time": run_time}))

    @contextmanager
    def loading(self, users: int = 20, run_time: str = "30s", host: str = "web01", **variables: Any) -> Iterator[None]:
        """Put load on a host's service while something is done to it, from the first line on; requests may fail.

        Other variables are the playbook's. Raises RuntimeError if the load does not begin.
        """
        variables |= {"loadtest_users": users, "loadtest_run_time": run_time, "loadtest_host_url": f"http://{host}"}
        command = [*self.ansible_playbook(), "loadtest.yml", "-e", json.dumps(variables)]
        with subprocess.Popen(command, cwd=PROJECT, stdout=subprocess.PIPE, text=True) as process:
            while not self.run("web01", f"pgrep --full '[l]ocust --headless.*http://{host}( |$)'", check=False):
                if process.poll() is not None:
                    raise RuntimeError(process.communicate()[0])
                time.sleep(1)
            self.run(host, "timeout 60 sh -c 'tail -F -n 0 /var/log/nginx/access.log | grep -m 1 -q \"POST / \"'")
            yield
            process.communicate()

    def verify(self, since: float | None = None, until: float | None = None, **variables: Any) -> dict[str, Any]:
        """Verify an interval (s since 1970), that of the last load if none is given, and return the report.

        Other variables are the playbook's. What is missing or duplicate is in the report. Raises FileNotFoundError if
        there is none.
        """
        report = REPORTS / "verify-web01.json"
        report.unlink(missing_ok=True)
        if since and until:
            variables |= {"verify_since": str(since), "verify_until": str(until)}
        self.play("playbooks/verify.yml", "-e", json.dumps(variables), check=False)
        return json.loads(report.read_text())


@pytest.fixture(scope="session")
def lab() -> Lab:
    """The lab."""
    return Lab()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--every-change", action="store_true", help="change each role by itself (test_variables.py)")
    parser.addoption("--every-fault", action="store_true", help="break each part by itself, too (test_faults.py)")
    parser.addoption("--growth", action="store_true", help="add hosts and take them away again (test_growth.py)")
