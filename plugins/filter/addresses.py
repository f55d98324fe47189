"""The addresses of hosts, and the networks that they are in."""

from __future__ import annotations

import socket
from functools import cache
from ipaddress import IPv4Address, ip_address, ip_interface, ip_network
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable


def host_address(network: object, number: object) -> str:
    """Return the address of the host with this number in a network.

    Args:
        network: in CIDR notation, such as `192.168.122.0/24`.
        number: the host's place, counted from the network's address; anything may be given.

    Returns:
        The address, or an empty string where the network has no host with this number, so that the caller can say
        which hosts have none.

    """
    try:
        parsed, offset = ip_network(str(network), strict=False), int(str(number))
    except ValueError:
        return ""
    # The first address names the network, the last one is its broadcast address.
    return str(parsed[offset]) if 0 < offset < parsed.num_addresses - 1 else ""


@cache
def ipv4_address(name: object) -> str:
    """Return the IPv4 address of a host's name, as the control node resolves it; an address is its own.

    Returns:
        The address, or an empty string where there is none, so that the caller can say which hosts have none.

    """
    try:
        return str(name) if isinstance(ip_address(str(name)), IPv4Address) else ""
    except ValueError:
        pass
    try:
        found = socket.getaddrinfo(str(name), None, socket.AF_INET, socket.SOCK_STREAM) if name else []
    # The name is longer than a name in DNS may be.
    except (OSError, UnicodeError):
        return ""
    return str(found[0][4][0]) if found else ""


def client_networks(addresses: Iterable[str], network: object) -> list[str]:
    """Return the addresses that PostgreSQL has to let in: the hosts' network, and each host that is not in it.

    Args:
        addresses: the hosts'.
        network: in CIDR notation; empty if the hosts have none in common.

    Returns:
        Addresses with prefix lengths. The network's is its first host's, as the case study writes it.

    """
    hosts = [address for address in map(str, addresses) if address]
    shared = ip_network(str(network), strict=False) if network else None
    inside = {address for address in hosts if shared and ip_address(address) in shared}
    others = sorted({ip_interface(address) for address in hosts if address not in inside})
    first = [f"{shared[1]}/{shared.prefixlen}"] if shared and inside else []
    return [*first, *map(str, others)]


class FilterModule:
    """What Ansible loads."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"client_networks": client_networks, "host_address": host_address, "ipv4_address": ipv4_address}
