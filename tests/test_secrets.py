"""No secret is shown or readable by all: one is planted in each input that can hold one, then followed; no host."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import yaml
from rendering import DEBIAN, PLAYBOOKS, ROOT, Deployment
from written import WRITERS

if TYPE_CHECKING:
    from pathlib import Path

    from written import Call

SECRET = "planted-7c1f"
#: The inputs whose values may be secrets: passwords, and dicts of settings.
INPUTS: dict[str, Any] = {
    "log_analysis_password": SECRET,
    "log_analysis_reader_password": SECRET,
    "kafka_client_properties": {"ssl.key.password": SECRET},
    "kafka_kraft_server_properties": {"ssl.keystore.password": SECRET},
    "flume_agent_properties": {"channels.kafka-channel.kafka.producer.sasl.jaas.config": SECRET},
    "flink_yarn_properties": {"security.ssl.internal.key-password": SECRET},
    "log_analysis_flink_properties": {"fs.s3a.secret.key": SECRET},
    "hadoop_client_core_site": {"fs.s3a.secret.key": SECRET},
    "hadoop_client_hdfs_site": {"ssl.server.keystore.password": SECRET},
    "hadoop_client_yarn_site": {"hadoop.http.authentication.secret": SECRET},
    "hadoop_client_capacity_scheduler": {"secret": SECRET},
    "nginx_main_settings": {"env": SECRET},
    "nginx_events_settings": {"debug_connection": SECRET},
    "nginx_http_settings": {"proxy_set_header": f"X-Key {SECRET}"},
    "nginx_server_settings": {"set": f"$key {SECRET}"},
    "nginx_location_settings": {"proxy_ssl_password_file": SECRET},
    "postgresql_settings": {"primary_conninfo": SECRET},
    "postgresql_hba_rules": [f"host all all all ldap ldapbindpasswd={SECRET}"],
}
MODULES = (
    *WRITERS,
    "ansible.builtin.command",
    "ansible.builtin.debug",
    "ansible.builtin.file",
    "ansible.builtin.find",
    "ansible.builtin.set_fact",
    "ansible.builtin.systemd_service",
    "ansible.builtin.uri",
    "community.postgresql.postgresql_query",
    "community.postgresql.postgresql_user",
)
#: Arguments that their modules themselves keep out of every output.
CENSORED = {"login_password", "password"}


@pytest.fixture(scope="module")
def deployment(tmp_path_factory: pytest.TempPathFactory) -> Deployment:
    """Return what a run does with an inventory that has the secret wherever it can be."""
    directory: Path = tmp_path_factory.mktemp("inventory")
    hosts = yaml.safe_load((ROOT / "inventory/vms/hosts.yml").read_text())
    (directory / "hosts.yml").write_text(yaml.safe_dump(hosts | {"all": {"vars": INPUTS}}))
    variables = directory / "group_vars/all"
    variables.mkdir(parents=True)
    for path in (ROOT / "inventory/vms/group_vars/all").glob("*.yml"):
        if path.name != "secrets.yml":
            (variables / path.name).write_text(path.read_text())
    given = INPUTS | {"kafka_kraft_cluster_id": "3WR1JBtdRda7rfOUBWvAoA"}
    (variables / "secrets.yml").write_text(yaml.safe_dump(given))
    return Deployment(directory, DEBIAN, PLAYBOOKS)


@pytest.fixture(scope="module")
def calls(deployment: Deployment) -> list[tuple[str, Call]]:
    """Return the calls of all modules that could show or write something, with their hosts."""
    # What the role hdfs asks of its commands' results, only a run knows.
    places = [(role.name, module) for role in (ROOT / "roles").iterdir() for module in MODULES]
    places.remove(("hdfs", "ansible.builtin.command"))
    return [
        (host, call)
        for host in deployment.hosts
        for role, module in places
        for call in deployment.calls(host, module, role)
    ]


def is_off(call: Call, option: str) -> bool:
    """Whether a task says no_log, or diff: false, in a run with --diff."""
    if option not in (call.raw.get_ds() or {}):
        return False
    variables = call.templar.available_variables | {"ansible_diff_mode": True}
    value = call.templar.copy_with_new_env(available_variables=variables).template(getattr(call.raw, option))
    return value is (option == "no_log")


def test_every_planted_secret_arrives(deployment: Deployment) -> None:
    lines = {
        line for host in deployment.hosts for file in deployment.files(host).values() for line in file.text.split("\n")
    }
    planted = [line for line in lines if SECRET in line]
    for value in INPUTS.values():
        for key in value if isinstance(value, dict) else []:
            assert any(key.rsplit(".", 1)[-1] in line for line in planted), key


def test_no_file_with_a_secret_is_readable_by_all(deployment: Deployment) -> None:
    found = {
        (host, path): file.mode
        for host in deployment.hosts
        for path, file in deployment.files(host).items()
        if SECRET in file.text and file.whole
    }
    assert len(found) > 20
    assert {place: mode for place, mode in found.items() if mode not in ("0600", "0640")} == {}


def test_no_difference_shows_a_secret(deployment: Deployment, calls: list[tuple[str, Call]]) -> None:
    shown = {
        (call.role, call.task)
        for _, call in calls
        if call.module in WRITERS
        and SECRET in WRITERS[call.module](deployment.loader, call)[1]
        and not (is_off(call, "no_log") or is_off(call, "diff"))
    }
    assert shown == set()


def test_no_output_has_a_secret(calls: list[tuple[str, Call]]) -> None:
    """`-v` shows the item of a loop, `-vvv` a module's arguments; the text of a copy or template is not among them."""
    shown = set()
    for _, call in calls:
        if is_off(call, "no_log"):
            continue
        hidden = CENSORED | ({"content"} if call.module == "ansible.builtin.copy" else set())
        arguments = {name: value for name, value in call.args.items() if name not in hidden}
        item = call.templar.available_variables.get(call.raw.loop_control.loop_var if call.raw.loop_control else "item")
        if SECRET in str(arguments) or (call.raw.loop is not None and SECRET in str(call.templar.template(item))):
            shown.add((call.role, call.task))
    assert shown == set()
