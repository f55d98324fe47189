"""What the first play finds wrong with hosts, without a host and without Ansible's plays."""

from __future__ import annotations

import re
from typing import Any

import preflight_hosts
import pytest
from given import FACTS, Given

SERVICES = {
    "namenode": {"groups": ["hdfs_namenodes"], "java_opts": "-Xmx1g -Xmx2g", "ports": {"http": 9870}},
    "datanode": {"groups": ["hdfs_datanodes"], "java_opts": "", "ports": {"http": 9864}},
    "kafka": {"groups": ["kafka_brokers"], "java_opts": "", "memory_mib": 1024, "ports": {"broker": 9092}},
    "nodemanager": {"groups": ["yarn_nodemanagers"], "java_opts": "-Xmx512m", "containers_mib": "3072"},
    "nginx": {"groups": ["web_servers"], "memory_mib": 64},
    "flink_session": {"groups": ["web_servers"], "java_opts": "", "memory_mib": 0},
}
SUPPORTED = {"Debian 11": {"postgresql": 13, "java_package": "jre"}, "Debian 12": {"postgresql": 15}}
OUTPUT = "MemTotal:       16000000 kB\njre:\n  Candidate: 11.0.2\n"


def host(groups: tuple[str, ...] = (), output: str = OUTPUT, ahead: float = 0.0, **changed: Any) -> dict[str, Any]:
    """Return a host's variables once it was asked: by default one with nothing wrong."""
    answers = [f"{output}preflight {t}.0 {t + 0.01 + ahead}\n" for t in (100, 101)]
    return {
        "ansible_host": "192.0.2.1",
        "ansible_facts": FACTS | changed.pop("facts", {}),
        "group_names": list(groups),
        "java_home": "/jvm",
        "java_package": "jre",
        "services": SERVICES,
        "__preflight_answers": {"results": [{"stdout": answer} for answer in answers]},
        **changed,
    }


def findings(**hosts: dict[str, Any]) -> list[str]:
    return preflight_hosts.preflight_hosts(Given(hosts), list(hosts), SUPPORTED)


def test_a_good_host_has_no_findings() -> None:
    every = ("hdfs_namenodes", "hdfs_datanodes", "kafka_brokers", "yarn_nodemanagers", "web_servers", "flink_yarn")
    assert findings(a=host(every), b=host(("postgresql",))) == []


def test_memory_is_what_the_table_of_services_says() -> None:
    small = "MemTotal: 1048576 kB\n"
    (found,) = findings(
        a=host(("hdfs_namenodes", "hdfs_datanodes", "kafka_brokers", "yarn_nodemanagers", "web_servers"), small)
    )
    total = 256 + 2048 + 100 + 256 + 100 + 1024 + 100 + 3072 + 512 + 100 + 64
    assert f"a: it has 1024 MiB of memory, and what is placed there takes {total} MiB" in found
    assert "namenode 2148" in found
    assert "flink_session" not in found


def test_two_services_do_not_share_a_port() -> None:
    clash = {name: service | {"ports": {"http": 9870}} for name, service in SERVICES.items() if name.endswith("node")}
    (found,) = findings(a=host(("hdfs_namenodes", "hdfs_datanodes"), services=clash))
    assert found.startswith("a: port 9870 is that of namenode and datanode.")


@pytest.mark.parametrize(
    ("groups", "changes", "text"),
    [
        ((), {"facts": {"service_mgr": "sysvinit"}}, "a: sysvinit runs its services"),
        ((), {"facts": {"architecture": "aarch64"}}, "a: it is Debian 11 on aarch64. Take Debian 11 on x86_64."),
        (
            ("postgresql",),
            {"facts": {"distribution": "Ubuntu"}},
            "it has to be Debian 11 or Debian 12; it is Ubuntu 11",
        ),
        (("flink_yarn",), {"facts": {"python_version": "3.11.2"}}, "needs Python 3.9 or 3.10, and this is 3.11.2"),
        (("hdfs_datanodes",), {"output": 'JAVA_VERSION="17.0.1"\nCandidate: 1\n'}, "in /jvm is Java 17"),
        (("hdfs_datanodes",), {"output": "/var/lib/apt/lists/x_Packages\n"}, "Debian 11, has no package jre"),
        (("hdfs_datanodes",), {"output": "", "facts": {"distribution_major_version": "12"}}, "has no package jre"),
    ],
)
def test_a_host_is_refused_for_what_it_lacks(groups: tuple[str, ...], changes: dict[str, Any], text: str) -> None:
    (found,) = findings(a=host(groups, **changes))
    assert text in found


@pytest.mark.parametrize(
    "changes",
    [
        {"output": "", "facts": {"distribution_major_version": "11"}},
        {"output": "/var/lib/dpkg/info/jre:amd64.md5sums\n", "facts": {"distribution_major_version": "12"}},
        {"output": 'Welcome!\nJAVA_VERSION="11.0.2"\nCandidate: 11\n'},
    ],
)
def test_java_that_is_there_or_may_be_is_not_refused(changes: dict[str, Any]) -> None:
    assert findings(a=host(("hdfs_datanodes",), **changes)) == []


def test_only_a_difference_that_is_proven_is_refused() -> None:
    assert findings(a=host(), b=host(ahead=0.9)) == []
    (found,) = findings(a=host(), b=host(ahead=90), c=host(ahead=0.5))
    assert found.startswith("clocks: b is 89")
    assert "ahead of a; one second is allowed" in found


@pytest.mark.parametrize(
    ("variables", "text"),
    [
        (
            {"ansible_facts": {}, "__preflight_gathered": {"unreachable": True, "msg": "refused"}},
            "a: unreachable, .*refused",
        ),
        (
            {
                "ansible_facts": {},
                "__preflight_gathered": {"failed_modules": {"setup": {"msg": "m", "module_stderr": "err"}}},
            },
            "gathered: m err",
        ),
        ({"__preflight_answers": {"results": [{"unreachable": True, "msg": "no route"}]}}, "a: unreachable: no route"),
        (
            {"__preflight_answers": {"results": [{"stdout": "This account is closed.\n"}]}},
            "it printed: This account is closed",
        ),
        ({"__preflight_answers": {"skipped": True}}, "a: it was not asked"),
    ],
)
def test_a_host_that_does_not_answer_is_named_with_the_reason(variables: dict[str, Any], text: str) -> None:
    found, other = findings(a=host() | variables, b=host(facts={"service_mgr": "openrc"}))
    assert re.search(text, found)
    assert "docs/deploy.md" in found
    assert other.startswith("b: ")


def test_a_banner_is_no_fault() -> None:
    assert findings(a=host(output=f"Welcome to a\n{OUTPUT}")) == []


def test_a_terminal_s_line_ends_are_no_fault() -> None:
    answers = [{"stdout": f"MemTotal:  16000000 kB\r\npreflight {t}.0 {t}.1\r\n"} for t in (100, 101)]
    assert findings(a=host(__preflight_answers={"results": answers})) == []
