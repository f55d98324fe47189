"""The address of a host from its place in the network."""

from __future__ import annotations

from ipaddress import ip_network
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable


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


class FilterModule:
    """What Ansible loads."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"host_address": host_address}
