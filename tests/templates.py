"""One template, rendered by Ansible's own templating with variables that a test chooses; no host, no inventory."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar, trust_as_template

ROOT = Path(__file__).resolve().parents[1]
#: The table of services as it is written: its templates are not evaluated.
SERVICES: dict[str, Any] = yaml.safe_load((ROOT / "group_vars/all/services.yml").read_text())["services"]


def role_variables(role: str, *files: str) -> dict[str, Any]:
    """Return the variables of a role's files, such as `vars/main.yml`, after its defaults; templates stay templates."""
    loader, found = DataLoader(), {}
    for name in ("defaults/main.yml", *files):
        found |= loader.load_from_file(str(ROOT / "roles" / role / name), trusted_as_template=True)
    return found | {"role_path": str(ROOT / "roles" / role)}


def evaluate(expression: str, variables: dict[str, Any]) -> Any:
    """Return the value of a Jinja expression."""
    return Templar(DataLoader(), variables).template(trust_as_template(f"{{{{ {expression} }}}}"))


def render(template: Path, variables: dict[str, Any]) -> str:
    """Return a template file's text as the module `template` makes it."""
    return evaluate(f"lookup('ansible.builtin.template', '{template}')", variables)
