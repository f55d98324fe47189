"""What `site.yml` does to hosts that are as it wants them: nothing, as a dry run and for good."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from conftest import Lab


def changed(output: str) -> dict[str, int]:
    """How many tasks changed something, by host, as a play's recap says."""
    return {host: int(count) for host, count in re.findall(r"^(\S+) +: ok=\d+ +changed=(\d+)", output, re.MULTILINE)}


def test_second_run_changes_and_restarts_nothing(lab: Lab) -> None:
    before, job = lab.invocations(), lab.job()
    assert job, "no job runs: nothing to compare"

    assert changed(lab.play("site.yml")) == dict.fromkeys(lab.hosts, 0)
    assert lab.invocations() == before
    assert (lab.job()["session"], lab.job()["id"]) == (job["session"], job["id"])


def test_dry_run_finds_nothing_to_do(lab: Lab) -> None:
    assert changed(lab.play("site.yml", "--check", "--diff")) == dict.fromkeys(lab.hosts, 0)
