"""What is wrong with an inventory's addresses and with Kafka's ids, found without asking a host."""

from __future__ import annotations

import re
from collections import defaultdict
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping


class Values(Protocol):
    """What this needs of HostValues, in host_values.py."""

    raw: Mapping[str, Mapping[str, Any]]

    def get(self, host: str, name: str, default: Any = None) -> Any:
        """Return a variable's value on a host; the default if it is not set or cannot be computed."""


def hosts_text(hosts: Iterable[str], most: int = 5) -> str:
    """Return hosts' names as a list that stays readable."""
    names = list(hosts)
    rest = len(names) - most
    return ", ".join(names[:most]) + (f" and {rest} more" if rest > 0 else "")


def address_findings(values: Values, network: str) -> Iterator[str]:
    """Yield what is wrong with the hosts' addresses."""
    by_address, unplaced, unresolved = defaultdict(list), [], []
    for host in values.raw:
        address = str(values.get(host, "host_address") or "")
        connected = str(values.get(host, "ansible_host") or "")
        if re.fullmatch(r"(?!127\.)\d+\.\d+\.\d+\.\d+", address):
            by_address[address].append(host)
        elif address or connected:
            unresolved.append(f"{host} {address or connected}")
        else:
            unplaced.append(host)
    if unplaced:
        yield (
            f"host_number or ansible_host: the inventory does not say where {hosts_text(unplaced)} is. Give each host "
            f"a host_number that is in cluster_network ({network or 'not set'}), or an ansible_host."
        )
    if unresolved:
        yield (
            "host_address: the hosts reach each other at IPv4 addresses; the control node knows none but loopback "
            f"addresses of these: {hosts_text(unresolved)}. Correct ansible_host, or set host_address beside it to the "
            "address that the other hosts use."
        )
    shared = [f"{address} is that of {hosts_text(hosts)}" for address, hosts in by_address.items() if len(hosts) > 1]
    if shared:
        yield f"host_number or ansible_host: each host needs an address of its own; {'; '.join(shared)}."


def kafka_findings(values: Values, nodes: list[str]) -> Iterator[str]:
    """Yield what is wrong with the ids of Kafka's nodes and of their cluster."""
    wanted = set(nodes)
    ids = {host: str(values.get(host, "kafka_kraft_node_id", "none")) for host in values.raw if host in wanted}
    by_id = defaultdict(list)
    for host, node_id in ids.items():
        by_id[node_id].append(host)
    wrong = [h for node_id, hosts in by_id.items() if len(hosts) > 1 or not node_id.isdigit() for h in hosts]
    if wrong:
        yield (
            "kafka_kraft_node_id: each host of kafka_controllers and kafka_brokers needs a number of its own in the "
            f"inventory's hosts.yml; found {hosts_text((f'{host} {ids[host]}' for host in ids if host in wrong), 10)}."
        )
    clusters = {str(values.get(host, "kafka_kraft_cluster_id") or "none") for host in nodes}
    if nodes and (len(clusters) > 1 or not all(re.fullmatch(r"[A-Za-z0-9_-]{22}", one) for one in clusters)):
        yield (
            f"kafka_kraft_cluster_id: found {', '.join(sorted(clusters))}. It has to be what `kafka-storage.sh "
            "random-uuid` prints (22 characters), the same on all nodes. Set it once in the inventory's group_vars."
        )


def name_findings(values: Values) -> Iterator[str]:
    """Yield which hosts have names that Java takes for none in a URI: it answers null, and Hadoop gives up."""
    masters = {"hdfs_namenodes", "yarn_resourcemanagers"}
    wrong = [host for host, raw in values.raw.items() if "_" in host and masters & set(raw.get("group_names", []))]
    if wrong:
        yield (
            f"hosts.yml: {hosts_text(wrong)}: the NameNode and the ResourceManager are addressed by these names, and "
            "Hadoop takes no underscore in them. Write a hyphen instead."
        )


def preflight_inventory(values: Values, nodes: list[str], network: object) -> list[str]:
    """Return what is wrong with the hosts' addresses and with Kafka's ids.

    Args:
        values: the hosts' variables.
        nodes: the hosts that run Kafka.
        network: the hosts' network, in CIDR notation.

    """
    return [*name_findings(values), *address_findings(values, str(network or "")), *kafka_findings(values, nodes)]


class FilterModule:
    """What Ansible loads."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return the filters by name."""
        return {"preflight_inventory": preflight_inventory}
