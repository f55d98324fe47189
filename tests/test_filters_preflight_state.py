"""What the first play finds wrong with what hosts are and hold already, from what they print."""

from __future__ import annotations

from typing import Any

import pytest
from given import Given
from preflight_state import foreign_listeners, preflight_state

SERVICES = {
    "nginx": {"groups": ["web_servers"], "unit": "nginx.service", "user": "www-data", "ports": {"http": 80}},
    "namenode": {
        "groups": ["hadoop"],
        "unit": "hdfs-namenode.service",
        "user": "hadoop",
        "ports": {"rpc": 9000},
        "own_address": True,
    },
    "nodemanager": {
        "groups": ["hadoop"],
        "unit": "yarn-nodemanager.service",
        "user": "hadoop",
        "ports": {"http": 8042},
    },
    "postgresql": {"groups": ["db"], "unit": "postgresql@*.service", "user": "postgres", "ports": {"sql": 5432}},
}
# Nobody listens on 22 for us; 8042 is 1F6A, 9000 is 2328, 5432 is 1538, 80 is 0050.
GOOD = """\
Welcome!
addresses 192.0.2.1 10.0.0.9
space / /dev/vda1 41152736 20000000 19000000 52% /
space /hadoop /dev/vda1 41152736 20000000 19000000 52% /
listen 00000000:0016 0
user www-data 33
user hadoop 1001
user postgres
"""
SS = 'LISTEN 0 511 0.0.0.0:80 0.0.0.0:* users:(("apache2",pid=714,fd=4),("apache2",pid=713,fd=4))\n'


def findings(output: str = GOOD, name: str = "web01", **changed: Any) -> list[str]:
    variables = {
        "group_names": ["web_servers", "hadoop", "db"],
        "host_address": "192.0.2.1",
        "data_dir": "/hadoop",
        "services": SERVICES,
        "ansible_facts": {"nodename": "ip-10-0-0-9.internal"},
        "__preflight_answers": {"results": [{"stdout": output}]},
        **changed,
    }
    hosts = {name: variables, "db01": {"services": {}}}
    return preflight_state(Given(hosts), [name])


def test_a_good_host_has_no_findings_whatever_its_own_name() -> None:
    assert findings() == []


def test_a_host_that_did_not_answer_has_none_here() -> None:
    assert findings(__preflight_answers={"skipped": True}) == []
    assert findings("This account is closed.") == []


@pytest.mark.parametrize("own", ["db01", "DB01", "localhost", "localhost.localdomain"])
def test_a_name_that_leads_to_another_address_is_refused(own: str) -> None:
    (found,) = findings(ansible_facts={"nodename": own})
    assert found.startswith(f"web01: its own name is {own.lower()}, ")
    assert "hostnamectl set-hostname web01" in found


def test_an_address_that_is_not_its_own_is_refused() -> None:
    (found,) = findings(host_address="203.0.113.7")
    assert "203.0.113.7, is none of its own (192.0.2.1, 10.0.0.9)" in found
    assert "Set host_address" in found


@pytest.mark.parametrize(
    ("disks", "expected"),
    [
        ("space / /dev/vda1 4 3 600000 90% /\nspace /hadoop /dev/vdb 4 3 1100000 90% /hadoop\n", []),
        ("space / /dev/vda1 4 3 500000 90% /\nspace /var/log /dev/vda1 4 3 500000 90% /\n", ["/ (on /) has 488 MiB"]),
        ("space / /dev/vda1 4 3 900000 90% /\nspace /hadoop /dev/vda1 4 3 900000 90% /\n", ["/hadoop (on /) has 878"]),
        ("space /hadoop \n", []),
    ],
)
def test_a_file_system_that_is_short_is_named(disks: str, expected: list[str]) -> None:
    found = findings(disks)
    assert len(found) == len(expected)
    assert all(text in one for text, one in zip(expected, found))


@pytest.mark.parametrize(
    ("output", "held"),
    [
        ("listen 00000000:0050 0\n", {80: ("nginx", 0)}),
        ("listen 00000000000000000000000000000000:0050 0\n", {80: ("nginx", 0)}),
        # Our own: the unit is active, or the user of the service listens.
        ("listen 00000000:0050 0\nunit nginx.service loaded active running A server\n", {}),
        ("listen 00000000:0050 0\nunit nginx.socket loaded active listening\n", {}),
        ("listen 00000000:0050 0\nunit nginx-other.service loaded active running\n", {80: ("nginx", 0)}),
        ("listen 00000000:1538 106\nunit postgresql@13-main.service loaded active running\n", {}),
        ("listen 00000000:1F6A 1001\nuser hadoop 1001\n", {}),
        ("listen 00000000:1F6A 1002\nuser hadoop 1001\n", {8042: ("nodemanager", 1002)}),
        # On the loopback address only: no obstacle for the NameNode, but for a NodeManager, which listens everywhere.
        ("listen 0100007F:2328 33\n", {}),
        ("listen 0100007F:1F6A 33\n", {8042: ("nodemanager", 33)}),
        ("listen 0A00020A:2328 33\n", {9000: ("namenode", 33)}),
        ("listen 00000000:0016 0\n", {}),
    ],
)
def test_a_port_is_held_by_a_process_that_is_not_ours(output: str, held: dict[int, tuple[str, int]]) -> None:
    assert foreign_listeners(output, SERVICES) == held


def test_who_holds_a_port_is_named() -> None:
    taken = GOOD + "listen 00000000:0050 0\n"
    (found,) = findings(taken, __preflight_sockets={"stdout": SS})
    assert found.startswith("web01: port 80 is held by apache2 (process 714), and nginx needs it.")
    (found,) = findings(taken)
    assert "by a process of the user with id 0," in found
