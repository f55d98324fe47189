"""Who may connect to which port of a host, from the table of services, group_vars/all/services.yml."""

from __future__ import annotations

from collections import defaultdict
from ipaddress import collapse_addresses, ip_address, ip_network
from typing import TYPE_CHECKING, Any

from ansible.errors import AnsibleFilterError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    Services = Mapping[str, Mapping[str, Any]]
    Groups = Mapping[str, list[str]]

#: Clients that are no groups.
ANYONE, ADMINS = "anyone", "admins"
#: The key of clients that stands for the ports that the system chooses.
EPHEMERAL = "ephemeral"


def members(groups: Groups, names: Iterable[str]) -> list[str]:
    """Return the hosts of these groups, each once; a group that the inventory does not have is empty."""
    return list(dict.fromkeys(host for name in names for host in groups.get(name, [])))


def ports_of(services: Services, groups: Groups, ephemeral: str) -> Iterator[tuple[str, str, list[str], list[str]]]:
    """Yield each port that has clients, with its daemon, hosts and clients."""
    for daemon, service in services.items():
        hosts = members(groups, service["groups"])
        for key, clients in service.get("clients", {}).items():
            port = ephemeral if key == EPHEMERAL else str(service["ports"][key])
            yield f"{daemon} {key}", port, hosts, clients


def firewall_openings(
    services: Services, groups: Groups, addresses: Mapping[str, str], host: str, ephemeral: str
) -> list[dict[str, Any]]:
    """Return what a host's firewall lets in: ports, and the addresses that may connect to them.

    Args:
        services: the table.
        groups: the inventory's groups, each with its hosts.
        addresses: each host's address.
        host: the host, which needs no opening for itself.
        ephemeral: the range of ports that the system chooses from.

    Returns:
        Ports that have the same clients are one opening. `sources` are addresses, `anyone` or `admins`.

    """
    by_sources: dict[tuple[str, ...], list[tuple[str, str]]] = defaultdict(list)
    for name, port, hosts, clients in ports_of(services, groups, ephemeral):
        sources = [one for one in (ANYONE, ADMINS) if one in clients]
        if ANYONE not in clients:
            others = [one for one in members(groups, clients) if one != host]
            sources += sorted(
                (addresses[one] for one in others),
                key=lambda text: [int(n) if n.isdigit() else n for n in text.split(".")],
            )
        if host in hosts and sources:
            by_sources[tuple(sources)].append((name, port))
    return [
        {
            "comment": ", ".join(name for name, _ in found),
            "ports": list(dict.fromkeys(port for _, port in found)),
            "sources": list(sources),
        }
        for sources, found in by_sources.items()
    ]


def firewall_doors(
    services: Services, groups: Groups, addresses: Mapping[str, str], host: str, ephemeral: str
) -> list[dict[str, Any]]:
    """Return the ports of other hosts that a host connects to; the arguments are those of firewall_openings."""
    return [
        {"service": name, "host": other, "address": addresses[other], "port": int(port.split("-")[0])}
        for name, port, hosts, clients in ports_of(services, groups, ephemeral)
        if ANYONE in clients or host in members(groups, clients)
        for other in hosts
        if other != host
    ]


def firewall_sources(sources: Iterable[str], admins: Iterable[str]) -> dict[str, list[str]]:
    """Return the addresses of an opening as nftables takes them, by its name for their family.

    Args:
        sources: addresses, or `admins`.
        admins: addresses and networks. An address that is in one of the networks is left out: a set of nftables has no
            element twice.

    Raises:
        AnsibleFilterError: one of them is neither.

    """
    given = list(sources)
    try:
        hosts = [ip_address(one) for one in given if one != ADMINS]
    except ValueError as error:
        message = f"host_address: {error}. The firewall needs the address of each host, not a name that resolves to it."
        raise AnsibleFilterError(message) from error
    try:
        networks = [ip_network(one, strict=False) for one in (admins if ADMINS in given else ())]
    except ValueError as error:
        raise AnsibleFilterError(
            f"firewall_admins: {error}. Give addresses such as 192.0.2.7 or 192.0.2.0/24."
        ) from error
    found: dict[str, list[str]] = {}
    for family, version in (("ip", 4), ("ip6", 6)):
        merged = list(collapse_addresses(one for one in networks if one.version == version))
        single = [one for one in hosts if one.version == version and not any(one in network for network in merged)]
        texts = [str(one).removesuffix(f"/{one.max_prefixlen}") for one in merged] + [str(one) for one in single]
        if texts:
            found[family] = texts
    return found


class FilterModule:
    """What Ansible loads."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return the filters by name."""
        return {
            "firewall_doors": firewall_doors,
            "firewall_openings": firewall_openings,
            "firewall_sources": firewall_sources,
        }
