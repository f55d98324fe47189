"""Hosts' variables for the tests of the first play's filters."""

from __future__ import annotations

from typing import Any

from host_values import HostValues

FACTS = {
    "distribution": "Debian",
    "distribution_major_version": "11",
    "os_family": "Debian",
    "architecture": "x86_64",
    "service_mgr": "systemd",
    "python_version": "3.9.2",
}


class Given(HostValues):
    """Variables that are evaluated already, by host."""

    def __init__(self, hosts: dict[str, dict[str, Any]]) -> None:
        super().__init__(hosts.__getitem__, hosts, lambda value, _: value)
