"""What Ansible's modules write: a call of a module, and the text that it writes."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ansible.template import Templar, generate_ansible_template_vars, trust_as_template

if TYPE_CHECKING:
    from ansible.parsing.dataloader import DataLoader
    from ansible.playbook.task import Task


@dataclass(frozen=True)
class Call:
    """One module, called once on one host."""

    role: str
    task: str
    module: str
    templar: Templar
    raw: Task

    @cached_property
    def args(self) -> dict[str, Any]:
        """The module's arguments, their templates resolved."""
        return self.templar.template(self.raw.args)

    @property
    def environment(self) -> dict[str, str]:
        """The environment that the task asks for."""
        merged: dict[str, str] = {}
        for part in self.raw.environment or []:
            merged |= self.templar.template(part)
        return merged

    def variable(self, name: str) -> Any:
        """Return a variable as this task sees it."""
        return self.templar.resolve_variable_expression(name)


@dataclass(frozen=True)
class File:
    """A file, or as much of it as the project writes."""

    text: str
    owner: str = "root"
    group: str = "root"
    mode: str = ""
    #: Whether the text is the whole file, not lines put into another's.
    whole: bool = True


def render(loader: DataLoader, call: Call) -> tuple[str, str]:
    """Return a template's destination and text, as Ansible's action `template` makes it."""
    path = call.args["dest"]
    search = call.templar.available_variables["ansible_search_path"]
    source = loader.path_dwim_relative_stack(search, "templates", call.args["src"])
    bases = [*search, str(Path(source).parent)]
    directories = [directory for base in bases for directory in (f"{base}/templates", base)]
    variables = call.templar.available_variables | generate_ansible_template_vars(call.args["src"], source, path)
    templar = call.templar.copy_with_new_env(searchpath=directories, available_variables=variables)
    text = trust_as_template(loader.get_text_file_contents(source))
    return path, templar.template(text, escape_backslashes=False, overrides={"trim_blocks": True})


def copy(loader: DataLoader, call: Call) -> tuple[str, str]:
    """Return a copied file's destination and text."""
    if "content" in call.args:
        return call.args["dest"], call.args["content"]
    if call.args["src"].endswith(".jar"):
        # It is no text, and the control node has it only after a run.
        return call.args["dest"], ""
    search = call.templar.available_variables["ansible_search_path"]
    source = loader.path_dwim_relative_stack(search, "files", call.args["src"])
    into = Path(source).name if call.args["dest"].endswith("/") else ""
    return call.args["dest"] + into, loader.get_text_file_contents(source)


def line(_: DataLoader, call: Call) -> tuple[str, str]:
    """Return the file and the line that is put into it."""
    return call.args["path"], f"{call.args['line']}\n" if call.args.get("state") != "absent" else ""


def block(_: DataLoader, call: Call) -> tuple[str, str]:
    """Return the file and the lines that are put into it."""
    return call.args["path"], f"{call.args['block'].rstrip()}\n"


WRITERS = {
    "ansible.builtin.template": render,
    "ansible.builtin.copy": copy,
    "ansible.builtin.lineinfile": line,
    "ansible.builtin.blockinfile": block,
}
WHOLE = ("ansible.builtin.template", "ansible.builtin.copy")
