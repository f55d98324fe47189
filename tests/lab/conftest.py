"""What the tests on the lab's hosts share. The lab must be up and deployed (`./lab demo`)."""

from __future__ import annotations

import json
import subprocess
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

PROJECT = Path(__file__).parents[2]
REPORTS = PROJECT / "reports"


class Lab:
    """The six hosts: plays, commands, loads, and what a verification finds."""

    ssh_config = Path.home() / ".local/state/log-analysis-lab/ssh_config"

    def play(self, playbook: str, *arguments: str, check: bool = True) -> str:
        """Run a playbook and return what it printed. Raises CalledProcessError if it fails and `check` is true."""
        command = ["ansible-playbook", "--inventory", "inventory/lab", playbook, *arguments]
        return subprocess.run(command, cwd=PROJECT, check=check, stdout=subprocess.PIPE, text=True).stdout

    def run(self, host: str, command: str, check: bool = True) -> str:
        """Run a shell command on a host as root and return what it printed. Raises as `play` does."""
        ssh = ["ssh", "-F", str(self.ssh_config), host, command]
        return subprocess.run(ssh, check=check, stdout=subprocess.PIPE, text=True).stdout

    def status(self) -> dict[str, Any]:
        """Return each unit's state and invocation by host, and the ids of YARN applications and Flink jobs that run."""
        self.play("playbooks/status.yml")
        return json.loads((REPORTS / "status.json").read_text())

    def load(self, users: int = 20, run_time: str = "30s") -> None:
        """Put load on the service. Raises CalledProcessError if a request fails."""
        self.play("loadtest.yml", "-e", f"loadtest_users={users}", "-e", f"loadtest_run_time={run_time}")

    @contextmanager
    def loading(self, users: int = 20, run_time: str = "30s") -> Iterator[None]:
        """Put load on the service while something is done to it, from the first line on; requests may fail."""
        arguments = ["-e", f"loadtest_users={users}", "-e", f"loadtest_run_time={run_time}"]
        command = ["ansible-playbook", "--inventory", "inventory/lab", "loadtest.yml", *arguments]
        with subprocess.Popen(command, cwd=PROJECT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
            self.run("web01", "timeout 120 sh -c 'tail -F -n 0 /var/log/nginx/access.log | grep -m 1 -q \"POST / \"'")
            yield
            process.wait()

    def verify(self, since: float | None = None, until: float | None = None, **variables: Any) -> dict[str, Any]:
        """Verify an interval (s since 1970), that of the last load if none is given, and return the report.

        Other variables are the playbook's. What is lost or double is in the report. Raises FileNotFoundError if there
        is none.
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
