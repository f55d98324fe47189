"""The log analysis without a host: the statements of its job, its migrations, and what its supervisor decides."""

from __future__ import annotations

import re
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

import pytest
import sqlglot
from checkpoints import Checkpoint, newest
from deployment import Deployment, common_boundary
from job_supervisor import digest
from migrations import pending_migrations
from sqlglot import exp
from statements import interval, statements
from templates import ROOT, render

if TYPE_CHECKING:
    from pathlib import Path

SOURCE = ROOT / "files/log_analysis"
JOB = {
    "name": "web01-log-analysis",
    "host": "web01",
    "topic": "web01-nginx-log",
    "consumer_group": "web01.nginx.log.flink",
    "table": "web01_nginx_log_analysis",
    "malformed_table": "web01_nginx_log_malformed",
    "log_format": '$remote_addr [$time_local] "$request" $status $request_time "$http_user_agent"',
    "window_seconds": 10,
    "watermark_delay_seconds": 1,
    "details": True,
    "heartbeat_user_agent": "heart",
    "bootstrap_servers": "hadoop02:9092",
    "kafka_client_properties": {},
    "kafka_margin_ms": 60000,
    "database": {"host": "db01", "port": 5432, "dbname": "log_analysis", "user": "u", "password": "it's"},
}
EXACT_MS = 64


def made(since_ms: int = 0, **changes: Any) -> list[str]:
    return statements(JOB | changes, since_ms)


def names(kind: str, made_statements: list[str]) -> list[str]:
    return [match[1] for text in made_statements if (match := re.match(rf"{kind} (\w+)", text))]


def buckets(sql: str, column: str) -> list[tuple[int, str]]:
    """Return the steps of a ladder of comparisons: below which limit (ms) which expression counts."""
    return [(int(limit), then) for limit, then in re.findall(rf"WHEN {column} < (\d+) THEN (.+)", sql)]


def test_statements_are_whole() -> None:
    found = made()
    assert names("CREATE TABLE", found) == ["access_log", "statistics", "malformed_lines", "status", "top"]
    assert names("INSERT INTO", found) == ["statistics", "malformed_lines", "status", "top"]
    assert {text.split()[0] for text in found} == {"CREATE", "INSERT"}
    assert not [text for text in found if "--" in text or "${" in text]


def test_without_details_there_are_only_the_host_s_own_tables() -> None:
    found = made(details=False)
    assert names("INSERT INTO", found) == ["statistics", "malformed_lines"]
    assert "nginx_log_status" not in "".join(found)


def test_each_table_of_the_database_has_what_the_job_writes() -> None:
    migration = sqlglot.parse((SOURCE / "migrations/003_details.sql").read_text(), read="postgres")
    tables = {
        table.find(exp.Table).name: [column.name for column in table.find_all(exp.ColumnDef)]
        for table in migration
        if isinstance(table, exp.Create) and table.kind == "TABLE"
    }
    written = {
        re.search(r"'table-name' = '(\w+)'", text)[1]: re.findall(r"(?m)^  `?([a-z_]+)`? [A-Z]", text)
        for text in made()
        if text.startswith("CREATE TABLE") and "jdbc" in text
    }
    assert {table: columns for table, columns in written.items() if table in tables} == tables


def test_job_and_database_have_the_same_buckets() -> None:
    """Each ms has a bucket below 64 ms; above, 32 for each power of two."""
    job = buckets(next(text for text in made() if text.startswith("CREATE VIEW requests")), "request_ms")
    database = buckets((SOURCE / "migrations/003_details.sql").read_text(), "at_least_ms")
    limits = [EXACT_MS << power for power in range(17)]
    assert [limit for limit, _ in job] == [limit for limit, _ in database] == limits
    widths = [max(1, limit // EXACT_MS) for limit in limits]
    assert [then for _, then in database] == [f"at_least_ms + {width}" for width in widths]
    assert [then for _, then in job[1:]] == [f"request_ms - MOD(request_ms, {width})" for width in widths[1:]]


def test_values_are_literals() -> None:
    text = "".join(made(kafka_client_properties={"security.protocol": "SSL", "x": "a'$b"}, log_format="a'${b}"))
    assert "'password' = 'it''s'" in text
    assert "'properties.security.protocol' = 'SSL', 'properties.x' = 'a''$b',\n" in text
    assert "'access-log.log-format' = 'a''${b}'" in text


def test_a_missing_setting_is_refused() -> None:
    with pytest.raises(KeyError, match="log_format"):
        statements({name: value for name, value in JOB.items() if name != "log_format"}, 0)


@pytest.mark.parametrize(("seconds", "text"), [(10, "0 00:00:10"), (3725, "0 01:02:05"), (86400, "1 00:00:00")])
def test_window_length(seconds: int, text: str) -> None:
    assert interval(seconds) == f"INTERVAL '{text}' DAY TO SECOND"
    found = "".join(made(window_seconds=seconds))
    assert set(re.findall(r"DESCRIPTOR\(log_time\), (.+)\)\)\n", found)) == {interval(seconds)}


def test_migrations_and_their_record_are_one_text() -> None:
    """The role sends it to PostgreSQL as one transaction."""
    paths = [str(path) for path in sorted((SOURCE / "migrations").iterdir())]
    migrations = pending_migrations(paths, [JOB], [])
    text = render(ROOT / "roles/log_analysis/templates/migrations.sql.j2", {"__log_analysis_migrations": migrations})
    assert re.findall("CREATE TABLE (?:IF NOT EXISTS )?(\\w+)", text) == [
        "schema_version",
        "web01_nginx_log_analysis",
        "web01_nginx_log_malformed",
        "log_analysis_deployments",
        "nginx_log_status",
        "nginx_log_top",
    ]
    assert "CONSTRAINT web01_nginx_log_analysis_duration_unique UNIQUE (start_timestamp, end_timestamp)" in text
    assert "VALUES ('web01_nginx_log_analysis', 1, 'window_tables');" in text
    assert text.rstrip().endswith("VALUES ('database', 3, 'details');")


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
    found = "".join(made())
    assert "event_time >= TIMESTAMP '1970-01-01 00:00:00.000'" in found
    assert "'scan.startup.timestamp-millis' = '0'" in found


def test_since_in_milliseconds() -> None:
    since_ms = Deployment(2, "", at("12:00:30")).since_ms
    found = "".join(made(since_ms))
    assert found.count(">= TIMESTAMP '2026-11-22 12:00:30.000'") == 2
    assert f"'scan.startup.timestamp-millis' = '{since_ms - 60000}'" in found


def test_newest_checkpoint() -> None:
    found = [
        Checkpoint("1/aa/chk-900", 50),
        Checkpoint("2/bb/chk-12", 20),
        Checkpoint("2/cc/chk-3", 40),
        Checkpoint("2/bb/chk-9", 10),
    ]
    assert newest(found, 2).path == "2/cc/chk-3"
    assert newest(found, 3) is None


def test_digest_covers_settings_statements_and_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    jar = tmp_path / "format.jar"
    jar.write_bytes(b"a")
    first = digest(JOB, jar)
    assert digest(JOB | {"window_seconds": 15}, jar) != first
    jar.write_bytes(b"b")
    assert digest(JOB, jar) != first
    jar.write_bytes(b"a")
    assert digest(JOB, jar) == first
    for name in ("requests.sql", "details.sql"):
        (tmp_path / name).write_text((SOURCE / name).read_text().replace("COUNT(*)", "COUNT(1)"))
    monkeypatch.setattr("statements.SQL", tmp_path)
    assert digest(JOB, jar) != first
