"""Inventories stand alone, and what they set wins over the wiring in group_vars/; no host."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rendering import ROOT, Deployment

if TYPE_CHECKING:
    from pathlib import Path


def test_each_inventory_stands_alone() -> None:
    """An inventory can be copied and changed without a thought of the others."""
    assert [path for path in (ROOT / "inventory").rglob("*") if path.is_symlink()] == []


def test_plays_of_each_directory_see_the_wiring() -> None:
    for directory in [ROOT / "playbooks", *(path.parent for path in (ROOT / "molecule").glob("*/molecule.yml"))]:
        assert (directory / "group_vars").resolve() == ROOT / "group_vars", directory


def test_what_an_inventory_sets_for_all_wins_over_the_wiring_of_a_group(tmp_path: Path) -> None:
    (tmp_path / "hosts.yml").write_text((ROOT / "inventory/vms/hosts.yml").read_text())
    (tmp_path / "group_vars").mkdir()
    (tmp_path / "group_vars/all.yml").write_text("kafka_kraft_topics: [{name: own}]\ncluster_network: 10.1.0.0/16\n")
    hosts = Deployment(tmp_path, playbooks=()).hostvars
    assert hosts["hadoop02"]["kafka_kraft_topics"] == [{"name": "own"}]
    assert hosts["hadoop02"]["kafka_kraft_roles"] == ["broker", "controller"]
    assert hosts["db01"]["ansible_host"] == "10.1.0.185"
