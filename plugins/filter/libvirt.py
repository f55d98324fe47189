"""What the role machines asks of libvirt and what libvirt answers: names, UUIDs and definitions in XML."""

from __future__ import annotations

import uuid
import xml.etree.ElementTree as ET
from ipaddress import ip_interface, ip_network
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

# The namespace of Ansible's filter to_uuid. VMs that exist are recognised by these UUIDs: it must never change.
UUID_NAMESPACE = uuid.UUID("361e6d51-faec-444a-9079-341386da8e2e")
# QEMU's own prefix for the MAC addresses of VMs.
MAC_PREFIX = "52:54:00"
MADE = ".//{urn:machines}made"


def vm_uuid(name: str, network_name: str) -> str:
    """Return the UUID by which the role recognises its own VM."""
    return str(uuid.uuid5(UUID_NAMESPACE, f"{network_name}/hosts/{name}"))


def libvirt_vms(
    hosts: Mapping[str, int],
    network_name: str,
    subnet: str,
    size: Mapping[str, Any],
    sizes: Mapping[str, Mapping[str, Any]],
) -> list[dict[str, Any]]:
    """Return the wanted VMs: size, name, address, uuid and mac of each.

    Args:
        hosts: each host's place in the subnet, by name.
        network_name: what the UUIDs are derived from, beside the name.
        subnet: in CIDR notation. Bytes 2 to 4 of a VM's address are the last three of its MAC address.
        size: memory_mib, vcpus and disk_gib.
        sizes: what differs from size, by name.

    """
    network = ip_network(subnet)
    vms = []
    for name, number in hosts.items():
        address = network[int(number)]
        mac = ":".join([MAC_PREFIX, *(f"{byte:02x}" for byte in address.packed[1:])])
        identity = {"name": name, "address": str(address), "uuid": vm_uuid(name, network_name), "mac": mac}
        vms.append({**size, **sizes.get(name, {}), **identity})
    return vms


def libvirt_uuids(listing: str) -> dict[str, str]:
    """Return the UUID of each VM by its name, from `virsh list --all --uuid --name`."""
    rows = (line.split(maxsplit=1) for line in listing.splitlines() if line.strip())
    return {name.strip(): identity for identity, name in rows}


def libvirt_made(uuids: Mapping[str, str], network_name: str) -> list[str]:
    """Return the names of the VMs that the role made, whether or not the inventory still has them."""
    return [name for name, identity in uuids.items() if identity == vm_uuid(name, network_name)]


def libvirt_domains(definitions: str) -> dict[str, dict[str, Any]]:
    """Return the state of each VM by its name, from `virsh dumpxml NAME; dumpxml --inactive NAME` for each.

    Returns:
        running: whether the VM runs; active_digest and inactive_digest: the digest in the definition that it runs
        with, and in the one that its next start uses (empty if there is none).

    """
    domains: dict[str, dict[str, Any]] = {}
    roots = iter(ET.fromstring(f"<domains>{definitions}</domains>"))
    for active, inactive in zip(roots, roots):
        domains[active.findtext("name", "")] = {
            "running": "id" in active.attrib,
            "active_digest": made_digest(active),
            "inactive_digest": made_digest(inactive),
        }
    return domains


def made_digest(domain: ET.Element) -> str:
    """Return the digest that the role wrote into a VM's metadata."""
    made = domain.find(MADE)
    return "" if made is None else made.get("digest", "")


def libvirt_network(definition: str) -> dict[str, Any]:
    """Return a network's uuid, its subnet (CIDR) and its reservations (mac, name and ip of each), from its XML.

    Without a definition all of them are empty.
    """
    root = ET.fromstring(definition or "<network/>")
    address = root.find("ip")
    subnet = "" if address is None else f"{address.get('address')}/{address.get('netmask') or address.get('prefix')}"
    hosts = [dict(host.attrib) for host in root.iterfind("ip/dhcp/host")]
    return {
        "uuid": root.findtext("uuid", ""),
        "subnet": str(ip_interface(subnet).network) if subnet else "",
        "reservations": [{key: host.get(key, "") for key in ("mac", "name", "ip")} for host in hosts],
    }


def libvirt_growth(vms: list[dict[str, Any]], capacities: Mapping[str, int]) -> dict[str, int]:
    """Return the GiB by which each VM's disk has to grow, by name.

    Args:
        vms: the wanted VMs.
        capacities: bytes of each volume in the pool, by its name. A new disk grows by its full size.

    Returns:
        A negative number where the disk would shrink.

    """
    return {vm["name"]: int(vm["disk_gib"]) - capacities.get(f"{vm['name']}.qcow2", 0) // 2**30 for vm in vms}


class FilterModule:
    """What Ansible loads."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        filters = (libvirt_vms, libvirt_uuids, libvirt_made, libvirt_domains, libvirt_network, libvirt_growth)
        return {function.__name__: function for function in filters}
