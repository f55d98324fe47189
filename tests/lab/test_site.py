"""What a second `site.yml` does to the lab: nothing. The lab must be up and deployed (`./lab demo`)."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

PROJECT = Path(__file__).parents[2]


def play(playbook: str, *arguments: str) -> str:
    """Run a playbook on the lab and return what it printed; raises CalledProcessError if it fails."""
    command = ["ansible-playbook", "--inventory", "inventory/lab", playbook, *arguments]
    return subprocess.run(command, cwd=PROJECT, check=True, stdout=subprocess.PIPE, text=True).stdout


def status() -> dict[str, object]:
    """Return each unit's state and invocation by host, and the ids of the YARN applications and Flink jobs that run."""
    play("playbooks/status.yml")
    return json.loads((PROJECT / "reports/status.json").read_text())


def test_second_run_changes_and_restarts_nothing() -> None:
    before = status()
    assert before["applications"], "no Flink session runs: nothing to compare"
    assert before["jobs"], "no job runs: nothing to compare"

    changed = re.findall(r"^(\S+) +: ok=\d+ +changed=(\d+)", play("site.yml"), re.MULTILINE)

    assert len(changed) == len(before["units"])
    assert [host for host, count in changed if count != "0"] == []
    assert status() == before
