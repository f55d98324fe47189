"""The names derived from a host's name: valid where they are used, each host's own, and as they have always been."""

from __future__ import annotations

import re

import pytest
from identifiers import access_log_names, identifier_collisions

HOSTS = [
    "web01",
    "web01.example.com",
    "Web01",
    "1web",
    "10.0.0.1",
    "web-01",
    "web_02",
    "w" * 60,
    "w" * 61,
    f"{'a-very-long-name-of-a-web-host.' * 2}eu-central-1.example.com",
    "x" * 253,
    "web:8080",
    "wäb",
]


def test_the_case_studys_host_has_the_case_studys_names() -> None:
    assert access_log_names("web01") == {
        "topic": "web01-nginx-log",
        "hdfs_path": "/flume/web01/nginx_log",
        "flume_consumer_group": "web01.nginx.log.flume",
        "consumer_group": "web01.nginx.log.flink",
        "name": "web01-log-analysis",
        "table": "web01_nginx_log_analysis",
        "malformed_table": "web01_nginx_log_malformed",
    }


def test_a_hyphen_is_an_underscore_in_tables_only() -> None:
    names = access_log_names("web-01")
    assert (names["topic"], names["table"]) == ("web-01-nginx-log", "web_01_nginx_log_analysis")


@pytest.mark.parametrize("host", HOSTS)
def test_names_are_valid_where_they_are_used(host: str) -> None:
    names = access_log_names(host)
    # PostgreSQL, without quotes; it cuts the constraints' names off at 63 characters.
    tables = (names["table"], names["malformed_table"])
    assert all(re.fullmatch(r"[a-z_][a-z0-9_]{0,62}", table) for table in tables)
    assert len({*tables, *(f"{table}_duration_unique"[:63] for table in tables)}) == 4
    # Kafka's Topic.validate.
    assert re.fullmatch(r"[A-Za-z0-9._-]{1,249}", names["topic"])
    # systemd.unit(5)
    assert re.fullmatch(r"[A-Za-z0-9:_.-]+", names["name"])
    assert len(f"log-analysis@{names['name']}.service") <= 255
    assert all(len(part) <= 255 for part in names["hdfs_path"].split("/"))
    assert re.fullmatch(r"(/[A-Za-z0-9._-]+)+", names["hdfs_path"])


def test_a_name_that_fits_is_not_shortened() -> None:
    assert access_log_names("w" * 42)["malformed_table"] == "w" * 42 + "_nginx_log_malformed"
    assert len(access_log_names("w" * 43)["malformed_table"]) == 62


def test_hosts_with_different_names_share_none() -> None:
    hosts = [host for host in HOSTS if host != "Web01"]
    assert identifier_collisions(hosts) == []
    for key in access_log_names("web01"):
        assert len({access_log_names(host)[key] for host in hosts}) == len(hosts)


@pytest.mark.parametrize(
    ("hosts", "expected"),
    [
        (["web01", "web02"], []),
        (["web01", "Web01", "web02"], [["Web01", "web01"]]),
        (["web-1", "web_1", "web.1", "web2"], [["web-1", "web.1", "web_1"]]),
        (["1web", "_1web"], [["1web", "_1web"]]),
        ([], []),
    ],
)
def test_hosts_that_would_share_a_name_are_found(hosts: list[str], expected: list[list[str]]) -> None:
    assert identifier_collisions(hosts) == expected
