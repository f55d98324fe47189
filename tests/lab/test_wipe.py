"""playbooks/uninstall.yml removes the system from the hosts. The last file: nothing is left for others after it."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from conftest import Lab

NAMES = "hadoop|hdfs|yarn|kafka|flume|flink|log.analysis|nginx|postgresql|webapp|comprehensive-case-study"
#: The user stays, and so do other packages, what apt keeps of those removed, and /tmp.
STAYS = "^/(home/hadoop|tmp|usr/(lib|share)|var/(cache|lib/(apt|dpkg|ucf)|log/(apt|journal)|mail|tmp|www))(/|$)"
REMAINDERS = f"""
    pgrep --list-full 'java|nginx|postgres|gunicorn|python|locust|tail'
    systemctl list-unit-files --no-legend | grep -E '{NAMES}'
    find / -xdev -regextype egrep -regex '.*/[^/]*({NAMES})[^/]*' | grep -vE '{STAYS}'
    grep -rlE '/usr/local/(hadoop|kafka|flume|flink)|hosts of the cluster' /etc
    ls /home/hadoop/Projects 2>/dev/null
"""


def test_without_confirmation_nothing_is_removed(lab: Lab) -> None:
    units = lab.units()
    with pytest.raises(subprocess.CalledProcessError) as failed:
        lab.play("playbooks/uninstall.yml")
    assert "uninstall_confirm=true" in failed.value.stdout
    assert lab.units() == units


def test_nothing_is_left(lab: Lab) -> None:
    lab.play("playbooks/uninstall.yml", "-e", "uninstall_confirm=true")
    assert {host: lab.run(host, REMAINDERS, check=False) for host in lab.hosts} == dict.fromkeys(lab.hosts, "")
