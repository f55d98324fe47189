"""plugins/filter/unit_records.py: a changed file whose daemon was not restarted is noticed, wherever a run ended."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest
from unit_records import unit_records

UNIT, CONFIGURATION = "kafka.service", "/usr/local/kafka/config/server.properties"
UNIT_FILE = f"/etc/systemd/system/{UNIT}"


class Host:
    """A host with a daemon's unit, its configuration and the record of it."""

    def __init__(self, kind: str = "restart") -> None:
        self.kind = kind
        self.files = {CONFIGURATION: "a", UNIT_FILE: "b", "/usr/local/kafka/.release-1": ""}
        self.starts = 0
        self.reloads = 0

    def play(self, *, cut_off: bool = False, **changes: str) -> bool:
        """Apply a role as roles/systemd_unit does; return whether it is to restart the daemon.

        A play that is cut off does not do it.
        """
        self.files |= {{"configuration": CONFIGURATION, "unit": UNIT_FILE}[name]: new for name, new in changes.items()}
        found = [
            {"path": path, "checksum": hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest()}
            for path, text in self.files.items()
        ]
        status = {"InvocationID": f"{self.starts:032x}", "StateChangeTimestampMonotonic": str(self.reloads)}
        record = self.record(found, [{"name": UNIT, "status": status}])
        if not record["settled"]:
            self.files = {path: text for path, text in self.files.items() if path not in record["earlier"]}
            self.files |= {record["path"]: record["content"]} if record["write"] else {}
        restart = bool(record["outdated"] or changes)
        count = "reloads" if self.kind == "reload" else "starts"
        setattr(self, count, getattr(self, count) + (restart and not cut_off))
        return restart

    def record(self, found: list[dict[str, str]], run: list[dict[str, Any]]) -> dict[str, Any]:
        reads = {self.kind: {UNIT: [CONFIGURATION, "/usr/local/kafka/.release-*"]}}
        return unit_records(reads, found, [], run)[0]


def test_a_daemon_that_has_read_its_files_is_left_alone() -> None:
    host = Host()
    assert [host.play() for _ in range(3)] == [True, False, False], "nothing is known of its start"
    assert [host.play(configuration="new"), host.play(), host.play()] == [True, False, False]


def test_a_change_before_the_end_of_a_run_is_made_up_for_by_the_next() -> None:
    for kind, change in (("restart", "configuration"), ("restart", "unit"), ("reload", "configuration")):
        host = Host(kind)
        host.play()
        assert [host.play(cut_off=True, **{change: "new"}), host.play(), host.play()] == [True, True, False]


def test_a_file_that_changed_before_the_role_came_to_the_unit_is_noticed() -> None:
    host = Host()
    host.play()
    host.files[CONFIGURATION] = "new"
    assert [host.play(cut_off=True), host.play(cut_off=True), host.play(), host.play()] == [True, True, True, False]
    del host.files["/usr/local/kafka/.release-1"]
    host.files["/usr/local/kafka/.release-2"] = ""
    assert [host.play(), host.play()] == [True, False]


def test_a_change_that_is_taken_back_restarts_once_more() -> None:
    host = Host()
    host.play()
    assert [host.play(configuration="new"), host.play(configuration="a"), host.play()] == [True, True, False]


@pytest.mark.parametrize(
    ("kind", "by_hand", "needed"),
    [
        ("restart", "starts", False),
        ("restart", "reloads", True),
        ("reload", "starts", False),
        ("reload", "reloads", False),
    ],
)
def test_what_was_done_by_hand_counts_if_it_reads_the_files(kind: str, by_hand: str, needed: bool) -> None:
    host = Host(kind)
    host.play()
    host.play(cut_off=True, configuration="new")
    setattr(host, by_hand, 9)
    assert host.play() is needed


def test_a_drop_in_is_read_by_a_start_only() -> None:
    dropin = {"path": f"{UNIT_FILE}.d/hardening.conf", "checksum": "a"}
    for kind, changes in (("restart", True), ("reload", False)):
        before, after = (unit_records({kind: {UNIT: []}}, found, [], [])[0]["path"] for found in ([], [dropin]))
        assert (before != after) is changes


def test_nothing_is_said_of_a_unit_whose_state_was_not_read() -> None:
    """As in check mode on a host that has none."""
    assert not Host().record([], [])["outdated"]


def test_the_record_follows_a_unit_that_was_written_since_it_was_read() -> None:
    reads = {"restart": {UNIT: []}}
    found = [{"path": UNIT_FILE, "checksum": "old"}]
    written = [{"dest": UNIT_FILE, "checksum": "new"}, {"skipped": True}]
    before, after = (unit_records(reads, found, results, [])[0]["path"] for results in ([], written))
    assert before != after
    assert unit_records(reads, [{"path": UNIT_FILE, "checksum": "new"}], [], [])[0]["path"] == after
