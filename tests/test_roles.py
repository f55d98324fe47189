"""Each role stands alone: defaults, argument specs and README agree, invalid inputs are refused, nothing is shared."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from templates import ROOT, render

if TYPE_CHECKING:
    from collections.abc import Iterator

#: Names and addresses of the case study's hosts.
HOSTS = re.compile(r"\b(?:web|hadoop|db)\d\d\b|\b192\.168\.\d+\.[1-9]")
#: Lock files, lists of checksums and data.
GENERATED = re.compile(r"requirements\.txt$|\.sha256$|/sentences\.txt$|\.svg$|^LICENSE$")
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
def test_inputs_have_the_role_s_name_and_are_described(role: Path) -> None:
    for name, option in options(role).items():
        assert name.startswith(f"{role.name}_")
        assert option["description"]
        assert option["type"] in TYPES
        assert option.get("required", False) != ("default" in option), f"{name}: either required or with a default"
        if "default" in option:
            assert isinstance(option["default"], TYPES[option["type"]])


#: A value that each type refuses. A string is valid for lists and strings: only choices refuse one.
WRONG = {"int": "many", "float": "much", "bool": "perhaps", "dict": "no dictionary"}


@pytest.mark.parametrize("role", ROLES, ids=lambda role: role.name)
def test_an_invalid_value_is_refused_by_name(role: Path) -> None:
    spec = options(role)
    for name, option in spec.items():
        wrong = "invalid" if "choices" in option else WRONG.get(option["type"])
        if wrong:
            # A dict whose keys are specified is refused twice, once without its name.
            assert name in " ".join(ArgumentSpecValidator({name: option}).validate({name: wrong}).error_messages)
        if option.get("required"):
            (problem,) = ArgumentSpecValidator({name: option}).validate({}).error_messages
            assert name in problem


def test_an_invalid_value_is_refused_before_anything_is_done(tmp_path: Path) -> None:
    play = {"hosts": "localhost", "connection": "local", "gather_facts": False, "roles": ["kafka_kraft"]}
    (tmp_path / "play.yml").write_text(
        yaml.safe_dump([play | {"vars": {"kafka_kraft_internal_replication_factor": "many"}}])
    )
    command = ["ansible-playbook", "--inventory", "localhost,", str(tmp_path / "play.yml")]
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert done.returncode == 2
    assert re.findall(r"^TASK \[(.*)\]", done.stdout, re.MULTILINE)[0].startswith("kafka_kraft : Validating arguments")
    assert re.search("kafka_kraft_internal_replication_factor.*unable to convert to int", done.stdout)
    assert re.search(r"localhost +: ok=0 +changed=0 .* failed=1", done.stdout)


@pytest.mark.parametrize("role", ROLES, ids=lambda role: role.name)
def test_the_readme_is_fresh(role: Path) -> None:
    variables = {"__role": role.name, "__entries": read(role / "meta/argument_specs.yml")["argument_specs"]}
    made = render(ROOT / "playbooks/templates/role.md.j2", variables)
    assert (role / "README.md").read_text() == made, "run ansible-playbook playbooks/readmes.yml"


@pytest.mark.parametrize("role", ROLES, ids=lambda role: role.name)
def test_no_default_names_a_host(role: Path) -> None:
    defaults = role / "defaults/main.yml"
    named = HOSTS.findall(defaults.read_text()) if defaults.exists() else []
    assert named == [], "a host's name is a required input, set in group_vars"


@pytest.mark.parametrize("role", ROLES, ids=lambda role: role.name)
def test_private_names_are_the_role_s_own(role: Path) -> None:
    """`__x_y` belongs to the role x; what another role may read is named without underscores."""
    for path in sorted(role.rglob("*")):
        if path.suffix in (".yml", ".j2") and path.is_file():
            owners = {owner(name) for name in re.findall(r"\b__([a-z][a-z_]*)", path.read_text())}
            assert owners <= {role.name, None}, path


def owner(name: str) -> str | None:
    """Return the role whose private variable this is: the longest role name that it begins with."""
    return max((role.name for role in ROLES if name.startswith(f"{role.name}_")), key=len, default=None)


#: Modules that come to the host over the connection alone (pipelining): nothing is copied that another user would read.
PIPELINED = {"command", "postgresql_db", "postgresql_query", "postgresql_user"}


def tasks(entries: Any, above: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield the tasks of a list, each with the keywords of the blocks that it is in."""
    for task in entries if isinstance(entries, list) else []:
        inner = [task[key] for key in ("block", "rescue", "always", "tasks", "handlers") if key in task]
        keywords = {key: value for key, value in task.items() if key in ("become", "become_user")}
        if inner:
            for one in inner:
                yield from tasks(one, above | keywords)
        else:
            yield above | task


def test_no_file_has_to_pass_from_one_user_to_another_without_privileges() -> None:
    """Ansible does that with setfacl only, which a host may lack, and not on every file system."""
    found = []
    for path in [
        *ROOT.glob("roles/*/tasks/*.yml"),
        *ROOT.glob("roles/*/handlers/*.yml"),
        *ROOT.glob("playbooks/*.yml"),
    ]:
        for task in tasks(yaml.safe_load(path.read_text()), {}):
            modules = {name.split(".")[-1] for name in task if "." in name}
            if "become_user" in task and ("async" in task or not modules <= PIPELINED):
                found.append(f"{path.relative_to(ROOT)}: {task.get('name')}")
    assert found == []


def test_no_file_is_long() -> None:
    command = ["git", "ls-files"]
    tracked = subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True).stdout.splitlines()
    long = {}
    for path in (Path(name) for name in tracked if not GENERATED.search(name) and (ROOT / name).is_file()):
        lines = (ROOT / path).read_text().count("\n")
        most = 60 if path.suffix == ".yml" and {"tasks", "handlers"} & set(path.parts) else 250
        if lines > most:
            long[str(path)] = lines
    assert long == {}
