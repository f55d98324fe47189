"""What is wrong with what hosts are and hold already: their own names, addresses, free space and ports."""

from __future__ import annotations

import re
from collections import defaultdict
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

#: MiB that have to be free: for installing and running anything, and for a NodeManager
#: (yarn.nodemanager.disk-health-checker.min-free-space-per-disk-mb in roles/hadoop_client/vars/main.yml).
FREE, FREE_NODEMANAGER = 512, 1024


class Values(Protocol):
    """What this needs of HostValues, in host_values.py."""

    raw: Mapping[str, Mapping[str, Any]]

    def get(self, host: str, name: str, default: Any = None) -> Any:
        """Return a variable's value on a host; the default if it is not set or cannot be computed."""


def lines(output: str, word: str) -> list[list[str]]:
    """Return the words after `word` of each line of a host's answer that begins with it."""
    return [line.split()[1:] for line in output.splitlines() if line.startswith(f"{word} ")]


def name_findings(facts: Mapping[str, Any], name: str, hosts: Iterable[str]) -> Iterator[str]:
    """Yield whether a host's own name is one that its daemons would resolve to another address."""
    own = str(facts.get("nodename") or "").lower()
    others = {host.lower() for host in hosts} - {name.lower()}
    if own in others or own.partition(".")[0] == "localhost":
        owner = "that of another host" if own in others else "every host's name for itself"
        yield (
            f"its own name is {own}, {owner}; a NodeManager would be known by it. Set another, for example with "
            f"hostnamectl set-hostname {name}."
        )


def address_findings(output: str, address: str) -> Iterator[str]:
    """Yield whether an address is none of those that a host has."""
    found = [word for words in lines(output, "addresses") for word in words]
    if found and address and address not in found:
        yield (
            f"its address in the inventory, {address}, is none of its own ({', '.join(found[:5])}), so its daemons "
            "cannot listen there. Set host_address to the one by which the other hosts reach it; Ansible still "
            "connects to ansible_host."
        )


def space_findings(output: str, daemons: Iterable[str], data_dir: str) -> Iterator[str]:
    """Yield whether a file system has too little space left, with its largest need."""
    needs: dict[str, tuple[int, int, str]] = {}
    for path, *fields in lines(output, "space"):
        # As df -P prints it: file system, size, used and free KiB, percent, mount point.
        if len(fields) < 6 or not fields[3].isdigit():
            continue
        need = FREE_NODEMANAGER if path == data_dir and "nodemanager" in daemons else FREE
        if need > needs.get(fields[5], (0,))[0]:
            needs[fields[5]] = (need, int(fields[3]) // 1024, path)
    for mount, (need, free, path) in needs.items():
        if free < need:
            yield f"{path} (on {mount}) has {free} MiB free, and needs {need}. Remove something, or give it more."


def foreign_listeners(output: str, services: Mapping[str, Mapping[str, Any]]) -> dict[int, tuple[str, int]]:
    """Return the ports of a host's services on which a process listens that is none of ours.

    A port is its service's own where the service's unit or its socket is active, or where its user listens there.

    Args:
        output: what roles/preflight/tasks/hosts.yml has made the host print.
        services: those of the host, from the table of services.

    Returns:
        By port, the service and the id of the user whose process listens.

    """
    units = {words[0] for words in lines(output, "unit") if words}
    users = {words[0]: words[1] for words in lines(output, "user") if len(words) > 1}
    listeners = defaultdict(set)
    for address, *rest in lines(output, "listen"):
        host, _, port = address.rpartition(":")
        # 127.0.0.0/8, as the kernel writes it.
        listeners[int(port, 16)].add((bool(re.fullmatch(r"[0-9A-F]{6}7F", host)), rest[0] if rest else ""))
    found = {}
    for daemon, service in services.items():
        unit = re.escape(str(service.get("unit", "")).removesuffix(".service")).replace(r"\*", ".*")
        if any(re.fullmatch(rf"{unit}\.(service|socket)", active) for active in units):
            continue
        for port in {int(port) for port in (service.get("ports") or {}).values()}:
            # What listens at a loopback address only is no obstacle for one that listens at the host's address only.
            by = {user for loopback, user in listeners[port] if not (loopback and service.get("own_address"))}
            by.discard(users.get(str(service.get("user")), "none"))
            if by:
                found[port] = (daemon, int(min(by) or 0))
    return found


def port_findings(output: str, services: Mapping[str, Mapping[str, Any]], sockets: str) -> Iterator[str]:
    """Yield each port of ours that another process holds."""
    for port, (daemon, user) in sorted(foreign_listeners(output, services).items()):
        # As ss prints it: LISTEN 0 511 0.0.0.0:80 0.0.0.0:* users:(("apache2",pid=7,fd=4)).
        holder = re.search(rf':{port}\s.*users:\(\("([^"]+)",pid=(\d+)', sockets)
        who = f"{holder[1]} (process {holder[2]})" if holder else f"a process of the user with id {user}"
        yield (
            f"port {port} is held by {who}, and {daemon} needs it. Stop and disable that, or give {daemon} another "
            "port or host."
        )


def preflight_state(values: Values, names: Iterable[str]) -> list[str]:
    """Return what is wrong with hosts, from what roles/preflight/tasks/hosts.yml has asked them.

    Args:
        values: the hosts' variables, with the table `services`.
        names: the hosts that were asked. One that did not answer has a finding in preflight_hosts.

    """
    found = []
    for name in names:
        raw = values.raw[name]
        answers = raw.get("__preflight_answers", {}).get("results", [])
        output = str(answers[0].get("stdout", "")) if answers else ""
        groups = set(raw.get("group_names", []))
        services = {
            daemon: service
            for daemon, service in values.get(name, "services", {}).items()
            if not groups.isdisjoint(service.get("groups", []))
        }
        sockets = str(raw.get("__preflight_sockets", {}).get("stdout", ""))
        texts = [
            *name_findings(raw.get("ansible_facts", {}), name, values.raw),
            *address_findings(output, str(values.get(name, "host_address") or "")),
            *space_findings(output, services, str(values.get(name, "data_dir"))),
            *port_findings(output, services, sockets),
        ]
        found += [f"{name}: {text}" for text in texts]
    return found


class FilterModule:
    """What Ansible loads."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return the filters by name."""
        return {"foreign_listeners": foreign_listeners, "preflight_state": preflight_state}
