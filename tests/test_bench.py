"""The log lines of the benchmarks, without hosts."""

from __future__ import annotations

import runpy
from pathlib import Path

import yaml
from verification.line_format import LineFormat

ROOT = Path(__file__).resolve().parents[1]


def test_generated_lines_are_of_the_log_format() -> None:
    settings = yaml.safe_load((ROOT / "group_vars/all/access_log.yml").read_text())
    fields = " ".join(field["format"] for field in settings["access_log_fields"])
    line_format = LineFormat(fields, settings["heartbeat_user_agent"])
    generated = list(runpy.run_path(str(ROOT / "bench/lines.py"))["access_log"](3000))
    requests = [line_format.parse(line) for _, line in generated]
    assert [request.time for request in requests] == [second for second, _ in generated]
    assert [request.heartbeat for request in requests] == [False] * 3000 + [True]
    assert {request.status for request in requests} == {200, 404, 502}
