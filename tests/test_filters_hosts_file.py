"""What the role base makes of /etc/hosts, as installers and clouds leave it."""

from __future__ import annotations

import pytest
from hosts_file import BEGIN, END, cluster_lines, own_names, without_names

HOSTS = {"web01": "192.0.2.10", "db01.example.com": "192.0.2.11"}
BLOCK = f"{BEGIN}\n192.0.2.10 web01\n{END}\n"


@pytest.mark.parametrize(
    ("line", "left"),
    [
        ("127.0.0.1 localhost web01\n", "127.0.0.1 localhost\n"),
        ("127.0.1.1\tip-10-0-0-5.ec2.internal  ip-10-0-0-5\n", ""),
        ("127.0.1.1 ip-10-0-0-5.internal ip-10-0-0-5\n", ""),
        ("127.0.2.1 WEB01 web01 # vagrant\n", ""),
        ("::1 localhost web01 ip6-loopback # six\n", "::1 localhost ip6-loopback # six\n"),
        ("10.9.9.9 db01.example.com old\n", "10.9.9.9 old\n"),
        ("127.0.0.1   localhost\n", "127.0.0.1   localhost\n"),
        ("# web01 is here\n", "# web01 is here\n"),
        ("\n", "\n"),
        ("10.0.0.1 web011 xweb01", "10.0.0.1 web011 xweb01"),
        (BLOCK, BLOCK),
        (f"{BLOCK}127.0.1.1 web01\n", BLOCK),
    ],
)
def test_a_name_of_the_cluster_is_in_no_other_line(line: str, left: str) -> None:
    names = [*HOSTS, "ip-10-0-0-5", "ip-10-0-0-5.ec2.internal"]
    assert without_names(line, names) == left
    assert without_names(left, names) == left


def test_each_host_has_a_line_and_this_one_its_own_names_too() -> None:
    assert cluster_lines(HOSTS, "web01", ["ip-1.internal", "ip-1"]) == [
        "192.0.2.11 db01.example.com",
        "192.0.2.10 web01 ip-1.internal ip-1",
    ]


@pytest.mark.parametrize(
    ("nodename", "hostname", "names"),
    [
        ("web01", "web01", []),
        ("Web01", "Web01", []),
        ("ip-1.ec2.internal", "ip-1", ["ip-1.ec2.internal", "ip-1"]),
        ("db01", "db01", ["db01"]),
        ("localhost", "localhost", []),
        (None, None, []),
    ],
)
def test_a_host_s_own_names(nodename: str | None, hostname: str | None, names: list[str]) -> None:
    assert own_names({"nodename": nodename, "hostname": hostname}, HOSTS) == names
