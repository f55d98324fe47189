"""What the tests on the lab's hosts share. The lab must be up and deployed (`./lab demo`)."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from fnmatch import fnmatch
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import pytest
from ansible.inventory.manager import InventoryManager
from ansible.parsing.dataloader import DataLoader
from templates import SERVICES
from tenacity import RetryError, Retrying, retry_if_not_result, stop_after_delay, wait_fixed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

T = TypeVar("T")

PROJECT = Path(__file__).parents[2]
REPORTS = PROJECT / "reports"
YARN = "http://hadoop01:8088"


def wait_until(reached: Callable[[T], bool], ask: Callable[[], T], timeout: float = 120) -> T:
    """Ask every second until the answer is as wanted, for `timeout` seconds at most; return the last answer."""
    stop, wait = stop_after_delay(timeout), wait_fixed(1)
    try:
        return Retrying(retry=retry_if_not_result(reached), stop=stop, wait=wait)(ask)
    except RetryError as error:
        return error.last_attempt.result()


def restarted(old: dict[tuple[str, str], str], new: dict[tuple[str, str], str]) -> set[tuple[str, str]]:
    """Return the hosts and units whose invocation has changed."""
    return {unit for unit in old.keys() | new.keys() if old.get(unit) != new.get(unit)}


def load_interval() -> tuple[float, float]:
    """Return when the last load began and ended (s since 1970)."""
    last = json.loads((REPORTS / "loadtest.json").read_text())
    return last["since"], last["until"]


class Lab:
    """The six hosts: plays, commands, loads, and what a verification finds."""

    state = Path.home() / ".local/state/log-analysis-lab"
    inventories = ("inventory/lab",)

    @cached_property
    def groups(self) -> dict[str, list[str]]:
        """The hosts of each group."""
        manager = InventoryManager(DataLoader(), [str(PROJECT / inventory) for inventory in self.inventories])
        return manager.get_groups_dict()

    @property
    def hosts(self) -> list[str]:
        """All hosts."""
        return self.groups["cluster"]

    def play(self, playbook: str, *arguments: str, check: bool = True) -> str:
        """Run a playbook and return what it printed. Raises CalledProcessError if it fails and `check` is true."""
        command = [*self.ansible_playbook(), playbook, *arguments]
        return subprocess.run(command, cwd=PROJECT, check=check, stdout=subprocess.PIPE, text=True).stdout

    def ansible_playbook(self) -> list[str]:
        """Return the command that runs a playbook on these hosts, up to the playbook's name."""
        return ["ansible-playbook", *(f"--inventory={inventory}" for inventory in self.inventories)]

    def ssh(self, host: str) -> list[str]:
        """Return the command that runs a shell command on a host as root, up to that command."""
        # One connection a host for all commands: most of these take less time than connecting.
        shared = ("ControlMaster=auto", "ControlPersist=60", f"ControlPath={self.state}/tests-%C")
        alive = ("ConnectTimeout=10", "ServerAliveInterval=5")
        return ["ssh", "-F", str(self.state / "ssh_config"), *(f"-o{option}" for option in (*shared, *alive)), host]

    def run(self, host: str, command: str, check: bool = True) -> str:
        """Run a shell command on a host as root and return what it printed. Raises as `play` does."""
        # None of this process's own streams: ssh leaves them non-blocking, which Ansible refuses.
        done = subprocess.run([*self.ssh(host), command], stdin=subprocess.DEVNULL, capture_output=True, text=True)
        if check and done.returncode:
            print(done.stderr, file=sys.stderr)
            done.check_returncode()
        return done.stdout

    def run_all(self, command: str, check: bool = True) -> dict[str, str]:
        """Run a shell command on all hosts at once and return what each printed. Raises as `play` does."""
        with ThreadPoolExecutor() as executor:
            return dict(zip(self.hosts, executor.map(lambda host: self.run(host, command, check), self.hosts)))

    def podman(self, *arguments: str) -> str:
        """Run podman with the lab's settings and return what it printed. Raises CalledProcessError if it fails."""
        command = ["podman", *arguments]
        for host in self.hosts:  # no connection outlives its host
            subprocess.run([*self.ssh(host), "-O", "exit"], stderr=subprocess.DEVNULL)
        environment = {**os.environ, "CONTAINERS_CONF": str(self.state / "containers.conf")}
        return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, env=environment).stdout

    def kill(self, host: str, unit: str) -> None:
        """Kill a unit's main process with SIGKILL. Raises CalledProcessError if there is none."""
        self.run(host, f"systemctl kill --kill-who=main --signal=SIGKILL '{unit}.service'")

    def invocations(self) -> dict[tuple[str, str], str]:
        """Return the systemd invocation id of each of the project's active units, by host and unit."""
        units = " ".join(repr(service["unit"]) for service in SERVICES.values())
        command = f"systemctl show --property=Id,ActiveState,InvocationID {units}"
        found = {}
        for host, text in self.run_all(command, check=False).items():
            for block in text.split("\n\n"):
                shown = dict(line.split("=", 1) for line in block.splitlines())
                if shown.get("ActiveState") == "active":
                    found[host, shown["Id"].removesuffix(".service")] = shown["InvocationID"]
        return found

    def units(self, *services: str) -> set[tuple[str, str]]:
        """Return each host and unit that is active of these services, or of all services."""
        patterns = [SERVICES[name]["unit"] for name in services or SERVICES]
        return {
            (host, unit)
            for host, unit in self.invocations()
            if any(fnmatch(unit if unit.endswith(".timer") else f"{unit}.service", pattern) for pattern in patterns)
        }

    def rest(self, path: str) -> dict[str, Any]:
        """Return what the ResourceManager or, behind its proxy, a JobManager answers; nothing if it does not."""
        try:
            return json.loads(self.run("hadoop01", f"curl --silent --max-time 5 '{YARN}/{path}'", check=False))
        except json.JSONDecodeError:
            return {}

    def sessions(self) -> list[str]:
        """Return the application ids of the Flink sessions that run on YARN."""
        found = self.rest("ws/v1/cluster/apps?states=RUNNING&applicationTypes=Apache%20Flink").get("apps") or {}
        return [application["id"] for application in found.get("app", [])]

    def jobs(self, session: str) -> list[dict[str, Any]]:
        """Return the jobs of a session, whatever their state."""
        return self.rest(f"proxy/{session}/jobs/overview").get("jobs", [])

    def job(self) -> dict[str, Any]:
        """Return the job that runs with all its tasks, its session and its checkpoints; nothing if there is none."""
        for session in self.sessions():
            for job in self.jobs(session):
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
        running = f"pgrep --full '[l]ocust --headless.*http://{host}( |$)'"
        with subprocess.Popen(command, cwd=PROJECT, stdout=subprocess.PIPE, text=True) as process:
            wait_until(bool, lambda: self.run("web01", running, check=False) or process.poll() is not None, 300)
            if process.poll() is not None:
                raise RuntimeError(process.communicate()[0])
            self.run(host, "timeout 60 sh -c 'tail -F -n 0 /var/log/nginx/access.log | grep -m 1 -q \"POST / \"'")
            yield
            process.communicate()

    def verify(self, since: float | None = None, until: float | None = None, **variables: Any) -> dict[str, Any]:
        """Verify an interval (s since 1970), that of the last load if none is given, and return the report.

        Other variables are the playbook's. Missing and duplicate lines are in the report. Raises FileNotFoundError if
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
