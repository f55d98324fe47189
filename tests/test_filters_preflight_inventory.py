"""What the first play finds wrong with an inventory, and how it evaluates variables, without Ansible's plays."""

from __future__ import annotations

import ast
from typing import Any

import preflight_inventory
import pytest
from given import Given
from host_values import CannotComputeError, HostValues, references


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


def inventory(**hosts: dict[str, Any]) -> list[str]:
    return preflight_inventory.preflight_inventory(
        Given(hosts), [name for name in hosts if name.startswith("k")], "192.0.2.0/24"
    )


def test_addresses_and_kafka_s_ids_are_checked() -> None:
    cluster = {"kafka_kraft_cluster_id": "3WR1JBtdRda7rfOUBWvAoA"}
    good = {f"k{n}": {"host_address": f"192.0.2.{n}", "kafka_kraft_node_id": n, **cluster} for n in (1, 2, 3)}
    assert inventory(**good, d={"host_address": "192.0.2.9"}) == []
    bad = {**good, "k2": good["k2"] | {"kafka_kraft_node_id": "1"}, "k3": {"host_address": "", **cluster}}
    place, address, ids = inventory(**bad, d={"host_address": "192.0.2.1"}, e={})
    assert "does not say where k3, e is" in place
    assert "192.0.2.1 is that of k1, d" in address
    assert "found k1 1, k2 1, k3 none" in ids


@pytest.mark.parametrize(
    ("variables", "shown"),
    [
        ({"ansible_host": "db.internal", "host_address": ""}, "db.internal"),
        ({"ansible_host": "fd00::1", "host_address": ""}, "fd00::1"),
        ({"ansible_host": "192.0.2.1", "host_address": "web"}, "web"),
        ({"host_address": "127.0.1.1"}, "127.0.1.1"),
    ],
)
def test_what_is_no_address_for_the_other_hosts_is_refused(variables: dict[str, str], shown: str) -> None:
    (found,) = inventory(d=variables)
    assert found.startswith("host_address: ")
    assert f": d {shown}." in found


@pytest.mark.parametrize("wrong", ["3WR1JBtdRda7rfOUBWvAo", "", None, 7])
def test_a_wrong_cluster_id_is_shown(wrong: object) -> None:
    (found,) = inventory(k1={"host_address": "192.0.2.1", "kafka_kraft_node_id": 1, "kafka_kraft_cluster_id": wrong})
    assert found.startswith(f"kafka_kraft_cluster_id: found {wrong or 'none'}.")


@pytest.mark.parametrize(
    ("host", "group", "refused"),
    [
        ("name_node", "hdfs_namenodes", True),
        ("yarn_1", "yarn_resourcemanagers", True),
        ("name-node.example.com", "hdfs_namenodes", False),
        ("web_01", "web_servers", False),
    ],
)
def test_hadoop_s_masters_have_names_that_uris_take(host: str, group: str, refused: bool) -> None:
    found = preflight_inventory.preflight_inventory(
        Given({host: {"ansible_host": "10.0.0.1", "group_names": [group]}}), [], "10.0.0.0/24"
    )
    assert [f"{host}: " in text and "underscore" in text for text in found if "underscore" in text] == [True] * refused
