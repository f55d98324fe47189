"""A host's address, from the network and its place in it."""

from __future__ import annotations

import pytest
from addresses import host_address


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
