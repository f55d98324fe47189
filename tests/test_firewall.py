"""The firewall's rules for clusters of several sizes, made without hosts: who may connect to what, and nobody else."""

from __future__ import annotations

import re
import shutil
import subprocess
from ipaddress import ip_address
from typing import TYPE_CHECKING

import pytest
import yaml
from ansible.errors import AnsibleFilterError
from clusters import Cluster
from firewall import firewall_doors, firewall_openings, firewall_sources
from rendering import DEBIAN, ROOT, Deployment
from templates import SERVICES

if TYPE_CHECKING:
    from pathlib import Path

RULES = "/etc/log-analysis-firewall.nft"
ADMIN = "203.0.113.7"
SIZES = {
    "1": Cluster(webs=0, workers=0, brokers=0, controllers=0),
    "6": Cluster(),
    "12": Cluster(webs=3, workers=7, brokers=5),
    "60": Cluster(webs=20, workers=38, brokers=9, controllers=5),
}
EPHEMERAL = "32768-60999"


def inventory(size: Cluster) -> dict[str, dict]:
    """Return the inventory of a size; of the smallest, one host that is everything."""
    found = size.inventory()
    if not size.workers:
        groups = {name: {"hosts": {"one": {}}} for name in found if name not in ("cluster", "hadoop", "kafka")}
        one = {"hosts": {"one": {"host_number": 1, "kafka_kraft_node_id": 1}}}
        found = {"cluster": one, **groups, "hadoop": found["hadoop"], "kafka": found["kafka"]}
    return found


class Rules:
    """What is written to each host."""

    def __init__(self, size: Cluster, directory: Path) -> None:
        (directory / "hosts.yml").write_text(yaml.safe_dump(inventory(size), sort_keys=False))
        (directory / "group_vars/all").mkdir(parents=True)
        for path in (ROOT / "inventory/vms/group_vars/all").iterdir():
            (directory / "group_vars/all" / path.name).symlink_to(path)
        (directory / "group_vars/all/own.yml").write_text(
            f"firewall_admins: [{ADMIN}, 198.51.100.0/24]\nansible_port: 2222\n"
        )
        self.deployment = Deployment(directory, DEBIAN, ["playbooks/firewall.yml"])
        self.hosts = self.deployment.hosts
        self.addresses = {host: str(self.deployment.hostvars[host]["ansible_host"]) for host in self.hosts}
        self.groups = {
            name: [str(host) for host in hosts] for name, hosts in self.deployment.inventory.get_groups_dict().items()
        }
        self.text = {host: self.deployment.files(host)[RULES].text for host in self.hosts}

    def openings(self, host: str) -> dict[str, set[str]]:
        """Return the sources of each port that a host opens; anyone's are `anyone`."""
        found: dict[str, set[str]] = {}
        accept = re.compile(r"^\s*(?:ip6? saddr \{ (.+?) \} )?tcp dport \{ (.+?) \} accept", re.MULTILINE)
        for sources, ports in accept.findall(self.text[host]):
            for port in ports.split(", "):
                found.setdefault(port, set()).update(sources.split(", ") if sources else ["anyone"])
        return found


