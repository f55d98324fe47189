"""What is wrong with the variables of an inventory: compared with what the roles say of their inputs."""

from __future__ import annotations

import difflib
import re
from collections import defaultdict
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import yaml
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping


class Values(Protocol):
    """What this needs of HostValues, in host_values.py."""

    raw: Mapping[str, Mapping[str, Any]]

    def get(self, host: str, name: str, default: Any = None) -> Any:
        """Return a variable's value on a host; the default if it is not set or cannot be computed."""

    def value(self, host: str, name: str) -> Any:
        """Return a variable's value on a host; raise an error if its expression fails."""


#: Text, lists and mappings from YAML with any tags, such as that of a vault. LibYAML's is ten times as fast.
PLAIN = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
SAFE = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def read(path: Path) -> Any:
    """Return a YAML file's content; None if it is none."""
    try:
        return yaml.load(path.read_text(), Loader=PLAIN)
    except (yaml.YAMLError, OSError, UnicodeDecodeError):
        return None


class Project:
    """What the project's own files say: the roles' inputs, the plays and the names in the wiring."""

    def __init__(self, root: Path) -> None:
        self.root = root

    @cached_property
    def specs(self) -> dict[str, dict[str, dict[str, Any]]]:
        """Return each role's entry points, with their options."""
        found = {}
        for path in sorted(self.root.glob("roles/*/meta/argument_specs.yml")):
            entries = yaml.load(path.read_text(), Loader=SAFE)["argument_specs"]
            found[path.parts[-3]] = {name: entry.get("options") or {} for name, entry in entries.items()}
        return found

    @cached_property
    def plays(self) -> list[tuple[set[str], list[str]]]:
        """Return the groups and the roles of each play in playbooks/."""
        found = []
        for path in sorted(self.root.glob("playbooks/*.yml")):
            plays = read(path)
            for play in plays if isinstance(plays, list) else []:
                if isinstance(play, dict) and isinstance(play.get("roles"), list):
                    patterns = play.get("hosts") or []
                    groups = ":".join(patterns if isinstance(patterns, list) else [patterns]).split(":")
                    roles = [
                        role if isinstance(role, str) else role.get("role", role.get("name")) for role in play["roles"]
                    ]
                    found.append((set(groups), roles))
        return found

    def options(self, groups: Iterable[str]) -> dict[str, dict[str, Any]]:
        """Return the inputs of the roles that come to a host of these groups."""
        here = {*groups, "all"}
        roles = [role for patterns, roles in self.plays if patterns & here for role in roles]
        return {name: option for role in roles for name, option in self.specs.get(role, {}).get("main", {}).items()}

    @cached_property
    def inputs(self) -> dict[str, dict[str, Any]]:
        """Return the inputs of all roles."""
        entries = [options for role in self.specs.values() for options in role.values()]
        return {name: option for options in entries for name, option in options.items()}

    @cached_property
    def known(self) -> set[str]:
        """Return every name that a role takes or that the wiring defines."""
        wired = [read(path) for path in self.root.glob("group_vars/**/*.yml")]
        return set(self.inputs) | {name for mapping in wired if isinstance(mapping, dict) for name in mapping}


def unknown_findings(values: Values, project: Project, tables: Mapping[str, Any]) -> Iterator[str]:
    """Yield each variable that looks like an input of a role and is none, with the name that was probably meant."""
    known, renamed = project.known | set(tables["others"]), tables["renamed"]
    prefixes = tuple(f"{role}_" for role in project.specs)
    holders = defaultdict(list)
    for host, variables in values.raw.items():
        for name in variables.keys() - known:
            if name in renamed or name.startswith(prefixes):
                holders[name].append(host)
    for name, hosts in sorted(holders.items()):
        where = f" (set for {hosts[0]}{f' and {len(hosts) - 1} more' if len(hosts) > 1 else ''})"
        if name in renamed:
            yield f"{name}: this variable{where} has been replaced: set {renamed[name]}."
            continue
        near = difflib.get_close_matches(name, sorted(known), 1, 0.6)
        meant = f"Did you mean {near[0]}?" if near else "Remove it."
        yield f"{name}: no role takes this variable{where}. {meant} A variable of your own needs another prefix."


def limit_finding(name: str, value: object, limit: Mapping[str, Any], groups: Mapping[str, list[str]]) -> str | None:
    """Return what is wrong with a number; None if it is within its limits.

    Args:
        name: the variable's name.
        value: its value.
        limit: its `min`, and a group `max_hosts_of` if there may not be more than that has hosts.
        groups: the inventory's groups.

    """
    most = len(groups.get(limit.get("max_hosts_of", ""), []))
    allowed = f"to {most}: so many hosts are in {limit['max_hosts_of']}" if most else "or more"
    number = re.fullmatch(r"-?\d+", str(value))
    if number and int(str(value)) >= limit["min"] and not (most and int(str(value)) > most):
        return None
    return f"{name}: it is {value!r}, and has to be a whole number, {limit['min']} {allowed}."


def value_findings(values: Values, hosts: Iterable[str], project: Project, tables: Mapping[str, Any]) -> Iterator[str]:
    """Yield each input that a role that comes to a host does not take, or that cannot be computed."""
    groups, limits = tables["groups"], tables["limits"]
    checked: dict[tuple[str, str], list[str]] = {}
    for host in hosts:
        raw = values.raw[host]
        options = project.options(raw.get("group_names", []))
        for name in options.keys() & raw.keys():
            try:
                value = values.value(host, name)
            except Exception as error:
                # Without facts, what is made of them cannot be computed: that host has a finding already.
                if tables["complete"] and raw.get("ansible_facts"):
                    yield f"{name}: it cannot be computed on {host}: {error}"
                continue
            key = (name, repr(value))
            if key not in checked:
                checked[key] = list(input_findings(name, value, options[name], limits, groups))
            yield from checked[key]


def input_findings(
    name: str, value: Any, option: Mapping[str, Any], limits: Mapping[str, Any], groups: Mapping[str, list[str]]
) -> Iterator[str]:
    """Yield what is wrong with one value of an input."""
    if name in limits:
        found = limit_finding(name, value, limits[name], groups)
        if found:
            yield found
    else:
        for message in ArgumentSpecValidator({name: option}).validate({name: value}).error_messages:
            yield f"{name}: {message}"


def preflight_inputs(values: Values, hosts: Iterable[str], root: str, **tables: Any) -> list[str]:
    """Return what is wrong with the variables of hosts.

    Args:
        values: the hosts' variables.
        hosts: the hosts of the play.
        root: the project's directory.
        tables: `groups`, the inventory's; `limits`, of whole numbers, by name; `renamed`, today's name by the former
            one; `others`, names that are neither inputs nor wiring; `complete`, whether the rest of the inventory is in
            order: otherwise that is why something cannot be computed.

    """
    project = Project(Path(root))
    found = [
        *unknown_findings(values, project, tables),
        *value_findings(values, hosts, project, tables),
    ]
    return list(dict.fromkeys(found))


class FilterModule:
    """What Ansible loads."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return the filters by name."""
        return {"preflight_inputs": preflight_inputs}
