"""The log analysis without a host: its rendered SQL, its regular expression, and what its keeper decides."""

from __future__ import annotations

import importlib.util
import re
import sys
import types
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jinja2
import pytest
import yaml
from ansible.plugins.filter.core import comment, regex_replace

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[1]
SOURCE = ROOT / "files/log_analysis"
FIELDS = yaml.safe_load((ROOT / "group_vars/all/access_log.yml").read_text())["access_log_fields"]
JOB = {
    "name": "web01-log-analysis",
    "topic": "web01-nginx-log",
    "consumer_group": "web01.nginx.log.flink",
    "table": "web01_nginx_log_analysis",
    "malformed_table": "web01_nginx_log_malformed",
}
VALUES = {"since": "2026-01-01 00:00:00.000", "kafka_since_ms": "0", "database_user": "u", "database_password": "it's"}


def load(name: str) -> types.ModuleType:
    spec = importlib.util.spec_from_file_location(name, SOURCE / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def keeper() -> Iterator[types.ModuleType]:
    """keep_job.py, without the client's Python: what these tests call talks to nobody."""
    absent = ("psycopg2", "requests", "requests.adapters", "urllib3", "urllib3.util")
    with pytest.MonkeyPatch.context() as patch:
        for name in absent:
            patch.setitem(sys.modules, name, types.SimpleNamespace(sql=None, HTTPAdapter=None, Retry=None))
        patch.syspath_prepend(SOURCE)
        yield load("keep_job")


@pytest.fixture(scope="module")
def plan(keeper: types.ModuleType) -> types.ModuleType:
    """plan.py, as the keeper has imported it."""
    return sys.modules[keeper.Plan.__module__]


@pytest.fixture(scope="module")
def cluster(keeper: types.ModuleType) -> types.ModuleType:
    """cluster.py, as the keeper has imported it."""
    return sys.modules[keeper.Cluster.__module__]


def render(name: str, **variables: Any) -> str:
    """A template as Ansible renders it, with the role's defaults."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(SOURCE),
        trim_blocks=True,
        keep_trailing_newline=True,
        undefined=jinja2.StrictUndefined,
    )
    environment.filters.update(comment=comment, regex_replace=regex_replace)
    defaults = yaml.safe_load((ROOT / "roles/log_analysis/defaults/main.yml").read_text())
    given = {"ansible_managed": "Ansible managed", "log_analysis_fields": FIELDS, "job": JOB, **variables}
    return environment.get_template(name).render({**defaults, **given})


def job_statements(**variables: Any) -> list[str]:
    return load("job").statements(render("job.sql.j2", **variables), VALUES)


def line_regex() -> re.Pattern[str]:
    """The regular expression of the SQL, which uses only what Java and Python have in common."""
    found = set(re.findall(r"REGEXP_EXTRACT\(DECODE\(body, 'UTF-8'\), '((?:[^']|'')*)', \d+\)", job_statements()[0]))
    assert len(found) == 1, "one regular expression for all fields"
    return re.compile(found.pop().replace("''", "'"))


def line(**fields: str) -> str:
    values = {
        "remote_addr": "10.0.0.1",
        "ident": "-",
        "remote_user": "-",
        "time_local": "[22/Nov/2026:23:27:10 +0800]",
        "request": "POST / HTTP/1.1",
        "status": "200",
        "body_bytes_sent": "12",
        "request_time": "0.123",
        "http_referer": "-",
        "http_user_agent": "curl/7",
    } | fields
    return (
        '{remote_addr} {ident} {remote_user} {time_local} "{request}" {status} {body_bytes_sent} {request_time} '
        '"{http_referer}" "{http_user_agent}"'.format(**values)
    )


def group(name: str) -> int:
    return [field["name"] for field in FIELDS].index(name) + 1


def test_statements_are_whole() -> None:
    statements = job_statements()
    first_words = [re.sub(r"(?m)^\s*--.*\n", "", statement).split()[:2] for statement in statements]
    assert first_words == [
        ["CREATE", "TABLE"],
        ["CREATE", "VIEW"],
        ["CREATE", "VIEW"],
        ["CREATE", "VIEW"],
        ["CREATE", "TABLE"],
        ["CREATE", "TABLE"],
        ["EXECUTE", "STATEMENT"],
    ]
    assert statements[-1].count("INSERT INTO") == 2


def test_secrets_are_not_in_the_file_but_in_the_statements() -> None:
    assert "it''s" not in render("job.sql.j2")
    assert "'password' = 'it''s'" in job_statements()[4]


def test_a_marker_without_a_value_is_refused() -> None:
    with pytest.raises(KeyError):
        load("job").statements("${unknown};", VALUES)


@pytest.mark.parametrize(("seconds", "interval"), [(10, "0 00:00:10"), (3725, "0 01:02:05"), (86400, "1 00:00:00")])
def test_window_length(seconds: int, interval: str) -> None:
    assert f"DESCRIPTOR(log_time), INTERVAL '{interval}' DAY TO SECOND)" in "".join(
        job_statements(log_analysis_window_seconds=seconds)
    )


def test_kafka_client_properties_reach_the_source() -> None:
    sql = job_statements(log_analysis_kafka_client_properties={"security.protocol": "SSL", "x": "a'$b"})[0]
    assert "'properties.security.protocol' = 'SSL'," in sql
    assert "'properties.x' = 'a''$b'," in sql


def test_tables() -> None:
    sql = render("database.sql.j2", log_analysis_jobs=[JOB, {**JOB, "table": "b", "malformed_table": "c"}])
    assert sql.count("CREATE TABLE IF NOT EXISTS") == 5
    assert "CONSTRAINT web01_nginx_log_analysis_duration_unique UNIQUE (start_timestamp, end_timestamp)" in sql


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"remote_addr": "2001:db8::1"},
        {"remote_user": "a b [01/Jan/2099:00:00:00 +0000] c"},
        {"remote_user": r"a] \x22GET / HTTP/1.1\x22 200 1 9.999 \x22"},
        {"request": r"\x16\x03\x01\x02\x00\x01\x00\x01\xFC\x03\x03"},
        {"request": ""},
        {"request": "GET /" + "a" * 8192 + " HTTP/1.1"},
        {"request": r"GET /?q=\x22[01/Jan/2099:00:00:00 +0000]\x22 HTTP/1.1"},
        {"http_user_agent": r"\x22 200 1 9.999 \x22x\x22"},
        {"time_local": "[29/Feb/2028:00:00:00 -0930]"},
    ],
)
def test_odd_lines_count(fields: dict[str, str]) -> None:
    match = line_regex().match(line(**fields))
    assert match
    assert f"[{match[group('time_local')]}]" == fields.get("time_local", "[22/Nov/2026:23:27:10 +0800]")
    assert match[group("request_time")] == "0.123"
    assert match[group("http_user_agent")] == fields.get("http_user_agent", "curl/7")
    datetime.strptime(match[group("time_local")], "%d/%b/%Y:%H:%M:%S %z")


@pytest.mark.parametrize(
    "broken",
    [
        "",
        "garbage",
        "nul\0 \ufffd",
        line(request_time="-"),
        line(request='"'),
        line()[:-1],
        line() + " more",
        line() + "\n",
        line(time_local="[22/Nov/2026:23:27:10]"),
        line(time_local="[32/Jan/2027:23:27:10 +0000]"),
        line(time_local="[31/Feb/2026:23:27:10 +0000]"),
        line(time_local="[22/Nov/2026:24:61:61 +0000]"),
        line(remote_user="[22/Nov/2026:23:27:10 +0000] b", time_local="[32/Jan/2027:23:27:10 +0000]"),
        "a" * 100_000,
        "[" * 10_000,
        "- " * 10_000,
    ],
)
def test_broken_lines_do_not(broken: str) -> None:
    assert line_regex().match(broken) is None


def at(text: str) -> datetime:
    return datetime.fromisoformat(f"2026-11-22T{text}+00:00")


@pytest.mark.parametrize(
    ("newest_end", "old", "new", "settle", "expected"),
    [
        ("12:00:50", 10, 10, 0, "12:00:50"),
        ("12:00:50", 10, 15, 0, "12:00:30"),
        ("12:00:29", 10, 15, 0, "12:00:00"),
        ("12:00:30", 10, 15, 0, "12:00:30"),
        ("12:00:50", 10, 15, 30, "12:00:00"),
        ("12:01:00", 60, 7, 0, "12:00:00"),
    ],
)
def test_boundary(plan: types.ModuleType, newest_end: str, old: int, new: int, settle: int, expected: str) -> None:
    found = plan.boundary(at(newest_end), old, new, settle)
    assert found.tzinfo is timezone.utc
    assert [found.timestamp() % length for length in (old, new)] == [0, 0]
    assert at(newest_end).timestamp() - settle - old * new < found.timestamp() <= at(newest_end).timestamp() - settle
    if 60 not in (old, new):
        assert found == at(expected)


def test_boundary_without_rows(plan: types.ModuleType) -> None:
    assert plan.boundary(None, 10, 15) is None
    assert plan.Plan(1, "", None).since_ms == 0
    assert load("job").values({"kafka_margin_ms": 60000, "database": {"user": "u", "password": "p"}}, 0) == {
        "since": "1970-01-01 00:00:00.000",
        "kafka_since_ms": "0",
        "database_user": "u",
        "database_password": "p",
    }


def test_since_in_milliseconds(plan: types.ModuleType) -> None:
    since_ms = plan.Plan(2, "", at("12:00:30")).since_ms
    values = load("job").values({"kafka_margin_ms": 60000, "database": {"user": "", "password": ""}}, since_ms)
    assert values["since"] == "2026-11-22 12:00:30.000"
    assert values["kafka_since_ms"] == str(since_ms - 60000)


def test_newest_checkpoint(cluster: types.ModuleType) -> None:
    checkpoints = [
        cluster.Checkpoint("1/aa/chk-900", 50),
        cluster.Checkpoint("2/bb/chk-12", 20),
        cluster.Checkpoint("2/cc/chk-3", 40),
        cluster.Checkpoint("2/bb/chk-9", 10),
    ]
    assert cluster.newest(checkpoints, 2).path == "2/cc/chk-3"
    assert cluster.newest(checkpoints, 3) is None


def test_digest_covers_settings_and_files(keeper: types.ModuleType, tmp_path: Path) -> None:
    sql = tmp_path / "job.sql"
    sql.write_text("a")
    settings = {"job": {"window_seconds": 10}, "poll_seconds": 3}
    first = keeper.digest(settings, sql)
    assert keeper.digest({**settings, "poll_seconds": 4}, sql) == first
    assert keeper.digest({"job": {"window_seconds": 15}}, sql) != first
    sql.write_text("b")
    assert keeper.digest(settings, sql) != first
