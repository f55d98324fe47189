"""Whether Flink's processes fit into the NodeManagers, without a host."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from given import Given
from preflight_flink import preflight_flink, taskmanagers

ROOT = Path(__file__).resolve().parents[1]
DEFAULTS: dict[str, Any] = {}
for role in ("flink_yarn", "hadoop_client"):
    DEFAULTS |= yaml.safe_load((ROOT / f"roles/{role}/defaults/main.yml").read_text())


def findings(workers: int = 3, jobs: int = 1, room: object = 3072, **client: Any) -> list[str]:
    """Return what is wrong with a client and workers that have this room; the defaults are the VMs' sizes."""
    hosts = {f"w{n}": {"hadoop_client_nodemanager_memory_mb": room} for n in range(workers)}
    return preflight_flink(Given({**hosts, "client": client}), ["client"], list(hosts), jobs, DEFAULTS)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("1600m", ""),
        ("3g", ""),
        ("3221225472", ""),
        ("8g", "has hadoop_client_nodemanager_memory_mb, 3072"),
        # YARN reserves multiples of its smallest container.
        ("3073m", "a container of 3328 MiB"),
        ("much", "such as 1600m"),
        ("0m", "such as 1600m"),
    ],
)
def test_a_process_fits_into_a_container(value: str, expected: str) -> None:
    found = findings(flink_yarn_taskmanager_memory=value)
    assert len(found) == bool(expected)
    assert expected in "".join(found)


@pytest.mark.parametrize(
    ("workers", "jobs", "changes", "fits"),
    [
        (3, 1, {}, True),
        (3, 2, {}, True),
        # A third web host, at the VMs' sizes.
        (3, 3, {}, False),
        (4, 3, {}, True),
        (1, 1, {}, False),
        (1, 1, {"room": 3584}, True),
        (1, 1, {"room": 3583}, False),
        (1, 1, {"flink_yarn_taskmanager_memory": "1280m"}, True),
        (3, 3, {"flink_yarn_properties": {"taskmanager.numberOfTaskSlots": "2"}}, True),
        (3, 4, {"flink_yarn_taskmanager_slots": 2}, True),
        (3, 5, {"flink_yarn_taskmanager_slots": 2}, False),
        (1, 1, {"hadoop_client_yarn_site": {"yarn.scheduler.minimum-allocation-mb": "64"}, "room": 3392}, True),
        (1, 1, {"hadoop_client_yarn_site": {"yarn.scheduler.minimum-allocation-mb": "2048"}, "room": 4000}, False),
    ],
)
def test_all_processes_fit_at_once(workers: int, jobs: int, changes: dict[str, Any], fits: bool) -> None:
    found = findings(workers, jobs, **changes)
    assert (found == []) == fits
    if not fits:
        (text,) = found
        assert text.startswith("hadoop_client_nodemanager_memory_mb: the JobManager (")
        assert f"the jobs of {jobs} web hosts do not fit" in text


def test_the_jobmanager_goes_where_it_costs_least() -> None:
    assert taskmanagers([4096, 2600], 512, 1024) == 6
    assert taskmanagers([1000, 1000], 1001, 100) == -1


def test_an_inventory_without_workers_is_named_elsewhere() -> None:
    assert findings(workers=0) == findings(room="much") == []
