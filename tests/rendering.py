"""What site.yml, loadtest.yml and the verification write to each host of an inventory, without a host.

Plays, roles and tasks are loaded, variables are merged and templates are rendered by Ansible itself, as in a run that
finds every host installed and unchanged. No host is contacted, and no module is run.

This uses private parts of ansible-core, as they are in 2.19; tests/lab/test_hosts.py compares the result with the files
that a real run has written.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from ansible._internal._templating._jinja_bits import AnsibleEnvironment, _TemplateCompileContext
from ansible.inventory.manager import InventoryManager
from ansible.parsing.dataloader import DataLoader
from ansible.playbook import Playbook
from ansible.playbook.block import Block
from ansible.playbook.helpers import load_list_of_blocks
from ansible.playbook.role_include import IncludeRole
from ansible.playbook.task_include import TaskInclude
from ansible.template import Templar
from ansible.vars.hostvars import HostVars, HostVarsVars
from ansible.vars.manager import VariableManager
from written import WHOLE, WRITERS, Call, File

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from ansible.inventory.host import Host
    from ansible.playbook.play import Play
    from ansible.playbook.task import Task

ROOT = Path(__file__).resolve().parents[1]
PLAYBOOKS = ("site.yml", "loadtest.yml", "playbooks/verify.yml")

UBUNTU = {
    "architecture": "x86_64",
    "distribution": "Ubuntu",
    "distribution_major_version": "22",
    "distribution_release": "jammy",
    "distribution_version": "22.04",
    "memtotal_mb": 16000,
    "os_family": "Debian",
    "packages": {},
    "processor_vcpus": 4,
    "python": {"executable": "/usr/bin/python3"},
    "python_version": "3.10.12",
    "service_mgr": "systemd",
    "virtualization_role": "guest",
    "virtualization_type": "kvm",
}
DEBIAN = UBUNTU | {
    "distribution": "Debian",
    "distribution_major_version": "11",
    "distribution_release": "bullseye",
    "distribution_version": "11.11",
    "python_version": "3.9.2",
}

#: What a task registers on a host where everything is in place, by its module.
ANSWERS: dict[str, dict[str, Any]] = {
    "ansible.builtin.command": {"rc": 0, "stdout": "0", "stdout_lines": ["0"], "stderr": ""},
    "ansible.builtin.find": {"files": [], "matched": 0},
    "ansible.builtin.stat": {"stat": {"exists": True}},
    "community.general.read_csv": {"list": [{"Name": "Aggregated", "Request Count": "1", "Failure Count": "0"}]},
}
UNCHANGED = {"changed": False, "failed": False, "skipped": False}


def compile_once(compile_template: Callable[..., Any]) -> Callable[..., Any]:
    """Return a compiler that keeps what it has compiled: Ansible compiles a template again for each task and host."""
    kept: dict[tuple[Any, ...], Any] = {}

    def compiled(self: AnsibleEnvironment, source: Any, *names: Any) -> Any:
        if not isinstance(source, str):
            return compile_template(self, source, *names)
        context = _TemplateCompileContext.current(optional=True)
        syntax = (self.trim_blocks, self.lstrip_blocks, self.keep_trailing_newline, self.variable_start_string)
        key = (str(source), names, syntax, getattr(context, "escape_backslashes", None))
        if key not in kept:
            kept[key] = compile_template(self, source, *names)
        return kept[key]

    return compiled


AnsibleEnvironment.compile = compile_once(AnsibleEnvironment.compile)


class HostView(HostVarsVars):
    """A host's variables as the others read them, each rendered once: of sixty hosts, each reads those of all."""

    def __getitem__(self, key: str) -> Any:
        if key not in self.__dict__.setdefault("rendered", {}):
            self.rendered[key] = super().__getitem__(key)
        return self.rendered[key]


class HostViews(HostVars):
    """The variables of all hosts, but for those that tasks set."""

    def __getitem__(self, name: str) -> HostVarsVars:
        if name not in self.__dict__.setdefault("known", {}):
            self.known[name] = HostView(self.raw_get(name), self._loader, name)
        return self.known[name]


