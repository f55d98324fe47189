"""Which values YAML has changed: what looks like a number, a date, yes or no is not the text that was written."""

from __future__ import annotations

import datetime
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import yaml
from ansible._internal._datatag._tags import Origin

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

SAFE = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
#: What YAML makes of unquoted text. A bool is an int, too.
KINDS = ((bool, "true or false"), (int, "a number"), (float, "a number"), (datetime.date, "a date"))


class Values(Protocol):
    """What this needs of HostValues, in host_values.py."""

    raw: Mapping[str, Mapping[str, Any]]

    def get(self, host: str, name: str, default: Any = None) -> Any:
        """Return a variable's value on a host; the default if it is not set or cannot be computed."""

    def sources(self, host: str, name: str) -> list[str]:
        """Return the names of all variables that a variable's value is made of, itself included."""


def kind(value: object) -> str | None:
    """Return what YAML made of a value, in words; None if that is text, a list, a mapping or nothing."""
    return next((words for known, words in KINDS if isinstance(value, known)), None)


def text_inputs(root: Path) -> dict[str, set[str]]:
    """Return the roles' inputs that hold text: `text`, or `list`s of text; and `other` ones that may hold some."""
    found: dict[str, set[str]] = {"text": set(), "list": set(), "other": set()}
    for path in root.glob("roles/*/meta/argument_specs.yml"):
        for entry in yaml.load(path.read_text(), Loader=SAFE)["argument_specs"].values():
            for name, option in (entry.get("options") or {}).items():
                if option["type"] in ("str", "path"):
                    found["text"].add(name)
                elif option["type"] == "list" and option.get("elements") in ("str", "path"):
                    found["list"].add(name)
                elif option["type"] in ("list", "dict"):
                    found["other"].add(name)
    return found


def where(value: object) -> str:
    """Return the file and the line that a value was read from, if Ansible knows."""
    origin = Origin.get_tag(value)
    return f" ({origin.path}:{origin.line_num})" if origin and origin.path else ""


def written(value: object) -> str:
    """Return the text that a value was read from; empty if that cannot be told."""
    origin = Origin.get_tag(value)
    if not (origin and origin.path and origin.line_num and origin.col_num and Path(origin.path).is_file()):
        return ""
    lines = Path(origin.path).read_text(encoding="utf-8", errors="replace").splitlines()
    if lines[:1] and lines[0].startswith("$ANSIBLE_VAULT"):
        return ""
    line = lines[origin.line_num - 1] if origin.line_num <= len(lines) else ""
    found = re.match(r"[+\-.\w:]+", line[origin.col_num - 1 :])
    return found[0] if found else ""


def changed(value: object) -> bool:
    """Return whether a value is none of those that its text would be, so that only quotes can keep it: 0123, 1.10."""
    text = written(value)
    return isinstance(value, datetime.date) or (kind(value) == "a number" and bool(text) and text != str(value))


def leaves(value: Any, path: str) -> Iterator[tuple[str, Any]]:
    """Yield the values in lists and mappings, each with its place."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield from leaves(item, f"{path}.{key}")
    elif isinstance(value, (list, tuple)):
        for number, item in enumerate(value):
            yield from leaves(item, f"{path}[{number}]")
    else:
        yield path, value


def finding(name: str, value: Any) -> str:
    """Return what to say of a value; no password is shown."""
    text = "" if "password" in name else written(value)
    shown = f"{text or 'its value'} is {kind(value)} to YAML{where(value)}"
    return f'{name}: without quotes {shown}, and this has to be text. Write it in quotes: "{text or "…"}".'


def host_findings(values: Values, host: str, inputs: Mapping[str, set[str]]) -> Iterator[str]:
    """Yield what YAML has changed among a host's variables."""
    raw = values.raw[host]
    for name in sorted(inputs["text"] & raw.keys()):
        if kind(values.get(host, name)):
            yield from (finding(one, raw[one]) for one in values.sources(host, name) if kind(raw.get(one)))
    for name in sorted((inputs["list"] | inputs["other"]) & raw.keys()):
        texts = name in inputs["list"]
        found = leaves(raw[name], name) if isinstance(raw[name], (dict, list)) else ()
        yield from (finding(place, value) for place, value in found if (texts and kind(value)) or changed(value))


def preflight_yaml(values: Values, hosts: Iterable[str], root: str) -> list[str]:
    """Return the variables whose text YAML has read as something else.

    Args:
        values: the hosts' variables.
        hosts: the hosts of the play.
        root: the project's directory.

    """
    inputs = text_inputs(Path(root))
    return list(dict.fromkeys(text for host in hosts for text in host_findings(values, host, inputs)))


class FilterModule:
    """What Ansible loads."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return the filters by name."""
        return {"preflight_yaml": preflight_yaml}
