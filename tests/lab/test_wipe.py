"""README.md's commands take the system away from hosts of one's own. The last file: nothing stands after it."""

from __future__ import annotations

import re
import shlex
import textwrap
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from conftest import PROJECT

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


def commands() -> str:
    """Return README.md's commands."""
    text = (PROJECT / "README.md").read_text()
    block = re.search(r"From a host of your own(?:.+\n)+\n((?:    .*\n)+)", text)
    assert block, "README.md says no more how to remove everything"
    return textwrap.dedent(block[1])


def test_nothing_is_left(lab: Lab) -> None:
    wipe = f"bash -ec {shlex.quote(commands())}"
    with ThreadPoolExecutor() as executor:
        list(executor.map(lambda host: lab.run(host, wipe), lab.hosts))
    assert {host: lab.run(host, REMAINDERS, check=False) for host in lab.hosts} == dict.fromkeys(lab.hosts, "")
