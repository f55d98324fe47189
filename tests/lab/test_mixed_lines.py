"""Every value of every table equals a recount, over 300,000 mixed lines that go through the whole system."""

from __future__ import annotations

import shlex
import time
from pathlib import Path
from typing import TYPE_CHECKING

import mixed_lines

if TYPE_CHECKING:
    from conftest import Lab

NUMBER = 300_000
SECONDS = 60
LOG = "/var/log/nginx/access.log"


def test_every_value_of_every_table_equals_a_recount(lab: Lab) -> None:
    since = time.time()
    program = shlex.quote(Path(mixed_lines.__file__).read_text())
    lab.run("web01", f"python3 -c {program} {LOG} {NUMBER} {SECONDS}")
    report = lab.verify(since, time.time(), verify_timeout=300)

    assert report["verified"], report["problems"]
    assert report["notes"] == []
    logged, stages = report["logged"], {stage["name"]: stage for stage in report["stages"]}
    assert logged["lines"] >= NUMBER
    assert logged["malformed"] > NUMBER // 1000
    assert stages["PostgreSQL nginx_log_status"]["found"] == logged["requests"]
    assert stages["PostgreSQL nginx_log_percentiles"]["found"] == logged["requests"]
    assert 0 < stages["PostgreSQL nginx_log_top"]["found"] < 3 * logged["requests"]
