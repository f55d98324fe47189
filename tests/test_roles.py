"""Each role's inputs: what defaults/main.yml sets and what meta/argument_specs.yml says agree."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

ROLES = sorted(path for path in (Path(__file__).parents[1] / "roles").iterdir() if path.is_dir())
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
