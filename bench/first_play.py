"""How long the first play takes for clusters of any size: python bench/first_play.py 6 60 1000.

The hosts are this machine, by Ansible's local connection: what is measured is the control node's work. Their facts are
in a cache, as for hosts that were reached before; the package that stands for Java is one that this machine has. Each
line shows the hosts, the seconds of wall-clock time, the seconds of CPU time, and how many findings there were.
"""

from __future__ import annotations

import json
import os
import re
import resource
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

ROOT = Path(__file__).resolve().parents[1]

HERE = {
    "ansible_connection": "local",
    "ansible_become": False,
    "ansible_python_interpreter": sys.executable,
    "cluster_network": "10.0.0.0/16",
    "java_package": "coreutils",
}
FACTS = {
    "_ansible_facts_gathered": True,
    "ansible_architecture": "x86_64",
    "ansible_distribution": "Debian",
    "ansible_distribution_major_version": "11",
    "ansible_distribution_release": "bullseye",
    "ansible_os_family": "Debian",
    "ansible_python": {"executable": "/usr/bin/python3"},
    "ansible_python_version": "3.9.2",
    "ansible_service_mgr": "systemd",
    "ansible_virtualization_type": "kvm",
}


def inventory(count: int) -> dict[str, object]:
    """Return hosts.yml of a cluster: one web host, one master, one database, and workers."""
    workers = [f"hadoop{number:04}" for number in range(2, count - 1)]
    names = ["web01", "hadoop01", *workers, "db01"]
    hosts: dict[str, dict[str, object]] = {name: {"host_number": n, **HERE} for n, name in enumerate(names, 10)}
    for node_id, name in enumerate(workers[:3], 1):
        hosts[name]["kafka_kraft_node_id"] = node_id
    groups = {
        "web_servers": ["web01"],
        "hdfs_namenodes": ["hadoop01"],
        "hdfs_secondarynamenodes": ["hadoop01"],
        "hdfs_datanodes": workers,
        "yarn_resourcemanagers": ["hadoop01"],
        "yarn_nodemanagers": workers,
        "kafka_controllers": workers[:3],
        "kafka_brokers": workers[:3],
        "flink_yarn": workers[:1],
        "postgresql": ["db01"],
        "loadtest": ["web01"],
    }
    hadoop = [group for group in groups if group.startswith(("hdfs_", "yarn_"))] + ["web_servers", "flink_yarn"]
    return {
        "cluster": {"hosts": hosts},
        **{group: {"hosts": {name: {} for name in members}} for group, members in groups.items()},
        "hadoop": {"children": {group: {} for group in hadoop}},
        "kafka": {"children": {"kafka_controllers": {}, "kafka_brokers": {}}},
    }


def measure(count: int, directory: Path) -> str:
    """Run the first play for so many hosts; return what is printed about it."""
    made = inventory(count)
    (directory / "inventory").mkdir()
    # JSON is YAML, and is read faster.
    (directory / "inventory/hosts.yml").write_text(json.dumps(made))
    (directory / "inventory/group_vars").symlink_to(ROOT / "inventory/vms/group_vars")
    (directory / "facts").mkdir()
    for name in made["cluster"]["hosts"]:
        # As ansible-core 2.19 keeps them.
        (directory / "facts" / f"s1_{name}").write_text(json.dumps({"__payload__": json.dumps(FACTS)}))
    environment = {
        **os.environ,
        "ANSIBLE_CONFIG": str(ROOT / "ansible.cfg"),
        "ANSIBLE_CACHE_PLUGIN": "ansible.builtin.jsonfile",
        "ANSIBLE_CACHE_PLUGIN_CONNECTION": str(directory / "facts"),
    }
    command = ["ansible-playbook", "--inventory", str(directory / "inventory"), str(ROOT / "playbooks/preflight.yml")]
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    run = subprocess.run(command, env=environment, cwd=ROOT, check=False, capture_output=True, text=True)
    wall, after = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    # A finding begins a line of the list that the last task prints.
    findings = re.findall(r"^    - (.*)$", run.stdout, re.MULTILINE)
    times = re.findall(r"^(preflight : .*?) -+ ([\d.]+s)$", run.stdout, re.MULTILINE)
    lines = [
        f"{count:5} hosts: {wall:6.1f} s, CPU {cpu:6.1f} s, exit status {run.returncode}, {len(findings)} findings"
    ]
    return "\n".join([*lines, *(f"    {task}: {seconds}" for task, seconds in times), *findings[:5]])


def main() -> None:
    """Measure each size that is named."""
    for count in map(int, sys.argv[1:] or ["6", "60", "1000"]):
        with TemporaryDirectory() as directory:
            print(measure(count, Path(directory)), flush=True)


if __name__ == "__main__":
    main()
