"""What the role machines gives to libvirt and cloud-init for six VMs and for 60, without a host."""

from __future__ import annotations

import base64
import json
import uuid
import xml.etree.ElementTree as ET
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible.inventory.manager import InventoryManager
from ansible.parsing.dataloader import DataLoader
from ansible.plugins.loader import init_plugin_loader
from ansible.template import Templar, trust_as_template
from ansible.vars.hostvars import HostVars
from ansible.vars.manager import VariableManager
from templates import role_variables

init_plugin_loader()

ROOT = Path(__file__).resolve().parents[1]
ROLE = ROOT / "roles" / "machines"
KEY = "ssh-ed25519 AAAA machines"
MORE = {f"extra{number:02}": {"host_number": 185 + number} for number in range(1, 55)}


class RenderedRole:
    """The role's templates with an inventory's variables."""

    def __init__(self, inventory: list[str], virt_type: str) -> None:
        loader = DataLoader()
        loader.set_basedir(str(ROOT / "playbooks"))  # beside group_vars/
        manager = InventoryManager(loader, inventory)
        variables = VariableManager(loader, manager)
        HostVars(manager, variables, loader)  # registers itself with the manager
        files = sorted(str(path.relative_to(ROLE)) for path in ROLE.glob("vars/main/*.yml"))
        given = {"__machines_virt_type": virt_type, "__machines_public_key": KEY}
        self._loader = loader
        self._variables = (
            role_variables("machines")
            | variables.get_vars(host=manager.get_hosts()[0])
            | {name: value for name, value in role_variables("machines", *files).items() if name.startswith("__")}
            | {"role_path": str(ROLE)}
            | given
        )
        # Computed once, as the role does: it needs the variables of every host.
        self.vms: list[dict[str, Any]] = self.value("__machines_wanted")
        self._variables |= {"__machines_vms": self.vms}

    def text(self, template: str, **more: Any) -> Any:
        """Return a template's value with the variables of the role and the inventory, and with more."""
        return Templar(self._loader, self._variables | more).template(trust_as_template(template))

    def value(self, expression: str) -> Any:
        """Return an expression's value."""
        return self.text(f"{{{{ {expression} }}}}")

    def file(self, name: str, machine: dict[str, Any] | None = None) -> str:
        """Return a rendered file of the role's templates, for one VM."""
        return self.text((ROLE / "templates" / "libvirt" / name).read_text(), machine=machine)

    def xml(self, name: str, machine: dict[str, Any] | None = None) -> ET.Element:
        """Return a rendered XML file, for one VM."""
        return ET.fromstring(self.file(name, machine))


