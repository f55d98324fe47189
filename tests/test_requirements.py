"""The locks of Python packages: none is older than the release that fixes its published holes."""

from __future__ import annotations

import re
import subprocess

import pytest
from rendering import ROOT

#: Of urllib3 and requests the last for Python 3.9 (Debian 11). psycopg2-binary has a libpq of its own, which no
#: update of a host reaches.
LEAST = {"urllib3": (2, 6, 3), "requests": (2, 32, 5), "psycopg2-binary": (2, 9, 12)}
COMMAND = ["git", "ls-files", "*requirements.txt"]
LOCKS = subprocess.run(COMMAND, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True).stdout.split()


def test_the_locks_are_found() -> None:
    assert {"requirements.txt", "roles/verify/files/requirements.txt"} <= set(LOCKS)


@pytest.mark.parametrize("lock", LOCKS)
def test_no_locked_package_is_older_than_its_last_fix(lock: str) -> None:
    pins = dict(re.findall(r"^([\w.-]+)==([\d.]+)", (ROOT / lock).read_text(), re.MULTILINE))
    versions = {name: tuple(int(part) for part in pins[name].split(".")) for name in LEAST if name in pins}
    assert {name: version for name, version in versions.items() if version < LEAST[name]} == {}
