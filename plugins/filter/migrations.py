"""Which migrations of the log analysis' database are still to be applied."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ansible.errors import AnsibleFilterError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

FILE_NAME = re.compile(r"(\d{3})_(\w+)\.sql(\.j2)?")
DATABASE = "database"


def pending_migrations(
    paths: Iterable[str], jobs: Sequence[Mapping[str, Any]], applied: Iterable[Mapping[str, Any]]
) -> list[dict[str, Any]]:
    """Return the migrations that a database lacks, in the order in which they have to be applied.

    Args:
        paths: the migrations' files. NNN_<what>.sql is applied once; NNN_<what>.sql.j2 is a template, applied once for
            each job's tables.
        jobs: the jobs, each with the name of its `table`.
        applied: rows of the table schema_version, each with `scope` (a job's table, or "database") and `version`.

    Each migration has `version`, `scope`, `name`, `path` and, for a template, `job`. Raises AnsibleFilterError on a
    file with another name and on two files with the same number.

    """
    versions: dict[int, str] = {}
    known = {(row["scope"], row["version"]) for row in applied}
    pending = []
    for path in sorted(paths, key=lambda path: Path(path).name):
        match = FILE_NAME.fullmatch(Path(path).name)
        if not match:
            message = f"{path}: the name of a migration has to be NNN_<what>.sql or NNN_<what>.sql.j2"
            raise AnsibleFilterError(message)
        version = int(match[1])
        if version in versions:
            message = f"{versions[version]} and {path} are two migrations with the same number"
            raise AnsibleFilterError(message)
        versions[version] = path
        scopes = {job["table"]: job for job in jobs} if match[3] else {DATABASE: None}
        pending += [
            {"version": version, "scope": scope, "name": match[2], "path": path, "job": job}
            for scope, job in scopes.items()
            if (scope, version) not in known
        ]
    return pending


class FilterModule:
    """Ansible's entry point."""

    def filters(self) -> dict[str, Any]:
        return {"pending_migrations": pending_migrations}
