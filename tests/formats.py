"""The formats of the files that are written, read back with the standard library's parsers where it has one."""

from __future__ import annotations

import configparser
import re
import shlex
from typing import Any


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
    """Return a unit file's settings, each with its values in their order."""
    settings: dict[str, list[str]] = {}
    for line in re.sub(r"\\\n\s*", "", text).splitlines():
        if "=" in line and not line.startswith("#"):
            key, value = line.split("=", 1)
            settings.setdefault(key, []).append(value)
    return settings


def environment(text: str) -> dict[str, str]:
    """Return the environment that a unit gives."""
    return dict(item.split("=", 1) for value in unit(text).get("Environment", []) for item in shlex.split(value))


def nginx(text: str) -> list[list[Any]]:
    """Return nginx's directives: each a list of words, the last one a list of directives if it is a block."""
    lexer = shlex.shlex(text, posix=True, punctuation_chars="{};")
    lexer.whitespace_split, lexer.commenters = True, "#"
    stack: list[list[Any]] = [[[]]]
    for token in (part for word in lexer for part in (word if set(word) <= set("{};") else [word])):
        if token == "{":
            stack[-1][-1].append([])
            stack.append([[]])
        elif token == "}":
            done = stack.pop()
            stack[-1][-1][-1] = done[:-1]
            stack[-1].append([])
        elif token == ";":
            stack[-1].append([])
        else:
            stack[-1][-1].append(token)
    return stack[0][:-1]


def inside(directives: list[list[Any]], *name: str) -> list[list[Any]]:
    """Return the directives of the one block of that name."""
    (found,) = (one[-1] for one in directives if one[:-1] == list(name))
    return found


def path_of(text: str) -> list[str]:
    """Return the folders of PATH in /etc/environment."""
    return properties(text)["PATH"].strip('"').split(":")
