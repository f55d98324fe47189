"""What answers a stranger on the hosts' network: SSH and the web service alone; and what answers this machine."""

from __future__ import annotations

import json
import re
import socket
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from templates import ROOT, SERVICES

if TYPE_CHECKING:
    from conftest import Lab

SCAN = Path(ROOT, "molecule/firewall/scan.py")
NETWORK = "log-analysis-lab"
#: What may be public, of what listens.
PUBLIC = {22, 80, 443}


@pytest.fixture(scope="module")
def addresses(lab: Lab) -> dict[str, str]:
    """Return the hosts' addresses. Hosts that an earlier version created have no firewall."""
    inspected = lab.podman("inspect", "--format={{.HostConfig.CapAdd}}", *(f"{host}.{NETWORK}" for host in lab.hosts))
    if "NET_ADMIN" not in inspected:
        pytest.skip("the hosts were created without the capability NET_ADMIN: ./lab down, then ./lab up")
    found = lab.run_all("hostname -I")
    return {host: text.split()[0] for host, text in found.items()}


@pytest.fixture(scope="module")
def listening(lab: Lab) -> dict[str, set[int]]:
    """Return the ports on which something listens for other hosts, and those of the table, whoever they belong to."""
    table = {port for service in SERVICES.values() for port in service["ports"].values()}
    found = {}
    for host, text in lab.run_all("ss -Hltn").items():
        local = [line.split()[3] for line in text.splitlines()]
        found[host] = {int(one.rsplit(":", 1)[1]) for one in local if not re.match(r"127\.|\[::1\]", one)} | table
    return found


def scan(lab: Lab, addresses: dict[str, str], ports: dict[str, set[int]]) -> dict[str, set[int]]:
    """Return the ports of each host that answer a container on the hosts' network that is no host."""
    image = lab.podman("inspect", "--format={{.ImageName}}", f"web01.{NETWORK}").strip()
    targets = json.dumps({addresses[host]: sorted(ports[host]) for host in lab.hosts})
    printed = lab.podman("run", "--rm", f"--network={NETWORK}", image, "python3", "-c", SCAN.read_text(), targets)
    return {host: set(json.loads(printed)[addresses[host]]) for host in lab.hosts}


def test_a_stranger_reaches_ssh_and_the_web_service_alone(
    lab: Lab, addresses: dict[str, str], listening: dict[str, set[int]]
) -> None:
    assert len(listening["hadoop02"] & {9092, 9864, 8042}) == 3, "the system is not deployed"
    found = scan(lab, addresses, listening)
    web = {host: (PUBLIC if host in lab.groups["web_servers"] else {22}) & listening[host] for host in lab.hosts}
    assert found == web
    assert 80 in found["web01"]


def test_this_machine_opens_the_pages_and_no_other_port(addresses: dict[str, str]) -> None:
    def opens(host: str, port: int) -> bool:
        with suppress(OSError), socket.create_connection((addresses[host], port), timeout=3):
            return True
        return False

    assert all(opens(*page) for page in (("hadoop01", 9870), ("hadoop01", 8088), ("hadoop02", 8042), ("web01", 80)))
    assert not any(opens(*port) for port in (("hadoop01", 9000), ("hadoop02", 9092), ("db01", 5432)))


@pytest.mark.usefixtures("addresses")
def test_the_rules_are_loaded_at_boot(lab: Lab) -> None:
    states = lab.run_all("systemctl is-active log-analysis-firewall; systemctl is-enabled log-analysis-firewall")
    assert {host: text.split() for host, text in states.items()} == {host: ["active", "enabled"] for host in lab.hosts}


@pytest.mark.usefixtures("addresses")
def test_the_web_application_s_user_connects_to_no_other_host(lab: Lab) -> None:
    chain = lab.run("web01", "nft list chain inet log_analysis confined", check=False)
    if not chain:
        pytest.skip("the web application has no user of its own")
    program = "import socket; socket.create_connection(('hadoop02', 9092), 5)"
    command = f'runuser -u {SERVICES["webapp"]["user"]} -- python3 -c "{program}" 2>&1 | tail -n 1'
    assert "Error" in lab.run("web01", command, check=False)
