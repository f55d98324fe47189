"""What the first play finds wrong, without a host and without Ansible's plays."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import Any

import preflight
import preflight_inputs
import pytest
import yaml
from host_values import CannotComputeError, HostValues, references

ROOT = Path(__file__).resolve().parents[1]
INPUTS = yaml.safe_load((ROOT / "roles/preflight/vars/main/inputs.yml").read_text())
SERVICES = {
    "namenode": {"groups": ["hdfs_namenodes"], "java_opts": "-Xmx1g -Xmx2g", "ports": {"http": 9870}},
    "datanode": {"groups": ["hdfs_datanodes"], "java_opts": "", "ports": {"http": 9864}},
    "kafka": {"groups": ["kafka_brokers"], "java_opts": "", "memory_mib": 1024, "ports": {"broker": 9092}},
    "nodemanager": {"groups": ["yarn_nodemanagers"], "java_opts": "-Xmx512m", "containers_mib": "3072"},
    "nginx": {"groups": ["web_servers"], "memory_mib": 64},
    "flink_session": {"groups": ["web_servers"], "java_opts": "", "memory_mib": 0},
}
SUPPORTED = {"Debian 11": {"postgresql": 13, "java_package": "jre"}, "Debian 12": {"postgresql": 15}}
FACTS = {
    "distribution": "Debian",
    "distribution_major_version": "11",
    "os_family": "Debian",
    "architecture": "x86_64",
    "service_mgr": "systemd",
    "python_version": "3.9.2",
}
OUTPUT = "MemTotal:       16000000 kB\njre:\n  Candidate: 11.0.2\n"


class Given(HostValues):
    """Variables that are evaluated already, by host."""

    def __init__(self, hosts: dict[str, dict[str, Any]]) -> None:
        super().__init__(hosts.__getitem__, hosts, lambda value, _: value)


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
    return preflight.preflight_hosts(Given(hosts), list(hosts), SUPPORTED)


def evaluate(value: str, variables: dict[str, Any]) -> Any:
    """Stand for Ansible: evaluate `{{ a + b }}` as Python does."""
    return eval(ast.unparse(ast.parse(str(value).strip("{} "))), {}, dict(variables))


def test_equal_expressions_are_evaluated_once() -> None:
    calls = []

    def count(value: Any, variables: dict[str, Any]) -> Any:
        calls.append(variables["inventory_hostname"])
        return evaluate(value, variables) if isinstance(value, str) else value

    hosts = {
        f"h{n}": {
            "inventory_hostname": f"h{n}",
            "number": n,
            "group": 1,
            "same": "{{ group + 1 }}",
            "own": "{{ number + 1 }}",
        }
        for n in range(50)
    }
    values = HostValues(hosts.__getitem__, hosts, count)
    assert [values.value(name, "same") for name in hosts] == [2] * 50
    assert calls == ["h0"]
    assert [values.value(name, "own") for name in hosts] == [n + 1 for n in range(50)]


def test_an_expression_that_fails_is_told_from_a_variable_that_is_absent() -> None:
    values = HostValues({"h": {"bad": "{{ nothing }}"}}.__getitem__, ["h"], evaluate)
    assert values.get("h", "absent", 7) == values.get("h", "bad", 7) == 7
    for _ in range(2):
        with pytest.raises(CannotComputeError, match="nothing"):
            values.value("h", "bad")


@pytest.mark.parametrize(
    ("value", "names"),
    [
        ("plain", set()),
        (7, set()),
        ({"a": ["{{ one }}", {"{{ two }}": None}]}, {"one", "two"}),
        ("{{ three | intersect(['x']) | length > 0 }}", {"three"}),
        ("{{ dict(groups['all'] | zip(groups['all'] | map('extract', hostvars, 'ansible_host'))) }}", {"dict"}),
        ("{{ lookup('ansible.builtin.file', four) }}", {"four"}),
        ("{{ lookup('ansible.builtin.vars', five) }}", None),
        ("{{ query('template', six) }}", None),
        ("{{ vars['seven'] }}", None),
        ("{{ broken", None),
        (object(), None),
    ],
)
def test_the_names_that_an_expression_refers_to(value: object, names: set[str] | None) -> None:
    assert references(value) == names


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
        (("flink_yarn",), {"facts": {"python_version": "3.11.2"}}, "needs Python 3.8, 3.9 or 3.10, and this is 3.11.2"),
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


def inventory(**hosts: dict[str, Any]) -> list[str]:
    return preflight.preflight_inventory(Given(hosts), [name for name in hosts if name.startswith("k")], "192.0.2.0/24")


def test_addresses_and_kafka_s_ids_are_checked() -> None:
    cluster = {"kafka_kraft_cluster_id": "3WR1JBtdRda7rfOUBWvAoA"}
    good = {f"k{n}": {"ansible_host": f"192.0.2.{n}", "kafka_kraft_node_id": n, **cluster} for n in (1, 2, 3)}
    assert inventory(**good, d={"ansible_host": "192.0.2.9"}) == []
    bad = {**good, "k2": good["k2"] | {"kafka_kraft_node_id": "1"}, "k3": {"ansible_host": "", **cluster}}
    place, address, ids = inventory(**bad, d={"ansible_host": "192.0.2.1"}, e={})
    assert "does not say where k3, e is" in place
    assert "192.0.2.1 is that of k1, d" in address
    assert "found k1 1, k2 1, k3 none" in ids


@pytest.mark.parametrize("wrong", ["3WR1JBtdRda7rfOUBWvAo", "", None, 7])
def test_a_wrong_cluster_id_is_shown(wrong: object) -> None:
    (found,) = inventory(k1={"ansible_host": "a", "kafka_kraft_node_id": 1, "kafka_kraft_cluster_id": wrong})
    assert found.startswith(f"kafka_kraft_cluster_id: found {wrong or 'none'}.")


def inputs(complete: bool = True, renamed: dict[str, str] | None = None, **hosts: dict[str, Any]) -> list[str]:
    groups = {"hdfs_datanodes": ["a", "b"], "kafka_brokers": ["a", "b"], "yarn_nodemanagers": list(hosts)}
    tables = {"groups": groups, "limits": INPUTS["__preflight_limits"], "others": [], "renamed": renamed or {}}
    known = {name: {"ansible_facts": FACTS, **variables} for name, variables in hosts.items()}
    return preflight_inputs.preflight_inputs(Given(known), list(known), str(ROOT), complete=complete, **tables)


@pytest.mark.parametrize("value", [1, "10", 3600])
def test_a_good_window_is_taken(value: object) -> None:
    assert inputs(web={"group_names": ["web_servers"], "log_analysis_window_seconds": value}) == []


@pytest.mark.parametrize("value", [0, "0", -1, "-10", 1.5, "1.5", "abc", "", None, [10], "10s", True])
def test_a_wrong_window_is_refused(value: object) -> None:
    (found,) = inputs(web={"group_names": ["web_servers"], "log_analysis_window_seconds": value})
    assert found == f"log_analysis_window_seconds: it is {value!r}, and has to be a whole number, 1 or more."


def test_more_replicas_than_hosts_are_refused() -> None:
    found = inputs(a={"group_names": ["hadoop", "hdfs_datanodes"], "hadoop_client_replication": "3"})
    limits = "has to be a whole number, 1 to 2: so many hosts are in hdfs_datanodes"
    assert found == [f"hadoop_client_replication: it is '3', and {limits}."]


def test_a_value_is_compared_with_the_argument_specs_of_the_roles_that_come_to_a_host() -> None:
    wrong = {"nginx_server_settings": "2m", "flume_source": "tail"}
    first, second = sorted(inputs(web={"group_names": ["web_servers"], **wrong}))
    assert "exec, taildir, got: tail" in first
    assert first.startswith("flume_source: ")
    assert second.startswith("nginx_server_settings: ")
    assert "unable to convert to dict" in second
    assert inputs(db={"group_names": ["postgresql"], **wrong}) == []


def test_a_name_that_no_role_takes_is_refused_with_the_nearest() -> None:
    first, second, third = inputs(
        renamed={"nginx_old": "nginx_listen"},
        a={"flume_sorce": "exec", "nginx_old": 1, "nginx_listen": "80", "__flume_x": 1, "ansible_host": "x", "mine": 1},
        b={"flume_sorce": "exec", "yarn_zzzzzzzzzzzzzzzz": 1, "postgresql_host": "db"},
    )
    assert first.startswith(
        "flume_sorce: no role takes this variable (set for a and 1 more). Did you mean flume_source?"
    )
    assert second == "nginx_old: this variable (set for a) has been replaced: set nginx_listen."
    assert third.startswith("yarn_zzzzzzzzzzzzzzzz: no role takes this variable (set for b). Remove it.")


def test_every_former_name_leads_to_one_that_exists() -> None:
    known = preflight_inputs.Project(ROOT).known
    for former, now in INPUTS["__preflight_renamed"].items():
        assert former in known or set(re.split(r", | and ", now)) <= known
    for name in INPUTS["__preflight_limits"]:
        assert name in known


def test_what_cannot_be_computed_is_named_unless_something_else_explains_it() -> None:
    class Failing(Given):
        def value(self, host: str, name: str) -> Any:
            raise CannotComputeError(f"'no_such_variable' is undefined: {host} {name}")

    tables = {"groups": {}, "limits": {}, "others": [], "renamed": {}}
    for complete, facts, expected in ((True, FACTS, 1), (False, FACTS, 0), (True, {}, 0)):
        values = Failing({"web": {"group_names": ["web_servers"], "nginx_listen": "{{ x }}", "ansible_facts": facts}})
        found = preflight_inputs.preflight_inputs(values, ["web"], str(ROOT), complete=complete, **tables)
        assert len(found) == expected
        assert all(one.startswith("nginx_listen: it cannot be computed on web: 'no_such_variable'") for one in found)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("1600m", ""),
        ("3g", ""),
        ("3221225472", ""),
        ("8g", "has hadoop_client_nodemanager_memory_mb, 3072"),
        ("much", "such as 1600m"),
    ],
)
def test_a_process_of_flink_fits_into_a_container(value: str, expected: str) -> None:
    found = inputs(f={"group_names": ["flink_yarn"], "flink_yarn_taskmanager_memory": value})
    assert len(found) == bool(expected)
    assert expected in "".join(found)


def test_an_operator_s_own_playbook_may_be_anything(tmp_path: Path) -> None:
    (tmp_path / "playbooks").mkdir()
    for name, text in {
        "a": "{",
        "b": "x: 1",
        "c": "- 7\n- roles: x",
        "d": "- hosts: [w, 'x:y']\n  roles: [r, {role: s}]",
    }.items():
        (tmp_path / f"playbooks/{name}.yml").write_text(text)
    assert preflight_inputs.Project(tmp_path).plays == [({"w", "x", "y"}, ["r", "s"])]
