"""Evaluate variables of many hosts on the control node.

Ansible evaluates an expression for each host again. Most expressions have the same result on a thousand hosts: here
they are evaluated once for all hosts on which everything that they refer to is the same.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar
from jinja2 import Environment, TemplateError, Undefined, nodes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from ansible.vars.hostvars import HostVars

#: The same on every host of a run.
SHARED = {"groups", "hostvars", "lookup", "query", "q", "now", "omit", "playbook_dir"}
#: Lookups that read no variables but those that their arguments name.
PLAIN_LOOKUPS = {"file", "fileglob", "env", "first_found"}
LOOKUP = re.compile(r"\b(?:lookup|query|q)\(\s*['\"](?:[\w.]+\.)?(\w+)")
PARSER = Environment(extensions=["jinja2.ext.do", "jinja2.ext.loopcontrols"], autoescape=True)


class CannotComputeError(Exception):
    """A variable's expression fails, or something that it refers to does not exist."""


def _plain(value: Any) -> Any:
    """Return a value without Ansible's lazy containers; raise what an undefined part of it raises."""
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if isinstance(value, Undefined):
        return str(value)
    return value


def references(value: Any) -> set[str] | None:
    """Return the names that a value's expressions refer to; None if only an evaluation can tell."""
    if isinstance(value, str):
        if "{{" not in value and "{%" not in value:
            return set()
        if not set(LOOKUP.findall(value)) <= PLAIN_LOOKUPS:
            return None
        try:
            names = {name.name for name in PARSER.parse(str(value)).find_all(nodes.Name)}
        except TemplateError:
            return None
        return None if "vars" in names else names - SHARED
    if isinstance(value, (list, tuple, dict)):
        found: set[str] = set()
        for item in [*value.keys(), *value.values()] if isinstance(value, dict) else value:
            names = references(item)
            if names is None:
                return None
            found |= names
        return found
    return set() if value is None or isinstance(value, (int, float)) else None


class HostValues:
    """The variables of all hosts of an inventory.

    Args:
        variables: what returns a host's variables, not evaluated.
        hosts: the hosts' names.
        evaluate: what evaluates a value, given a host's variables; by default Ansible.

    """

    def __init__(
        self,
        variables: Callable[[str], dict[str, Any]],
        hosts: Iterable[str],
        evaluate: Callable[[Any, dict[str, Any]], Any],
    ) -> None:
        self.raw = {host: variables(host) for host in hosts}
        self._evaluate = evaluate
        # Values are known by their place in memory: `raw` keeps them there.
        self._references: dict[int, set[str] | None] = {}
        self._texts: dict[int, str] = {}
        self._known: dict[tuple[Any, ...], Any] = {}

    def given(self, host: str, name: str) -> bool:
        """Return whether a variable is set for a host."""
        return name in self.raw[host]

    def get(self, host: str, name: str, default: Any = None) -> Any:
        """Return a variable's value on a host; the default if it is not set or cannot be computed."""
        try:
            return self.value(host, name) if self.given(host, name) else default
        except CannotComputeError:
            return default

    def sources(self, host: str, name: str) -> list[str]:
        """Return the names of all variables that a variable's value is made of, itself included."""
        return [source for source, _ in self._closure(host, name)]

    def value(self, host: str, name: str) -> Any:
        """Return a variable's value on a host.

        Raises:
            CannotComputeError: its expression fails.

        """
        key = (name, *self._closure(host, name))
        if key not in self._known:
            try:
                self._known[key] = _plain(self._evaluate(self.raw[host][name], self.raw[host]))
            except Exception as error:
                self._known[key] = CannotComputeError(str(error).strip())
        if isinstance(self._known[key], CannotComputeError):
            raise self._known[key]
        return self._known[key]

    def _closure(self, host: str, name: str) -> Iterator[tuple[str, str]]:
        """Yield everything that a variable's value depends on, with what it is on this host."""
        raw, todo, seen = self.raw[host], [name], {name}
        while todo:
            one = todo.pop()
            if one not in raw:
                continue
            value = raw[one]
            yield one, self._text(value)
            names = self._referenced(value)
            if names is None:
                yield "inventory_hostname", host
            else:
                todo += sorted(names - seen)
                seen |= names

    def _text(self, value: Any) -> str:
        if not isinstance(value, (list, dict)):
            return repr(value)
        if id(value) not in self._texts:
            self._texts[id(value)] = repr(value)
        return self._texts[id(value)]

    def _referenced(self, value: Any) -> set[str] | None:
        if id(value) not in self._references:
            self._references[id(value)] = references(value)
        return self._references[id(value)]


def host_values(hostvars: HostVars, hosts: Iterable[str]) -> HostValues:
    """Return the variables of hosts, to be evaluated by Ansible."""
    loader = DataLoader()

    def evaluate(value: Any, variables: dict[str, Any]) -> Any:
        return Templar(loader, variables | {"hostvars": hostvars}).template(value)

    return HostValues(hostvars.raw_get, list(hosts), evaluate)


class FilterModule:
    """The filters of this file."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return the filters by name."""
        return {"host_values": host_values}