@pytest.fixture(scope="module", params=SIZES)
def rules(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Rules:
    """Return the rules of each size."""
    return Rules(SIZES[request.param], tmp_path_factory.mktemp("inventory"))


def test_every_host_has_rules_that_nftables_takes(rules: Rules, tmp_path: Path) -> None:
    nft = shutil.which("nft", path="/usr/sbin:/usr/bin")
    for host, text in rules.text.items():
        assert text.count("{") == text.count("}"), host
        assert "policy drop;" in text
        # A user that does not exist on this machine has no number here.
        (tmp_path / f"{host}.nft").write_text(re.sub(r"skuid \w+", "skuid nobody", text))
    if nft:
        command = [
            "unshare",
            "--net",
            "sh",
            "-ec",
            f'for file in "$0"/*.nft; do {nft} -c -f "$file"; done',
            str(tmp_path),
        ]
        done = subprocess.run(command, capture_output=True, text=True)
        if "Operation not permitted" not in done.stderr:
            assert (done.returncode, done.stderr) == (0, "")


def test_a_stranger_reaches_ssh_and_the_web_service_alone(rules: Rules) -> None:
    for host in rules.hosts:
        public = {port for port, sources in rules.openings(host).items() if "anyone" in sources}
        assert public == {"2222", "80"} if host in rules.groups["web_servers"] else {"2222"}


def test_no_other_source_is_outside_of_the_cluster(rules: Rules) -> None:
    known = {*rules.addresses.values(), ADMIN, "198.51.100.0/24", "anyone"}
    pages = {
        str(service["ports"]["http"]) for name, service in SERVICES.items() if "admins" in str(service.get("clients"))
    }
    for host in rules.hosts:
        openings = rules.openings(host)
        assert set().union(*openings.values()) <= known
        assert {port for port, sources in openings.items() if ADMIN in sources} <= pages
        assert rules.addresses[host] not in set().union(*openings.values()), "a host needs no opening for itself"


def test_every_client_gets_through_and_no_other_host(rules: Rules) -> None:
    services = rules.deployment.hostvars[rules.hosts[0]]["services"]
    for name, service in services.items():
        for key, clients in service.get("clients", {}).items():
            port = EPHEMERAL if key == "ephemeral" else str(service["ports"][key])
            for host in {one for group in service["groups"] for one in rules.groups.get(group, [])}:
                sources = rules.openings(host).get(port, set())
                wanted = {one for group in clients for one in rules.groups.get(group, [])} - {host}
                wanted = {rules.addresses[one] for one in wanted}
                assert "anyone" in clients or sources - {ADMIN, "198.51.100.0/24"} == wanted, f"{name} {key} on {host}"


def test_the_doors_that_are_checked_are_those_that_are_open(rules: Rules) -> None:
    for host in rules.hosts:
        (call,) = rules.deployment.calls(
            host, "ansible.builtin.command", task="Connect to the ports that the host needs"
        )
        for door in call.variable("firewall_doors"):
            openings = rules.openings(door["host"])
            ports = [port for port in openings if int(port.split("-")[0]) == door["port"]]
            assert any({"anyone", rules.addresses[host]} & openings[port] for port in ports), f"{host}: {door}"


def test_every_port_of_the_table_says_who_its_clients_are() -> None:
    for name, service in SERVICES.items():
        assert set(service.get("clients", {})) - {"ephemeral"} == set(service["ports"]), name


def test_the_groups_of_clients_exist() -> None:
    groups = set(yaml.safe_load((ROOT / "inventory/vms/hosts.yml").read_text())["hadoop"]["children"])
    groups |= {"kafka_brokers", "kafka_controllers", "postgresql", "anyone", "admins"}
    clients = {
        one for service in SERVICES.values() for clients in service.get("clients", {}).values() for one in clients
    }
    assert clients <= groups


TABLE = {
    "web": {"groups": ["webs"], "ports": {"http": 80}, "clients": {"http": ["anyone"]}},
    "store": {
        "groups": ["stores"],
        "ports": {"a": 1, "b": 2, "c": 3},
        "clients": {"a": ["webs"], "b": ["webs"], "c": []},
    },
}
HOSTS = {"webs": ["w1", "w2"], "stores": ["s"]}
ADDRESSES = {"w1": "10.0.0.10", "w2": "10.0.0.9", "s": "10.0.0.1"}


def test_ports_with_the_same_clients_are_one_rule() -> None:
    (opening,) = firewall_openings(TABLE, HOSTS, ADDRESSES, "s", EPHEMERAL)
    assert opening == {"comment": "store a, store b", "ports": ["1", "2"], "sources": ["10.0.0.9", "10.0.0.10"]}
    assert [ip_address(one) for one in opening["sources"]] == sorted(map(ip_address, opening["sources"]))


def test_a_host_s_own_ports_are_no_doors() -> None:
    doors = firewall_doors(TABLE, HOSTS, ADDRESSES, "w1", EPHEMERAL)
    assert [(door["host"], door["port"]) for door in doors] == [("w2", 80), ("s", 1), ("s", 2)]


def test_an_address_in_an_administrators_network_is_named_once() -> None:
    assert firewall_sources(["10.0.0.9", "admins", "192.0.2.1"], ["10.0.0.0/24", "10.0.0.128/25", "2001:db8::1"]) == {
        "ip": ["10.0.0.0/24", "192.0.2.1"],
        "ip6": ["2001:db8::1"],
    }


@pytest.mark.parametrize(
    ("sources", "admins", "named"),
    [
        (["db.example.com"], [], "host_address: 'db.example.com'"),
        (["admins"], ["10.0.0.300"], "firewall_admins: '10.0.0.300'"),
    ],
)
def test_what_is_no_address_is_refused_by_name(sources: list[str], admins: list[str], named: str) -> None:
    with pytest.raises(AnsibleFilterError, match=named):
        firewall_sources(sources, admins)
