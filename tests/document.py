"""What the case study says must stand (document.yml), as claims about a system: rendered, or on the lab's hosts."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import yaml

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

DOCUMENT = yaml.safe_load((Path(__file__).parent / "document.yml").read_text())

#: The note's versions: what each system's own packages are.
PACKAGED = {
    "Ubuntu 22.04": {"nginx": "1.18.0", "postgresql": "14", "python": "3.10", "java": 11},
    "Debian 11": {"nginx": "1.18.0", "postgresql": "13", "python": "3.9", "java": 11},
}
#: The unit that is what the case study names.
UNITS = {
    "nginx": "nginx",
    "webapp": "webapp",
    "flume": "flume",
    "namenode": "hdfs-namenode",
    "resourcemanager": "yarn-resourcemanager",
    "kafka": "kafka",
    "datanode": "hdfs-datanode",
    "nodemanager": "yarn-nodemanager",
    "flink": "flink-session",
    "postgresql": "postgresql",
}
#: These run as their packages' own users.
PACKAGES = ("nginx", "postgresql")
PROJECT = DOCUMENT["paths"]["project"]
SENTENCE = "决心是成功的开始"
WORDS = ["决心", "是", "成功", "的", "开始"]
#: 3,000 users of the load test: prints how often one sent, at least and at most, and whether it was the file's lines.
LOAD = """
import importlib.util, json, pathlib, sys
spec = importlib.util.spec_from_file_location("locustfile", sys.argv[1])
module = importlib.util.module_from_spec(spec)
spec.loader.exec_module(module)
lines = (pathlib.Path(sys.argv[1]).parents[1] / "data/sentences.txt").read_text(encoding="utf-8").splitlines()
class User(module.Reader):
    def __init__(self):
        self.sent = []
    def segment(self, line):
        self.sent.append(line)
    def wait(self):
        pass
users = [User() for _ in range(3000)]
for user in users:
    user.read()
numbers = [len(user.sent) for user in users]
drawn = {line for user in users for line in user.sent}
print(json.dumps([min(numbers), max(numbers), drawn == set(lines)]))
"""


Place = tuple["str | int", ...]


class System(Protocol):
    """Six hosts, on paper or in the lab."""

    #: A key of PACKAGED.
    distribution: str
    #: What stands in place of 192.168.122.0/24, such as 192.168.123.
    network: str

    def address(self, host: str) -> str:
        """Return the host's address."""

    def text(self, host: str, path: str) -> str:
        """Return a file's text, or what the project writes of it."""

    def owner(self, host: str, path: str) -> str:
        """Return a file's or folder's user and group, with a colon between."""

    def link(self, host: str, path: str) -> str:
        """Return what a symbolic link points to, or nothing if there is none."""

    def runs(self, host: str, unit: str) -> bool:
        """Whether systemd has the unit running now and after the next boot."""

    def version(self, product: str) -> str:
        """Return a product's version."""

    def exists(self, host: str, path: str) -> bool:
        """Whether there is such a file or folder."""

    def cluster_id(self, host: str) -> str:
        """Return the id that the host's Kafka storage is formatted with."""

    def topic(self, name: str) -> dict[str, int]:
        """Return a topic's numbers of partitions and of replicas."""

    def password_encryption(self) -> str:
        """Return how PostgreSQL hashes the analyst's password."""

    def database(self, name: str) -> dict[str, Any]:
        """Return owner, password, and the tables as {table: {columns: {}, unique: {}}}."""

    def submitted(self, host: str) -> list[str]:
        """Return with which of the case study's commands the job came to run."""

    def words(self, sentence: str) -> list[str]:
        """Return what the web application answers."""

    def load(self) -> list[Any]:
        """Return what LOAD prints."""

    def locust(self) -> list[str]:
        """Return the load test's command."""


@dataclass(frozen=True)
class Claim:
    """One entry of document.yml and how a system is asked for it."""

    name: str
    #: The entry's place: the keys and positions that lead to it.
    entry: Place
    expected: Any
    actual: Callable[[System], Any]

    def check(self, system: System) -> None:
        """Raise AssertionError with the entry's name if it does not hold."""
        actual, expected = self.actual(system), localise(self.expected, system)
        assert actual == expected, f"{self.name}: {actual!r}, but the document says {expected!r}"


def localise(value: Any, system: System) -> Any:
    """Put the system's own network and PostgreSQL's major into what the document says."""
    if isinstance(value, str):
        major = PACKAGED[system.distribution]["postgresql"]
        return value.replace("192.168.122.", f"{system.network}.").replace("<major>", major)
    return value


def service(name: str) -> str:
    """Return where a unit of the project is."""
    return f"/etc/systemd/system/{name}.service"


def leaves(value: Any = DOCUMENT, path: Place = ()) -> Iterator[Place]:
    """Yield the place of every entry of the document."""
    if isinstance(value, (dict, list)):
        for key, item in value.items() if isinstance(value, dict) else enumerate(value):
            yield from leaves(item, (*path, key))
    else:
        yield path