class Deployment:
    """What a run does to the hosts of an inventory.

    Args:
        inventory: an inventory's directory or file.
        facts: every host's facts; by default those of Ubuntu 22.04.
        playbooks: those to run, in this order.

    """

    def __init__(
        self, inventory: Path, facts: dict[str, Any] | None = None, playbooks: Sequence[str] = PLAYBOOKS
    ) -> None:
        self.loader = DataLoader()
        self.loader.set_basedir(str(ROOT))
        self.inventory = InventoryManager(self.loader, sources=[str(inventory)])
        self.variables = VariableManager(self.loader, self.inventory)
        self.hostvars = HostViews(self.inventory, self.variables, self.loader)
        self.hosts = [host.name for host in self.inventory.get_hosts()]
        for host in self.hosts:
            self.variables.set_host_facts(host, dict(facts or UBUNTU))
        self._tasks: list[tuple[Play, Task, list[Host]]] = []
        self._calls: dict[str, list[Call]] = {}
        for playbook in playbooks:
            for play in Playbook.load(str(ROOT / playbook), self.variables, self.loader).get_plays():
                self._walk(play, play.compile(), self.inventory.get_hosts(play.hosts))

    def calls(self, host: str, module: str, role: str = "", task: str = "") -> list[Call]:
        """Return the calls of a module on a host, in order; only those of one role or one task, if it is named."""
        return list(self._iterate(host, module, role, task))

    def files(self, host: str) -> dict[str, File]:
        """Return the files that are written to a host, by path."""
        found: dict[str, File] = {}
        for module, read in WRITERS.items():
            for call in self._iterate(host, module):
                path, text = read(self.loader, call)
                whole = module in WHOLE
                if not whole and path in found:
                    text = found[path].text + text
                given = {key: str(call.args[key]) for key in ("owner", "group", "mode") if key in call.args}
                found[path] = File(text, **given, whole=whole)
        return found

    def _iterate(self, host: str, module: str, role: str = "", name: str = "") -> Iterator[Call]:
        for play, task, hosts in self._tasks:
            if task.action != module or task.delegate_to or host not in {one.name for one in hosts}:
                continue
            if (role and task._role.get_name() != role) or (name and task.name != name):
                continue
            for variables in self._items(play, task, self.inventory.get_host(host)):
                yield Call(task._role.get_name(), task.name, module, Templar(self.loader, variables), task)

    def _variables(self, play: Play, task: Task, host: Host) -> dict[str, Any]:
        variables = self.variables.get_vars(play=play, host=host, task=task)
        return variables | {"ansible_search_path": [*task.get_search_path(), self.loader.get_basedir()]}

    def _iterations(self, task: Task, variables: dict[str, Any]) -> list[dict[str, Any]]:
        """Return what each iteration of a task's loop sets; a task without a loop has one, which sets nothing."""
        if task.loop is None:
            return [{}]
        control = task.loop_control
        items = Templar(self.loader, variables).template(task.loop)
        return [{control.loop_var: item, control.index_var or "": index} for index, item in enumerate(items)]

    def _items(self, play: Play, task: Task, host: Host) -> Iterator[dict[str, Any]]:
        """Yield the variables of each iteration for which the task's conditions hold."""
        variables = self._variables(play, task, host)
        for item in self._iterations(task, variables):
            if task._resolve_conditional(task.when, variables | item):
                yield variables | item

    def _walk(self, play: Play, blocks: list[Block], hosts: list[Host]) -> None:
        """Record which hosts run which task, following includes."""
        for block in blocks:
            for task in block.block:
                if isinstance(task, Block):
                    self._walk(play, [task], hosts)
                elif isinstance(task, TaskInclude):
                    chosen = {}
                    for host in hosts:
                        for variables in self._items(play, task, host):
                            target = Templar(self.loader, variables).template(task.args)
                            chosen.setdefault(str(target), (target, []))[1].append(host)
                    for target, those in chosen.values():
                        self._walk(play, self._include(play, task, target), those)
                elif not task._role or task._role.get_name() == "preflight":
                    # The first play writes nothing: it refuses hosts that cannot work.
                    continue
                elif task.action != "ansible.builtin.validate_argument_spec":
                    self._note(play, task, hosts)

    def _include(self, play: Play, task: TaskInclude, target: dict[str, Any]) -> list[Block]:
        copy = task.copy(exclude_parent=True)
        copy._parent = task._parent
        if isinstance(copy, IncludeRole):
            return copy.get_block_list(play, self.variables, self.loader)[0]
        path = self.loader.path_dwim_relative(task._role._role_path, "tasks", target["_raw_params"], is_role=True)
        return load_list_of_blocks(
            self.loader.load_from_file(path, trusted_as_template=True),
            play=play,
            parent_block=copy.build_parent_block(),
            role=task._role,
            loader=self.loader,
            variable_manager=self.variables,
        )

    def _note(self, play: Play, task: Task, hosts: list[Host]) -> None:
        self._tasks.append((play, task, hosts[:1] if task.run_once else hosts))
        facts: dict[str, Any] = {}
        for host in hosts:
            if task.register:
                answer = UNCHANGED | ANSWERS.get(task.action, {})
                iterations = len(self._iterations(task, self._variables(play, task, host)))
                facts = {
                    task.register: answer | {"results": [answer] * iterations} if task.loop is not None else answer
                }
            elif task.action == "ansible.builtin.set_fact":
                for variables in self._items(play, task, host):
                    facts = Templar(self.loader, variables).template(task.args)
            self.variables.set_nonpersistent_facts(host.name, facts)
