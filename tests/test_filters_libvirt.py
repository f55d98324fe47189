"""plugins/filter/libvirt.py on what libvirt prints."""

from __future__ import annotations

import pytest
from libvirt import libvirt_domains, libvirt_growth, libvirt_made, libvirt_network, libvirt_uuids, libvirt_vms, vm_uuid

SIZE = {"memory_mib": 2048, "vcpus": 2, "disk_gib": 20}
DOMAIN = """<domain type='kvm'{id}>
  <name>{name}</name>
  <metadata>{metadata}</metadata>
  <devices><interface><mac address='52:54:00:01:02:03'/></interface></devices>
</domain>

"""
MADE = "<machines:made xmlns:machines='urn:machines' digest='{}'/>"
NETWORK = """<network connections='2'>
  <name>log-analysis</name>
  <uuid>b453fdb2-3a6c-5578-86f3-00803e1ecacf</uuid>
  <forward mode='nat'/>
  <ip address='192.168.122.1' {mask}>
    <dhcp>
      <host mac='52:54:00:a8:7a:b4' name='web01' ip='192.168.122.180'/>
      <host mac='52:54:00:a8:7a:b5' ip='192.168.122.181'/>
    </dhcp>
  </ip>
</network>
"""


def test_a_vm_has_its_size_address_uuid_and_mac() -> None:
    web, database = libvirt_vms(
        {"web01": 180, "db01": 185}, "log-analysis", "10.1.2.0/24", SIZE, {"db01": {"vcpus": 4}}
    )
    assert web == {
        **SIZE,
        "name": "web01",
        "address": "10.1.2.180",
        # Ansible's to_uuid of log-analysis/hosts/web01: VMs that exist are recognised by it.
        "uuid": "cbcfc56a-cbac-54eb-a565-7fee8b548397",
        "mac": "52:54:00:01:02:b4",
    }
    assert database == {**SIZE, "vcpus": 4, **{key: database[key] for key in ("name", "address", "uuid", "mac")}}


def test_a_number_beyond_the_last_byte_goes_on_in_the_next() -> None:
    (vm,) = libvirt_vms({"far": 300}, "n", "10.1.0.0/16", SIZE, {})
    assert (vm["address"], vm["mac"]) == ("10.1.1.44", "52:54:00:01:01:2c")


def test_a_listing_gives_uuids_by_name() -> None:
    listing = "11111111-2222-3333-4444-555555555555 web01\n22222222-2222-3333-4444-555555555555 with a space \n\n"
    assert libvirt_uuids(listing) == {
        "web01": "11111111-2222-3333-4444-555555555555",
        "with a space": "22222222-2222-3333-4444-555555555555",
    }
    assert libvirt_uuids("") == {}


def test_the_roles_own_vms_are_recognised_by_name_and_uuid() -> None:
    uuids = {
        "web01": vm_uuid("web01", "log-analysis"),
        "gone": vm_uuid("gone", "log-analysis"),
        "renamed": vm_uuid("db01", "log-analysis"),
        "other": vm_uuid("other", "another-network"),
    }
    assert libvirt_made(uuids, "log-analysis") == ["web01", "gone"]


def test_domains_tell_whether_they_run_and_their_digests() -> None:
    definitions = "".join(
        [
            DOMAIN.format(id=" id='7'", name="web01", metadata=MADE.format("old")),
            DOMAIN.format(id="", name="web01", metadata=MADE.format("new")),
            DOMAIN.format(id="", name="db01", metadata=""),
            DOMAIN.format(id="", name="db01", metadata=""),
        ]
    )
    assert libvirt_domains(definitions) == {
        "web01": {"running": True, "active_digest": "old", "inactive_digest": "new"},
        "db01": {"running": False, "active_digest": "", "inactive_digest": ""},
    }
    assert libvirt_domains("") == {}


@pytest.mark.parametrize("mask", ["netmask='255.255.255.0'", "prefix='24'"])
def test_a_network_has_its_uuid_subnet_and_reservations(mask: str) -> None:
    assert libvirt_network(NETWORK.format(mask=mask)) == {
        "uuid": "b453fdb2-3a6c-5578-86f3-00803e1ecacf",
        "subnet": "192.168.122.0/24",
        "reservations": [
            {"mac": "52:54:00:a8:7a:b4", "name": "web01", "ip": "192.168.122.180"},
            {"mac": "52:54:00:a8:7a:b5", "name": "", "ip": "192.168.122.181"},
        ],
    }


@pytest.mark.parametrize("definition", ["", "<network><name>isolated</name></network>"])
def test_no_network_is_empty(definition: str) -> None:
    assert libvirt_network(definition) == {"uuid": "", "subnet": "", "reservations": []}


def test_disks_grow_by_what_they_lack() -> None:
    vms = [{"name": name, "disk_gib": size} for name, size in (("new", 20), ("same", 20), ("larger", 40), ("less", 10))]
    capacities = {"same.qcow2": 20 * 2**30, "larger.qcow2": 20 * 2**30, "less.qcow2": 20 * 2**30, "less.iso": 1}
    assert libvirt_growth(vms, capacities) == {"new": 20, "same": 0, "larger": 20, "less": -10}
