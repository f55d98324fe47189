"""The checkout: anywhere, under any name and with any permissions, with the project's configuration or one sentence."""

from __future__ import annotations

import os
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest
from templates import ROOT

if TYPE_CHECKING:
    from pathlib import Path

SENTENCE = "This project's ansible.cfg is not in effect. Set the environment variable ANSIBLE_CONFIG to its whole path."


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a copy of the project in a directory that all may write, whose path has a space and Chinese characters."""
    directory = tmp_path_factory.mktemp("日志") / "日志 分析"
    directory.mkdir()
    for name in ("playbooks", "roles", "plugins", "group_vars", "inventory"):
        shutil.copytree(ROOT / name, directory / name, symlinks=True)
    for name in ("site.yml", "loadtest.yml", "ansible.cfg", "lab"):
        shutil.copy(ROOT / name, directory)
    directory.chmod(0o777)
    return directory


def run(*command: str, cwd: Path, **environment: str | None) -> str:
    """Return all that a command prints."""
    known = {name: value for name, value in {**os.environ, **environment}.items() if value is not None}
    done = subprocess.run(command, cwd=cwd, env=known, check=False, capture_output=True, text=True)
    return done.stdout + done.stderr


def test_it_works_anywhere_if_its_configuration_is_named(checkout: Path, tmp_path: Path) -> None:
    configuration = str(checkout / "ansible.cfg")
    for cwd, playbook in ((checkout, "site.yml"), (tmp_path, str(checkout / "site.yml"))):
        listed = run("ansible-playbook", playbook, "--list-tasks", cwd=cwd, ANSIBLE_CONFIG=configuration)
        assert "log_analysis : Run the jobs" in listed
    shown = run("ansible", "web01", "-m", "debug", "-a", "var=project_dir", cwd=tmp_path, ANSIBLE_CONFIG=configuration)
    assert str(checkout) in shown


def test_without_its_configuration_it_says_so_in_one_sentence(checkout: Path, tmp_path: Path) -> None:
    (tmp_path / "ansible.cfg").write_text("[defaults]\n")
    other, inventory = str(tmp_path / "ansible.cfg"), f"--inventory={checkout}/inventory/vms"
    for cwd, configuration in (
        (checkout, None),
        (tmp_path, None),
        (checkout, other),
        (checkout, f"{ROOT}/ansible.cfg"),
    ):
        command = ["ansible-playbook", inventory, str(checkout / "site.yml"), "--list-tasks"]
        printed = run(*command, cwd=cwd, ANSIBLE_CONFIG=configuration)
        assert [line for line in printed.splitlines() if line.startswith("[ERROR]")] == [f"[ERROR]: {SENTENCE}"]
    command = ["ansible", inventory, "web01", "--playbook-dir=playbooks", "-m", "debug", "-a"]
    command += ["msg={{ project_dir }}", "--extra-vars=ansible_host=x"]
    assert SENTENCE in run(*command, cwd=checkout, ANSIBLE_CONFIG=None)


@pytest.mark.parametrize("locale", ["en_US.UTF-8", "zh_CN.GB18030", "C", "none.such"])
def test_the_script_works_under_any_locale(checkout: Path, locale: str) -> None:
    assert run("./lab", "help", cwd=checkout, LC_ALL=locale, LANG=locale).count("./lab play site.yml") == 1


def test_hosts_get_a_locale_that_they_have() -> None:
    shown = run("ansible-config", "dump", "--type=connection", cwd=ROOT, ANSIBLE_CONFIG=f"{ROOT}/ansible.cfg")
    assert "SetEnv=LC_ALL=C.UTF-8" in shown