@pytest.fixture(scope="module", params=[(6, "kvm"), (60, "qemu")], ids=["six", "sixty"])
def rendered(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> RenderedRole:
    """Return the six VMs' inventory, alone or with 54 more hosts."""
    count, virt_type = request.param
    sources = [str(ROOT / "inventory" / "vms")]
    if count == 60:
        more = tmp_path_factory.mktemp("inventory") / "more.yml"
        more.write_text(yaml.safe_dump({"cluster": {"hosts": MORE}}))
        sources.append(str(more))
    rendered = RenderedRole(sources, virt_type)
    assert len(rendered.vms) == count
    return rendered


def test_no_two_vms_share_an_identity(rendered: RenderedRole) -> None:
    for key in ("name", "address", "mac", "uuid"):
        assert len({vm[key] for vm in rendered.vms}) == len(rendered.vms), key
    names = [rendered.value(name) for name in ("__machines_network_uuid", "__machines_pool_uuid")]
    assert not set(names) & {vm["uuid"] for vm in rendered.vms}


def test_sizes_come_from_the_inventory(rendered: RenderedRole) -> None:
    sizes = {vm["name"]: (vm["memory_mib"], vm["vcpus"], vm["disk_gib"]) for vm in rendered.vms}
    assert sizes["web01"] == (2048, 2, 20)
    assert sizes["hadoop02"] == (6144, 2, 40)
    for vm in rendered.vms:
        domain = rendered.xml("domain.xml.j2", vm)
        volume = rendered.xml("volume.xml.j2", vm)
        found = (domain.findtext("memory"), domain.findtext("vcpu"), volume.findtext("capacity"))
        assert found == tuple(str(size) for size in sizes[vm["name"]])


def test_the_network_gives_each_vm_its_name_and_address(rendered: RenderedRole) -> None:
    network = rendered.xml("network.xml.j2")
    subnet = ip_network("192.168.122.0/24")
    address = network.find("ip")
    assert ip_network(f"{address.get('address')}/{address.get('netmask')}", strict=False) == subnet
    reservations = {host.get("mac"): (host.get("name"), host.get("ip")) for host in network.iter("host")}
    assert reservations == {vm["mac"]: (vm["name"], vm["address"]) for vm in rendered.vms}
    assert all(ip_address(ip) in subnet for _, ip in reservations.values())
    assert network.find("ip/dhcp/range") is None, "an address that nobody reserved"
    # The addresses are those that Ansible connects to.
    assert {vm["name"]: vm["address"] for vm in rendered.vms} == rendered.value("cluster_hosts")


def test_a_domain_has_its_disk_its_seed_and_its_place_in_the_network(rendered: RenderedRole) -> None:
    network = rendered.xml("network.xml.j2").findtext("name")
    pool = rendered.xml("pool.xml.j2").findtext("target/path")
    for vm in rendered.vms:
        domain = rendered.xml("domain.xml.j2", vm)
        disks = {disk.find("target").get("dev"): disk for disk in domain.iter("disk")}
        assert disks["vda"].find("source").get("file") == f"{pool}/{rendered.xml('volume.xml.j2', vm).findtext('name')}"
        assert disks["vdb"].find("source").get("file") == f"{pool}/{vm['name']}.iso"
        assert disks["vdb"].find("readonly") is not None
        assert [mac.get("address") for mac in domain.iter("mac")] == [vm["mac"]]
        assert domain.find("devices/interface/source").get("network") == network
        assert domain.findtext("uuid") == vm["uuid"]


def test_a_disk_is_an_overlay_on_the_one_image(rendered: RenderedRole) -> None:
    images = {rendered.xml("volume.xml.j2", vm).findtext("backingStore/path") for vm in rendered.vms}
    assert len(images) == 1


def test_only_emulation_limits_its_cache_and_only_kvm_passes_the_processor_on(rendered: RenderedRole) -> None:
    for vm in rendered.vms:
        domain = rendered.xml("domain.xml.j2", vm)
        kvm = domain.get("type") == "kvm"
        assert (domain.find("cpu") is not None) == kvm
        assert (domain.find("features/tcg") is not None) == (not kvm)


def test_cloud_init_gets_the_name_the_user_and_its_key(rendered: RenderedRole) -> None:
    for vm in rendered.vms:
        text = rendered.file("user-data.j2", vm)
        assert text.startswith("#cloud-config\n")
        cloud_config = yaml.safe_load(text)
        (user,) = cloud_config["users"]
        assert user["name"] == "hadoop" == rendered.value("ansible_user")
        assert user["ssh_authorized_keys"] == [KEY]
        assert user["sudo"] == "ALL=(ALL) NOPASSWD:ALL"
        assert ("write_files" in cloud_config) == (rendered.value("__machines_virt_type") == "qemu")
        meta = yaml.safe_load(rendered.file("meta-data.j2", vm))
        assert meta == {"instance-id": vm["uuid"], "local-hostname": vm["name"]}
        (interface,) = yaml.safe_load(rendered.file("network-config.j2", vm))["ethernets"].values()
        assert interface["match"] == {"macaddress": vm["mac"]}
        assert interface["dhcp4"] is True


def test_the_digest_covers_everything_a_vm_is_made_from(rendered: RenderedRole) -> None:
    def digest(**changes: int) -> str:
        return rendered.xml("domain.xml.j2", rendered.vms[0] | changes).find("metadata")[0].get("digest")

    assert digest() == digest()
    assert len({digest(), digest(memory_mib=1), digest(vcpus=1), digest(disk_gib=1)}) == 4


def found(identity: uuid.UUID, gateway: str = "192.168.122.1") -> dict[str, Any]:
    """Return a network's definition as libvirt returns it."""
    ip = f"<ip address='{gateway}' netmask='255.255.255.0'></ip>"
    return {"get_xml": f"<network><uuid>{identity}</uuid>{ip}</network>"}


def routes(destination: str) -> dict[str, str]:
    """Return a host's routes as `ip -json` shows them."""
    route = {"dst": destination, "dev": "virbr0", "protocol": "kernel"}
    return {"stdout": json.dumps([{"dst": "default", "dev": "eth0"}, route])}


def memory(mib: int) -> dict[str, bytes]:
    """Return /proc/meminfo as it is read from a host."""
    return {"content": base64.b64encode(f"MemTotal: 1 kB\nMemAvailable:   {mib * 1024} kB\n".encode())}


# Every later version must recognise what was made: the namespace is that of Ansible's to_uuid.
NETWORK = uuid.uuid5(uuid.UUID("361e6d51-faec-444a-9079-341386da8e2e"), "log-analysis/network")
OTHER = uuid.UUID("11111111-2222-3333-4444-555555555555")
EMPTY_HOST: dict[str, Any] = {
    "__machines_list": {"stdout": ""},
    "__machines_dumps": {},
    "__machines_network": {},
    "__machines_pools": {"pools": {}},
    "__machines_volumes": {},
    "__machines_df": {"stdout_lines": [" Avail", str(200 * 1024)]},
    "__machines_meminfo": memory(29_000),
    "__machines_routes": routes("10.0.0.0/8"),
}
# 26 GiB of memory and 256 MiB for each QEMU; 180 GiB of disks and 3 GiB to build the image.
FAILURES: dict[str, tuple[dict[str, Any], str]] = {
    "uri": ({"machines_libvirt_uri": "qemu:///session"}, "machines_libvirt_uri"),
    "checksum": ({"machines_image_url": "https://example.org/a.img"}, "machines_image_checksum"),
    "network": ({"__machines_network": found(OTHER)}, "the network log-analysis on this machine was not"),
    "pool": ({"__machines_pools": {"pools": {"log-analysis": {"uuid": str(OTHER)}}}}, "the pool log-analysis on"),
    "vms": (
        {"__machines_list": {"stdout": f"{OTHER} db01\n{OTHER} another \n{OTHER} web01\n"}},
        "are named web01, db01.",
    ),
    "moved": ({"__machines_network": found(NETWORK, "10.9.9.1")}, "exists with 10.9.9.0/24"),
    "subnet": ({"__machines_routes": routes("192.168.122.0/24")}, "in use on this machine, by virbr0"),
    "around": ({"__machines_routes": routes("192.168.0.0/16")}, "in use on this machine, by virbr0"),
    "within": ({"__machines_routes": routes("192.168.122.9")}, "in use on this machine, by virbr0"),
    "smaller": (
        {"__machines_volumes": {"list_volumes": [{"name": "db01.qcow2", "info": [0, 21 * 2**30, 0]}]}},
        "cannot shrink: db01",
    ),
    "memory": ({"__machines_meminfo": memory(26_000)}, "need 28160 MiB of memory, 26000 MiB are"),
    "disk": ({"__machines_df": {"stdout_lines": [" Avail", str(182 * 1024)]}}, "by 183 GiB together, 182 GiB are"),
}


@pytest.fixture(scope="module")
def six_vms() -> RenderedRole:
    """Return the six VMs of the case study."""
    return RenderedRole([str(ROOT / "inventory" / "vms")], "kvm")


def failures(rendered: RenderedRole, survey: dict[str, Any]) -> list[str]:
    """Return the messages for a libvirt host on which the survey found this."""
    checks = rendered.text("{{ __machines_checks }}", **(EMPTY_HOST | survey))
    return [check["fail_msg"] for check in checks if not check["that"]]


@pytest.mark.parametrize(
    "survey",
    [{}, {"__machines_network": found(NETWORK), "__machines_routes": routes("192.168.122.0/24")}],
    ids=["empty", "its own network"],
)
def test_a_host_with_enough_room_is_accepted(six_vms: RenderedRole, survey: dict[str, Any]) -> None:
    assert failures(six_vms, survey) == []


@pytest.mark.parametrize(("survey", "message"), FAILURES.values(), ids=FAILURES)
def test_each_obstacle_is_reported_with_its_reason(six_vms: RenderedRole, survey: dict[str, Any], message: str) -> None:
    (found,) = failures(six_vms, survey)
    assert message in found


def test_all_obstacles_are_reported_at_once(six_vms: RenderedRole) -> None:
    survey = FAILURES["vms"][0] | FAILURES["memory"][0] | FAILURES["disk"][0]
    assert len(failures(six_vms, survey)) == 3
