"""What the source taildir promises, all in one load; flume_sources.py compares it with exec, fault by fault."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from flume_sources import rotate, set_source

if TYPE_CHECKING:
    from conftest import Lab


def test_taildir_loses_nothing_and_doubles_little(lab: Lab) -> None:
    set_source(lab, "taildir")
    try:
        with lab.loading(users=2, run_time="60s"):
            lab.run("web01", "systemctl stop flume")
            time.sleep(5)
            rotate(lab)
            time.sleep(10)
            lab.run("web01", "systemctl start flume")
            time.sleep(15)
            rotate(lab)
            time.sleep(1)
            lab.kill("web01", "flume")
        report = lab.verify()
    finally:
        set_source(lab, "exec")
    assert [stage["name"] for stage in report["stages"] if stage["lost"]] == [], report["problems"]
    # At most what was sent since the position was last written, every second; a window lasts ten.
    most = max(window["expected"]["request_count"] for window in report["windows"])
    assert [stage["name"] for stage in report["stages"] if stage["double"] > most] == [], report["problems"]
