"""reference.yml, with a record of which of its entries the tests have read, and how a system is asked for one."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

import yaml

if TYPE_CHECKING:
    from rendered import RenderedHosts

DATA: dict[str, Any] = yaml.safe_load((Path(__file__).parent / "reference.yml").read_text())
PROJECT: str = DATA["paths"]["project"]
#: What each distribution packages.
PACKAGED = {
    "Ubuntu 22.04": {"nginx": "1.18.0", "postgresql": "14", "python": "3.10", "java": "11"},
    "Debian 11": {"nginx": "1.18.0", "postgresql": "13", "python": "3.9", "java": "11"},
}


class Entries(Mapping[str, Any]):
    """A part of reference.yml: a mapping that records each value that is read from it, by the keys that lead there."""

    def __init__(self, values: dict[str, Any], read: set[tuple[str, ...]], *keys: str) -> None:
        self._values, self._read, self._keys = values, read, keys

    def __getitem__(self, key: str) -> Any:
        value = self._values[key]
        if isinstance(value, dict):
            return Entries(value, self._read, *self._keys, key)
        self._read.add((*self._keys, key))
        return value

    def __contains__(self, key: object) -> bool:
        return key in self._values

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)


def entries(values: dict[str, Any] = DATA, *keys: str) -> Iterator[tuple[str, ...]]:
    """Yield the keys that lead to each entry; a list is one entry."""
    for key, value in values.items():
        if isinstance(value, dict):
            yield from entries(value, *keys, key)
        else:
            yield (*keys, key)


def local(text: str, system: RenderedHosts) -> str:
    """Put the system's own network and PostgreSQL's major version into what the case study says."""
    major = PACKAGED[system.distribution]["postgresql"]
    return text.replace("192.168.122.", f"{system.network}.").replace("<major>", major)


def text_of(system: RenderedHosts, host: str, path: str) -> str:
    """Return the text of a file that must exist."""
    found = system.file(host, local(path, system))
    assert found, f"{host}: {path} does not exist"
    return found.text


def service(system: RenderedHosts, host: str, name: str) -> str:
    """Return the text of a unit of the project."""
    return text_of(system, host, f"/etc/systemd/system/{name}.service")


def options(command: list[str]) -> dict[str, str]:
    """Return those options of Locust's command that the case study gives, with the locustfile's path normalised."""
    parser = argparse.ArgumentParser()
    for flag in ("--headless", "--only-summary"):
        parser.add_argument(flag, action="store_true")
    for option in ("--host", "--users", "--spawn-rate", "--run-time", "--locustfile"):
        parser.add_argument(option)
    # What is before "--" only changes the user.
    own = command[command.index("--") + 1 :] if "--" in command else command
    found = vars(parser.parse_known_args(own)[0])
    return found | {"locustfile": str(PurePosixPath(found["locustfile"]))}
