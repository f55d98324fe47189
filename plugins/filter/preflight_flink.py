"""Whether YARN has room for Flink's processes: each is one container of a NodeManager, all of them run at once."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

#: MiB of one of the units of Flink's sizes (https://nightlies.apache.org/flink/flink-docs-release-1.17/docs/deployment/config/).
UNITS = {"": 1 / 1024**2, "k": 1 / 1024, "m": 1, "g": 1024, "t": 1024**2}
JOBMANAGER, TASKMANAGER = "flink_yarn_jobmanager_memory", "flink_yarn_taskmanager_memory"
ROOM = "hadoop_client_nodemanager_memory_mb"


class Values(Protocol):
    """What this needs of HostValues, in host_values.py."""

    def get(self, host: str, name: str, default: Any = None) -> Any:
        """Return a variable's value on a host; the default if it is not set or cannot be computed."""


def mib(size: object) -> float | None:
    """Return a size such as `1600m`, `3g` or `1048576` (bytes) in MiB; None if it is none."""
    found = re.fullmatch(r"(\d+)\s*([kmgt]?)b?", str(size).strip().lower())
    return int(found[1]) * UNITS[found[2]] if found else None


def whole(value: object, default: int) -> int:
    """Return a whole number above 0; the default if it is none."""
    return int(str(value)) if re.fullmatch(r"0*[1-9]\d*", str(value)) else default


def container(size: float, step: int) -> int:
    """Return the MiB that YARN reserves for a process: a multiple of its smallest container."""
    return -int(-size // step) * step


def taskmanagers(rooms: Sequence[int], jobmanager: int, taskmanager: int) -> int:
    """Return how many TaskManagers fit beside the JobManager, wherever that is best; -1 if it fits nowhere.

    Args:
        rooms: MiB of each NodeManager for its containers.
        jobmanager: MiB of its container.
        taskmanager: MiB of each one's container.

    """
    alone = sum(room // taskmanager for room in rooms)
    costs = [room // taskmanager - (room - jobmanager) // taskmanager for room in rooms if room >= jobmanager]
    return alone - min(costs) if costs else -1


def preflight_flink(
    values: Values, hosts: Sequence[str], workers: Sequence[str], jobs: int, defaults: Mapping[str, Any]
) -> list[str]:
    """Return what is wrong with the sizes of the session and its jobs.

    Args:
        values: the hosts' variables.
        hosts: those of Flink's client; one, where the inventory is in order.
        workers: the hosts with a NodeManager.
        jobs: how many jobs run in the session.
        defaults: of the roles' inputs that are read here, by name.

    """
    return [text for host in hosts for text in _findings(values, host, workers, jobs, defaults)]


def _findings(
    values: Values, host: str, workers: Sequence[str], jobs: int, defaults: Mapping[str, Any]
) -> Iterator[str]:
    sizes = {name: values.get(host, name, defaults[name]) for name in (JOBMANAGER, TASKMANAGER)}
    rooms = [int(room) for room in (values.get(one, ROOM, defaults[ROOM]) for one in workers) if str(room).isdigit()]
    step = whole((values.get(host, "hadoop_client_yarn_site") or {}).get("yarn.scheduler.minimum-allocation-mb"), 256)
    properties = values.get(host, "flink_yarn_properties") or {}
    slots = whole(properties.get("taskmanager.numberOfTaskSlots", values.get(host, "flink_yarn_taskmanager_slots")), 1)
    containers = {}
    for name, value in sizes.items():
        size = mib(value)
        if not size:
            yield f"{name}: it is {value}, and has to be a size such as 1600m."
            continue
        containers[name] = container(size, step)
        if rooms and containers[name] > max(rooms):
            yield (
                f"{name}: it is {value}, a container of {containers[name]} MiB, and a NodeManager has {ROOM}, "
                f"{max(rooms)}, for its containers. Take less here, or more there."
            )
            return
    needed = -(-jobs // slots)
    if rooms and len(containers) == len(sizes):
        fitting = taskmanagers(rooms, containers[JOBMANAGER], containers[TASKMANAGER])
        if fitting < needed:
            yield (
                f"{ROOM}: the JobManager ({containers[JOBMANAGER]} MiB) and {needed} TaskManagers of "
                f"{containers[TASKMANAGER]} MiB for the jobs of {jobs} web hosts do not fit into the NodeManagers, "
                f"which have {' + '.join(map(str, rooms))} MiB: beside the JobManager there is room for {fitting}. "
                f"Take more here or another host in yarn_nodemanagers, or less for {JOBMANAGER} or {TASKMANAGER}."
            )


class FilterModule:
    """What Ansible loads."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return the filters by name."""
        return {"preflight_flink": preflight_flink}
