"""What the first play finds wrong with variables, without a host and without Ansible's plays."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import preflight_inputs
import pytest
import yaml
from given import FACTS, Given
from host_values import CannotComputeError

ROOT = Path(__file__).resolve().parents[1]
INPUTS = yaml.safe_load((ROOT / "roles/preflight/vars/main/inputs.yml").read_text())


def inputs(complete: bool = True, renamed: dict[str, str] | None = None, **hosts: dict[str, Any]) -> list[str]:
    groups = {"hdfs_datanodes": ["a", "b"], "kafka_brokers": ["a", "b"]}
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
