"""Each role's inputs: its defaults, its argument_specs.yml and its README agree, and nonsense is refused by name."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar, trust_as_template

ROOT = Path(__file__).resolve().parents[1]
ROLES = sorted(path for path in (ROOT / "roles").iterdir() if path.is_dir())
TYPES = {"str": str, "path": str, "int": int, "float": (int, float), "bool": bool, "list": list, "dict": dict}


def read(path: Path) -> dict[str, Any]:
    """Return a YAML file's mapping; an absent file is an empty one."""
    return (yaml.safe_load(path.read_text()) or {}) if path.exists() else {}


def options(role: Path) -> dict[str, Any]:
    """Return the options of all of a role's entry points together."""
    specs = read(role / "meta/argument_specs.yml")["argument_specs"]
    return {name: option for spec in specs.values() for name, option in spec.get("options", {}).items()}


@pytest.mark.parametrize("role", ROLES, ids=lambda role: role.name)
def test_defaults_are_those_of_the_argument_specs(role: Path) -> None:
    specs = {name: option["default"] for name, option in options(role).items() if "default" in option}
    defaults = read(role / "defaults/main.yml")
    # An option of one entry point alone may have its default in the tasks of that entry point.
    main = read(role / "meta/argument_specs.yml")["argument_specs"]["main"].get("options", {})
    assert defaults == {name: value for name, value in specs.items() if name in defaults or name in main}


@pytest.mark.parametrize("role", ROLES, ids=lambda role: role.name)
def test_inputs_bear_the_role_s_name_and_are_described(role: Path) -> None:
    for name, option in options(role).items():
        assert name.startswith(f"{role.name}_")
        assert option["description"]
        assert option["type"] in TYPES
        assert option.get("required", False) != ("default" in option), f"{name}: either required or with a default"
        if "default" in option:
            assert isinstance(option["default"], TYPES[option["type"]])


#: What no value of these types is. A string is always a list's or a string's value: only choices refuse one.
WRONG = {"int": "many", "float": "much", "bool": "perhaps", "dict": "nothing of the kind"}


@pytest.mark.parametrize("role", ROLES, ids=lambda role: role.name)
def test_nonsense_is_refused_by_name(role: Path) -> None:
    spec = options(role)
    for name, option in spec.items():
        wrong = "nonsense" if "choices" in option else WRONG.get(option["type"])
        if wrong:
            (problem,) = ArgumentSpecValidator({name: option}).validate({name: wrong}).error_messages
            assert name in problem
        if option.get("required"):
            (problem,) = ArgumentSpecValidator({name: option}).validate({}).error_messages
            assert name in problem


def test_nonsense_is_refused_before_anything_is_done(tmp_path: Path) -> None:
    play = {"hosts": "localhost", "connection": "local", "gather_facts": False, "roles": ["kafka_kraft"]}
    (tmp_path / "play.yml").write_text(yaml.safe_dump([play | {"vars": {"kafka_kraft_replication": "many"}}]))
    command = ["ansible-playbook", "--inventory", "localhost,", str(tmp_path / "play.yml")]
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert done.returncode == 2
    assert re.findall(r"^TASK \[(.*)\]", done.stdout, re.MULTILINE)[0].startswith("kafka_kraft : Validating arguments")
    assert re.search("kafka_kraft_replication.*unable to convert to int", done.stdout)
    assert re.search(r"localhost +: ok=0 +changed=0 .* failed=1", done.stdout)


@pytest.mark.parametrize("role", ROLES, ids=lambda role: role.name)
def test_the_readme_is_fresh(role: Path) -> None:
    variables = {"__role": role.name, "__entries": read(role / "meta/argument_specs.yml")["argument_specs"]}
    template = ROOT / "playbooks/templates/role.md.j2"
    made = Templar(DataLoader(), variables).template(
        trust_as_template(f"{{{{ lookup('ansible.builtin.template', '{template}') }}}}")
    )
    assert (role / "README.md").read_text() == made, "run ansible-playbook playbooks/readmes.yml"
