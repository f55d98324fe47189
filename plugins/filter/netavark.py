"""The networks of containers and VMs on a machine: which are free, and the firewall chains that they leave behind."""

from __future__ import annotations

import re
from ipaddress import ip_network
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable


def overlapping(subnet: str, others: Iterable[str]) -> list[str]:
    """Return those of the other networks (CIDR, or an address) that share addresses with the subnet."""
    network = ip_network(subnet)
    return [other for other in others if ip_network(other, strict=False).overlaps(network)]


def routes_into(routes: Iterable[dict[str, Any]], subnet: str) -> list[dict[str, Any]]:
    """Return the routes that send a part of the subnet somewhere, from the parsed output of `ip -json route show`.

    A wider route (default, a VPN's 0.0.0.0/1, a site's 10.0.0.0/8) takes nothing: the subnet's own will be narrower.
    Only the network of one of the machine's own addresses takes all that is in it.
    """
    wanted = ip_network(subnet)
    found = []
    for route in routes:
        network = ip_network("0.0.0.0/0" if route["dst"] == "default" else route["dst"], strict=False)
        wider = network.prefixlen < wanted.prefixlen and route.get("protocol") != "kernel"
        if network.overlaps(wanted) and not wider:
            found.append(route)
    return found


def overlapping_routes(routes: Iterable[dict[str, Any]], subnet: str) -> list[str]:
    """Return the devices with routes into the subnet; a route without a device is named by its destination."""
    return list(dict.fromkeys(route.get("dev", route["dst"]) for route in routes_into(routes, subnet)))


def first_free_subnet(subnets: Iterable[str], taken: Iterable[str], routes: Iterable[dict[str, Any]] = ()) -> str:
    """Return the first of the subnets that shares no address with a taken one or a route, or an empty string."""
    used, known = list(taken), list(routes)
    return next((one for one in subnets if not overlapping(one, used) and not routes_into(known, one)), "")


def iptables_chain_removal(rules: str, prefix: str) -> str:
    """Return what removes all chains whose names begin with the prefix, and the jumps to them.

    Args:
        rules: what iptables-save (or ip6tables-save) printed.
        prefix: such as `NETAVARK` or `LIBVIRT`.

    Returns:
        Input for `iptables-restore --noflush`; empty if there is no such chain. Jumps go first, then all rules, then
        the chains: iptables removes no chain that is in use or holds rules.

    """
    lines = []
    for table, body in re.findall(r"^\*(\w+)\n(.*?)^COMMIT$", rules, re.MULTILINE | re.DOTALL):
        chains = re.findall(rf"^:({prefix}\S*)", body, re.MULTILINE)
        if not chains:
            continue
        jumps = re.findall(rf"^-A (?!{prefix})(.* -j {prefix}.*)$", body, re.MULTILINE)
        lines.append(f"*{table}")
        lines += [f"-D {jump}" for jump in jumps]
        lines += [f"-F {chain}" for chain in chains]
        lines += [f"-X {chain}" for chain in chains]
        lines.append("COMMIT")
    return "".join(f"{line}\n" for line in lines)


class FilterModule:
    """What Ansible loads."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        filters = (overlapping_routes, first_free_subnet, iptables_chain_removal)
        return {function.__name__: function for function in filters}
