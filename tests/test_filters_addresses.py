"""The addresses of hosts, and the networks that they are in."""

from __future__ import annotations

import pytest
from addresses import client_networks, host_address, ipv4_address


@pytest.mark.parametrize(
    ("network", "number", "expected"),
    [
        ("192.168.122.0/24", 180, "192.168.122.180"),
        ("192.168.122.0/24", "180", "192.168.122.180"),
        ("10.20.0.0/16", 300, "10.20.1.44"),
        ("10.20.0.64/26", 10, "10.20.0.74"),
        ("10.20.0.70/26", 10, "10.20.0.74"),
        ("fd00::/64", 11, "fd00::b"),
    ],
)
def test_the_number_is_counted_from_the_network_address(network: str, number: object, expected: str) -> None:
    assert host_address(network, number) == expected


@pytest.mark.parametrize("number", [0, 255, 256, 300, -1, "", None, "web01", 1.5])
def test_a_number_that_is_no_host_of_the_network_has_no_address(number: object) -> None:
    assert host_address("192.168.122.0/24", number) == ""


@pytest.mark.parametrize("network", ["", None, "192.168.122.0/33", "lan"])
def test_what_is_no_network_has_no_hosts(network: object) -> None:
    assert host_address(network, 1) == ""


def test_a_name_is_resolved_and_an_address_is_its_own() -> None:
    assert ipv4_address("192.0.2.1") == "192.0.2.1"
    assert ipv4_address("localhost") == "127.0.0.1"


@pytest.mark.parametrize("name", ["", None, "no-such-host.invalid", "x" * 80, "a b", "fd00::1", "::1"])
def test_what_has_no_ipv4_address_has_none(name: object) -> None:
    assert ipv4_address(name) == ""


def test_postgresql_lets_in_the_network_and_each_host_that_is_not_in_it() -> None:
    inside, outside = ["192.168.122.180", "192.168.122.5"], ["203.0.113.20", "203.0.113.3"]
    assert client_networks(inside, "192.168.122.0/24") == ["192.168.122.1/24"]
    assert client_networks(outside + inside, "192.168.122.0/24") == [
        "192.168.122.1/24",
        "203.0.113.3/32",
        "203.0.113.20/32",
    ]
    assert client_networks(outside, "192.168.122.0/24") == ["203.0.113.3/32", "203.0.113.20/32"]
    assert client_networks(outside, "") == ["203.0.113.3/32", "203.0.113.20/32"]
