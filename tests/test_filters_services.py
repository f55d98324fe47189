"""What follows from the table of services."""

from __future__ import annotations

import pytest
from services import daemon_options, http_url, service_pages, services_in

SERVICES = {
    "namenode": {
        "groups": ["hdfs_namenodes"],
        "ports": {"rpc": 9000, "http": 9870},
        "page": {"title": "NameNode", "port": "http", "path": "/"},
    },
    "kafka": {"groups": ["kafka_brokers", "kafka_controllers"], "ports": {"broker": 9092}},
    "nginx": {
        "groups": ["web_servers"],
        "ports": {"http": 80},
        "page": {"title": "service", "port": "http", "path": "/docs"},
    },
}


@pytest.mark.parametrize(
    ("groups", "expected"),
    [
        (["cluster", "kafka_controllers"], ["kafka"]),
        (["web_servers", "hdfs_namenodes"], ["namenode", "nginx"]),
        (["postgresql"], []),
    ],
)
def test_a_host_runs_the_services_of_its_groups(groups: list[str], expected: list[str]) -> None:
    assert list(services_in(SERVICES, groups)) == expected


def test_a_role_gets_the_options_of_its_daemons() -> None:
    namenode = {"role": "hdfs", "ports": {"rpc": 9000, "http": 9870}, "java_opts": "-Xmx1g"}
    services = {"namenode": namenode, "kafka": {"role": "kafka_kraft", "ports": {}, "java_opts": ""}}
    assert daemon_options(services, "hdfs", "h1") == {
        "namenode": {"http_host": "h1", "http_port": 9870, "java_opts": "-Xmx1g"}
    }
    assert daemon_options(services, "yarn", "h1") == {}


def test_a_page_is_on_the_first_host_of_its_service() -> None:
    groups = {"hdfs_namenodes": ["hadoop01"], "web_servers": ["web01", "web02"]}
    addresses = {"hadoop01": "10.0.0.1", "web01": "10.0.0.2", "web02": "10.0.0.3"}
    assert service_pages(SERVICES, groups, addresses) == [
        {"title": "NameNode", "url": "http://10.0.0.1:9870/"},
        {"title": "service", "url": "http://10.0.0.2/docs"},
    ]


def test_a_service_without_hosts_has_no_page() -> None:
    assert service_pages(SERVICES, {}, {}) == []


@pytest.mark.parametrize("port", [80, "80"])
def test_the_port_of_http_is_left_out(port: object) -> None:
    assert http_url("web01", port, "/docs") == "http://web01/docs"
