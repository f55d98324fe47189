"""What a second `site.yml` does to the lab: nothing."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from conftest import Lab


def test_second_run_changes_and_restarts_nothing(lab: Lab) -> None:
    before = lab.status()
    assert before["applications"], "no Flink session runs: nothing to compare"
    assert before["jobs"], "no job runs: nothing to compare"

    changed = re.findall(r"^(\S+) +: ok=\d+ +changed=(\d+)", lab.play("site.yml"), re.MULTILINE)

    assert len(changed) == len(before["units"])
    assert [host for host, count in changed if count != "0"] == []
    assert lab.status() == before
