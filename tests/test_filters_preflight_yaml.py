"""What the first play says of values that YAML changes: read by Ansible from an inventory's files, without a host."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest
from ansible._internal._datatag._tags import Origin
from given import Given
from host_values import HostValues
from preflight_yaml import changed, preflight_yaml, written
from rendering import ROOT, Deployment

if TYPE_CHECKING:
    from pathlib import Path


def findings(tmp_path: Path, text: str) -> list[str]:
    """Return what is found in an inventory with these lines in a file of variables."""
    (tmp_path / "hosts.yml").write_text((ROOT / "inventory/vms/hosts.yml").read_text())
    (tmp_path / "group_vars").mkdir()
    (tmp_path / "group_vars/all.yml").write_text(text)
    raw = Deployment(tmp_path, playbooks=()).hostvars.raw_get
    values = Given({host: raw(host) for host in ("web01", "db01")})
    return preflight_yaml(values, ["web01", "db01"], str(ROOT))


@pytest.mark.parametrize(
    "text", ["20261122", "0123", "1_000", "0x1F", "1:30", "1.5", "1.5e+3", "yes", "Off", "2026-11-22"]
)
def test_what_is_no_text_to_yaml_is_refused(tmp_path: Path, text: str) -> None:
    (found,) = findings(tmp_path, f"# comment\nflink_yarn_python_x: 1\nlog_analysis_database: {text}\n")
    assert found.startswith("log_analysis_database: without quotes ")
    assert found.endswith((f'Write it in quotes: "{text}".', 'Write it in quotes: "…".'))
    assert text in ("yes", "Off") or f"{text} is a " in found
    assert text in ("yes", "Off") or f"({tmp_path}/group_vars/all.yml:3)" in found


@pytest.mark.parametrize("text", ["'20261122'", '"yes"', "1e5", "0o17", "a b", "!unsafe '1{{'", "''", "!!str 0123"])
def test_text_is_taken_as_written(tmp_path: Path, text: str) -> None:
    assert findings(tmp_path, f"log_analysis_database: {text}\n") == []


def test_no_password_is_shown(tmp_path: Path) -> None:
    (found,) = findings(tmp_path, "log_analysis_password: 20261122\n")
    assert "its value is a number to YAML" in found
    assert "20261122" not in found.replace(str(tmp_path), "")


def test_values_in_lists_and_mappings_are_found(tmp_path: Path) -> None:
    found = findings(
        tmp_path,
        "nginx_server_names: [localhost, 1.10]\n"
        "nginx_server_settings: {listen: [80, 0755, 1.5], expires: 2026-11-22, gzip: yes, ssi: on}\n",
    )
    places = [text.split(":")[0] for text in found]
    assert places == ["nginx_server_names[1]", "nginx_server_settings.listen[1]", "nginx_server_settings.expires"]


def test_the_variable_that_a_text_comes_from_is_named() -> None:
    values = HostValues(
        {"db": {"service_user": 83, "base_user": "{{ service_user }}"}}.__getitem__, ["db"], lambda *_: 83
    )
    (found,) = preflight_yaml(values, ["db"], str(ROOT))
    assert found.startswith("service_user: without quotes its value is a number to YAML, ")


def test_a_number_that_an_expression_makes_is_none_of_yaml() -> None:
    """Such as the times of the last load test."""
    values = HostValues(
        {"web": {"verify_since": "{{ last.since }}", "last": "{{ '{}' }}"}}.__getitem__, ["web"], lambda *_: 1.5
    )
    assert preflight_yaml(values, ["web"], str(ROOT)) == []


def test_the_project_s_inventories_have_no_such_value() -> None:
    for inventory in sorted((ROOT / "inventory").iterdir()):
        raw = Deployment(inventory, playbooks=()).hostvars.raw_get
        hosts = Deployment(inventory, playbooks=()).hosts
        assert preflight_yaml(Given({host: raw(host) for host in hosts}), list(hosts), str(ROOT)) == []


def test_what_is_in_an_encrypted_file_is_not_compared_with_it(tmp_path: Path) -> None:
    text = "$ANSIBLE_VAULT;1.1;AES256\n6162\n"
    (tmp_path / "vault.yml").write_text(text)
    number = Origin(path=str(tmp_path / "vault.yml"), line_num=2, col_num=1).tag(1)
    assert written(number) == ""
    assert not changed(number)


def test_a_vault_s_text_is_text(tmp_path: Path) -> None:
    """Read by a whole run of Ansible, which decrypts it where it is used."""
    password = tmp_path / "password"
    password.write_text("secret")
    command = [
        "ansible-vault",
        "encrypt_string",
        f"--vault-password-file={password}",
        "--name=log_analysis_password",
        "0123",
    ]
    encrypted = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    (tmp_path / "hosts.yml").write_text("all: {hosts: {db: {ansible_connection: local}}}\n")
    (tmp_path / "group_vars").mkdir()
    (tmp_path / "group_vars/all.yml").write_text(encrypted)
    expression = (
        f"{{{{ hostvars | host_values(['db']) | preflight_yaml(['db'], '{ROOT}') }}}} {{{{ log_analysis_password }}}}"
    )
    command = ["ansible", f"--inventory={tmp_path}", f"--vault-password-file={password}", "db", "-m", "debug", "-a"]
    shown = subprocess.run(
        [*command, f'msg="{expression}"'], check=True, capture_output=True, text=True, cwd=ROOT
    ).stdout
    assert "[] 0123" in shown
