"""`site.yml` changes nothing on hosts that are up to date, in check mode and in a real run."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from conftest import Lab


def changed(output: str) -> dict[str, int]:
    """Return the number of changed tasks of each host in a play's recap."""
    return {host: int(count) for host, count in re.findall(r"^(\S+) +: ok=\d+ +changed=(\d+)", output, re.MULTILINE)}


def test_second_run_changes_and_restarts_nothing(lab: Lab) -> None:
    before, job = lab.invocations(), lab.job()
    assert job, "no job runs: nothing to compare"

    assert changed(lab.play("site.yml")) == dict.fromkeys(lab.hosts, 0)
    assert lab.invocations() == before
    assert (lab.job()["session"], lab.job()["id"]) == (job["session"], job["id"])


def test_check_mode_finds_nothing_to_do(lab: Lab) -> None:
    assert changed(lab.play("site.yml", "--check", "--diff")) == dict.fromkeys(lab.hosts, 0)
