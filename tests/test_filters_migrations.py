"""plugins/filter/migrations.py: which migrations a database lacks."""

from __future__ import annotations

from pathlib import Path

import pytest
from ansible.errors import AnsibleFilterError
from migrations import pending_migrations

OWN = sorted(str(path) for path in (Path(__file__).parents[1] / "files/log_analysis/migrations").iterdir())
WEB01, WEB02 = {"table": "web01"}, {"table": "web02"}
FILES = ["m/002_deployments.sql", "m/001_tables.sql.j2", "m/010_histogram.sql.j2"]


def steps(jobs: list[dict[str, str]], applied: list[tuple[str, int]], paths: list[str] | None = None) -> list[tuple]:
    rows = [{"scope": scope, "version": version} for scope, version in applied]
    return [(step["version"], step["scope"]) for step in pending_migrations(paths or FILES, jobs, rows)]


def test_a_new_database_gets_all_in_order() -> None:
    assert steps([WEB01, WEB02], []) == [(1, "web01"), (1, "web02"), (2, "database"), (10, "web01"), (10, "web02")]


def test_an_up_to_date_database_gets_nothing() -> None:
    assert steps([WEB01], [("web01", 1), ("database", 2), ("web01", 10)]) == []


def test_a_new_migration_reaches_an_installed_database() -> None:
    assert steps([WEB01], [("web01", 1), ("database", 2)]) == [(10, "web01")]


def test_a_new_web_host_gets_its_tables() -> None:
    applied = [("web01", 1), ("database", 2), ("web01", 10)]
    assert steps([WEB01, WEB02], applied) == [(1, "web02"), (10, "web02")]


def test_a_template_knows_its_job_and_a_plain_file_none() -> None:
    assert [step["job"] for step in pending_migrations(FILES, [WEB01], [])] == [WEB01, None, WEB01]


@pytest.mark.parametrize(
    ("paths", "problem"),
    [(["m/tables.sql"], "has to be NNN_<what>.sql"), (["m/001_a.sql", "m/001_b.sql.j2"], "the same number")],
)
def test_wrong_files_are_refused(paths: list[str], problem: str) -> None:
    with pytest.raises(AnsibleFilterError, match=problem):
        pending_migrations(paths, [WEB01], [])


def test_the_project_s_own_are_numbered_without_a_gap() -> None:
    versions = [step["version"] for step in pending_migrations(OWN, [WEB01], [])]
    assert versions == list(range(1, len(OWN) + 1))
