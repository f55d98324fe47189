"""The names that are derived from a web host's name: topic, HDFS directory, job, consumer groups and tables.

A host may be named as hosts are: an FQDN, with capitals, digits, hyphens and underscores, of any length. Each of the
systems that get a name from it allows other characters and lengths.
"""

from __future__ import annotations

import re
from collections import defaultdict
from hashlib import sha256
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

#: PostgreSQL cuts longer identifiers off, so that two of them may become the same
#: (https://www.postgresql.org/docs/current/sql-syntax-lexical.html#SQL-SYNTAX-IDENTIFIERS).
MAX_IDENTIFIER = 63
#: The longest that is put behind an identifier: that of the second table, and one character of the longer one of its
#: constraint, which PostgreSQL cuts off: the two may not be the same.
LONGEST_SUFFIX = "_nginx_log_malformed_"
#: Kafka allows 249 characters for a topic, systemd 255 for a unit and HDFS 255 for a directory's name; this leaves room
#: for what is put around it (`log-analysis@` ... `-log-analysis.service`).
MAX_NAME = 200


def shorten(text: str, most: int, whole: str) -> str:
    """Return a text of at most `most` characters; where it is cut, a digest of `whole` keeps it unique."""
    return text if len(text) <= most else f"{text[: most - 9]}_{sha256(whole.encode()).hexdigest()[:8]}"


def sql_identifier(host: str) -> str:
    """Return what the names of a host's tables begin with: valid without quotes, in lower case."""
    text = re.sub(r"[^a-z0-9_]", "_", host.lower())
    text = f"_{text}" if text[:1].isdigit() else text
    return shorten(text, MAX_IDENTIFIER - len(LONGEST_SUFFIX), host)


def plain_name(host: str) -> str:
    """Return what the names of a host's topic, directory, job and groups begin with: its own name, if valid."""
    return shorten(re.sub(r"[^A-Za-z0-9._-]", "-", host), MAX_NAME, host)


def access_log_names(host: str) -> dict[str, str]:
    """Return every name that is derived from a web host's name.

    Returns:
        topic: Kafka's topic, which is Flume's channel.
        hdfs_path: the directory in HDFS that Flume writes to.
        flume_consumer_group, consumer_group: of Flume's sink and of the Flink job; each reads the whole topic.
        name: of the Flink job, and of its unit's instance.
        table, malformed_table: in PostgreSQL, for windows and for lines that cannot be parsed.

    """
    name, identifier = plain_name(host), sql_identifier(host)
    return {
        "topic": f"{name}-nginx-log",
        "hdfs_path": f"/flume/{name}/nginx_log",
        "flume_consumer_group": f"{name}.nginx.log.flume",
        "consumer_group": f"{name}.nginx.log.flink",
        "name": f"{name}-log-analysis",
        "table": f"{identifier}_nginx_log_analysis",
        "malformed_table": f"{identifier}_nginx_log_malformed",
    }


def identifier_collisions(hosts: Iterable[str]) -> list[list[str]]:
    """Return the hosts that would share a name, in groups; no group, if each host has names of its own.

    Kafka takes two topics that differ in `.` and `_` only for the same.
    """
    sharing: dict[tuple[str, str], set[str]] = defaultdict(set)
    for host in hosts:
        for key, name in access_log_names(host).items():
            sharing[key, name.replace(".", "_") if key == "topic" else name].add(host)
    groups = {frozenset(group) for group in sharing.values() if len(group) > 1}
    return sorted(sorted(group) for group in groups if not any(group < other for other in groups))


class FilterModule:
    """What Ansible loads."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"access_log_names": access_log_names, "identifier_collisions": identifier_collisions}
