"""Which files each unit was started with: what is noticed when a run ends between a change and the restart.

A host keeps small files, the records. A record's name has the digest of the files that a unit reads; its content is the
unit's newest start before they were written. As long as that is its newest start, the unit has not read them. Of a
running unit without a record nothing is known: it is restarted once.
"""

from __future__ import annotations

import hashlib
from fnmatch import fnmatch
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

#: Where a host keeps the records.
DIRECTORY = "/var/lib/systemd/unit-records"
#: What of `systemctl show` is new after each start, and after each start or reload. No clocks are compared.
STARTS = {"restart": ["InvocationID"], "reload": ["InvocationID", "StateChangeTimestampMonotonic"]}


def checksums(found: Iterable[Mapping[str, Any]], written: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """Return the SHA-1 of each file by path: as found, or as written since."""
    before = {file["path"]: file["checksum"] for file in found if "checksum" in file}
    return before | {result["dest"]: result["checksum"] for result in written if "checksum" in result}


def digest(files: Mapping[str, str], patterns: Iterable[str]) -> str:
    """Return a digest of the files whose paths match one of the patterns."""
    wanted = list(patterns)
    lines = sorted(
        f"{path} {checksum}" for path, checksum in files.items() if any(fnmatch(path, one) for one in wanted)
    )
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:12]


def unit_records(
    reads: Mapping[str, Mapping[str, Iterable[str]]],
    found: Iterable[Mapping[str, Any]],
    written: Iterable[Mapping[str, Any]],
    run: Iterable[Mapping[str, Any]],
) -> list[dict[str, Any]]:
    """Return the records of units, and what follows from those that the host has.

    Args:
        reads: by kind and unit, the files that the unit reads when it starts (`restart`), or also when it is reloaded
            (`reload`): paths, or patterns of a file's name.
        found: `files` of ansible.builtin.find, called with get_checksum: these files, the units' own and the records.
        written: results of ansible.builtin.template that have written units since.
        run: results of ansible.builtin.systemd_service, with the units' `status`.

    Returns:
        For each unit and kind its `name` and `kind`; `path` and `content` of its record; `write`, whether the host
        lacks that record; `earlier`, paths of records that it replaces; `outdated`, whether the unit has not read the
        present files; `settled`, whether nothing of this is to be done.

    """
    files = checksums(found, written)
    status = {result["name"]: result["status"] for result in run if "status" in result}
    records = []
    for kind, units in reads.items():
        for unit, paths in units.items():
            own = [f"/etc/systemd/system/{unit}{part}" for part in ("", ".d/*")] if kind == "restart" else []
            path = f"{DIRECTORY}/{unit}.{kind}.{digest(files, [*paths, *own])}"
            earlier = [one for one in files if PurePosixPath(one).match(f"{DIRECTORY}/{unit}.{kind}.*") and one != path]
            start = " ".join(status.get(unit, {}).get(key, "") for key in STARTS[kind])
            same = files.get(path) == hashlib.sha1(f"{start}\n".encode(), usedforsecurity=False).hexdigest()
            outdated = unit in status and (same or path not in files)
            records.append(
                {
                    "name": unit,
                    "kind": kind,
                    "path": path,
                    "content": f"{start}\n",
                    "write": path not in files,
                    "earlier": earlier,
                    "outdated": outdated,
                    "settled": path in files and not earlier and not outdated,
                }
            )
    return records


class FilterModule:
    """Ansible's entry point."""

    def filters(self) -> dict[str, Any]:
        return {"unit_records": unit_records}
