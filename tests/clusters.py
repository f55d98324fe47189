"""Generated inventories of any size, and what a run writes to their hosts."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

import yaml
from formats import properties
from rendering import ROOT, Deployment

if TYPE_CHECKING:
    from pathlib import Path

    from written import File

SERVER = "/usr/local/kafka-3.4.0/config/kraft/server.properties"
HADOOP = "/usr/local/hadoop-3.3.5/etc/hadoop"


@dataclass(frozen=True)
class Cluster:
    """How many hosts of each kind there are: brokers are the first workers, controllers the first brokers."""

    webs: int = 1
    workers: int = 3
    brokers: int = 3
    controllers: int = 3
    #: Hosts that the inventory no longer names.
    without: tuple[str, ...] = ()

    def inventory(self) -> dict[str, Any]:
        """Return hosts.yml."""
        webs = {f"web{n:02}": {"host_number": n} for n in range(1, self.webs + 1)}
        workers = {f"hadoop{n:02}": {"host_number": 100 + n} for n in range(2, self.workers + 2)}
        for node_id, name in enumerate(list(workers)[: self.brokers], 1):
            workers[name]["kafka_kraft_node_id"] = node_id
        hosts = {**webs, "hadoop01": {"host_number": 101}, **workers, "db01": {"host_number": 250}}
        brokers = list(workers)[: self.brokers]
        groups = {
            "web_servers": webs,
            "hdfs_namenodes": ["hadoop01"],
            "hdfs_secondarynamenodes": ["hadoop01"],
            "hdfs_datanodes": workers,
            "yarn_resourcemanagers": ["hadoop01"],
            "yarn_nodemanagers": workers,
            "kafka_controllers": brokers[: self.controllers],
            "kafka_brokers": brokers,
            "flink_yarn": ["hadoop02"],
            "postgresql": ["db01"],
            "loadtest": ["web01"],
        }
        there = {name: values for name, values in hosts.items() if name not in self.without}
        parents = {
            "hadoop": [name for name in groups if name.startswith(("hdfs_", "yarn_"))] + ["web_servers", "flink_yarn"],
            "kafka": ["kafka_controllers", "kafka_brokers"],
        }
        return {
            "cluster": {"hosts": there},
            **{group: {"hosts": {name: {} for name in names if name in there}} for group, names in groups.items()},
            **{parent: {"children": {group: {} for group in children}} for parent, children in parents.items()},
        }


class RenderedCluster:
    """What a run writes to a cluster."""

    def __init__(self, cluster: Cluster, directory: Path) -> None:
        (directory / "hosts.yml").write_text(yaml.safe_dump(cluster.inventory(), sort_keys=False))
        (directory / "group_vars").symlink_to(ROOT / "inventory/vms/group_vars")
        self.deployment = Deployment(directory)
        self.groups = {
            name: [str(host) for host in hosts] for name, hosts in self.deployment.inventory.get_groups_dict().items()
        }
        self.files: dict[str, dict[str, File]] = {host: self.deployment.files(host) for host in self.deployment.hosts}

    def text(self, host: str, path: str) -> str:
        return self.files[host][path].text

    @cached_property
    def nodes(self) -> dict[str, dict[str, str]]:
        """Return server.properties of each of Kafka's nodes."""
        return {host: properties(files[SERVER].text) for host, files in self.files.items() if SERVER in files}

    def site(self, host: str, name: str) -> dict[str, str]:
        """Return one of Hadoop's XML files."""
        found = ET.fromstring(self.text(host, f"{HADOOP}/{name}"))
        return {one.findtext("name", ""): one.findtext("value", "") for one in found.iter("property")}

    @property
    def flink(self) -> str:
        (host,) = self.groups["flink_yarn"]
        return host
