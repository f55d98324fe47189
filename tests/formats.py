"""The formats of the files that the project writes, read back."""

from __future__ import annotations

import configparser
import re
import shlex
import tempfile
from typing import Any

import crossplane


def properties(text: str) -> dict[str, str]:
    """Return a file of `key = value` lines."""
    parser = configparser.RawConfigParser(delimiters=("=",), comment_prefixes=("#",), interpolation=None)
    parser.optionxform = str
    parser.read_string(f"[top]\n{text}")
    return dict(parser["top"])


def exports(text: str) -> dict[str, str]:
    """Return what a shell file exports, as it is written there."""
    return dict(re.findall(r"^export (\w+)=(.*)$", text, re.MULTILINE))


def unit(text: str) -> dict[str, list[str]]:
    """Return a unit file's settings, each with its values in their order: systemd lets a key repeat."""
    settings: dict[str, list[str]] = {}
    for key, value in re.findall(r"^(\w+)=(.*)$", re.sub(r"\\\n\s*", "", text), re.MULTILINE):
        settings.setdefault(key, []).append(value)
    return settings


def environment(text: str) -> dict[str, str]:
    """Return the environment that a unit gives."""
    return dict(item.split("=", 1) for value in unit(text).get("Environment", []) for item in shlex.split(value))


def path_of(text: str) -> list[str]:
    """Return the directories of PATH in /etc/environment."""
    return properties(text)["PATH"].strip('"').split(":")


def nginx(text: str) -> list[list[Any]]:
    """Return nginx's directives: each a list of words, the last one a list of directives if it is a block."""
    with tempfile.NamedTemporaryFile("w", suffix=".conf") as file:
        file.write(text)
        file.flush()
        parsed = crossplane.parse(file.name, single=True, check_ctx=False, check_args=False)
    assert parsed["status"] == "ok", parsed["errors"]
    return _words(parsed["config"][0]["parsed"])


def _words(directives: list[dict[str, Any]]) -> list[list[Any]]:
    return [[one["directive"], *one["args"], *([_words(one["block"])] if "block" in one else [])] for one in directives]


def inside(directives: list[list[Any]], *names: str) -> list[list[Any]]:
    """Return the directives of the one block of that name, such as `location /`."""
    (found,) = (one[-1] for one in directives if one[:-1] == list(names))
    return found
