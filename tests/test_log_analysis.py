"""The log analysis without a host: its rendered SQL, its regular expression, and what its supervisor decides."""

from __future__ import annotations

import re
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

import job as job_program
import pytest
import yaml
from checkpoints import Checkpoint, newest
from deployment import Deployment, common_boundary
from job_supervisor import digest
from migrations import pending_migrations
from templates import ROOT, render, role_variables

if TYPE_CHECKING:
    from pathlib import Path

SOURCE = ROOT / "files/log_analysis"
FIELDS = yaml.safe_load((ROOT / "group_vars/all/access_log.yml").read_text())["access_log_fields"]
JOB = {
    "name": "web01-log-analysis",
    "topic": "web01-nginx-log",
    "consumer_group": "web01.nginx.log.flink",
    "table": "web01_nginx_log_analysis",
    "malformed_table": "web01_nginx_log_malformed",
    "fields": FIELDS,
}
VALUES = {"since": "2026-01-01 00:00:00.000", "kafka_since_ms": "0", "database_user": "u", "database_password": "it's"}


def sql(**variables: Any) -> str:
    """Return a job's SQL as Ansible renders it."""
    given = {
        "ansible_managed": "Ansible managed",
        "log_analysis_bootstrap_servers": "hadoop02:9092",
        "log_analysis_database_host": "db01",
        "job": JOB,
    }
    return render(SOURCE / "job.sql.j2", role_variables("log_analysis") | given | variables)


def job_statements(**variables: Any) -> list[str]:
    return job_program.statements(sql(**variables), VALUES)


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
    assert "it''s" not in sql()
    assert "'password' = 'it''s'" in job_statements()[4]


def test_a_marker_without_a_value_is_refused() -> None:
    with pytest.raises(KeyError):
        job_program.statements("${unknown};", VALUES)


@pytest.mark.parametrize(("seconds", "interval"), [(10, "0 00:00:10"), (3725, "0 01:02:05"), (86400, "1 00:00:00")])
def test_window_length(seconds: int, interval: str) -> None:
    assert f"DESCRIPTOR(log_time), INTERVAL '{interval}' DAY TO SECOND)" in "".join(
        job_statements(log_analysis_window_seconds=seconds)
    )


def test_kafka_client_properties_reach_the_source() -> None:
    source = job_statements(log_analysis_kafka_client_properties={"security.protocol": "SSL", "x": "a'$b"})[0]
    assert "'properties.security.protocol' = 'SSL'," in source
    assert "'properties.x' = 'a''$b'," in source


def test_each_job_has_its_own_fields() -> None:
    fields = [{"name": "host", "pattern": "(\\S+)"}, *FIELDS]
    source = job_statements(job={**JOB, "fields": fields})[0]
    assert f"', {[field['name'] for field in fields].index('time_local') + 1})" in source
    assert source != job_statements()[0]


def test_migrations_and_their_record_are_one_text() -> None:
    """The role sends it to PostgreSQL as one transaction."""
    paths = [str(path) for path in sorted((SOURCE / "migrations").iterdir())]
    migrations = pending_migrations(paths, [JOB], [])
    text = render(ROOT / "roles/log_analysis/templates/migrations.sql.j2", {"__log_analysis_migrations": migrations})
    assert re.findall("CREATE TABLE IF NOT EXISTS (\\w+)", text) == [
        "schema_version",
        "web01_nginx_log_analysis",
        "web01_nginx_log_malformed",
        "log_analysis_deployments",
    ]
    assert "CONSTRAINT web01_nginx_log_analysis_duration_unique UNIQUE (start_timestamp, end_timestamp)" in text
    assert "VALUES ('web01_nginx_log_analysis', 1, 'window_tables');" in text
    assert text.rstrip().endswith("VALUES ('database', 2, 'deployments');")


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
def test_boundary(newest_end: str, old: int, new: int, settle: int, expected: str) -> None:
    found = common_boundary(at(newest_end), old, new, settle)
    assert found.tzinfo is timezone.utc
    assert [found.timestamp() % length for length in (old, new)] == [0, 0]
    assert at(newest_end).timestamp() - settle - old * new < found.timestamp() <= at(newest_end).timestamp() - settle
    if 60 not in (old, new):
        assert found == at(expected)


def test_boundary_without_rows() -> None:
    assert common_boundary(None, 10, 15) is None
    assert Deployment(1, "", None).since_ms == 0
    assert job_program.values({"kafka_margin_ms": 60000, "database": {"user": "u", "password": "p"}}, 0) == {
        "since": "1970-01-01 00:00:00.000",
        "kafka_since_ms": "0",
        "database_user": "u",
        "database_password": "p",
    }


def test_since_in_milliseconds() -> None:
    since_ms = Deployment(2, "", at("12:00:30")).since_ms
    values = job_program.values({"kafka_margin_ms": 60000, "database": {"user": "", "password": ""}}, since_ms)
    assert values["since"] == "2026-11-22 12:00:30.000"
    assert values["kafka_since_ms"] == str(since_ms - 60000)


def test_newest_checkpoint() -> None:
    found = [
        Checkpoint("1/aa/chk-900", 50),
        Checkpoint("2/bb/chk-12", 20),
        Checkpoint("2/cc/chk-3", 40),
        Checkpoint("2/bb/chk-9", 10),
    ]
    assert newest(found, 2).path == "2/cc/chk-3"
    assert newest(found, 3) is None


def test_digest_covers_settings_and_files(tmp_path: Path) -> None:
    sql = tmp_path / "job.sql"
    sql.write_text("a")
    settings = {"job": {"window_seconds": 10}, "poll_seconds": 3}
    first = digest(settings, sql)
    assert digest({**settings, "poll_seconds": 4}, sql) == first
    assert digest({"job": {"window_seconds": 15}}, sql) != first
    sql.write_text("b")
    assert digest(settings, sql) != first
