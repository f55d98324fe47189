"""plugins/filter/host_files.py: which files a host already has."""

from __future__ import annotations

import hashlib

import pytest
from host_files import has_directory, has_file

CONTENT = "determination 决心\n"
FOUND = [
    {
        "path": "/srv/app/main.py",
        "checksum": hashlib.sha1(CONTENT.encode(), usedforsecurity=False).hexdigest(),
        "pw_name": "hadoop",
        "gr_name": "adm",
        "mode": "0644",
    },
    # What `find` lists of a directory has no checksum.
    {"path": "/var/log/flink", "pw_name": "hadoop", "mode": "0755"},
]
FILE = {"path": "/srv/app/main.py", "content": CONTENT, "owner": "hadoop", "mode": "0644"}


@pytest.mark.parametrize(
    ("difference", "expected"),
    [
        ({}, True),
        ({"path": "/srv/app/other.py"}, False),
        ({"content": "other"}, False),
        ({"owner": "root"}, False),
        ({"mode": "0640"}, False),
        ({"group": "adm"}, True),
        ({"group": "root"}, False),
        ({"path": "/var/log/flink", "mode": "0755"}, False),
    ],
)
def test_has_file(difference: dict[str, str], expected: bool) -> None:
    assert has_file(FOUND, **(FILE | difference)) is expected


@pytest.mark.parametrize(
    ("path", "expected"), [("/srv/app", True), ("/var/log/flink", True), ("/srv/ap", False), ("/srv/app/data", False)]
)
def test_has_directory(path: str, expected: bool) -> None:
    assert has_directory(FOUND, path) is expected
